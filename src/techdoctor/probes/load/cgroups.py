"""Probe cgroup.limits: limits of containers, services and sessions that are reached. CPython 3.9 syntax."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Sequence, Tuple, TypeVar

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
    texts,
    unsupported,
)
from techdoctor.probes.load import cgroup_files as files
from techdoctor.probes.load import procfs
from techdoctor.probes.load.cgroup_files import MemoryCounters, Tree
from techdoctor.text import size

WINDOW_S = 1.0
_SHOWN = 6
# A smaller limit is one that a service gave itself so that nothing else can be started in it.
_LEAST_PROCESSES = 10
_OWN, _ASKED, _GREW, _FULLEST = "own", "asked", "grew", "fullest"
_T = TypeVar("_T")
_NOBODY: Dict[str, Value] = {}


@dataclass(frozen=True)
class Counters:
    """The counters of all groups at one moment, by controller and group."""

    memory: Mapping[str, MemoryCounters]
    cpu: Mapping[str, Tuple[int, int]]
    pids: Mapping[str, int]


def count(trees: Mapping[str, Tree], deadline: float) -> Counters:
    """Reads the counters of every group."""

    def all_groups(controller: str, read: Callable[[Tree, str], _T]) -> Dict[str, _T]:
        tree = trees.get(controller)
        return {group: read(tree, group) for group in files.groups(tree, deadline)} if tree else {}

    def throttled(tree: Tree, group: str) -> Tuple[int, int]:
        stat = files.counters(tree.read(group, "cpu.stat"))
        return stat.get("nr_periods", 0), stat.get("nr_throttled", 0)

    def refused(tree: Tree, group: str) -> int:
        return files.counters(tree.read(group, "pids.events")).get("max", 0)

    return Counters(
        all_groups("memory", files.memory_counters), all_groups("cpu", throttled), all_groups("pids", refused)
    )


def _measure(probing: Probing) -> Reading:
    trees = files.trees()
    if not trees:
        raise CannotMeasure(NOT_APPLICABLE, "no control groups can be seen here")
    begun = time.monotonic()
    first = count(trees, begun + probing.left_s() / 3)
    probing.cancelled.wait(max(0.0, begun + WINDOW_S - time.monotonic()))
    second = count(trees, time.monotonic() + probing.left_s() / 2)
    return reading(trees, first, second, probing.text("unit"))


def reading(trees: Mapping[str, Tree], first: Counters, second: Counters, unit: str = "") -> Reading:
    """Makes the fields from two counts."""
    data: Dict[str, Value] = {
        "versions": [*sorted({str(tree.version) for tree in trees.values()})],
        "unit_missing": bool(unit) and not any(_asked(group, unit) for group in (*second.memory, *second.pids)),
        **_NO_LIMITS,
    }
    for controller, limits_of in (("memory", _memory), ("cpu", _cpu), ("pids", _pids)):
        if controller in trees:  # where a controller is off, it limits nothing
            data.update(limits_of(trees[controller], first, second, unit))
    own = trees.get("memory")
    limits = [files.memory_limit(own, group) for group in own.chain(own.own)] if own else []
    data["own_memory_limit_bytes"] = int(files.least([*limits]) or 0)
    return Reading(data)


def _asked(group: str, unit: str) -> bool:
    """True for the group of a unit or container: its full name, without its suffix, or a container id's head."""
    last = group.rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    identity = stem.rpartition("-")[2]  # docker-0123abcd.scope
    return bool(unit) and (unit in (last, stem, group) or (len(unit) >= 12 and identity.startswith(unit)))


def _why(tree: Tree, group: str, grew: bool, unit: str) -> str:
    if group in tree.chain(tree.own):
        return _OWN
    if _asked(group, unit):
        return _ASKED
    return _GREW if grew else ""


