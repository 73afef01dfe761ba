"""Probe proc.top: what the processes do. CPython 3.9 syntax."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.model import Value
from techdoctor.probes.base import (
    UNTRIED,
    Field,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
    under_wine,
)
from techdoctor.probes.load import cgroup_files, process_sample, procfs
from techdoctor.probes.load.process_sample import Sample, Worker
from techdoctor.probes.load.procfs import Stat
from techdoctor.text import clean_line

_SHOWN = 8
# A process this nice gives way to all others: it fills the idle time and slows nobody down (sched(7)).
_GIVES_WAY_FROM_NICE = 5

_WORKER: Dict[str, Field] = {
    "pid": integer("Process id."),
    "name": text("Name of the program."),
    "user": text("Who runs it.", private="user"),
    "cpu_percent": number("Processor time it used, of one core.", "percent"),
    "demand_percent": number("What it would have used without waiting for others, of one core.", "percent"),
    "nice": integer("How much it gives way to others: -20 to 19."),
    "state": text("R runs, S sleeps, D waits for a device, T stopped, Z ended."),
    "age_s": number("Time since its start.", "s"),
    "cpu_s": number("Processor time it used since its start.", "s"),
    "spins": boolean("It does nothing but compute: it waits for nothing and touches no file and no new memory."),
}
_WAITING: Dict[str, Field] = {
    "pid": integer("Process id."),
    "name": text("Name of the program."),
    "user": text("Who runs it.", private="user"),
    "age_s": number("Time since its start.", "s"),
}
_FIELDS: Dict[str, Field] = {
    "processes": records("The busiest processes, most CPU first, without techdoctor's own.", **_WORKER),
    "total": integer("How many processes there are.", "count"),
    "window_s": number("Length of the sample.", "s"),
    **{
        f"top_{key}": field
        for key, field in _WORKER.items()
        if key != "state"  # a worker runs, by definition
    },
    "top_started_s": number("When it was started, seconds since 1970.", "s"),
    "top_command": text("Its command line.", private="text"),
    "top_limited": boolean("Its control group may use less than one core, so it is no burden to others."),
    "top_why_kept": text("Why techdoctor would not end it; empty when it may be ended."),
    "stuck": records(
        "Processes in one uninterruptible wait for the whole sample.",
        **_WAITING,
        waits_for=text("Kernel function it waits in; empty when that may not be seen."),
    ),
    "stuck_count": integer("How many are stuck so.", "count"),
    "stuck_name": text("Name of the oldest of them."),
    "stuck_pid": integer("Its process id; 0 for none."),
    "stuck_waits_for": text("What it waits for."),
    "zombie_count": integer("Ended processes that their parent has not taken note of.", "count"),
    "zombie_most": integer("Most of them under one parent.", "count"),
    "zombie_parent_pid": integer("That parent's process id; 0 for none."),
    "zombie_parent_name": text("That parent's name."),
    "zombie_parent_started_s": number("When that parent was started, seconds since 1970.", "s"),
    "zombie_parent_why_kept": text("Why techdoctor would not end that parent; empty when it may."),
    "stopped": records("Paused processes that no shell paused on behalf of its user.", **_WAITING),
    "held_count": integer("Processes that are stuck or paused.", "count"),
    "stopped_count": integer("How many of them there are.", "count"),
    "stopped_pid": integer("The first one's process id; 0 for none."),
    "stopped_name": text("Its name."),
    "stopped_user": text("Who runs it.", private="user"),
    "stopped_started_s": number("When it was started, seconds since 1970.", "s"),
}


def _measure_linux(probing: Probing) -> Reading:
    return reading(process_sample.take(probing))


def reading(sample: Sample, root: str = "/proc") -> Reading:
    """Makes the fields of a sample."""
    parents = {pid: stat.ppid for pid, stat in sample.stats.items()}
    above = procfs.ancestors(parents)
    ordered = sorted(sample.workers, key=lambda worker: (-worker.cpu_percent, worker.stat.pid))
    gaps: Dict[str, str] = {}
    if sample.missed:
        gaps["total"] = f"{sample.missed} processes could not be looked at in time"
    data: Dict[str, Value] = {
        "processes": [_worker(worker, root) for worker in ordered[:_SHOWN]],
        "total": None if sample.missed else len(sample.stats),
        "window_s": round(sample.window_s, 2),
        **_top(ordered, above, root),
        **_stuck(sample.blocked, root),
        **_zombies(sample.zombies, sample.stats, above, root),
        **_stopped(sample.stats, root),
    }
    data["held_count"] = len(sample.blocked) + int(str(data["stopped_count"]))
    return Reading(data, gaps)


def _worker(worker: Worker, root: str) -> Dict[str, Value]:
    stat = worker.stat
    return {
        "pid": stat.pid,
        "name": stat.name,
        "user": procfs.user_of(stat.pid, root)[1],
        "cpu_percent": worker.cpu_percent,
        "demand_percent": worker.demand_percent,
        "nice": stat.nice,
        "state": stat.state,
        "age_s": round(stat.age_s, 1),
        "cpu_s": round(stat.ticks / procfs.TICKS_PER_S, 1),
        "spins": worker.spins,
    }


def _top(ordered: Sequence[Worker], above: set[int], root: str) -> Dict[str, Value]:
    """The suspect: one that only spins before one that works, then by CPU; never one that gives way."""
    pressing = [worker for worker in ordered if worker.stat.nice < _GIVES_WAY_FROM_NICE]
    if not pressing:
        return empty_top()
    suspect = next((worker for worker in pressing if worker.spins), pressing[0])
    fields: Dict[str, Value] = {f"top_{key}": value for key, value in _worker(suspect, root).items() if key != "state"}
    fields["top_started_s"] = round(procfs.started_s(suspect.stat.start_ticks, root), 2)
    fields["top_command"] = clean_line(procfs.command_of(suspect.stat.pid, root))
    cores = cgroup_files.cpu_cores(cgroup_files.trees(pid=str(suspect.stat.pid)))
    fields["top_limited"] = cores is not None and cores < 1
    fields["top_why_kept"] = why_kept(suspect.stat.pid, suspect.stat.kernel, above)
    return fields


def empty_top() -> Dict[str, Value]:
    """The top_ fields when no process pressed for the processor."""
    blank: Dict[str, Value] = {"int": 0, "float": 0.0, "text": "", "bool": False}
    return {name: blank[field.type] for name, field in _FIELDS.items() if name.startswith("top_")}


def why_kept(pid: int, kernel: bool, above: set[int]) -> str:
    """Why a process must not be ended by techdoctor; empty when it may be."""
    if pid <= 1:
        return "it is the first process of the system"
    if kernel:
        return "it is part of the kernel"
    if pid in above:
        return "techdoctor itself runs inside it"
    return ""


def _waiting(stat: Stat, root: str) -> Dict[str, Value]:
    user = procfs.user_of(stat.pid, root)[1]
    return {"pid": stat.pid, "name": stat.name, "user": user, "age_s": round(stat.age_s, 1)}


def _stuck(blocked: Sequence[Stat], root: str) -> Dict[str, Value]:
    found: List[Value] = []
    oldest = sorted(blocked, key=lambda stat: stat.start_ticks)
    waits: List[str] = []
    for stat in oldest:
        seen = (procfs.read_bytes(f"{root}/{stat.pid}/wchan", 128) or b"").decode("ascii", "replace").strip("\0\n")
        waits.append("" if seen == "0" else seen)  # 0 is what a process of someone else shows
        found.append({**_waiting(stat, root), "waits_for": waits[-1]})
    return {
        "stuck": found[:_SHOWN],
        "stuck_count": len(oldest),
        "stuck_name": oldest[0].name if oldest else "",
        "stuck_pid": oldest[0].pid if oldest else 0,
        "stuck_waits_for": waits[0] if waits else "",
    }


def _zombies(zombies: Sequence[Stat], stats: Mapping[int, Stat], above: set[int], root: str) -> Dict[str, Value]:
    under = Counter(stat.ppid for stat in zombies)
    parent, most = under.most_common(1)[0] if under else (0, 0)
    known = stats.get(parent)
    return {
        "zombie_count": sum(under.values()),
        "zombie_most": most,
        "zombie_parent_pid": parent,
        "zombie_parent_name": known.name if known else "",
        "zombie_parent_started_s": round(procfs.started_s(known.start_ticks, root), 2) if known else 0.0,
        "zombie_parent_why_kept": why_kept(parent, bool(known and known.kernel), above) if parent else "",
    }


def _stopped(stats: Mapping[int, Stat], root: str) -> Dict[str, Value]:
    paused = [stat for stat in stats.values() if stat.state == "T" and not _job(stat, stats.get(stat.ppid))]
    paused.sort(key=lambda stat: stat.start_ticks)
    first = paused[0] if paused else None
    return {
        "stopped": [_waiting(stat, root) for stat in paused[:_SHOWN]],
        "stopped_count": len(paused),
        "stopped_pid": first.pid if first else 0,
        "stopped_name": first.name if first else "",
        "stopped_user": procfs.user_of(first.pid, root)[1] if first else "",
        "stopped_started_s": round(procfs.started_s(first.start_ticks, root), 2) if first else 0.0,
    }


def _job(stat: Stat, parent: Optional[Stat]) -> bool:
    """True for what a person paused in a shell (Ctrl-Z): a child on its parent's own terminal."""
    return stat.tty != 0 and parent is not None and parent.tty == stat.tty and stat.session == parent.session


