"""history.db: counting, migrating, and databases that are locked, damaged, newer or read-only."""

from __future__ import annotations

import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from techdoctor.errors import StateError
from techdoctor.records import History, PastSession
from techdoctor.records import history as module
from techdoctor.records.schema import MIGRATIONS, migrate


def past(
    session: str, cause: str, end: str = "solved", playbook: str = "net.dns", platform: str = "linux"
) -> PastSession:
    return PastSession(session, 1.0, playbook, platform, end, cause, ("net.dns.x/renew",), 1200.0)


def test_only_solved_sessions_of_the_playbook_and_platform_count(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert history.counts("net.dns", "linux") == {}
    assert not history.path.exists()
    rows = [
        past("1", "net.dns.a"),
        past("2", "net.dns.a"),
        past("3", "net.dns.b"),
        past("4", "net.dns.a", end="escalated"),
        past("5", "net.dns.a", platform="macos"),
        past("6", "disk.full.a", playbook="disk.full"),
        past("7", ""),
    ]
    for row in rows:
        history.record(row)
    assert history.counts("net.dns", "linux") == {"net.dns.a": (2, 3), "net.dns.b": (1, 3)}


def test_recording_twice_is_one_row(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.record(past("1", "net.dns.a", end="aborted"))
    history.record(past("1", "net.dns.a"))
    assert history.counts("net.dns", "linux") == {"net.dns.a": (1, 1)}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_database_is_private(tmp_path: Path) -> None:
    history = History(tmp_path / "state")
    history.record(past("1", "x"))
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600


def test_locked_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_S", 0.05)
    history = History(tmp_path)
    history.record(past("1", "net.dns.a"))
    with closing(sqlite3.connect(history.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateError, match="database is locked"):
            history.record(past("2", "net.dns.a"))
        with pytest.raises(StateError, match="database is locked"):
            history.counts("net.dns", "linux")
        other.execute("ROLLBACK")
    history.record(past("2", "net.dns.a"))
    assert history.counts("net.dns", "linux") == {"net.dns.a": (2, 2)}


@pytest.mark.parametrize("damage", [b"this is no database " * 100, b"\0" * 8192])
def test_damaged_database_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    history = History(tmp_path)
    history.path.write_bytes(damage)
    history.record(past("1", "net.dns.a"))
    assert history.counts("net.dns", "linux") == {"net.dns.a": (1, 1)}
    assert (tmp_path / "history.db.damaged").read_bytes() == damage


def test_page_damaged_later_is_set_aside(tmp_path: Path) -> None:
    history = History(tmp_path)
    for number in range(200):
        history.record(past(f"session-{number}", "net.dns.a"))
    data = bytearray(history.path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    history.path.write_bytes(data)
    history.record(past("new", "net.dns.b"))
    assert history.counts("net.dns", "linux") == {"net.dns.b": (1, 1)}


def test_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "history.db").mkdir()
    with pytest.raises(StateError, match="the session is not in the history"):
        History(tmp_path).record(past("1", "x"))


def test_newer_schema_is_refused_and_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    with closing(sqlite3.connect(history.path)) as newer:
        newer.execute("CREATE TABLE history (session TEXT)")
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StateError, match="written by a newer techdoctor"):
        history.record(past("1", "x"))
    assert not (tmp_path / "history.db.damaged").exists()


def test_upgrade_from_version_0_and_from_every_version_since(tmp_path: Path) -> None:
    for begin in range(len(MIGRATIONS) + 1):
        folder = tmp_path / str(begin)
        folder.mkdir()
        with closing(sqlite3.connect(folder / "history.db", isolation_level=None)) as old:
            assert migrate(old, MIGRATIONS[:begin]) == 0
            if begin:
                row = ("old", 1.0, "net.dns", "linux", "solved", "net.dns.a", "[]", 1.0)
                old.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        history = History(folder)
        history.record(past("new", "net.dns.a"))
        assert history.counts("net.dns", "linux")["net.dns.a"][0] == (2 if begin else 1)
        with closing(sqlite3.connect(history.path)) as done:
            assert done.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_failed_migration_changes_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as database:
        with pytest.raises(sqlite3.OperationalError):
            migrate(database, (("CREATE TABLE a (x)", "CREATE nonsense"),))
        assert database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        assert database.execute("PRAGMA user_version").fetchone()[0] == 0


def test_forgetting_in_a_history_that_never_was(tmp_path: Path) -> None:
    History(tmp_path).forget("20261122-0915-aaa")
    History(tmp_path).forget_before(1e12)
    assert list(tmp_path.iterdir()) == []
