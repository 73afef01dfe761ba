"""The session store: ids, list, find, forget, retention, and state folders that do not work."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from techdoctor.engine.journal import Journal
from techdoctor.errors import StateError, UsageError
from techdoctor.events import FixUndone, Started
from techdoctor.model import Value
from techdoctor.records import PastSession, SessionStore, storage

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


def write(store: SessionStore, session: str, closed: dict[str, Value] | None = None, created_at: float = 0.0) -> Path:
    path = store.journal_path(session)
    journal = Journal(path)
    journal.begin({"session": session, "playbook": "net.dns", "words": "no internet", "created_at": created_at})
    journal.add(Started("net.dns"))
    if closed is not None:
        journal.close(closed)
    return path


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    return SessionStore(tmp_path / "state" / "techdoctor")


def test_ids_sort_by_time_and_are_easy_to_type(store: SessionStore) -> None:
    early, late = store.new_id(1_795_338_900), store.new_id(1_795_338_960)
    assert re.fullmatch(r"20261122-0915-[2-9a-hjkmnp-z]{3}", early)
    assert early[:13] < late[:13]


def test_ids_are_unique_even_when_most_are_taken(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("techdoctor.records.sessions._LETTERS", "ab")
    for _ in range(8):
        store.journal_path(identity := store.new_id(0)).touch()
        assert identity
    taken = {path.stem for path in store.folder.iterdir()}
    assert len(taken) == 8
    assert store.new_id(0) not in taken


def test_list_is_newest_first_with_what_a_person_needs(store: SessionStore) -> None:
    write(store, "20261122-0915-aaa", {"end": "solved", "cause": "net.dns.x", "title": "It was DNS"}, 1_795_338_900.0)
    write(store, "20261122-0916-bbb", None, 1_795_338_960.0)
    newest, oldest = store.sessions()
    assert (newest.id, newest.open, newest.end) == ("20261122-0916-bbb", True, "")
    assert (oldest.end, oldest.cause, oldest.title, oldest.open) == ("solved", "net.dns.x", "It was DNS", False)
    assert oldest.words == "no internet"
    assert oldest.created_at.isoformat() == "2026-11-22T09:15:00+00:00"
    assert oldest.to_json()["end"] == "solved"


def test_no_state_folder_is_an_empty_list(store: SessionStore) -> None:
    assert store.sessions() == []
    with pytest.raises(UsageError, match="no saved sessions"):
        store.find("last")


def test_files_are_private(store: SessionStore) -> None:
    path = write(store, "20261122-0915-aaa")
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for folder in (store.folder, store.state):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_torn_last_line_is_an_open_session(store: SessionStore) -> None:
    path = write(store, "20261122-0915-aaa")
    with path.open("a") as stream:
        stream.write('{"closed": {"end": "sol')
    assert store.find("last").open


def test_undo_after_the_end_does_not_open_a_session_again(store: SessionStore) -> None:
    path = write(store, "20261122-0915-aaa", {"end": "solved"})
    Journal(path).add(FixUndone("x/y", True))
    row = store.find("last")
    assert not row.open
    assert row.end == "solved"


@pytest.mark.parametrize("content", ["", "\0" * 500, '{"journal": 7}\n', "[[[[\n", '{"journal": "other/1"}\n'])
def test_journal_without_header_is_listed_with_its_problem(store: SessionStore, content: str) -> None:
    store.journal_path("20261122-0915-aaa").write_text(content)
    row = store.find("last")
    assert row.problem == "the journal has no header"
    assert not row.open


def test_strange_files_in_the_folder_are_passed_over(store: SessionStore) -> None:
    write(store, "20261122-0915-aaa")
    (store.folder / "notes.txt").write_text("x")
    (store.folder / "x.jsonl").write_text("x")
    (store.folder / "20261122-0915-bbb.jsonl").mkdir()
    rows = {row.id: row.problem for row in store.sessions()}
    assert rows == {"20261122-0915-aaa": "", "20261122-0915-bbb": "cannot be read: Is a directory"}


def test_find_by_id_beginning_end_and_last(store: SessionStore) -> None:
    write(store, "20261121-0915-abc", created_at=1.0)
    write(store, "20261122-0915-abd", created_at=2.0)
    assert store.find("20261121-0915-abc").id == "20261121-0915-abc"
    assert store.find("20261122").id == "20261122-0915-abd"
    assert store.find("abc").id == "20261121-0915-abc"
    assert store.find("last").id == "20261122-0915-abd"
    with pytest.raises(UsageError, match="fits 2 sessions: 20261122-0915-abd, 20261121-0915-abc"):
        store.find("2026")
    with pytest.raises(UsageError, match="no session 'zzz'"):
        store.find("zzz")
    with pytest.raises(UsageError, match="no session ''"):
        store.find("")


def test_an_id_is_never_a_path(store: SessionStore) -> None:
    for wanted in ("../../etc/passwd", "20261122-0915-aaa/../x", ""):
        with pytest.raises(UsageError, match="is not a session id"):
            store.journal_path(wanted)


def test_forget_removes_everything_of_a_session(store: SessionStore) -> None:
    path = write(store, "20261122-0915-aaa", {"end": "solved"})
    store.map_path("20261122-0915-aaa").write_text("{}")
    store.history.record(PastSession("20261122-0915-aaa", 1.0, "net.dns", "linux", "solved", "net.dns.x"))
    store.forget("20261122-0915-aaa")
    assert not path.exists()
    assert not store.map_path("20261122-0915-aaa").exists()
    assert store.history.counts("net.dns", "linux") == {}
    store.forget("20261122-0915-aaa")  # a second time is fine
    assert store.sessions() == []


def test_retention_deletes_old_ones_once_a_day(store: SessionStore) -> None:
    now, day = time.time(), 86400.0
    old, young = write(store, "20260101-0915-aaa", {}), write(store, "20261122-0915-bbb", {})
    store.history.record(PastSession("20260101-0915-aaa", now - 95 * day, "p", "linux", "solved", "p.x"))
    store.history.record(PastSession("20261122-0915-bbb", now - 1 * day, "p", "linux", "solved", "p.y"))
    os.utime(old, (now - 91 * day, now - 91 * day))
    assert store.sweep(90, now) == 1
    assert not old.exists()
    assert young.exists()
    assert store.history.counts("p", "linux") == {"p.y": (1, 1)}
    os.utime(young, (now - 91 * day, now - 91 * day))
    assert store.sweep(90, now + 3600) == 0
    assert store.sweep(90, now + day + 1) == 1


def test_sweep_of_nothing_makes_nothing(store: SessionStore) -> None:
    assert store.sweep(90) == 0
    assert not store.state.exists()


@posix
def test_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    state = tmp_path / "theirs"
    state.mkdir(mode=0o700)
    os.chown(state, 12345, 12345)
    with pytest.raises(StateError, match="belongs to another user"):
        SessionStore(state).journal_path("20261122-0915-aaa")
    assert list(state.iterdir()) == []


@posix
def test_folder_that_all_may_write_is_refused_and_not_changed(tmp_path: Path) -> None:
    state = tmp_path / "open"
    state.mkdir()
    state.chmod(0o1777)
    with pytest.raises(StateError, match="can be written by every user"):
        SessionStore(state).journal_path("20261122-0915-aaa")
    assert stat.S_IMODE(state.stat().st_mode) == 0o1777


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("x")
    with pytest.raises(StateError):
        SessionStore(tmp_path / "state").journal_path("20261122-0915-aaa")
    with pytest.raises(StateError):
        SessionStore(tmp_path / "state" / "below").journal_path("20261122-0915-aaa")


@pytest.mark.skipif(sys.platform != "linux", reason="procfs takes no folders, not even from root")
def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    store = SessionStore(Path("/proc/techdoctor"))
    with pytest.raises(StateError, match="the session cannot be saved"):
        store.journal_path("20261122-0915-aaa")
    assert store.sessions() == []
    assert store.sweep(90) == 0
    assert store.new_id()


def test_hung_folder_costs_one_deadline(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_folder: Path) -> Path:
        time.sleep(0.5)
        return _folder

    monkeypatch.setattr("techdoctor.records.sessions.private_folder", hang)
    monkeypatch.setattr(storage, "DEADLINE_S", 0.1)
    monkeypatch.setattr("techdoctor.records.sessions.guarded", lambda what, work: storage.guarded(what, work, 0.1))
    begun = time.monotonic()
    with pytest.raises(StateError, match=r"did not answer within 0\.1 s"):
        store.journal_path("20261122-0915-aaa")
    assert time.monotonic() - begun < 0.4


FULL_DISK = """
import json, sys
from pathlib import Path
from techdoctor.engine.journal import Journal
from techdoctor.errors import StateError
from techdoctor.records import PastSession, SessionStore
store = SessionStore(Path(sys.argv[1]) / "state")
path = store.journal_path("20261122-0915-aaa")
journal = Journal(path)
journal.begin({"playbook": "net.dns", "words": "x"})
try:
    (Path(sys.argv[1]) / "filler").write_bytes(b"x" * 1_000_000)