def _memory(tree: Tree, first: Counters, second: Counters, unit: str) -> Dict[str, Value]:
    changes: Dict[str, MemoryCounters] = {}
    for group, now in second.memory.items():
        old = first.memory.get(group, MemoryCounters(0, 0))
        change = MemoryCounters(max(0, now.hits - old.hits), max(0, now.kills - old.kills), now.paused)
        grew = bool(change.hits or change.kills or change.paused)
        if not grew and not _why(tree, group, False, unit):
            continue
        limited = next((above for above in tree.chain(group) if files.memory_limit(tree, above) is not None), None)
        if limited is not None:
            known = changes.get(limited, MemoryCounters(0, 0))
            kills = max(known.kills, change.kills)
            changes[limited] = MemoryCounters(max(known.hits, change.hits), kills, known.paused or change.paused)
    found = [_memory_record(tree, group, change, second, unit) for group, change in changes.items()]
    found.sort(key=lambda r: tuple(-_number(r[key]) for key in ("paused", "kills", "pressing", "needed_percent")))
    worst = found[0] if found else _NOBODY
    return {
        "memory": [{k: v for k, v in record.items() if k != "pressing"} for record in found[:_SHOWN]],
        "memory_name": worst.get("name", ""),
        "memory_program": worst.get("program", ""),
        "memory_limit_bytes": worst.get("limit_bytes", 0),
        "memory_needed_bytes": worst.get("needed_bytes", 0),
    }


def _memory_record(tree: Tree, group: str, change: MemoryCounters, second: Counters, unit: str) -> Dict[str, Value]:
    limit = files.memory_limit(tree, group) or 0
    used, needed = files.memory_used(tree, group)
    total = second.memory.get(group, change)
    percent = round(needed / limit * 100, 1) if limit else 100.0
    below = [counted.kills for name, counted in second.memory.items() if name == group or name.startswith(group + "/")]
    return {
        "name": group,
        "why": _why(tree, group, True, unit),
        "limit_bytes": limit,
        "used_bytes": used,
        "needed_bytes": needed,
        "needed_percent": percent,
        "hits": change.hits,
        "hits_total": total.hits,
        "kills": change.kills,
        "kills_total": max(below, default=total.kills) if tree.version == 2 else sum(below),
        "paused": change.paused,
        "program": _program(tree.pids(group)),
        "pressing": percent if change.hits else 0.0,
    }


def _program(pids: Sequence[int]) -> str:
    """The name that most of a group's processes have."""
    common = Counter(procfs.names_of(pids, most=64)).most_common(1)
    return common[0][0] if common else ""


def _number(value: Value) -> float:
    return float(value) if isinstance(value, (bool, int, float)) else 0.0


def _cpu(tree: Tree, first: Counters, second: Counters, unit: str) -> Dict[str, Value]:
    found: List[Dict[str, Value]] = []
    for group, (periods, throttled) in second.cpu.items():
        old_periods, old_throttled = first.cpu.get(group, (0, 0))
        passed, held = periods - old_periods, throttled - old_throttled
        why = _why(tree, group, held > 0, unit)
        cores = files.cpu_quota(tree, group) if why else None
        if cores is None:
            continue
        found.append(
            {
                "name": group,
                "why": why,
                "cores": round(cores, 2),
                "periods": passed,
                "throttled_percent": round(held / passed * 100, 1) if passed > 0 else 0.0,
                "program": _program(tree.pids(group)),
            }
        )
    found.sort(key=lambda r: (-_number(r["throttled_percent"]), r["why"] == _GREW))
    worst = found[0] if found else _NOBODY
    return {
        "cpu": list(found[:_SHOWN]),
        "cpu_name": worst.get("name", ""),
        "cpu_program": worst.get("program", ""),
        "cpu_cores": worst.get("cores", 0.0),
        "cpu_throttled_percent": worst.get("throttled_percent", 0.0),
    }


def _pids(tree: Tree, first: Counters, second: Counters, unit: str) -> Dict[str, Value]:
    found: List[Dict[str, Value]] = []
    for group, refused in second.pids.items():
        most = files.limit(tree.read(group, "pids.max"))
        if not most or most < _LEAST_PROCESSES:
            continue
        change = max(0, refused - first.pids.get(group, 0))
        current = files.number(tree.read(group, "pids.current"))
        found.append(
            {
                "name": group,
                "why": _why(tree, group, change > 0, unit) or _FULLEST,
                "current": current,
                "max": most,
                "used_percent": 100.0 if change else round(current / most * 100, 1),
                "refused": change,
            }
        )
    found.sort(key=lambda r: (-_number(r["refused"]), -_number(r["used_percent"])))
    shown = [record for index, record in enumerate(found) if index == 0 or record["why"] != _FULLEST][:_SHOWN]
    for record in shown:
        record["program"] = _program(tree.pids(str(record["name"])))
    worst = shown[0] if shown else _NOBODY
    return {
        "pids": list(shown),
        "pids_name": worst.get("name", ""),
        "pids_program": worst.get("program", ""),
        "pids_current": worst.get("current", 0),
        "pids_max": worst.get("max", 0),
        "pids_refused": worst.get("refused", 0),
        "pids_used_percent": worst.get("used_percent", 0.0),
    }


