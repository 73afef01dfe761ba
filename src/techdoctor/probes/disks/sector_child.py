"""Reads a single sector of a disk ("sda 2048"), past every cache, in a child process that may hang (each_child.py).

Its source is passed to that process, so it imports the standard library only. CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import mmap
import os
import time
from typing import Dict

# A sound disk answers in milliseconds, one that tries a bad sector again and again in seconds.
PATIENCE_S = 1.5
_BLOCK = 4096


def answer(entry: str) -> Dict[str, object]:
    """Reads 4 KiB at a sector (of 512 bytes); what went wrong by its name in errno.h, and how long it took."""
    disk, _, sector = entry.partition(" ")
    begun = time.monotonic()
    try:
        handle = os.open(os.path.join("/dev", disk), os.O_RDONLY | getattr(os, "O_DIRECT", 0))
    except OSError as error:
        return {"error": "open " + errno.errorcode.get(error.errno or 0, "")}
    try:
        space = mmap.mmap(-1, _BLOCK)  # aligned memory, as O_DIRECT wants it
        os.preadv(handle, [space], int(sector) * 512 // _BLOCK * _BLOCK)
        return {"error": "", "ms": (time.monotonic() - begun) * 1000}
    except OSError as error:
        return {"error": errno.errorcode.get(error.errno or 0, str(error.errno))}
    finally:
        os.close(handle)
