"""The program of the child process that lists folders and reads files, a thread for each.

Its source is passed to `python -c`, so it imports the standard library only. Standard input: a JSON list of paths.
Standard output: one JSON object a line, as the answers come; the last line is DONE. CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import threading
import time
from typing import Dict, List

DONE = "done"
_PATIENCE_S = 1.0
_BLOCK = 65536
_SPOTS = 5


def read(path: str) -> Dict[str, object]:
    """Lists the beginning of a folder, or reads a file at five spots; what went wrong by its name in errno.h."""
    begun = time.monotonic()
    try:
        kind = os.stat(path)
        if stat.S_ISDIR(kind.st_mode):
            with os.scandir(path) as entries:
                next(entries, None)
        elif stat.S_ISREG(kind.st_mode):
            _read_file(path, kind.st_size)
    except OSError as error:
        return {"error": errno.errorcode.get(error.errno or 0, str(error.errno))}
    return {"error": "", "ms": (time.monotonic() - begun) * 1000}


def _read_file(path: str, size: int) -> None:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        for spot in range(_SPOTS):
            os.lseek(handle, max(0, size - _BLOCK) * spot // (_SPOTS - 1), os.SEEK_SET)
            os.read(handle, _BLOCK)
    finally:
        os.close(handle)


def main() -> None:
    """Reads all at once and ends when all have answered or the patience is over."""
    paths: List[str] = json.load(sys.stdin)
    lock, answered = threading.Lock(), threading.Semaphore(0)

    def work(path: str) -> None:
        line = json.dumps({"path": path, **read(path)})
        with lock:
            print(line, flush=True)
        answered.release()

    threading.stack_size(256 * 1024)
    for path in paths:
        threading.Thread(target=work, args=(path,), daemon=True).start()
    until = time.monotonic() + _PATIENCE_S
    for _ in paths:
        if not answered.acquire(timeout=max(0.0, until - time.monotonic())):
            break
    with lock:
        print(DONE, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
