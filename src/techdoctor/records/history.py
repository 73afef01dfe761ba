"""history.db: one row per closed session, from which the engine's priors are counted."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from techdoctor.errors import StateError
from techdoctor.records.schema import migrate
from techdoctor.records.storage import DEADLINE_S, PRIVATE_FILE, guarded, private_folder

FILE_NAME = "history.db"
# How long another techdoctor may hold the lock; less than the deadline so that the reason is named.
BUSY_S = 0.7
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
T = TypeVar("T")


@dataclass(frozen=True)
class PastSession:
    """What is kept of a closed session for counting; nothing private.

    Attributes:
        session: Session id.
        created_at: Seconds since 1970-01-01 UTC.
        playbook: Playbook id.
        platform: One of model.PLATFORMS.
        end: One of model.ENDS.
        cause: Global cause id; empty when none was confirmed.
        fixes: "<global cause id>/<fix id>" of the applied fixes.
        duration_ms: Wall time in milliseconds.
    """

    session: str
    created_at: float
    playbook: str
    platform: str
    end: str
    cause: str = ""
    fixes: tuple[str, ...] = ()
    duration_ms: float = 0.0


class History:
    """The table of closed sessions.

    Every method raises StateError when the database is locked, damaged, read-only or the disk is
    full; the caller says so and goes on. A rollback journal, not WAL: one row a session needs no
    concurrency, and WAL does not work on network file systems.

    Args:
        state: The state folder.
    """

    def __init__(self, state: Path) -> None:
        self.path = state / FILE_NAME

    def record(self, past: PastSession) -> None:
        """Adds (or replaces) a session's row. A damaged database is set aside and begun anew."""
        row = (
            past.session,
            past.created_at,
            past.playbook,
            past.platform,
            past.end,
            past.cause,
            json.dumps(past.fixes),
            past.duration_ms,
        )

        def write(database: sqlite3.Connection) -> None:
            database.execute("INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

        self._with_database("the session is not in the history", write)

    def counts(self, playbook: str, platform: str) -> dict[str, tuple[int, int]]:
        """How often each cause was the cause: global cause id -> (n, N).

        N is the number of sessions of that playbook and platform that ended `solved` with a cause;
        only those count, because only they were confirmed by measuring again.
        """

        def read(database: sqlite3.Connection) -> dict[str, tuple[int, int]]:
            found = database.execute(
                "SELECT cause, count(*) FROM history WHERE playbook = ? AND platform = ?"
                " AND ended = 'solved' AND cause != '' GROUP BY cause",
                (playbook, platform),
            ).fetchall()
            total = sum(n for _, n in found)
            return {cause: (n, total) for cause, n in found}

        return self._if_there("the history cannot be read", read) or {}

    def forget(self, session: str) -> None:
        """Deletes a session's row; none is fine."""
        self._if_there(
            "the history cannot be changed",
            lambda database: database.execute("DELETE FROM history WHERE session = ?", (session,)),
        )

    def forget_before(self, created_at: float) -> None:
        """Deletes the rows of sessions that began before that time (seconds since 1970 UTC)."""
        self._if_there(
            "the history cannot be changed",
            lambda database: database.execute("DELETE FROM history WHERE created_at < ?", (created_at,)),
        )

    def _if_there(self, what: str, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Like `_with_database`, but a history that was never written is not made for this."""
        written = guarded(what, lambda: self.path.exists() and self.path.stat().st_size > 0)
        return self._with_database(what, work) if written else None

    def _with_database(self, what: str, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return guarded(what, lambda: self._attempt(work), DEADLINE_S)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise StateError(f"{what}: {self.path}: {error}") from None
        guarded(what, lambda: self.path.replace(self.path.with_name(FILE_NAME + ".damaged")))
        try:
            return guarded(what, lambda: self._attempt(work), DEADLINE_S)
        except sqlite3.Error as error:
            raise StateError(f"{what}: {self.path}: {error}") from None

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._open() as database:
            return work(database)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        private_folder(self.path.parent)
        # SQLite would create the file with the umask's mode.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), PRIVATE_FILE))
        with closing(sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)) as database:
            migrate(database)
            yield database