def _measure_anywhere(probing: Probing) -> Reading:
    from techdoctor.probes.load import process_portable

    found = process_portable.take(probing)
    pressing = [entry for entry in found.processes if _nice(entry) < _GIVES_WAY_FROM_NICE]
    data: Dict[str, Value] = {"processes": list(found.processes[:_SHOWN]), "total": found.total}
    data.update(window_s=round(found.window_s, 2), **empty_top())
    if pressing:
        pid = pressing[0]["pid"]
        assert isinstance(pid, int)
        data.update({f"top_{key}": value for key, value in pressing[0].items() if key != "state"})
        data.update(top_started_s=found.started_s[pid], top_why_kept=why_kept(pid, False, found.above))
    unseen = {name: "only Linux tells this" for name in _FIELDS if name not in data}
    unseen.update(dict.fromkeys(("top_demand_percent", "top_limited", "top_spins"), "only Linux tells this"))
    data.update(dict.fromkeys(unseen))
    return Reading(data, unseen)


def _nice(entry: Mapping[str, Value]) -> int:
    value = entry["nice"]
    return value if isinstance(value, int) else 0


def _summary(data: Mapping[str, Value]) -> str:
    paused = data.get("stopped_name")
    after = f"; {clean_line(str(paused))} is paused" if data.get("stopped_count") and paused else ""
    percent = data.get("top_cpu_percent")
    if not isinstance(percent, (int, float)) or percent < 1:
        return f"{data.get('total')} processes, none of them busy{after}"
    return f"{clean_line(str(data.get('top_name')))} uses {percent:.0f} % of a core{after}"


_PORTABLE = measured(
    _measure_anywhere, UNTRIED, "psutil's documented calls; tried on Linux, not yet on this system itself"
)
PROBES = (
    Probe(
        name="proc.top",
        title="Busy programs",
        doc=(
            "Two passes over all processes and a close look at the busiest for 1 s (2 s where a young one only spins). "
            "Spinning: a thread is ready to run >= 90 % of the time with at most 2 voluntary switches and 20 page "
            "faults per window and no disk traffic. Source: proc_pid_schedstat, proc_pid_status(5), sched(7)."
        ),
        fields=_FIELDS,
        methods={"linux": measured(_measure_linux), "macos": _PORTABLE, "windows": under_wine(_PORTABLE)},
        timeout_s=10.0,
        summary=_summary,
    ),
)