except OSError:
    pass
out = {}
try:
    store.history.record(PastSession("20261122-0915-aaa", 1.0, "net.dns", "linux", "solved"))
except StateError as error:
    out["record"] = error.message
try:
    store.map_path("20261122-0915-aaa").write_bytes(b"x" * 5000)
except (StateError, OSError) as error:
    out["map"] = str(error)
out["rows"] = [row.id for row in store.sessions()]
store.forget("20261122-0915-aaa")
out["left"] = len(store.sessions())
print(json.dumps(out))
"""


@pytest.mark.lab
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small tmpfs: Linux and root")
def test_full_disk_degrades(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=64k,mode=700 tmpfs {tmp_path} && exec "$0" -c "$1" {tmp_path}'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount, sys.executable, FULL_DISK],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert "the session is not in the history" in out["record"]
    assert out["rows"] == ["20261122-0915-aaa"]
    assert out["left"] == 0


def test_a_clock_that_leaps_ahead_deletes_nothing(store: SessionStore) -> None:
    path = store.journal_path(store.new_id())
    path.write_text("{}\n")
    now = path.stat().st_mtime
    assert store.sweep(90, now) == 0
    assert store.sweep(90, now + 30 * 365 * 86400) == 0
    assert store.sweep(90, now + 60) == 0
    assert path.exists()
