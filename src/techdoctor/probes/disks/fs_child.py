"""The program of the child process that may hang: asks the kernel about paths, many at a time.

Its source is passed to `python -c`, so it imports the standard library only. Standard input: a JSON object with the
`paths` and `until`, when it must be done (time.monotonic, which all processes share). Standard output: one JSON object
a line, as the answers come, then one with `silent` for each path that gave none; the last line is DONE. A path without
a line was not got to. CPython 3.9 syntax.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Dict, List, Mapping

DONE = "done"
# A mount that is alive answers in microseconds, a network share within some tens of milliseconds: 25 steps are half a
# second.
_STEPS = 25
_STEP_S = 0.02
_SILENT_S = _STEPS * _STEP_S
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
    """Asks for all paths and ends when all have answered, none has for half a second, or the time is over."""
    given = json.load(sys.stdin)
    waiting: List[str] = list(reversed(given["paths"]))
    out: Dict[str, float] = {}
    lock, answered = threading.Lock(), threading.Semaphore(0)

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                path = waiting.pop()
                out[path] = time.monotonic()
            line = json.dumps({"path": path, **ask(path)})
            with lock:
                print(line)
                del out[path]
            answered.release()

    threading.stack_size(256 * 1024)
    wanted, idle = len(waiting), 0
    while idle < _STEPS and time.monotonic() < given["until"]:
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
        tell_end(out)
    os._exit(0)


def tell_end(out: Mapping[str, float]) -> None:
    """Names the paths that have been asked about for long, each with when that began."""
    for path, since in out.items():
        if time.monotonic() - since >= _SILENT_S:
            print(json.dumps({"path": path, "silent": True}))
    print(DONE, flush=True)


if __name__ == "__main__":
    main()
