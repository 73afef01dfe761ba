"""Mounts and their space through psutil and the standard library: macOS, Windows and whatever has no mountinfo.

CPython 3.9 syntax: this module travels to remote hosts.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from typing import Dict, List, Optional, Sequence

from techdoctor.probes.disks.fs_ask import Answer
from techdoctor.probes.disks.mount_table import Mount

# macOS shows these as file systems; they hold nothing and devfs is always 100 % full.
_NO_STORAGE = frozenset(["autofs", "devfs", "map", "nullfs", "volfs"])
_PATIENCE_S = 0.5


def read() -> List[Mount]:
    """The mounted file systems that psutil counts as storage; the device is the one thing to tell them apart by."""
    import psutil

    return [
        Mount(
            device=part.device or part.mountpoint,
            root="/",
            point=part.mountpoint,
            options=tuple(part.opts.split(",")),
            type=part.fstype.lower(),
            source=part.device,
        )
        for part in psutil.disk_partitions(all=False)
        if part.fstype.lower() not in _NO_STORAGE and "cdrom" not in part.opts.split(",")
    ]


def ask(paths: Sequence[str]) -> Dict[str, Optional[Answer]]:
    """Asks for the space of each path in a thread of its own; None for those that do not answer in half a second.

    For systems without statvfs. There an unanswered call ends with this process, so that threads may be left behind.
    """
    found: Dict[str, Optional[Answer]] = dict.fromkeys(paths)

    def work(path: str) -> None:
        found[path] = _answer(path)

    threads = [threading.Thread(target=work, args=(path,), daemon=True) for path in found]
    for thread in threads:
        thread.start()
    until = time.monotonic() + _PATIENCE_S
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(found)


def _answer(path: str) -> Answer:
    try:
        space = shutil.disk_usage(path)
    except OSError as error:
        return Answer(path, error=error.errno or 1)
    return Answer(
        path,
        real=os.path.realpath(path),
        folder=True,
        may_write=os.access(path, os.W_OK),
        total_bytes=space.total,
        free_bytes=space.free,
        avail_bytes=space.free,
    )
