"""The schema of history.db and its migrations, oldest first; SQLite's user_version counts them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from techdoctor.errors import StateError

# Never change an entry that was released: add the next one.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE history (
            session TEXT PRIMARY KEY,
            created_at REAL NOT NULL,  -- seconds since 1970-01-01 UTC
            playbook TEXT NOT NULL,
            platform TEXT NOT NULL,
            ended TEXT NOT NULL,       -- one of model.ENDS
            cause TEXT NOT NULL,       -- global cause id, empty when none was confirmed
            fixes TEXT NOT NULL,       -- JSON list of applied fixes
            duration_ms REAL NOT NULL
        )""",
    ),
    ("CREATE INDEX history_by_playbook ON history (playbook, platform, ended, cause)",),
)


def migrate(database: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Brings a database to the newest schema; each step is one transaction.

    Returns:
        The version it had before.

    Raises:
        StateError: A newer techdoctor has written it.
        sqlite3.Error: The database is locked, damaged, or cannot be written.
    """
    found = int(database.execute("PRAGMA user_version").fetchone()[0])
    if found > len(migrations):
        raise StateError(
            f"the history was written by a newer techdoctor (schema {found}, this one knows {len(migrations)})",
            "use the newer techdoctor, or set TECHDOCTOR_STATE_DIR to another folder",
        )
    for number in range(found, len(migrations)):
        database.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have migrated while this one waited for the lock.
            if int(database.execute("PRAGMA user_version").fetchone()[0]) <= number:
                for statement in migrations[number]:
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {number + 1}")
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
    return found
