"""The program of the child process that may hang: asks about each of many things at once, a thread for each.

Its source is passed to `python -c`, so it imports the standard library only. Standard input: a JSON object with the
`source` of a module (see child_python.ask_each) and the `entries` it is asked about. Standard output: one JSON object a
line, as the answers come; the last line is DONE. CPython 3.9 syntax.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, Dict, List

DONE = "done"
_STEP_S = 0.02


def main() -> None:
    """Asks about all at once and ends when all have answered or the module's patience is over."""
    given = json.load(sys.stdin)
    entries: List[str] = given["entries"]
    module: Dict[str, Any] = {"__name__": "asked"}
    exec(given["source"], module)  # noqa: S102  # a module of ours, which nothing can be imported from in here
    lock, answered = threading.Lock(), threading.Semaphore(0)

    def work(entry: str) -> None:
        line = json.dumps({"path": entry, **module["answer"](entry)})
        with lock:
            print(line, flush=True)
        answered.release()

    threading.stack_size(256 * 1024)
    for entry in entries:
        threading.Thread(target=work, args=(entry,), daemon=True).start()
    missing = len(entries)
    # In small steps: on a machine so busy that this process hardly runs, the patience grows.
    for _ in range(round(module["PATIENCE_S"] / _STEP_S)):
        begun = time.monotonic()
        while missing and answered.acquire(timeout=max(0.0, begun + _STEP_S - time.monotonic())):
            missing -= 1
        if not missing:
            break
    with lock:
        print(DONE, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
