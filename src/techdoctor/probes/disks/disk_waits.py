"""Who waits for a disk: looks at the states of all processes again and again during a sample. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.probes.load import procfs

_LOOKS = 6
_KTHREADD = 2
# A program that waits in this share of the looks does nothing else.
_MOST_OF_THEM = 0.8


@dataclass(frozen=True)
class Waits:
    """What the looks showed.

    Attributes:
        seen: Process id to the looks in which it waited and could not be interrupted (state D).
        looks: How many looks there were.
        stalled_us: Time of the sample in which some work waited for a disk; None where that is not counted.
    """

    seen: Mapping[int, int] = field(default_factory=dict)
    looks: int = 0
    stalled_us: Optional[int] = None

    @property
    def stuck(self) -> List[int]:
        """Processes that waited nearly all the time, by id."""
        return sorted(pid for pid, count in self.seen.items() if self.looks and count >= _MOST_OF_THEM * self.looks)


def stalled_us() -> Optional[int]:
    """The total of "some" in /proc/pressure/io. Source: kernel documentation, accounting/psi.rst."""
    try:
        found = re.search(r"^some .*total=(\d+)", system.read_text("/proc/pressure/io", 512), re.MULTILINE)
    except CannotMeasure:
        return None  # a kernel without PSI
    return int(found.group(1)) if found else None


def watch(window_s: float, cancelled: threading.Event) -> Waits:
    """Looks for as long as the sample takes. Threads of the kernel are left out: they wait for their own reasons."""
    begun, before, looks = time.monotonic(), stalled_us(), 0
    seen: Counter[int] = Counter()
    for look in range(_LOOKS):
        cancelled.wait(max(0.0, begun + window_s * look / (_LOOKS - 1) - time.monotonic()))
        table = procfs.parse_table(procfs.read_table(time.monotonic() + window_s).lines)
        seen.update(pid for pid, stat in table.items() if stat.state == "D" and stat.ppid not in (0, _KTHREADD))
        looks += 1
        if cancelled.is_set():
            break
    after = stalled_us()
    return Waits(seen, looks, None if before is None or after is None else after - before)


def disks_of(pid: int, root: str = "/proc") -> List[str]:
    """Names of the disks that hold the open files of a process, most files first; none is touched, so none can hang."""
    by_mount: Dict[str, str] = {}
    for line in (procfs.read_bytes(f"{root}/self/mountinfo", 1 << 22) or b"").decode("utf-8", "replace").splitlines():
        words = line.split(" ", 3)
        if len(words) == 4 and not words[2].startswith("0:"):
            by_mount[words[0]] = words[2]
    found: Counter[str] = Counter()
    try:
        numbers = os.listdir(f"{root}/{pid}/fdinfo")
    except OSError:
        return []  # someone else's, or ended
    for number in numbers[:256]:
        mount = procfs.keyed(procfs.read_bytes(f"{root}/{pid}/fdinfo/{number}") or b"").get("mnt_id", "")
        if mount in by_mount:
            found[os.path.basename(os.path.realpath(f"/sys/dev/block/{by_mount[mount]}"))] += 1
    return [name for name, _ in found.most_common()]
