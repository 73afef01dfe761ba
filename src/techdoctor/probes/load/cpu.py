"""Probes cpu.load and cpu.power. CPython 3.9 syntax."""

from __future__ import annotations

import os
import time
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    measured,
    number,
    parsed,
    text,
    under_wine,
    unsupported,
)
from techdoctor.probes.load import cgroup_files, procfs

WINDOW_S = 1.0


class Times(NamedTuple):
    """Processor times of the whole machine in ticks, and what was ready to run (proc_stat(5)).

    Attributes:
        busy: User, nice, system and interrupt time.
        own: Ticks of techdoctor itself and of the children it has waited for.
    """

    taken_s: float
    busy: int
    nice: int
    idle: int
    iowait: int
    steal: int
    running: int
    blocked: int
    own: int

    @property
    def total(self) -> int:
        return self.busy + self.idle + self.iowait + self.steal


def parse_times(stat: str, own: int, taken_s: float) -> Times:
    """Parses /proc/stat.

    Raises:
        CannotMeasure: There is no line "cpu" with at least eight columns.
    """
    cpu: List[int] = []
    values: Dict[str, int] = {}
    for line in stat.splitlines():
        words = line.split()
        if words[:1] == ["cpu"]:
            cpu = [int(word) for word in words[1:]]
        elif len(words) == 2:
            values[words[0]] = int(words[1])
    if len(cpu) < 8:
        raise CannotMeasure(NOT_APPLICABLE, "the kernel does not tell its processor times")
    user, nice, system, idle, iowait, irq, softirq, steal = cpu[:8]
    running, blocked = values.get("procs_running", 0), values.get("procs_blocked", 0)
    return Times(taken_s, user + nice + system + irq + softirq, nice, idle, iowait, steal, running, blocked, own)


def _own_ticks() -> int:
    times = os.times()
    used = times.user + times.system + times.children_user + times.children_system
    return int(used * procfs.TICKS_PER_S)


def _sample() -> Times:
    stat = (procfs.read_bytes("/proc/stat", 1 << 20) or b"").decode("ascii", "replace")
    return parse_times(stat, _own_ticks(), time.monotonic())


def _measure_linux(probing: Probing) -> Reading:
    first, queue = _sample(), []
    for _ in range(10):  # the run queue is a moment's value: its median over the window counts
        probing.cancelled.wait(min(WINDOW_S / 10, probing.left_s()))
        queue.append(_sample())
    running = _median([max(0, sample.running - 1) for sample in queue])  # less our own reader
    blocked = _median([sample.blocked for sample in queue])
    words = (procfs.read_bytes("/proc/loadavg") or b"").split()
    load = float(words[0]) if words else None
    return reading(first, queue[-1], running, blocked, load=load, cores=os.cpu_count() or 1, allowed=_allowed())


