"""Probes mem.usage and mem.swapping. CPython 3.9 syntax."""

from __future__ import annotations

import time
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Params,
    Probe,
    Probing,
    Raw,
    Raws,
    Reading,
    Source,
    integer,
    measured,
    number,
    parsed,
    records,
    text,
    under_wine,
    unsupported,
)
from techdoctor.probes.load import cgroup_files, procfs
from techdoctor.probes.load.pressure import parse_psi
from techdoctor.text import clean_line, size

_SHOWN = 8
_PORTABLE_REASON = "psutil's documented calls; tried on Linux, not yet on this system itself"


def _usage_linux(probing: Probing) -> Reading:
    values = parse_meminfo((procfs.read_bytes("/proc/meminfo") or b"").decode("ascii", "replace"))
    return usage(values, programs_linux(probing), _own_limit())


def parse_meminfo(text: str) -> Dict[str, int]:
    """/proc/meminfo as bytes by name (proc_meminfo(5))."""
    found: Dict[str, int] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            found[name] = int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
    return found


def usage(values: Mapping[str, int], programs: List[Dict[str, Value]], limit: Tuple[int, int]) -> Reading:
    """Makes the fields.

    Args:
        values: /proc/meminfo in bytes, or the same names from elsewhere.
        programs: Biggest programs first.
        limit: Limit of our own control group in bytes (0 = none) and what the group needs of it.

    Raises:
        CannotMeasure: Total or available memory is not told (kernels before 3.14).
    """
    total, available = values.get("MemTotal", 0), values.get("MemAvailable")
    if not total or available is None:
        raise CannotMeasure(NOT_APPLICABLE, "this system does not tell how much memory is available")
    applies = limit[0] if 0 < limit[0] < total else total
    left = min(available, max(0, limit[0] - limit[1])) if applies != total else available
    swap_total, swap_free = values.get("SwapTotal", 0), values.get("SwapFree", 0)
    biggest: Mapping[str, Value] = programs[0] if programs else {}
    data: Dict[str, Value] = {
        "total_bytes": total,
        "available_bytes": available,
        "available_percent": round(available / total * 100, 1),
        "free_bytes": values.get("MemFree"),
        "limit_bytes": applies,
        "left_bytes": left,
        "left_percent": round(left / applies * 100, 1),
        "swap_total_bytes": swap_total,
        "swap_used_bytes": swap_total - swap_free,
        "programs": list(programs[:_SHOWN]),
        "biggest_name": biggest.get("name", ""),
        "biggest_pid": biggest.get("pid", 0),
        "biggest_user": biggest.get("user", ""),
        "biggest_bytes": biggest.get("bytes", 0),
        "biggest_count": biggest.get("count", 0),
        "biggest_started_s": biggest.get("started_s", 0.0),
        "biggest_why_kept": biggest.get("why_kept", ""),
    }
    return Reading(data)


def _own_limit() -> Tuple[int, int]:
    tree = cgroup_files.trees().get("memory")
    if tree is None:
        return 0, 0
    limited = [(cgroup_files.memory_limit(tree, group), group) for group in tree.chain(tree.own)]
    least = min(((limit, group) for limit, group in limited if limit is not None), default=None)
    return (least[0], cgroup_files.memory_used(tree, least[1])[1]) if least else (0, 0)


def programs_linux(probing: Probing, root: str = "/proc") -> List[Dict[str, Value]]:
    """Programs by memory without techdoctor's own, biggest first; the processes of one name and user count together.

    Memory is the proportional share (PSS) where it may be read, so that what the processes of one
    browser share is not counted many times; else the resident size.
    """
    from techdoctor.probes.load.processes import why_kept

    stats = procfs.parse_table(procfs.read_table(time.monotonic() + probing.left_s() / 2, root).lines)
    parents = {pid: stat.ppid for pid, stat in stats.items()}
    own, above = procfs.own_tree(parents), procfs.ancestors(parents)
    groups: Dict[Tuple[str, str], List[procfs.Stat]] = {}
    biggest = sorted(stats.values(), key=lambda stat: -stat.rss_pages)[:200]
    for stat in biggest:
        if stat.rss_pages and stat.pid not in own:
            groups.setdefault((stat.name, procfs.user_of(stat.pid, root)[1]), []).append(stat)
    ordered = sorted(groups.items(), key=lambda entry: -sum(stat.rss_pages for stat in entry[1]))
    found: List[Dict[str, Value]] = []
    for (name, user), members in ordered[:_SHOWN]:
        shares = [_share(stat.pid, root) or stat.rss_pages * procfs.PAGE_BYTES for stat in members]
        first = members[0]
        found.append(
            {
                "name": name,
                "user": user,
                "pid": first.pid,
                "count": len(members),
                "bytes": sum(shares),
                "started_s": round(procfs.started_s(first.start_ticks, root), 2),
                "why_kept": why_kept(first.pid, first.kernel, above),
            }
        )
    return sorted(found, key=lambda entry: -_as_int(entry["bytes"]))


