"""Probe mem.oom: programs the system ended for lack of memory. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import Dict, List, Mapping, Optional, Set

from techdoctor.model import Value
from techdoctor.probes import kernel_log
from techdoctor.probes.base import (
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
    unsupported,
)
from techdoctor.probes.load import cgroup_files, procfs
from techdoctor.text import clean_line, duration

_SHOWN = 8
_VICTIM = re.compile(r"(?:Out of memory|[Mm]emory cgroup out of memory): Kill(?:ed)? process (\d+)(?: \((.*)\)|,? )?")
_KILL_LINE = re.compile(
    r"oom-kill:constraint=(\w+),.*?(?:oom_memcg=([^,]*),)?task_memcg=([^,]*),task=(.*),pid=(\d+),uid=(\d+)"
)
SYSTEM, LIMIT = "system", "limit"


def parse_log(log: str, uptime_s: float) -> List[Dict[str, Value]]:
    """Kills for lack of memory in a kernel log with seconds since boot in front of each line, newest first.

    Kernels since 4.19 write a line "oom-kill:constraint=..." with the control group before the one
    with the victim; older ones only say whether a control group's limit was the reason.
    """
    kills: List[Dict[str, Value]] = []
    groups: Dict[str, str] = {}
    for line in log.splitlines():
        stamp = kernel_log.TIME.match(line)
        told = _KILL_LINE.search(line)
        if told:
            groups[told.group(5)] = told.group(2) or ""
            continue
        victim = _VICTIM.search(line)
        if stamp is None or victim is None:
            continue
        name = (victim.group(2) or "").rpartition(") total-vm")[0] or (victim.group(2) or "")
        kills.append(
            {
                "victim": name,
                "pid": int(victim.group(1)),
                "scope": LIMIT if "cgroup out of memory" in line else SYSTEM,
                "group": groups.pop(victim.group(1), ""),
                "age_s": round(max(0.0, uptime_s - float(stamp.group(1))), 1),
            }
        )
    return kills[::-1]


def _measure(probing: Probing) -> Reading:
    counted = cgroup_files.counters((procfs.read_bytes("/proc/vmstat") or b"").decode("ascii", "replace"))
    since_boot = counted.get("oom_kill")
    if since_boot == 0:
        return reading(0, [])
    log, why = kernel_log.read(probing.left_s(3.0))
    if log is None:
        return reading(since_boot, None, why)
    return reading(since_boot, _with_groups(parse_log(log, procfs.seconds_since_boot()), probing.deadline))


def _with_groups(kills: List[Dict[str, Value]], deadline: float) -> List[Dict[str, Value]]:
    """Adds whether the control group whose limit was reached is still there, and so can be reached again.

    The kernel does not name the group of every kill: older ones never do, newer ones write that line
    ten times in five seconds at most. Then the groups' own counters tell.
    """
    tree = cgroup_files.trees().get("memory")
    nameless = any(kill["scope"] == LIMIT and not kill["group"] for kill in kills)
    suspects = _limits_with_kills(tree, deadline) if tree and nameless else set()
    for kill in kills:
        group = str(kill["group"])
        if not group and kill["scope"] == LIMIT and len(suspects) == 1:
            kill["group"] = group = next(iter(suspects))
        there = bool(tree and group and os.path.isdir(tree.folder(group)))
        kill["group_exists"] = there or (kill["scope"] == LIMIT and not group and bool(suspects))
        kill["can_recur"] = kill["scope"] == SYSTEM or kill["group_exists"]
    return kills


def _limits_with_kills(tree: cgroup_files.Tree, deadline: float) -> Set[str]:
    """Groups with a limit in which, or below which, a program was ended."""
    found: Set[str] = set()
    for group in cgroup_files.groups(tree, deadline):
        if cgroup_files.memory_counters(tree, group).kills:
            chain = tree.chain(group)
            limited = next((above for above in chain if cgroup_files.memory_limit(tree, above) is not None), "")
            found |= {limited} - {""}
    return found


def reading(since_boot: Optional[int], kills: Optional[List[Dict[str, Value]]], why: str = "") -> Reading:
    """Makes the fields.

    Args:
        since_boot: Kills counted by the kernel; None where it does not count.
        kills: Kills in the kernel log, newest first; None when it could not be read.
        why: Why it could not be read.
    """
    gaps: Dict[str, str] = {}
    if since_boot is None:
        gaps["count"] = "this kernel does not count them"
    newest: Mapping[str, Value] = kills[0] if kills else {}
    data: Dict[str, Value] = {
        "count": since_boot,
        "kills": list(kills[:_SHOWN]) if kills is not None else None,
        "last_victim": newest.get("victim", ""),
        "last_scope": newest.get("scope", ""),
        "last_group": newest.get("group", ""),
        "last_age_s": newest.get("age_s", 0.0),
    }
    if kills is None:
        for name in ("kills", "last_victim", "last_scope", "last_group", "last_age_s"):
            data[name], gaps[name] = None, why
    return Reading(data, gaps)


def _summary(data: Mapping[str, Value]) -> str:
    if not data.get("kills"):
        return (
            "no program was ended for lack of memory" if data.get("count") == 0 else f"{data.get('count')} since start"
        )
    age = data.get("last_age_s")
    return (
        f"{clean_line(str(data.get('last_victim')))} ended {duration(float(age) if isinstance(age, float) else 0)} ago"
    )


_ONLY_LINUX = unsupported("no documented record of ended programs that was tried on this system")
PROBES = (
    Probe(
        name="mem.oom",
        title="Programs ended for lack of memory",
        doc="Counter oom_kill of /proc/vmstat and the kernel log. Source: proc_vmstat(5), mm/oom_kill.c.",
        fields={
            "count": integer("How many since the computer was started.", "count"),
            "kills": records(
                "Those in the kernel log, newest first.",
                victim=text("Name of the program."),
                pid=integer("Its process id."),
                scope=text("system: the machine had no memory left; limit: its control group had none left."),
                group=text("The control group whose limit was reached.", private="path"),
                group_exists=boolean("That group is still there."),
                can_recur=boolean("The machine itself had no memory left, or that group is still there."),
                age_s=number("How long ago.", "s"),
            ),
            "last_victim": text("The last program ended; empty for none."),
            "last_scope": text("system or limit, of the last one."),
            "last_group": text("Control group whose limit was reached, of the last one.", private="path"),
            "last_age_s": number("How long ago the last one was.", "s"),
        },
        methods={"linux": measured(_measure), "macos": _ONLY_LINUX, "windows": _ONLY_LINUX},
        timeout_s=7.0,
        needs="admin",
        summary=_summary,
    ),
)
