"""The program of the child process that writes a small file in each folder it is given and removes it again.

Its source is passed to `python -c`, so it imports the standard library only. Standard input: a JSON list of folders.
Standard output: one JSON object a line, as the answers come; the last line is DONE. CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import time
from typing import Dict, List

DONE = "done"
_BLOCK = b"techdoctor writes this, reads nothing and removes it again.\n".ljust(4096, b".")
# A busy disk needs a second for an fsync (its journal is written first); longer than this is a disk that hangs.
_STEPS = 100
_STEP_S = 0.02


def write(folder: str) -> Dict[str, object]:
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


def main() -> None:
    """Writes in all folders at once and ends when all are done or the patience is over."""
    folders: List[str] = json.load(sys.stdin)
    lock, answered = threading.Lock(), threading.Semaphore(0)

    def work(folder: str) -> None:
        line = json.dumps({"path": folder, **write(folder)})
        with lock:
            print(line, flush=True)
        answered.release()

    for folder in folders:
        threading.Thread(target=work, args=(folder,), daemon=True).start()
    wanted = len(folders)
    for _ in range(_STEPS):
        while wanted and answered.acquire(timeout=_STEP_S):
            wanted -= 1
        if not wanted:
            break
    with lock:
        print(DONE, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