def _as_int(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _share(pid: int, root: str) -> int:
    """Proportional share in bytes; 0 when it may not be read."""
    words = procfs.keyed(procfs.read_bytes(f"{root}/{pid}/smaps_rollup") or b"").get("Pss", "").split()
    return int(words[0]) * 1024 if words and words[0].isdigit() else 0


def _usage_anywhere(probing: Probing) -> Reading:
    import psutil

    memory = psutil.virtual_memory()
    values = {"MemTotal": memory.total, "MemAvailable": memory.available, "MemFree": memory.free}
    gaps: Dict[str, str] = {}
    try:
        swap = psutil.swap_memory()
        values.update(SwapTotal=swap.total, SwapFree=swap.free)
    except (RuntimeError, OSError) as error:  # Windows with its performance counters switched off
        reason = f"not told by this system: {error}"
        gaps = {"swap_total_bytes": reason, "swap_used_bytes": reason}
    found = usage(values, _programs_anywhere(), (0, 0))
    return Reading({**found.data, **dict.fromkeys(gaps)}, gaps)


def _programs_anywhere() -> List[Dict[str, Value]]:
    import psutil

    sums: Dict[str, Dict[str, Value]] = {}
    try:
        for process in psutil.process_iter(["pid", "name", "username", "memory_info", "create_time"]):
            seen = process.info
            if not seen["memory_info"]:
                continue
            entry = sums.setdefault(
                f"{seen['name']}\0{seen['username']}",
                {
                    "name": seen["name"] or "",
                    "user": seen["username"] or "",
                    "pid": seen["pid"],
                    "count": 0,
                    "bytes": 0,
                    "started_s": seen["create_time"] or 0.0,
                    "why_kept": "",
                },
            )
            entry["count"] = _as_int(entry["count"]) + 1
            entry["bytes"] = _as_int(entry["bytes"]) + seen["memory_info"].rss
    except OSError:
        return []  # seen under Wine: the list itself cannot be read; the totals still count
    return sorted(sums.values(), key=lambda entry: -_as_int(entry["bytes"]))[:_SHOWN]


def _usage_summary(data: Mapping[str, Value]) -> str:
    left, whole = data.get("left_bytes"), data.get("limit_bytes")
    if not isinstance(left, int) or not isinstance(whole, int):
        return ""
    biggest = data.get("biggest_name")
    most = f"; most: {clean_line(str(biggest))} {size(_as_int(data.get('biggest_bytes')))}" if biggest else ""
    return f"{size(left)} of {size(whole)} left{most}"


SAMPLE_S = 1.0
_VMSTAT = ("pswpin", "pswpout", "pgmajfault")


def swapping_sources(params: Params) -> Sequence[Source]:
    """/proc/vmstat twice, and how long work waited for memory."""
    return [
        Source("before", path="/proc/vmstat"),
        Source("after", path="/proc/vmstat", at_s=SAMPLE_S),
        Source("pressure", path="/proc/pressure/memory", at_s=SAMPLE_S),
    ]


def parse_swapping(raws: Raws, params: Params) -> Reading:
    """Rates between the two readings; pages are what /proc/vmstat counts in."""
    old = cgroup_files.counters(raws["before"].need("the kernel's memory counters"))
    now = cgroup_files.counters(raws["after"].need("the kernel's memory counters"))
    window_s = max(0.001, raws["after"].taken_s - raws["before"].taken_s)
    rates: Dict[str, Optional[float]] = {}
    for name in _VMSTAT:
        known = name in old and name in now
        rates[name] = round(max(0, now[name] - old[name]) / window_s, 1) if known else None
    psi = parse_psi(raws.get("pressure", Raw("absent")).text)
    data: Dict[str, Value] = {
        "in_pages_per_s": rates["pswpin"],
        "out_pages_per_s": rates["pswpout"],
        "major_faults_per_s": rates["pgmajfault"],
        "window_s": round(window_s, 2),
        "some_avg10": psi["some"][0] if "some" in psi else None,
        "full_avg10": psi["full"][0] if "full" in psi else None,
    }
    return Reading(data, {name: "this kernel does not measure it" for name, value in data.items() if value is None})


_ONLY_LINUX = unsupported("no documented source of rates that was tried on this system")
_PROGRAM = {
    "name": text("Name of the program."),
    "user": text("Who runs it.", private="user"),
    "pid": integer("Process id of its biggest process."),
    "count": integer("How many processes it has.", "count"),
    "bytes": integer("Memory of all of them; what they share is counted once where that can be seen.", "bytes"),
    "started_s": number("When the biggest was started, seconds since 1970.", "s"),
    "why_kept": text("Why techdoctor would not end it; empty when it may be ended."),
}
_USAGE = {
    "total_bytes": integer("Memory of the machine.", "bytes"),
    "available_bytes": integer(
        "What programs can still get without swapping; page cache counts as available.", "bytes"
    ),
    "available_percent": number("Available of the total.", "percent"),
    "free_bytes": integer("Not used for anything; low on every healthy machine that has run for a while.", "bytes"),
    "limit_bytes": integer("What this session may use: its control group's limit, else the total.", "bytes"),
    "left_bytes": integer("What it can still get.", "bytes"),
    "left_percent": number("Left of the limit.", "percent"),
    "swap_total_bytes": integer("Swap space; 0 without any, which is no fault.", "bytes"),
    "swap_used_bytes": integer("Swap space in use.", "bytes"),
    "programs": records("The programs with most memory, biggest first.", **_PROGRAM),
    **{f"biggest_{name}": field for name, field in _PROGRAM.items()},
}
_SWAPPING = {
    "in_pages_per_s": number("Pages read back from swap space.", "per_s"),
    "out_pages_per_s": number("Pages written to swap space.", "per_s"),
    "major_faults_per_s": number("Page faults that had to wait for a disk.", "per_s"),
    "window_s": number("Length of the sample.", "s"),
    "some_avg10": number("Share of the last 10 s in which some work waited for memory.", "percent"),
    "full_avg10": number("Share of the last 10 s in which all work waited for memory.", "percent"),
}


def _swapping_summary(data: Mapping[str, Value]) -> str:
    moved = [value for value in (data.get("in_pages_per_s"), data.get("out_pages_per_s")) if isinstance(value, float)]
    return f"{sum(moved):.0f} pages/s moved between memory and disk"


_PSUTIL_USAGE = measured(_usage_anywhere, UNTRIED, _PORTABLE_REASON)
PROBES = (
    Probe(
        name="mem.usage",
        title="Memory",
        doc=(
            "Total, available and swap memory, the limit that applies to this session, and the biggest programs. "
            "Source: proc_meminfo(5), proc_pid_smaps(5)."
        ),
        fields=_USAGE,
        methods={"linux": measured(_usage_linux), "macos": _PSUTIL_USAGE, "windows": under_wine(_PSUTIL_USAGE)},
        timeout_s=5.0,
        summary=_usage_summary,
    ),
    Probe(
        name="mem.swapping",
        title="Memory moved to disk",
        doc="Swap traffic and major faults over 1 s. Source: proc_vmstat(5), accounting/psi.rst.",
        fields=_SWAPPING,
        methods={"linux": parsed(swapping_sources, parse_swapping), "macos": _ONLY_LINUX, "windows": _ONLY_LINUX},
        timeout_s=3.0,
        summary=_swapping_summary,
    ),
)
