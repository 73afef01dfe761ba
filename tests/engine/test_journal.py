"""The journal: every event on disk, readable after a torn write, harmless when the disk is full."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from techdoctor.engine import journal as journal_module
from techdoctor.engine.journal import Journal, last_answer, read_journal, rewound
from techdoctor.errors import StateError
from techdoctor.events import Answered, Event, FactKnown, FixEnded, FixStarted, Started, WentBack
from techdoctor.model import Fact

STARTED = Started("t.one", {"t.one": "00"}, words="printer does not print")
KNOWN = FactKnown("a#1", Fact("a", "ok", {"up": True, "names": ["ü", "\x1b[31m"]}, gaps={"x": "why"}, at_s=5.0))


def written(path: Path) -> Journal:
    journal = Journal(path)
    journal.begin({"session": "s1", "playbook": "t.one"})
    journal.add(STARTED)
    journal.add(KNOWN)
    return journal


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    written(path).close({"end": "solved"})
    recorded = read_journal(path)
    assert recorded.header["session"] == "s1"
    assert recorded.events == (STARTED, KNOWN)
    assert recorded.closed == {"end": "solved"}


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    written(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_last_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    written(path)
    path.write_bytes(path.read_bytes()[:-7])
    assert read_journal(path).events == (STARTED,)


@pytest.mark.parametrize("damage", [b"\x00\xff\n", b"[1]\n", b'{"event": "Nonsense"}\n', b'{"event": "Answered"}\n'])
def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "s1.jsonl"
    written(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], damage, *lines[2:]]))
    with pytest.raises(StateError, match=r"s1\.jsonl"):
        read_journal(path)


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl"
    path.write_text(json.dumps({"journal": "techdoctor.journal/99"}) + "\n")
    with pytest.raises(StateError, match="not a journal"):
        read_journal(path)
    with pytest.raises(StateError, match="cannot be read"):
        read_journal(tmp_path / "absent")


def test_a_folder_that_cannot_be_written_is_said_and_survived(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "absent" / "s1.jsonl")
    journal.begin({})
    journal.add(STARTED)
    journal.close({})
    assert "No such file" in journal.failed


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting a full tmpfs needs root on Linux")
def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    script = f"""
import sys
sys.path.insert(0, {str(Path.cwd())!r})
from pathlib import Path
from tests.engine.test_journal import KNOWN, written
journal = written(Path({str(folder)!r}) / "s1.jsonl")
try:
    with open({str(folder / "rest")!r}, "wb") as rest:
        while True:
            rest.write(b"x" * 4096)
            rest.flush()
except OSError:
    pass
for _ in range(2000):
    journal.add(KNOWN)
assert "No space left" in journal.failed, journal.failed
from techdoctor.engine.journal import read_journal
assert len(read_journal(journal.path).events) >= 2
"""
    mount = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3"', "sh"]
    done = subprocess.run([*mount, str(folder), sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_disk_that_hangs_costs_its_deadline_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "WRITE_DEADLINE_S", 0.05)
    monkeypatch.setattr(os, "fsync", lambda _: time.sleep(1))
    journal = Journal(tmp_path / "s1.jsonl")
    journal.begin({})
    assert "did not take a line" in journal.failed
    begun = time.monotonic()
    for _ in range(20):
        journal.add(STARTED)
    assert time.monotonic() - begun < 0.5


def test_back_takes_away_the_last_answer_and_stops_at_an_applied_fix() -> None:
    first, second = Answered("q1", "a"), Answered("q2", "b")
    events: list[Event] = [STARTED, first, KNOWN, second]
    assert rewound([*events, WentBack()]) == [STARTED, first, KNOWN]
    assert rewound([*events, WentBack(), WentBack()]) == [STARTED, KNOWN]
    fixed: list[Event] = [STARTED, first, FixStarted("f"), FixEnded("f", True)]
    assert last_answer(fixed) is None
    assert rewound([*fixed, WentBack()]) == fixed
