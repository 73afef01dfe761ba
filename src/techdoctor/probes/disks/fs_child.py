"""The program of the child process that may hang: asks the kernel about paths, a thread for each.

Its source is passed to `python -c`, so it imports the standard library only. Standard input: a JSON list of paths.
Standard output: one JSON object a line, as the answers come; the last line is DONE. CPython 3.9 syntax.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Dict, List

DONE = "done"
# A mount that is alive answers in microseconds, a network share within some tens of milliseconds: 25 steps are half a
# second.
_STEPS = 25
_STEP_S = 0.02


def ask(path: str) -> Dict[str, object]:
    """What the kernel says of a path; of a missing one, of the nearest folder above that exists."""
    try:
        while not os.path.lexists(path) and os.path.dirname(path) != path:
            path = os.path.dirname(path)
        stat, space = os.stat(path), os.statvfs(path)
        real = path if path.startswith("/proc/") else os.path.realpath(path)
    except OSError as error:
        return {"error": error.errno or 0}
    return {
        "real": real,
        "device": f"{os.major(stat.st_dev)}:{os.minor(stat.st_dev)}",
        "inode": stat.st_ino,
        "links": stat.st_nlink,
        "used_bytes": stat.st_blocks * 512,
        "folder": os.path.isdir(path),
        "may_write": os.access(path, os.W_OK),
        "total_bytes": space.f_blocks * space.f_frsize,
        "free_bytes": space.f_bfree * space.f_frsize,
        "avail_bytes": space.f_bavail * space.f_frsize,
        "block_bytes": space.f_frsize,
        "inodes": space.f_files,
        "inodes_free": space.f_favail,
    }


def main() -> None:
    """Asks for all paths at once and ends when all have answered or the patience is over."""
    paths: List[str] = json.load(sys.stdin)
    lock, answered = threading.Lock(), threading.Semaphore(0)

    def work(path: str) -> None:
        line = json.dumps({"path": path, **ask(path)})
        with lock:
            print(line, flush=True)
        answered.release()

    threading.stack_size(256 * 1024)
    for path in paths:
        threading.Thread(target=work, args=(path,), daemon=True).start()
    _wait(answered, len(paths))
    with lock:
        print(DONE, flush=True)
    os._exit(0)


def _wait(answered: threading.Semaphore, wanted: int) -> None:
    """Waits in small steps: on a machine so busy that this process hardly runs, the patience grows with it."""
    for _ in range(_STEPS):
        begun = time.monotonic()
        while wanted and answered.acquire(timeout=max(0.0, begun + _STEP_S - time.monotonic())):
            wanted -= 1
        if not wanted:
            return


if __name__ == "__main__":
    main()
