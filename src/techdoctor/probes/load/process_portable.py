"""Which processes work, by psutil alone: for systems without /proc. CPython 3.9 syntax."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Set, Tuple

import psutil

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probing
from techdoctor.probes.load import procfs

_WINDOW_S = 1.0
_MOST = 16
_Key = Tuple[int, float]


@dataclass(frozen=True)
class Portable:
    """What the sample gave.

    Attributes:
        processes: The busiest, most CPU first, with the fields of proc.top's records.
        started_s: Process id to start time, seconds since 1970.
        above: Process ids that techdoctor hangs from.
    """

    processes: List[Dict[str, Value]]
    started_s: Mapping[int, float]
    above: Set[int]
    total: int
    window_s: float


def take(probing: Probing) -> Portable:
    """Reads the CPU time of every process twice, about 1 s apart.

    Raises:
        CannotMeasure: The system does not give the list of its processes.
    """
    first, begun = _cpu(), time.monotonic()
    probing.cancelled.wait(_WINDOW_S)
    second = _cpu()
    window_s = time.monotonic() - begun
    parents = {key[0]: _parent(process) for key, (_, process) in second.items()}
    own = procfs.own_tree(parents, os.getpid())
    used = [(now - first[key][0], key, process) for key, (now, process) in second.items() if key in first]
    busy = sorted((entry for entry in used if entry[0] > 0 and entry[1][0] not in own), key=lambda entry: -entry[0])
    found = []
    for seconds, key, process in busy[:_MOST]:
        found.append(_record(process, key, seconds / window_s * 100, second[key][0]))
    return Portable(found, {key[0]: key[1] for key in second}, procfs.ancestors(parents), len(second), window_s)


def _cpu() -> Dict[_Key, Tuple[float, psutil.Process]]:
    used = {}
    try:
        for process in psutil.process_iter():
            try:
                times = process.cpu_times()
                used[process.pid, process.create_time()] = (times.user + times.system, process)
            except (psutil.Error, OSError):
                continue  # it ended, or it belongs to someone else
    except OSError as error:  # seen under Wine: error 87 from the list itself
        raise CannotMeasure(NOT_APPLICABLE, f"the list of processes cannot be read: {error}") from None
    return used


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid() or 0
    except (psutil.Error, OSError):
        return 0


def _record(process: psutil.Process, key: _Key, percent: float, cpu_s: float) -> Dict[str, Value]:
    name, user, nice = "", "", 0
    try:
        name, user = process.name(), process.username()
        if os.name == "posix":  # Windows gives a priority class instead
            nice = int(process.nice() or 0)
    except (psutil.Error, OSError, KeyError):
        pass  # what is known by then is shown
    return {
        "pid": key[0],
        "name": name,
        "user": user,
        "cpu_percent": round(percent, 1),
        "demand_percent": None,
        "nice": nice,
        "state": "R",
        "age_s": round(max(0.0, time.time() - key[1]), 1),
        "cpu_s": round(cpu_s, 1),
        "spins": None,
    }
