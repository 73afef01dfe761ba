"""Reading raw sources on this machine. CPython 3.9 syntax."""

from __future__ import annotations

import glob
import threading
import time
from typing import Dict, List, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED
from techdoctor.probes.base import Raw, Source

_MOST_FILES = 512


def gather(sources: Sequence[Source], deadline: float) -> Dict[str, Raw]:
    """Reads all sources: files in turn, commands side by side, later ones at their `at_s`.

    Args:
        sources: What to read; names are unique.
        deadline: Monotonic time after which commands are ended.
    """
    begun = time.monotonic()
    raws: Dict[str, Raw] = {}
    for at_s in sorted({source.at_s for source in sources}):
        pause_s = min(begun + at_s, deadline) - time.monotonic()
        if pause_s > 0:
            time.sleep(pause_s)
        due = [source for source in sources if source.at_s == at_s]
        threads = _start_commands([s for s in due if s.argv], deadline, raws)
        for source in due:
            if source.path:
                raws[source.name] = _read(source)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()) + 0.5)
    return {source.name: raws.get(source.name, Raw("timeout")) for source in sources}


def _start_commands(sources: Sequence[Source], deadline: float, raws: Dict[str, Raw]) -> List[threading.Thread]:
    def one(source: Source) -> None:
        left = max(0.05, deadline - time.monotonic())
        ran = system.run(source.argv, min(source.timeout_s, left), source.cap_bytes)
        raws[source.name] = Raw(ran.status, ran.out, ran.err, ran.exit_code, {}, time.monotonic(), ran.truncated)

    if len(sources) == 1:
        one(sources[0])
        return []
    threads = [threading.Thread(target=one, args=(source,), daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    return threads


def _read(source: Source) -> Raw:
    if "*" in source.path:
        found = {}
        for path in sorted(glob.glob(source.path))[:_MOST_FILES]:
            try:
                found[path] = system.read_text(path, source.cap_bytes)
            except CannotMeasure:
                continue  # gone meanwhile (a process that ended), or unreadable like many in sysfs
        return Raw("ok" if found else "absent", files=found, taken_s=time.monotonic())
    try:
        return Raw("ok", system.read_text(source.path, source.cap_bytes), taken_s=time.monotonic())
    except CannotMeasure as error:
        return Raw("denied" if error.status == DENIED else "absent", taken_s=time.monotonic())
