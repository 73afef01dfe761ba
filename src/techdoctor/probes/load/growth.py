"""Probe mem.growth: processes whose memory grows all through a sample. CPython 3.9 syntax."""

from __future__ import annotations

import time
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor.model import Value
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
from techdoctor.probes.load import procfs
from techdoctor.probes.load.memory import parse_meminfo
from techdoctor.probes.load.processes import why_kept
from techdoctor.text import clean_line, size

READINGS = 6
INTERVAL_S = 0.6
_SHOWN = 5
_MOST_WATCHED = 400
# A leak fills memory evenly; a program that loads something does it in bursts and then stops.
_STEADY_LEAST_OF_MEAN = 0.25
_History = Dict[int, List[int]]


def private_pages(pid: int, root: str = "/proc") -> int:
    """Resident pages that belong to no file (proc_pid_statm(5): resident less shared); 0 when gone."""
    words = (procfs.read_bytes(f"{root}/{pid}/statm", 256) or b"").split()
    return max(0, int(words[1]) - int(words[2])) if len(words) > 2 else 0


def steady(pages: Sequence[int]) -> bool:
    """True when every interval grew, none much less than the mean."""
    steps = [now - old for old, now in zip(pages, pages[1:])]
    mean = sum(steps) / len(steps) if steps else 0
    return mean > 0 and min(steps) >= mean * _STEADY_LEAST_OF_MEAN


def _measure(probing: Probing) -> Reading:
    root = "/proc"
    stats = procfs.parse_table(procfs.read_table(time.monotonic() + probing.left_s() / 4, root).lines)
    parents = {pid: stat.ppid for pid, stat in stats.items()}
    own = procfs.own_tree(parents)
    watched = sorted((s for s in stats.values() if s.rss_pages and s.pid not in own), key=lambda s: -s.rss_pages)
    history: _History = {stat.pid: [] for stat in watched[:_MOST_WATCHED]}
    times: List[float] = []
    for index in range(READINGS):
        if index:
            probing.cancelled.wait(min(INTERVAL_S, probing.left_s()))
        times.append(time.monotonic())
        for pid, pages in history.items():
            pages.append(private_pages(pid, root))
    above = procfs.ancestors(parents)
    grown = growing(history, times[-1] - times[0])
    found = [_record(stats[pid], rate, is_steady, above, root) for pid, rate, is_steady in grown[:_SHOWN]]
    available = parse_meminfo((procfs.read_bytes("/proc/meminfo") or b"").decode("ascii", "replace"))
    return reading(found, times[-1] - times[0], available.get("MemAvailable", 0))


def growing(history: _History, window_s: float) -> List[Tuple[int, float, bool]]:
    """Process id, bytes per second and steadiness of those that grew, steady and fast ones first."""
    found = [
        (pid, (pages[-1] - pages[0]) * procfs.PAGE_BYTES / window_s, steady(pages))
        for pid, pages in history.items()
        if len(pages) > 1 and pages[-1] > pages[0] and window_s > 0
    ]
    return sorted(found, key=lambda entry: (not entry[2], -entry[1]))


def _record(stat: procfs.Stat, rate: float, is_steady: bool, above: set[int], root: str) -> Dict[str, Value]:
    return {
        "pid": stat.pid,
        "name": stat.name,
        "user": procfs.user_of(stat.pid, root)[1],
        "bytes_per_s": int(rate),
        "bytes": private_pages(stat.pid, root) * procfs.PAGE_BYTES,
        "steady": is_steady,
        "age_s": round(stat.age_s, 1),
        "started_s": round(procfs.started_s(stat.start_ticks, root), 2),
        "why_kept": why_kept(stat.pid, stat.kernel, above),
    }


def reading(found: Sequence[Mapping[str, Value]], window_s: float, available_bytes: int) -> Reading:
    """Makes the fields from the growing processes, the likeliest leak first."""
    first: Mapping[str, Value] = found[0] if found and found[0]["steady"] else {}
    rate = first.get("bytes_per_s", 0)
    lasts_s = available_bytes / rate if isinstance(rate, int) and rate > 0 else 0.0
    data: Dict[str, Value] = {
        "processes": [{k: v for k, v in entry.items() if k != "why_kept"} for entry in found],
        "window_s": round(window_s, 2),
        "steady": bool(first),
        "name": first.get("name", ""),
        "pid": first.get("pid", 0),
        "user": first.get("user", ""),
        "started_s": first.get("started_s", 0.0),
        "why_kept": first.get("why_kept", ""),
        "bytes": first.get("bytes", 0),
        "bytes_per_s": rate,
        "lasts_s": round(lasts_s, 1),
    }
    return Reading(data)


def _summary(data: Mapping[str, Value]) -> str:
    rate = data.get("bytes_per_s")
    if not isinstance(rate, int) or not rate:
        return "no program takes more and more memory"
    return f"{clean_line(str(data.get('name')))} takes {size(rate)} more each second"


_ONE = {
    "pid": integer("Process id."),
    "name": text("Name of the program."),
    "user": text("Who runs it.", private="user"),
    "bytes_per_s": integer("Growth of the memory it has to itself.", "bytes_per_s"),
    "bytes": integer("Memory it has to itself.", "bytes"),
    "steady": boolean("It grew in every interval of the sample, evenly."),
    "started_s": number("When it was started, seconds since 1970.", "s"),
}
_ONLY_LINUX = unsupported("not tried on this system")
PROBES = (
    Probe(
        name="mem.growth",
        title="Growing programs",
        doc="Private memory of the biggest processes, read six times in 3 s. Source: proc_pid_statm(5).",
        fields={
            "processes": records("Those that grew, steady ones first.", **_ONE, age_s=number("Age.", "s")),
            "window_s": number("Length of the sample.", "s"),
            **_ONE,
            "why_kept": text("Why techdoctor would not end it; empty when it may be ended."),
            "lasts_s": number("When all available memory is gone at this rate; 0 when nothing grows steadily.", "s"),
        },
        methods={"linux": measured(_measure), "macos": _ONLY_LINUX, "windows": _ONLY_LINUX},
        timeout_s=8.0,
        cost="slow",
        routine=False,
        summary=_summary,
    ),
)
