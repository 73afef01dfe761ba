"""The session store: which journals there are, finding one, forgetting, retention."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from techdoctor.errors import StateError, UsageError
from techdoctor.model import Value
from techdoctor.records.history import History
from techdoctor.records.storage import PRIVATE_FILE, guarded, private_folder

SUFFIX = ".jsonl"
LAST = "last"
# Without the characters that are mistaken for others when read out or typed: 0 o, 1 l i.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_ID = re.compile(r"\d{8}-\d{4}-[0-9a-z]{3,8}")
# The header holds the person's words and the host's name; the closing line a title and ids.
_EDGE_BYTES = 64 * 1024
_DAY_S = 86400.0
_SWEPT = ".swept"
# Events that may follow the closing line and do not open the session again.
_AFTER_CLOSING = ("FixUndone", "UserSaid")
# A list of thousands of journals on a slow disk may take longer than one write.
_LIST_DEADLINE_S = 3.0


@dataclass(frozen=True)
class SessionRow:
    """One session as `session list` shows it. Texts are raw: whoever shows them cleans them.

    Attributes:
        id: Session id, e.g. "20261122-0915-k3f" (UTC).
        path: Its journal.
        created_at: When it began, aware UTC.
        words: What the person typed.
        playbook: Id of the playbook.
        end: One of model.ENDS; empty while it is open.
        cause: Global id of the root cause; empty when there is none.
        title: Title of the cause or the playbook, as the closing line has it.
        open: True when it was never closed and can be resumed.
        problem: Why its journal cannot be used; empty when it can.
    """

    id: str
    path: Path
    created_at: datetime
    words: str = ""
    playbook: str = ""
    end: str = ""
    cause: str = ""
    title: str = ""
    open: bool = True
    problem: str = ""

    def to_json(self) -> dict[str, Value]:
        return {
            "session": self.id,
            "created_at": self.created_at.isoformat(timespec="seconds"),
            "words": self.words,
            "playbook": self.playbook,
            "end": self.end or None,
            "cause": self.cause or None,
            "title": self.title,
            "open": self.open,
            "problem": self.problem,
        }


class SessionStore:
    """The journals in `<state>/sessions`, one file a session, written by engine.journal.

    Args:
        state: The state folder; it is made when the first session is written.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = state / "sessions"
        self.history = History(state)

    def new_id(self, at_s: float | None = None) -> str:
        """An id that sorts by time and that no session here has. Needs no working state folder."""
        stamp = time.strftime("%Y%m%d-%H%M", time.gmtime(time.time() if at_s is None else at_s))
        for length in (3, 3, 3, 3, 5, 8):
            identity = f"{stamp}-{''.join(secrets.choice(_LETTERS) for _ in range(length))}"
            try:
                if not guarded("", self._path(identity).exists):
                    return identity
            except StateError:
                return identity  # nothing can be saved there, so nothing can clash
        return identity

    def journal_path(self, session: str) -> Path:
        """Where the journal of a session goes; its folder exists and is private after this.

        Raises:
            StateError: The state folder cannot be made or is not ours; the session goes on unsaved.
        """

        def make() -> Path:
            private_folder(self.state)
            private_folder(self.folder)
            return self._path(session)

        return guarded("the session cannot be saved", make)

    def sessions(self) -> list[SessionRow]:
        """All sessions, newest first; a damaged journal is a row with its problem.

        Raises:
            StateError: The state folder cannot be read. One that does not exist is just empty.
        """

        def read() -> list[SessionRow]:
            if not self.folder.exists():
                return []
            rows = [_row(path) for path in self.folder.iterdir() if path.suffix == SUFFIX and _ID.fullmatch(path.stem)]
            return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)

        return guarded("the sessions cannot be read", read, _LIST_DEADLINE_S)

    def find(self, wanted: str) -> SessionRow:
        """One session by its id, the beginning or end of its id if that fits only one, or "last".

        Raises:
            UsageError: None fits, or several do.
            StateError: The state folder cannot be read.
        """
        rows = self.sessions()
        if not rows:
            raise UsageError("there are no saved sessions", "begin one with: techdoctor diagnose WORDS")
        if wanted == LAST:
            return rows[0]
        exact = [row for row in rows if row.id == wanted]
        fitting = exact or [row for row in rows if wanted and (row.id.startswith(wanted) or row.id.endswith(wanted))]
        if not fitting:
            raise UsageError(f"no session '{wanted}'", "see: techdoctor session list")
        if len(fitting) > 1:
            shown = ", ".join(row.id for row in fitting[:5])
            raise UsageError(f"'{wanted}' fits {len(fitting)} sessions: {shown}", "type one more character")
        return fitting[0]

    def forget(self, session: str) -> None:
        """Deletes everything kept of a session: journal, pseudonym map, row in the history.

        Raises:
            StateError: Something could not be deleted.
        """

        def delete() -> None:
            for path in (self._path(session), self._map(session)):
                path.unlink(missing_ok=True)

        guarded(f"session {session} cannot be deleted", delete)
        self.history.forget(session)

    def sweep(self, retention_days: int, now_s: float | None = None) -> int:
        """Deletes sessions last written more than so many days ago; at most once a day.

        Returns:
            How many were deleted.

        Raises:
            StateError: The state folder cannot be read or written.
        """
        now = time.time() if now_s is None else now_s
        before = now - retention_days * _DAY_S

        def delete() -> int:
            stamp = self.folder / _SWEPT
            if not self.folder.exists() or (stamp.exists() and 0 <= now - stamp.stat().st_mtime < _DAY_S):
                return 0
            leapt = stamp.exists() and now - stamp.stat().st_mtime > retention_days * _DAY_S
            stamp.touch(PRIVATE_FILE)
            os.utime(stamp, (now, now))
            if leapt:  # a clock set wrong must not cost every session; the next day tells
                return 0
            old = [path for path in self.folder.iterdir() if path.suffix == SUFFIX and path.stat().st_mtime < before]
            for path in old:
                path.unlink(missing_ok=True)
                self._map(path.stem).unlink(missing_ok=True)
            return len(old)

        deleted = guarded("old sessions cannot be deleted", delete, _LIST_DEADLINE_S)
        if deleted:
            self.history.forget_before(before)
        return deleted

    def map_path(self, session: str) -> Path:
        """Where the pseudonym map of a session's bundle goes; its folder is made private.

        Raises:
            StateError: The state folder cannot be made or is not ours.
        """

        def make() -> Path:
            private_folder(self.state)
            private_folder(self._map(session).parent)
            return self._map(session)

        return guarded("the pseudonym map cannot be saved", make)

    def _path(self, session: str) -> Path:
        if not _ID.fullmatch(session):
            raise UsageError(f"'{session}' is not a session id")
        return self.folder / (session + SUFFIX)

    def _map(self, session: str) -> Path:
        return self.state / "maps" / (session + ".json")


