"""One look at the machine: cheap readings by psutil and /proc, each guarded, what cannot be seen is named once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.probes.disks.log_growth import sizes

_T = TypeVar("_T")
# What psutil raises where a platform has no such reading. Source: psutil's documentation, and the run under Wine.
_NOT_THERE = (AttributeError, RuntimeError, OSError, NotImplementedError, psutil.Error)
_MOST_PROCESSES = 400
_LOGS_S = 0.5
_NET = Path("/sys/class/net")


@dataclass(frozen=True)
class Process:
    """A process at one moment: the name is foreign text."""

    pid: int
    name: str
    started_s: float
    rss_bytes: int


@dataclass(frozen=True)
class Look:
    """What one look gave; counters count since the machine's start.

    Attributes:
        at_s: Monotonic seconds.
        gauges: Name to value, as it is now: cpu_percent, memory_percent, available_bytes, celsius ...
        counters: Name to a number that only grows, "eth0 carrier_changes" for an interface's.
        processes: The biggest ones.
        logs: Log file to its size in bytes.
        unseen: What cannot be read here, in words.
    """

    at_s: float
    gauges: Mapping[str, float] = field(default_factory=dict)
    counters: Mapping[str, float] = field(default_factory=dict)
    processes: tuple[Process, ...] = ()
    logs: Mapping[str, int] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


def look() -> Look:
    """Looks once; takes some ten milliseconds."""
    unseen: list[str] = []
    gauges: dict[str, float] = {}
    counters: dict[str, float] = {}
    gauges["cpu_percent"] = psutil.cpu_percent(None)
    memory = psutil.virtual_memory()
    gauges["memory_percent"] = 100 - memory.available / memory.total * 100
    gauges["available_bytes"] = float(memory.available)
    _read(unseen, "swap space", psutil.swap_memory, lambda swap: gauges.update(swap_bytes=float(swap.used)))
    _read(unseen, "disk activity", psutil.disk_io_counters, lambda io: counters.update(_disks(io)))
    _read(unseen, "network counters", lambda: psutil.net_io_counters(pernic=True), lambda n: counters.update(_nets(n)))
    counters.update(_carriers())
    counters.update(_tcp())
    gauges.update(_heat(unseen, counters))
    free = _free_bytes()
    if free is not None:
        gauges["free_bytes"] = free
    else:
        unseen.append("free disk space: it did not answer in time")
    processes = _processes(unseen)
    logs = _logs(unseen)
    return Look(time.monotonic(), gauges, counters, processes, logs, tuple(unseen))


def _read(unseen: list[str], what: str, read: Callable[[], _T], take: Callable[[_T], None]) -> None:
    try:
        found = read()
    except _NOT_THERE:
        found = None
    if found is None:
        unseen.append(f"{what}: this system does not show it")
    else:
        take(found)


def _disks(io: object) -> dict[str, float]:
    names = {"disk_read_bytes": "read_bytes", "disk_written_bytes": "write_bytes"}
    return {name: float(getattr(io, field)) for name, field in names.items()}


def _nets(nics: Mapping[str, object]) -> dict[str, float]:
    found: dict[str, float] = {"net_bytes": 0.0}
    for name, nic in nics.items():
        if name.startswith("lo"):
            continue
        found["net_bytes"] += float(getattr(nic, "bytes_sent", 0)) + float(getattr(nic, "bytes_recv", 0))
        found[f"{name} errors"] = float(getattr(nic, "errin", 0)) + float(getattr(nic, "errout", 0))
        found[f"{name} drops"] = float(getattr(nic, "dropin", 0)) + float(getattr(nic, "dropout", 0))
        found[f"{name} packets"] = float(getattr(nic, "packets_sent", 0)) + float(getattr(nic, "packets_recv", 0))
    return found


def _carriers() -> dict[str, float]:
    """How often each link was lost or found. Source: ABI/testing/sysfs-class-net, carrier_changes."""
    found: dict[str, float] = {}
    try:
        names = [] if not _NET.is_dir() else sorted(os.listdir(_NET))
    except OSError:
        return found
    for name in names:
        try:
            found[f"{name} link_changes"] = float(system.read_text(str(_NET / name / "carrier_changes"), 64))
        except (CannotMeasure, ValueError):
            continue  # a device without a link, or gone meanwhile
    return found


def _tcp() -> dict[str, float]:
    """Segments sent and sent again. Source: RFC 4022, tcpOutSegs and tcpRetransSegs; proc_net(5), snmp."""
    try:
        lines = [line.split() for line in system.read_text("/proc/net/snmp", 65536).splitlines() if line[:4] == "Tcp:"]
        words = dict(zip(lines[0], lines[1], strict=True))
        return {"tcp_sent": float(words["OutSegs"]), "tcp_resent": float(words["RetransSegs"])}
    except (CannotMeasure, IndexError, KeyError, ValueError):
        return {}


def _heat(unseen: list[str], counters: dict[str, float]) -> dict[str, float]:
    from techdoctor.probes.hardware import heat
    from techdoctor.probes.sources import gather

    if system.platform_name() != "linux":
        return {}
    sources = [source for source in heat.sources({}) if not source.at_s]
    raws = gather(sources, time.monotonic() + 1.0)
    try:
        data = heat.parse({**raws, "counts_after": raws["counts"]}, {}).data
    except CannotMeasure as error:
        unseen.append(f"heat: {error.reason}")
        return {}
    if isinstance(data["throttle_count"], int):
        counters["throttled"] = float(data["throttle_count"])
    gauges: dict[str, float] = {}
    if isinstance(data["hottest_celsius"], float):
        gauges["celsius"] = data["hottest_celsius"]
        gauges["over_high"] = float(data["over_high"] is True)
    return gauges


def _free_bytes() -> float | None:
    """Free bytes where the user's files lie; None when it does not answer (a dead file server)."""
    try:
        return float(system.within(0.5, lambda: psutil.disk_usage(str(Path.home())).free))
    except (TimeoutError, *_NOT_THERE):
        return None


def _processes(unseen: list[str]) -> tuple[Process, ...]:
    own = os.getpid()
    found: list[Process] = []
    try:
        for process in psutil.process_iter(["pid", "name", "memory_info", "create_time"]):
            seen = process.info
            if seen["memory_info"] is not None and seen["pid"] != own:
                rss = int(seen["memory_info"].rss)
                found.append(Process(seen["pid"], str(seen["name"] or ""), float(seen["create_time"] or 0), rss))
    except _NOT_THERE:  # Wine shows no list of processes
        unseen.append("programs: this system does not list them")
    return tuple(sorted(found, key=lambda process: -process.rss_bytes)[:_MOST_PROCESSES])


def _logs(unseen: list[str]) -> Mapping[str, int]:
    if os.name != "posix":
        unseen.append("log files: Windows keeps its logs in a database")
        return {}
    try:
        return system.within(_LOGS_S, lambda: {**sizes(), **_journals()})
    except (TimeoutError, OSError):
        unseen.append("log files: they did not answer in time")
        return {}


def _journals() -> dict[str, int]:
    """The journal's folders as one file each: its files grow in large steps."""
    found: dict[str, int] = {}
    for folder in ("/var/log/journal", "/run/log/journal"):
        total = 0
        for top, _, names in os.walk(folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(top, name)).st_blocks * 512
                except OSError:
                    continue  # rotated away meanwhile
        if total:
            found[folder] = total
    return found