def _median(values: List[int]) -> int:
    return sorted(values)[len(values) // 2]


def _allowed() -> float:
    """Cores' worth of processor time this session may use: affinity and control group quota."""
    affinity = float(len(os.sched_getaffinity(0)))
    return cgroup_files.least([affinity, cgroup_files.cpu_cores(cgroup_files.trees())]) or 1.0


def reading(
    first: Times, last: Times, running: int, blocked: int, *, load: Optional[float], cores: int, allowed: float
) -> Reading:
    """Makes the fields from two samples of the machine's times."""
    total = max(1, last.total - first.total)
    own = min(last.own - first.own, last.busy - first.busy)
    data: Dict[str, Value] = {
        "cores": cores,
        "cores_allowed": round(allowed, 2),
        "busy_percent": round((last.busy - first.busy - own) / total * 100, 1),
        "nice_percent": round((last.nice - first.nice) / total * 100, 1),
        "iowait_percent": round(max(0, last.iowait - first.iowait) / total * 100, 1),
        "steal_percent": round((last.steal - first.steal) / total * 100, 1),
        "own_percent": round(own / total * 100, 1),
        "running": running,
        "running_per_core": round(running / cores, 2),
        "blocked": blocked,
        "load": load,
        "load_per_core": round(load / cores, 2) if load is not None else None,
        "window_s": round(last.taken_s - first.taken_s, 2),
    }
    gaps = {name: "this system does not tell it" for name, value in data.items() if value is None}
    return Reading(data, gaps)


def _measure_anywhere(probing: Probing) -> Reading:
    import psutil

    own, first, begun = _own_ticks(), psutil.cpu_times(), time.monotonic()
    probing.cancelled.wait(min(WINDOW_S, probing.left_s()))
    last, own = psutil.cpu_times(), _own_ticks() - own
    spent = {name: getattr(last, name) - getattr(first, name) for name in last._fields}
    total = max(0.01, sum(spent.values()))
    cores = psutil.cpu_count() or 1
    busy = total - spent.get("idle", 0.0) - spent.get("iowait", 0.0) - own / procfs.TICKS_PER_S
    data: Dict[str, Value] = {
        "cores": cores,
        "busy_percent": round(max(0.0, busy) / total * 100, 1),
        "nice_percent": round(spent.get("nice", 0.0) / total * 100, 1),
        "own_percent": round(own / procfs.TICKS_PER_S / total * 100, 1),
        "window_s": round(time.monotonic() - begun, 2),
    }
    gaps = {name: "this system does not tell it" for name in _LOAD if name not in data}
    try:
        load = psutil.getloadavg()[0]
        data.update(load=round(load, 2), load_per_core=round(load / cores, 2))
        gaps.pop("load")
        gaps.pop("load_per_core")
    except (AttributeError, RuntimeError, OSError) as error:  # Windows with performance counters off
        gaps["load"] = gaps["load_per_core"] = f"not told by this system: {error}"
    return Reading({**dict.fromkeys(gaps), **data}, gaps)


_CPUS = "/sys/devices/system/cpu"


def power_sources(params: Params) -> Sequence[Source]:
    """How the processor's speed is governed, and the machine's power profile."""
    names = (
        "scaling_governor",
        "scaling_driver",
        "energy_performance_preference",
        "scaling_max_freq",
        "cpuinfo_max_freq",
    )
    return [
        *(Source(name, path=f"{_CPUS}/cpu0/cpufreq/{name}") for name in names),
        Source("profile", path="/sys/firmware/acpi/platform_profile"),
    ]


def parse_power(raws: Raws, params: Params) -> Reading:
    """Judges nothing but one thing that names hide: whether the governor alone keeps the processor slow.

    With intel_pstate and amd-pstate-epp in active mode the governor called "powersave" is the
    ordinary one and follows the load; there the energy preference decides.
    Source: kernel documentation, admin-guide/pm/intel_pstate.rst and amd-pstate.rst.
    """
    words = {name: raw.text.strip() for name, raw in raws.items() if raw.status == "ok"}
    if not words:
        raise CannotMeasure(
            NOT_APPLICABLE, "this machine does not let its processor's speed be seen (often a virtual one)"
        )
    governor, driver = words.get("scaling_governor", ""), words.get("scaling_driver", "")
    most, could = words.get("scaling_max_freq", ""), words.get("cpuinfo_max_freq", "")
    capped = int(most) / int(could) * 100 if most.isdigit() and could.isdigit() and int(could) else 100.0
    follows_load = driver in ("intel_pstate", "amd-pstate-epp", "amd_pstate_epp")
    preference = words.get("energy_performance_preference", "")
    kept_slow = governor == "powersave" and not follows_load
    data: Dict[str, Value] = {
        "governor": governor,
        "driver": driver,
        "preference": preference,
        "profile": words.get("profile", ""),
        "kept_slow": kept_slow,
        "saves": kept_slow or words.get("profile") == "low-power" or preference == "power",
        "max_percent": round(capped, 1),
    }
    return Reading(data)


def _load_summary(data: Mapping[str, Value]) -> str:
    return f"{data.get('busy_percent')} % busy, {data.get('cores')} cores"


def _power_summary(data: Mapping[str, Value]) -> str:
    return ", ".join(str(data[key]) for key in ("profile", "governor", "preference") if data.get(key))


_LOAD = {
    "cores": integer("Processor cores of the machine.", "count"),
    "cores_allowed": number("Cores' worth of processor time this session may use."),
    "busy_percent": number("Busy with anything but techdoctor, work that gives way included.", "percent"),
    "nice_percent": number("Busy with work that gives way to all other (nice).", "percent"),
    "iowait_percent": number("Idle while programs wait for a disk.", "percent"),
    "steal_percent": number("Taken by the virtual machine's host for others.", "percent"),
    "own_percent": number("Used by techdoctor itself; not part of busy.", "percent"),
    "running": integer("Threads ready to run, the median of ten looks.", "count"),
    "running_per_core": number("The same per core."),
    "blocked": integer("Processes that wait for a disk, the median of ten looks.", "count"),
    "load": number("Load average of the last minute: ready to run or waiting for a device."),
    "load_per_core": number("The same per core."),
    "window_s": number("Length of the sample.", "s"),
}
_PORTABLE = measured(
    _measure_anywhere, UNTRIED, "psutil's documented calls; tried on Linux, not yet on this system itself"
)
_NOT_TRIED = unsupported("no recorded output of this system's power settings to test against")
PROBES = (
    Probe(
        name="cpu.load",
        title="Processor",
        doc="Processor times over 1 s, run queue and load. Source: proc_stat(5), proc_loadavg(5).",
        fields=_LOAD,
        methods={"linux": measured(_measure_linux), "macos": _PORTABLE, "windows": under_wine(_PORTABLE)},
        timeout_s=4.0,
        summary=_load_summary,
    ),
    Probe(
        name="cpu.power",
        title="Power saving",
        doc="How the processor's speed is governed. Source: admin-guide/pm/cpufreq.rst, sysfs-platform_profile.rst.",
        fields={
            "governor": text("Frequency governor."),
            "driver": text("Frequency driver."),
            "preference": text("Energy preference of the driver."),
            "profile": text("Power profile of the machine: low-power, quiet, balanced, performance ..."),
            "kept_slow": boolean("The governor holds the processor at its lowest speed whatever the load."),
            "saves": boolean("Any of the three puts saving power first: kept_slow, low-power or power."),
            "max_percent": number("Highest speed allowed, of what the processor can do.", "percent"),
        },
        methods={"linux": parsed(power_sources, parse_power), "macos": _NOT_TRIED, "windows": _NOT_TRIED},
        timeout_s=2.0,
        summary=_power_summary,
    ),
)
