"""Writing a bundle: whole or absent, reproducible, scanned, private."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from techdoctor.bundle import BundleResult, Contents, create_bundle, read_bundle
from techdoctor.bundle import write as writing
from techdoctor.bundle.identifiers import Identifier
from techdoctor.bundle.redact import WITHHELD, Redactor
from techdoctor.errors import LeakFound, StateError, UsageError
from techdoctor.model import Fact
from tests.bundle.conftest import CREATED_AT, SESSION, planted_diagnosis
from tests.bundle.plants import MACHINE


def _contents(journal: Path | None = None) -> Contents:
    return Contents(SESSION, planted_diagnosis(), journal, CREATED_AT)


def test_summary_fits_a_ticket(bundle: BundleResult) -> None:
    lines = bundle.summary.splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 78
    assert bundle.summary.isascii()
    assert lines[0].startswith("Subject: [net.dns.dead_server] The name server ")
    for heading in ("IN THE USER'S OWN WORDS", "VERDICT: escalated", "RULED OUT (2 causes)", "TRIED AND UNDONE"):
        assert heading in lines
    assert "COULD NOT RUN, AND WHY" in lines
    assert any("needs administrator rights" in line for line in lines)
    assert "  Get new settings: done, did not help" in lines
    assert "ticket." not in bundle.summary  # no key without its text


def test_summary_of_a_huge_session_stays_within_its_lines(tmp_path: Path) -> None:
    diagnosis = planted_diagnosis()
    fact = Fact("x.y", "timeout", reason="no answer " * 50).to_json()
    diagnosis["facts"] = {f"fact{n}": fact for n in range(300)}
    diagnosis["words"] = "word " * 5000
    diagnosis["ruled_out"] = [f"net.dns.cause_{n}" for n in range(500)]
    made = create_bundle(Contents(SESSION, diagnosis, None, CREATED_AT), tmp_path, identifiers=())
    assert len(made.summary.splitlines()) <= 60
    assert "VERSIONS" in made.summary


def test_manifest_has_sums_and_the_bundle_reads_back(bundle: BundleResult) -> None:
    read = read_bundle(bundle.path)
    assert read.manifest["schema"] == "techdoctor.bundle/1"
    assert read.manifest["complete"] is True
    assert read.text("summary.txt") == bundle.summary
    assert read.tree("facts.json")["end"] == "escalated"


def test_file_is_private_and_nothing_lies_beside_it(bundle: BundleResult) -> None:
    assert stat.S_IMODE(bundle.path.stat().st_mode) == 0o600
    assert [p.name for p in bundle.path.parent.iterdir() if "part" in p.name] == []


def test_same_session_and_key_give_the_same_bytes(tmp_path: Path, journal: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    first = create_bundle(_contents(journal), tmp_path / "a.zip", maps / "s.json", MACHINE)
    second = create_bundle(_contents(journal), tmp_path / "b.zip", maps / "s.json", MACHINE)
    assert first.path.read_bytes() == second.path.read_bytes()


def test_map_stays_here_and_is_private(tmp_path: Path, journal: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    made = create_bundle(_contents(journal), tmp_path, maps / "s.json", MACHINE)
    originals = json.loads((maps / "s.json").read_text()).values()
    assert "WS-Finance-114" in originals
    assert not any("Sommer2026" in value for value in originals)  # secrets are in no map
    for path in maps.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.warnings == ()


def test_map_that_cannot_be_kept_is_a_warning(tmp_path: Path) -> None:
    made = create_bundle(_contents(), tmp_path, tmp_path / "missing" / "s.json", MACHINE)
    assert made.path.exists()
    assert len(made.warnings) == 2


def test_a_leak_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Redactor, "text", lambda _self, text: text)
    monkeypatch.setattr(Redactor, "_value", lambda _self, value, _key, _private: value)
    with pytest.raises(LeakFound) as raised:
        create_bundle(_contents(), tmp_path, identifiers=MACHINE)
    assert raised.value.exit_code == 70
    assert "WS-Finance" not in raised.value.message
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_a_rule_withholds_the_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Redactor._text

    def failing(self: Redactor, text: str) -> str:
        if "hunter22" in text:
            raise ValueError("a rule that fails")
        return original(self, text)

    monkeypatch.setattr(Redactor, "_text", failing)
    made = create_bundle(_contents(), tmp_path, identifiers=MACHINE)
    read = read_bundle(made.path)
    assert WITHHELD in read.text("facts.json")
    assert "hunter22" not in read.text("facts.json")
    assert read.manifest["complete"] is False
    assert read.tree("redaction.json")["withheld"] != 0


def test_damaged_journal_lines_are_withheld(tmp_path: Path, journal: Path) -> None:
    with journal.open("a") as stream:
        stream.write('{"event": "torn, password=Torn-Secret-1')
    made = create_bundle(_contents(journal), tmp_path, identifiers=MACHINE)
    text = read_bundle(made.path).text("session.jsonl")
    assert "Torn-Secret-1" not in text
    assert WITHHELD in text


def test_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        create_bundle(_contents(), tmp_path / "no" / "x.zip", identifiers=())


def test_no_member_holds_a_character_that_turns_a_line_around(tmp_path: Path) -> None:
    diagnosis = planted_diagnosis()
    diagnosis["words"] = "a\u202eb\u200bc\x9b31m\x1b[31md"
    written = create_bundle(Contents(SESSION, diagnosis, None, CREATED_AT), tmp_path)
    with zipfile.ZipFile(written.path) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode()
            assert not set(text) & set("\u202e\u200b\x9b\x1b"), name


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes in the file system are POSIX")
def test_a_device_or_pipe_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.zip"
    os.mkfifo(pipe)
    link = tmp_path / "link.zip"
    link.symlink_to(os.devnull)  # never the device itself: a failure of this test must not cost the machine its own
    for place in (pipe, link):
        before = place.lstat().st_ino
        with pytest.raises(UsageError, match="no plain file"):
            create_bundle(_contents(), place)
        assert place.lstat().st_ino == before
    assert sorted(tmp_path.iterdir()) == [link, pipe]


@pytest.mark.skipif(os.name != "posix", reason="pipes in the file system are POSIX")
def test_a_pipe_in_the_place_of_the_key_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    os.mkfifo(tmp_path / "maps" / "pseudonyms.key")
    written = create_bundle(_contents(), tmp_path, tmp_path / "maps" / "x.json")
    assert any("not a regular file" in warning for warning in written.warnings)


def test_an_old_file_survives_a_failed_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.zip"
    target.write_bytes(b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left"):
        create_bundle(_contents(), target, identifiers=())
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.zip"]


def test_unsaved_session_is_named_by_time(tmp_path: Path) -> None:
    made = create_bundle(Contents("", planted_diagnosis(), None, CREATED_AT), tmp_path, identifiers=())
    assert made.path.name == "TD-20261122-091500.zip"


def test_identifiers_that_are_our_own_words_do_not_stop_a_bundle(tmp_path: Path, journal: Path) -> None:
    odd = [Identifier("user", name) for name in ("facts", "dns", "mail", "true", "rights", "items", "event", "linux")]
    made = create_bundle(_contents(journal), tmp_path, identifiers=odd)
    read = read_bundle(made.path)
    for line in read.text("session.jsonl").splitlines():
        json.loads(line)
    assert '"playbook": "net.dns"' in read.text("facts.json")


def test_a_long_journal_keeps_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps({"event": "Waited", "token": f"t{n}"}) + "\n" for n in range(5000)))
    made = create_bundle(Contents(SESSION, planted_diagnosis(), path, CREATED_AT), tmp_path, identifiers=())
    text = read_bundle(made.path).text("session.jsonl")
    assert '"token": "t0"' in text
    assert '"token": "t4999"' in text
    assert "3000 lines" in text
    assert len(text.splitlines()) == writing.MOST_JOURNAL_LINES + 1


FULL_DISK = """
import hashlib
import sys
from pathlib import Path
from techdoctor.bundle import Contents, create_bundle
from techdoctor.errors import StateError
folder = Path(sys.argv[1])
(folder / "filler").write_bytes(b"x" * 61440)
facts = {
    str(n): {"probe": "x.y", "status": "ok", "data": {"n": hashlib.sha256(str(n).encode()).hexdigest()[:20]}}
    for n in range(2000)
}
try:
    create_bundle(Contents("20261122-0915-k3f", {"facts": facts}, None, 1e9), folder, identifiers=())
except StateError as error:
    print(error.message)
print(sorted(p.name for p in folder.iterdir()))
"""


@pytest.mark.lab
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small tmpfs: Linux and root")
def test_full_disk_leaves_nothing(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=64k,mode=700 tmpfs {tmp_path} && exec "$0" -c "$1" {tmp_path}'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, sys.executable, FULL_DISK],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "No space left" in done.stdout
    assert done.stdout.splitlines()[-1] == "['filler']"


def test_members_are_plain_files_with_plain_names(bundle: BundleResult) -> None:
    with zipfile.ZipFile(bundle.path) as archive:
        for entry in archive.infolist():
            assert entry.filename == entry.filename.lower()
            assert stat.S_ISREG(entry.external_attr >> 16)
            assert entry.date_time == (2026, 11, 22, 9, 15, 0)
