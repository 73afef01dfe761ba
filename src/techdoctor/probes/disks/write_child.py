"""Writes a small file in a folder and removes it again, in a child process that may hang (each_child.py).

Its source is passed to that process, so it imports the standard library only. CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import os
import time
from typing import Dict

_BLOCK = b"techdoctor writes this, reads nothing and removes it again.\n".ljust(4096, b".")
# A busy disk needs a second for an fsync (its journal is written first); longer than this is a disk that hangs.
PATIENCE_S = 2.0


def answer(folder: str) -> Dict[str, object]:
    """Creates, writes, syncs and removes 4 KiB; what went wrong by its name in errno.h."""
    path = os.path.join(folder, f".techdoctor-write-test-{os.getpid()}-{time.time_ns()}")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    begun = time.monotonic()
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        return {"error": errno.errorcode.get(error.errno or 0, str(error.errno))}
    try:
        os.write(descriptor, _BLOCK)
        os.fsync(descriptor)
        return {"error": "", "ms": (time.monotonic() - begun) * 1000}
    except OSError as error:
        return {"error": errno.errorcode.get(error.errno or 0, str(error.errno))}
    finally:
        try:
            os.close(descriptor)
        finally:
            os.unlink(path)
