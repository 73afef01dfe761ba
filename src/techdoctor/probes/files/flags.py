"""Attributes of files that forbid changes even to root (Linux chattr). CPython 3.9 syntax."""

from __future__ import annotations

import os
import stat
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Deque, List

# Linux include/uapi/linux/fs.h: FS_IOC_GETFLAGS, FS_IMMUTABLE_FL, FS_APPEND_FL. Sparc, MIPS and PowerPC number the
# request differently; there the answer is an error and no attribute is seen.
_GET_FLAGS = 0x80086601
IMMUTABLE, APPEND_ONLY = 0x10, 0x20


def of(path: str) -> int:
    """IMMUTABLE and APPEND_ONLY as they are set; 0 when none is, or when the file system has no such attributes.

    Raises:
        OSError: The file is gone or may not be opened.
    """
    import fcntl  # not on Windows

    kind = os.lstat(path).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return 0  # opening a device or a pipe does something
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        got = fcntl.ioctl(handle, _GET_FLAGS, struct.pack("l", 0))
    except OSError:
        return 0  # ENOTTY: a file system without attributes
    finally:
        os.close(handle)
    return int(struct.unpack("l", got)[0]) & (IMMUTABLE | APPEND_ONLY)


@dataclass
class Locked:
    """What a search found.

    Attributes:
        paths: Files and folders that may not be changed by anybody.
        seen: Entries looked at.
        complete: False when the time or the number of entries was used up.
    """

    paths: List[str] = field(default_factory=list)
    seen: int = 0
    complete: bool = True


def search(top: str, deadline: float, most: int = 20000) -> Locked:
    """Looks for immutable files below a folder, breadth first, on its file system only.

    Args:
        top: The folder.
        deadline: Monotonic time at which it stops.
        most: Entries looked at, at most.
    """
    found = Locked()
    try:
        device = os.lstat(top).st_dev
    except OSError:
        return found
    waiting: Deque[str] = deque([top])
    while waiting:
        folder = waiting.popleft()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue  # not ours to read
        for entry in entries:
            found.seen += 1
            if found.seen >= most or (found.seen % 64 == 0 and time.monotonic() > deadline):
                found.complete = False
                return found
            try:
                status = entry.stat(follow_symlinks=False)
                if status.st_dev != device:
                    continue
                if of(entry.path) & IMMUTABLE:
                    found.paths.append(entry.path)
            except OSError:
                continue  # gone, or not ours to read
            if stat.S_ISDIR(status.st_mode):
                waiting.append(entry.path)
    return found
