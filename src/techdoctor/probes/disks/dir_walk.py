"""Adding up what is below a folder, on one file system and within a deadline. CPython 3.9 syntax."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import AbstractSet, Deque, Dict, List, Optional, Set, Tuple

_LARGE_FILES = 8
# A folder is named instead of its parent when it holds at least this much of it: "where the bulk is", not "somewhere
# in /".
_BULK = 0.8


@dataclass
class Tally:
    """What one folder holds, with everything below it once `Walked.total` is made.

    Attributes:
        size_bytes: Space on the disk, hard links counted once.
        entries: Files and folders.
        parent: Folder above it; "" for the top.
    """

    parent: str
    size_bytes: int = 0
    entries: int = 0


@dataclass
class Walked:
    """The outcome of a walk.

    Attributes:
        top: Where it began.
        folders: Folder to its tally, each with what is below it; the top first.
        own_entries: Folder to the number of entries directly in it.
        large_files: The largest files: (bytes, path), largest first.
        unreadable: Folders that may not be read.
        complete: False when the time was over.
    """

    top: str
    folders: Dict[str, Tally] = field(default_factory=dict)
    own_entries: Dict[str, int] = field(default_factory=dict)
    large_files: List[Tuple[int, str]] = field(default_factory=list)
    unreadable: int = 0
    complete: bool = True

    @property
    def total(self) -> Tally:
        """Everything below the top."""
        return self.folders.get(self.top, Tally(""))


def walk(
    top: str,
    deadline: float,
    mount_points: AbstractSet[str] = frozenset(),
    cancelled: Optional[threading.Event] = None,
) -> Walked:
    """Walks everything below a folder, breadth first, so that a walk cut short has seen a little of everything.

    Args:
        top: An absolute path.
        deadline: Monotonic time at which it stops.
        mount_points: Folders it does not even look at: another file system begins there, and it may hang.
        cancelled: Stops it early.
    """
    walked = Walked(top, {top: Tally("")})
    try:
        device = os.stat(top).st_dev
    except OSError:
        walked.unreadable = 1
        return walked
    linked: Set[int] = set()
    waiting: Deque[str] = deque([top])
    while waiting:
        if time.monotonic() > deadline or (cancelled is not None and cancelled.is_set()):
            walked.complete = False
            break
        _look_into(waiting.popleft(), device, mount_points, walked, linked, waiting)
    for path in reversed(list(walked.folders)):
        tally = walked.folders[path]
        if tally.parent:
            walked.folders[tally.parent].size_bytes += tally.size_bytes
            walked.folders[tally.parent].entries += tally.entries
    walked.large_files.sort(reverse=True)
    return walked


def _look_into(
    folder: str,
    device: int,
    mount_points: AbstractSet[str],
    walked: Walked,
    linked: Set[int],
    waiting: Deque[str],
) -> None:
    tally, own = walked.folders[folder], 0
    try:
        entries = os.scandir(folder)
    except OSError:
        walked.unreadable += 1
        return
    with entries:
        for entry in entries:
            own += 1
            if entry.path in mount_points:
                continue
            try:
                stat = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # gone meanwhile
            if stat.st_dev != device:
                continue
            if entry.is_dir(follow_symlinks=False):
                walked.folders[entry.path] = Tally(folder, stat.st_blocks * 512)
                waiting.append(entry.path)
                continue
            if stat.st_nlink > 1:
                if stat.st_ino in linked:
                    continue
                linked.add(stat.st_ino)
            tally.size_bytes += stat.st_blocks * 512
            _keep(walked.large_files, stat.st_blocks * 512, entry.path)
    tally.entries += own
    walked.own_entries[folder] = own


def _keep(files: List[Tuple[int, str]], size_bytes: int, path: str) -> None:
    """Keeps the largest files, without sorting for each of a million."""
    if len(files) < _LARGE_FILES:
        files.append((size_bytes, path))
        return
    smallest = min(range(_LARGE_FILES), key=lambda index: files[index][0])
    if size_bytes > files[smallest][0]:
        files[smallest] = (size_bytes, path)


def telling(walked: Walked, most: int) -> List[Tuple[str, Tally]]:
    """The folders that say where the bulk is, largest first: none whose bulk is one folder in it, none inside another.

    Args:
        walked: A finished walk.
        most: How many at most.
    """
    heaviest_child: Dict[str, int] = {}
    for tally in walked.folders.values():
        heaviest_child[tally.parent] = max(heaviest_child.get(tally.parent, 0), tally.size_bytes)
    chosen: List[Tuple[str, Tally]] = []
    ordered = sorted(walked.folders.items(), key=lambda pair: (-pair[1].size_bytes, pair[0]))
    for path, tally in ordered:
        if len(chosen) >= most or not tally.size_bytes:
            break
        if path == walked.top or heaviest_child.get(path, 0) >= _BULK * tally.size_bytes:
            continue
        if not any(path.startswith(other.rstrip(os.sep) + os.sep) for other, _ in chosen):
            chosen.append((path, tally))
    return chosen