def _summary(data: Mapping[str, Value]) -> str:
    limit = data.get("own_memory_limit_bytes")
    return (
        f"this session may use {size(limit)} of memory" if isinstance(limit, int) and limit else "none for this session"
    )


_GROUP = {
    "name": text("The group, as a path below the root of its tree.", private="path"),
    "why": text("own: techdoctor runs in it; asked: named by `unit`; grew: a counter grew; fullest."),
    "program": text("Name that most of its processes have."),
}
_FIELDS = {
    "versions": texts("Versions of control groups in use."),
    "unit_missing": boolean("A unit was asked for and there is no such group."),
    "own_memory_limit_bytes": integer("Memory this session may use; 0 without a limit.", "bytes"),
    "memory": records(
        "Groups with a memory limit: our own, the one asked for, and those that ran into theirs in the sample.",
        **_GROUP,
        limit_bytes=integer("The limit.", "bytes"),
        used_bytes=integer("Charged to the group, page cache included.", "bytes"),
        needed_bytes=integer("What it cannot give back: without page cache.", "bytes"),
        needed_percent=number("Needed of the limit.", "percent"),
        hits=integer("Times the limit was reached in the sample; page cache alone does that too.", "count"),
        hits_total=integer("The same since the group was made.", "count"),
        kills=integer("Programs ended for lack of memory in the sample.", "count"),
        kills_total=integer("The same since the group was made.", "count"),
        paused=boolean("Its programs wait for memory because nothing is ended (oom_kill_disable)."),
    ),
    "memory_name": text("The worst of them.", private="path"),
    "memory_program": text("A program in it."),
    "memory_limit_bytes": integer("Its limit.", "bytes"),
    "memory_needed_bytes": integer("What it needs.", "bytes"),
    "cpu": records(
        "Groups with a limit of processor time: our own, the one asked for, and those held back in the sample.",
        **_GROUP,
        cores=number("Cores' worth of processor time it may use."),
        periods=integer("Accounting periods in which it ran.", "count"),
        throttled_percent=number("Share of these periods in which it was held back.", "percent"),
    ),
    "cpu_name": text("The one held back most.", private="path"),
    "cpu_program": text("A program in it."),
    "cpu_cores": number("Cores it may use."),
    "cpu_throttled_percent": number("Share of periods in which it was held back.", "percent"),
    "pids": records(
        "Groups with a limit of processes: our own, the one asked for, those refused one in the sample, the fullest.",
        **_GROUP,
        current=integer("Processes and threads in it.", "count"),
        max=integer("Most it may have.", "count"),
        used_percent=number("Used of the limit; 100 when a new process was refused in the sample.", "percent"),
        refused=integer("Times a new process was refused in the sample.", "count"),
    ),
    "pids_name": text("The worst of them.", private="path"),
    "pids_program": text("A program in it."),
    "pids_current": integer("Processes and threads in it.", "count"),
    "pids_max": integer("Most it may have.", "count"),
    "pids_refused": integer("Times a new process was refused in the sample.", "count"),
    "pids_used_percent": number("Used of the limit; 100 when a new process was refused in the sample.", "percent"),
}
_BLANK: Dict[str, Value] = {"int": 0, "float": 0.0, "text": ""}
_NO_LIMITS: Dict[str, Value] = {
    name: [] if field.type == "list" else _BLANK[field.type]
    for name, field in _FIELDS.items()
    if name.partition("_")[0] in ("memory", "cpu", "pids")
}
_NONE_HERE = unsupported("control groups exist on Linux only")
PROBES = (
    Probe(
        name="cgroup.limits",
        title="Limits of containers",
        doc=(
            "Memory, processor and process limits of control groups v1 and v2 and how often they were reached during "
            "1 s. Source: kernel documentation, admin-guide/cgroup-v1 and admin-guide/cgroup-v2.rst."
        ),
        fields=_FIELDS,
        parameters={"unit": Parameter("text", "A systemd unit, container id or group to look at as well.", "")},
        methods={"linux": measured(_measure), "macos": _NONE_HERE, "windows": _NONE_HERE},
        timeout_s=6.0,
        summary=_summary,
    ),
)
