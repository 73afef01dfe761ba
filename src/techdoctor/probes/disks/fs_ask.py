"""Asking the kernel about many paths in one child process that can be left behind. CPython 3.9 syntax."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Sequence

from techdoctor.model import Value
from techdoctor.probes.disks import child_python, fs_child

# More paths than this are not asked about; the rest are left for whoever asks to name.
MOST_PATHS = 4096
# In place of an errno: the time was over before this path's turn came, which tells nothing about it.
NOT_TRIED = -1
# The child's own deadline, so that it can still say which paths are silent.
_CHILD_SHARE = 0.85


@dataclass(frozen=True)
class Answer:
    """What the kernel said of one path; `error` is an errno, or NOT_TRIED, and then nothing else is set.

    Attributes:
        real: The path without symbolic links; of a path that does not exist, of the nearest folder above that does.
        device: "major:minor" of the file system it lies on.
        inode: Inode number.
        links: Names the file has; 0 for a deleted one.
        used_bytes: Bytes it takes on the disk.
        folder: True for a folder.
        may_write: True when its permissions let this user write (a read-only file system does not).
        total_bytes, free_bytes, avail_bytes: Size of the file system; free for root; free for everybody.
        block_bytes: Size of its smallest piece of space.
        inodes, inodes_free: Files it can hold and files that can still be made; both 0 where it has no such limit.
    """

    path: str
    error: int = 0
    real: str = ""
    device: str = ""
    inode: int = 0
    links: int = 0
    used_bytes: int = 0
    folder: bool = False
    may_write: bool = False
    total_bytes: int = 0
    free_bytes: int = 0
    avail_bytes: int = 0
    block_bytes: int = 1
    inodes: int = 0
    inodes_free: int = 0


def ask(paths: Sequence[str], timeout_s: float) -> Dict[str, Optional[Answer]]:
    """Asks about all paths at once.

    Args:
        paths: Absolute paths, at most MOST_PATHS are asked about.
        timeout_s: Deadline of the whole child; a single path is given half a second by the child itself.

    Returns:
        Path to answer; None for a path whose file system did not answer. The error of one that was not got to is
        NOT_TRIED.

    Raises:
        CannotMeasure: The child could not be started.
    """
    asked = list(dict.fromkeys(paths))[:MOST_PATHS]
    if not asked:
        return {}
    until = time.monotonic() + _CHILD_SHARE * timeout_s
    return parse(child_python.ask(fs_child, {"paths": asked, "until": until}, timeout_s), asked)


def parse(trees: Sequence[Mapping[str, Value]], asked: Sequence[str]) -> Dict[str, Optional[Answer]]:
    """Puts the child's answers together; None for a silent path, NOT_TRIED for one without a line."""
    found: Dict[str, Optional[Answer]] = {path: Answer(path, NOT_TRIED) for path in asked}
    for tree in trees:
        silent = tree.get("silent") is True
        # The child of this very version wrote it.
        found[str(tree["path"])] = None if silent else Answer(**tree)  # type: ignore[arg-type]
    return found
