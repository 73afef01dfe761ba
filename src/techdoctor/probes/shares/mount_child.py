"""Asks a mount whether it answers, in a child process that may hang (disks/each_child.py).

Its source is passed to that process, so it imports the standard library only. CPython 3.9 syntax.
"""

from __future__ import annotations

import os
import time
from typing import Dict

# A file server on the other side of the earth answers within 0.4 s, three such questions within this.
PATIENCE_S = 1.2


def answer(path: str) -> Dict[str, object]:
    """Whether the file system at a mount point answers: space, and the first name in its top folder."""
    begun = time.monotonic()
    error = 0
    try:
        os.statvfs(path)
        with os.scandir(path) as entries:
            next(entries, None)
    except OSError as problem:
        error = problem.errno or 0
    return {"error": error, "ms": (time.monotonic() - begun) * 1000}
