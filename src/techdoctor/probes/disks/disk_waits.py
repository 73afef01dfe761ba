"""Who waits for a disk: looks at the states of all processes again and again during a sample. CPython 3.9 syntax."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import List, Mapping, Optional

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
