"""The program of the child process that reads single sectors of disks, past every cache, a thread for each.

Its source is passed to `python -c`, so it imports the standard library only. Standard input: a JSON list of
"disk sector". Standard output: one JSON object a line, as the answers come; the last line is DONE. CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import sys
import threading
import time
from typing import Dict, List

DONE = "done"
# A sound disk answers in milliseconds, one that tries a bad sector again and again in seconds.
_PATIENCE_S = 1.5
_BLOCK = 4096


def read(entry: str) -> Dict[str, object]:
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


def main() -> None:
    """Reads all at once and ends when all have answered or the patience is over."""
    entries: List[str] = json.load(sys.stdin)
    lock, answered = threading.Lock(), threading.Semaphore(0)

    def work(entry: str) -> None:
        line = json.dumps({"path": entry, **read(entry)})
        with lock:
            print(line, flush=True)
        answered.release()

    for entry in entries:
        threading.Thread(target=work, args=(entry,), daemon=True).start()
    until = time.monotonic() + _PATIENCE_S
    for _ in entries:
        if not answered.acquire(timeout=max(0.0, until - time.monotonic())):
            break
    with lock:
        print(DONE, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
