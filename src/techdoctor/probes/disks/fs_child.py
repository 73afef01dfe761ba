"""The program of the child process that may hang: asks the kernel about paths, many at a time.

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
# Threads that begin with each step: each asks about one path after the other until it gets stuck.
_WORKERS = 16


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
    """Asks for all paths and ends when all have answered, or none has for half a second."""
    paths: List[str] = json.load(sys.stdin)
    waiting = list(reversed(paths))
    lock, answered = threading.Lock(), threading.Semaphore(0)

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                path = waiting.pop()
            line = json.dumps({"path": path, **ask(path)})
            with lock:
                print(line, flush=True)
            answered.release()

    threading.stack_size(256 * 1024)
    wanted, idle = len(paths), 0
    while idle < _STEPS:
        begun, before = time.monotonic(), wanted
        for _ in range(min(_WORKERS, wanted)):  # those of the step before may all be stuck in the kernel
            if not waiting:
                break
            threading.Thread(target=work, daemon=True).start()
        while wanted and answered.acquire(timeout=max(0.0, begun + _STEP_S - time.monotonic())):
            wanted -= 1
        if not wanted:
            break
        idle = idle + 1 if wanted == before else 0
    with lock:
        print(DONE, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