def _row(path: Path) -> SessionRow:
    """A row from the first and the last line of a journal; the middle is not read."""
    created = datetime.fromtimestamp(0, UTC)
    with suppress(ValueError):
        created = datetime.strptime(path.stem[:13], "%Y%m%d-%H%M").replace(tzinfo=UTC)
    try:
        header, closed = _edges(path)
    except OSError as error:
        return SessionRow(path.stem, path, created, open=False, problem=f"cannot be read: {error.strerror}")
    if not str(header.get("journal", "")).startswith("techdoctor.journal/"):
        return SessionRow(path.stem, path, created, open=False, problem="the journal has no header")
    return SessionRow(
        id=path.stem,
        path=path,
        created_at=_time(header.get("created_at")) or created,
        words=_text(header, "words"),
        playbook=_text(header, "playbook"),
        end=_text(closed, "end"),
        cause=_text(closed, "cause"),
        title=_text(closed, "title"),
        open=not closed,
    )


def _edges(path: Path) -> tuple[Mapping[str, Value], Mapping[str, Value]]:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):  # a pipe would hang the whole list
            raise OSError(errno.EINVAL, "not a regular file")
        head = stream.readline(_EDGE_BYTES)
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - _EDGE_BYTES))
        tail = stream.read(_EDGE_BYTES)
    for line in reversed(tail.rstrip(b"\n").split(b"\n")):
        tree = _tree(line)
        closed = tree.get("closed")
        if isinstance(closed, dict):
            return _tree(head), closed
        if tree.get("event") not in _AFTER_CLOSING:
            break
    return _tree(head), {}


def _tree(line: bytes) -> dict[str, Value]:
    try:
        tree = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _text(tree: Mapping[str, Value], name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def _time(value: Value) -> datetime | None:
    """A header's time: seconds since 1970 or ISO 8601; None when it is neither."""
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
