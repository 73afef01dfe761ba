"""The journal: every event of a session as a line of JSON, flushed and fsynced, mode 0600.

It is transcript, resume point, replay and bundle content in one. One thread writes; a home
directory that hangs or a full disk costs a second once, and the diagnosis goes on unsaved.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from techdoctor.errors import StateError
from techdoctor.events import Answered, Event, FixEnded, FixStarted, Resumed, WentBack, event_from_json, event_to_json
from techdoctor.model import Value
from techdoctor.system import read_regular

SCHEMA = "techdoctor.journal/1"
# How long one line may take to reach the disk before the session goes on unsaved.
WRITE_DEADLINE_S = 1.0
# A long session is a few megabytes; what is larger was not written by us.
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Recorded:
    """A journal as read.

    Attributes:
        header: The first line.
        events: The events in order, as written.
        closed: The closing line's content, empty while the session is open.
    """

    header: Mapping[str, Value]
    events: tuple[Event, ...]
    closed: Mapping[str, Value]


class Journal:
    """Writes a session's journal.

    Args:
        path: The file; its folder must exist. None = nothing is saved.

    Attributes:
        failed: Why the session is not being saved; empty while it is.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.failed = "" if path is not None else "saving is switched off"
        self._lines: queue.SimpleQueue[tuple[str, threading.Event] | None] = queue.SimpleQueue()
        if path is not None:
            threading.Thread(target=self._work, args=(path,), daemon=True, name="journal").start()

    def begin(self, header: Mapping[str, Value]) -> None:
        """Writes the first line."""
        self._write({"journal": SCHEMA, **header})

    def add(self, event: Event) -> None:
        """Writes an event; returns when it is on the disk, or after a second without it."""
        self._write(event_to_json(event))

    def close(self, outcome: Mapping[str, Value]) -> None:
        """Writes the closing line and ends the thread."""
        self._write({"closed": dict(outcome)})
        self._lines.put(None)

    def _write(self, tree: Mapping[str, Value]) -> None:
        if self.failed:
            return
        written = threading.Event()
        self._lines.put((json.dumps(tree, ensure_ascii=False) + "\n", written))
        if not written.wait(WRITE_DEADLINE_S) and not self.failed:
            self.failed = f"{self.path} did not take a line within {WRITE_DEADLINE_S:g} s"

    def _work(self, path: Path) -> None:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            self._give_up(path, error)
            return
        with os.fdopen(handle, "wb", buffering=0) as stream:
            while (item := self._lines.get()) is not None:
                line, written = item
                try:
                    _write_all(stream.fileno(), line.encode("utf-8", "surrogatepass"))
                    os.fsync(stream.fileno())
                except OSError as error:
                    self._give_up(path, error, written)
                    return
                written.set()

    def _give_up(self, path: Path, error: OSError, waiting: threading.Event | None = None) -> None:
        self.failed = f"{path}: {error.strerror or error}"
        if waiting is not None:
            waiting.set()
        while (item := self._lines.get()) is not None:  # release whoever still waits
            item[1].set()


def _write_all(handle: int, data: bytes) -> None:
    """Writes a whole line; a line that was cut by a full disk is removed again."""
    begun = os.lseek(handle, 0, os.SEEK_END)
    done = 0
    while done < len(data):
        try:
            done += os.write(handle, data[done:])
        except OSError:
            os.ftruncate(handle, begun)
            raise


def read_journal(path: Path) -> Recorded:
    """Reads a journal; a torn last line (kill -9, power cut) is passed over.

    Raises:
        StateError: The file cannot be read, has no header, or is damaged in the middle.
    """
    try:
        lines = read_regular(str(path), MOST_BYTES).split(b"\n")
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from None
    trees = _parsed(path, lines)
    if not trees or trees[0].get("journal") != SCHEMA:
        raise StateError(f"{path} is not a journal of this version ({SCHEMA})")
    closed: Mapping[str, Value] = {}
    events: list[Event] = []
    try:
        for tree in trees[1:]:
            ending = tree.get("closed")
            if isinstance(ending, dict):
                closed = ending
            else:
                events.append(event_from_json(tree))
    except ValueError as error:
        raise StateError(f"{path}: {error}") from None
    return Recorded(trees[0], tuple(events), closed)


def _parsed(path: Path, lines: Sequence[bytes]) -> list[Mapping[str, Value]]:
    trees: list[Mapping[str, Value]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            tree = json.loads(line)
        except (ValueError, RecursionError):
            tree = None
        if isinstance(tree, dict):
            trees.append(tree)
        elif number == len(lines):  # no newline behind it: the write was cut off
            break
        else:
            raise StateError(f"{path}:{number}: damaged line", "the session can be shown no further")
    return trees


def rewound(events: Sequence[Event]) -> list[Event]:
    """The events that count: `WentBack` takes the last answer before it away.

    An answer that made a fix run stays: going back does not undo what was changed. A playbook that
    changed makes the walk begin anew, so nothing between its start and that point counts.
    """
    kept: list[Event] = []
    for event in events:
        if isinstance(event, Resumed) and event.changed:
            del kept[1:]
        if not isinstance(event, WentBack):
            kept.append(event)
            continue
        index = last_answer(kept)
        if index is not None:
            del kept[index]
    return kept


def last_answer(events: Sequence[Event]) -> int | None:
    """Index of the answer that "back" would take away; None when there is none or a fix ran since."""
    for index in range(len(events) - 1, -1, -1):
        if isinstance(events[index], FixStarted | FixEnded):
            return None
        if isinstance(events[index], Answered):
            return index
    return None
