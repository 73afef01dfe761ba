"""Probe disk.activity: what the disks and the programs that use them do in one sample. CPython 3.9 syntax."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RUN_HERE,
    Field,
    Parameter,
    Probe,
    Probing,
    Reading,
    everywhere,
    integer,
    measured,
    number,
    records,
    text,
)
from techdoctor.probes.disks import disk_waits, fs_ask, mount_portable, mount_table
from techdoctor.probes.disks.disk_waits import Waits
from techdoctor.probes.disks.fs_ask import Answer
from techdoctor.probes.load import procfs
from techdoctor.text import clean_line, size

_SHOWN = 6
# Time for the readings before and after the sample itself.
_MARGIN_S = 1.5
_MINUTE_S = 60.0

_DEVICE: Dict[str, Field] = {
    "device": text("The disk."),
    "busy_percent": number("Share of the sample in which it worked.", "percent"),
    "await_ms": number("Mean time of a read or write from asking to answer.", "ms"),
    "read_bytes_per_s": number("Read.", "bytes_per_s"),
    "write_bytes_per_s": number("Written.", "bytes_per_s"),
    "ops_per_s": number("Reads and writes done.", "per_s"),
}
_PROCESS: Dict[str, Field] = {
    "pid": integer("Process id."),
    "name": text("Name of the program."),
    "read_bytes_per_s": number("Read from disks.", "bytes_per_s"),
    "write_bytes_per_s": number("Written to disks.", "bytes_per_s"),
}
_WAITING = (
    *("stall_percent", "waiting_count", "waiting_name", "waiting_pid"),
    *("waiting_disk", "waiting_bytes_per_s", "waiting_ops_per_s"),
)
_FIELDS: Dict[str, Field] = {
    "window_s": number("Length of the sample.", "s"),
    "devices": records("The disks, busiest first.", **_DEVICE),
    **{f"busiest_{key}": field for key, field in _DEVICE.items()},
    "processes": records("Programs that read or wrote most, without techdoctor.", **_PROCESS),
    "most_bytes_per_s": number("Read and written by the disk that moves most.", "bytes_per_s"),
    "most_ops_per_s": number("Reads and writes done by the disk that does most.", "per_s"),
    "stall_percent": number("Share of the sample in which some work waited for a disk (Linux PSI).", "percent"),
    "waiting_count": integer("Programs that waited nearly all of the sample and could not be interrupted.", "count"),
    "waiting_name": text("The first of them; empty for none."),
    "waiting_pid": integer("Its process id; 0 for none."),
    "waiting_disk": text("The disk with its open files that moves least; empty when not known."),
    "waiting_bytes_per_s": number(
        "What that disk moved; when it is not known, the disk that moves most.", "bytes_per_s"
    ),
    "waiting_ops_per_s": number("Reads and writes it did; when it is not known, the disk that does most.", "per_s"),
    "unseen": integer("Programs whose reading and writing may not be seen.", "count"),
    "writer_pid": integer("Program that wrote most; 0 for none.", ""),
    "writer_name": text("Its name; empty for none."),
    "writer_bytes_per_s": number("What it wrote.", "bytes_per_s"),
    "fill_mount": text("File system whose free space shrank fastest; empty for none.", private="path"),
    "fill_bytes_per_s": number("How fast.", "bytes_per_s"),
    "fill_full_in_s": number("Time until it is full if that goes on; unknown when none shrinks.", "s"),
}


@dataclass(frozen=True)
class Counters:
    """Everything counted at one moment.

    Attributes:
        at_s: Monotonic time.
        disks: Disk to (operations, time for them in ms, bytes read, bytes written, busy ms or None).
        programs: (Process id, start time) to (name, bytes read, bytes written).
        unseen: Programs whose counters may not be read.
        free: Mount point to free bytes.
    """

    at_s: float
    disks: Mapping[str, Tuple[int, int, int, int, Optional[int]]]
    programs: Mapping[Tuple[int, float], Tuple[str, int, int]]
    unseen: int
    free: Mapping[str, int]


def take(platform: str, timeout_s: float) -> Counters:
    """Reads all counters once."""
    import psutil

    disks = {}
    for name, counted in (psutil.disk_io_counters(perdisk=True) or {}).items():
        if platform == "linux" and (not os.path.isdir(f"/sys/block/{name}") or name.startswith(("ram", "zram"))):
            continue  # a partition: its disk counts it too; or memory
        disks[name] = (
            counted.read_count + counted.write_count,
            counted.read_time + counted.write_time,
            counted.read_bytes,
            counted.write_bytes,
            getattr(counted, "busy_time", None),
        )
    programs, unseen = {}, 0
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                moved = process.io_counters()
                key = (process.pid, process.create_time())
                programs[key] = (process.name(), moved.read_bytes, moved.write_bytes)
        except (psutil.NoSuchProcess, psutil.ZombieProcess, ProcessLookupError):
            continue  # it has ended
        except (psutil.AccessDenied, AttributeError, OSError):
            unseen += 1  # someone else's, or a system that does not tell (macOS)
    free = _free(platform, timeout_s)
    return Counters(time.monotonic(), disks, programs, unseen, free)


def _free(platform: str, timeout_s: float) -> Dict[str, int]:
    mounts = mount_table.storage(mount_table.read() if platform == "linux" else mount_portable.read())
    points = [mount.point for mount in mounts if not mount.read_only]
    answers: Mapping[str, Optional[Answer]] = (
        mount_portable.ask(points) if platform == "windows" else fs_ask.ask(points, timeout_s)
    )
    return {point: answer.avail_bytes for point, answer in answers.items() if answer and answer.total_bytes}


def compare(before: Counters, after: Counters, waits: Optional[Waits] = None) -> Reading:
    """The rates between two readings, and who waited meanwhile (None where that is not told)."""
    window_s = max(after.at_s - before.at_s, 1e-3)
    devices = [
        _device(name, before.disks[name], after.disks[name], window_s) for name in after.disks if name in before.disks
    ]
    devices.sort(key=lambda d: (-_number(d["busy_percent"]), -_number(d["write_bytes_per_s"]), str(d["device"])))
    programs = _programs(before, after, window_s)
    writer = max(programs, key=lambda p: _number(p["write_bytes_per_s"]), default=None)
    writes = writer is not None and _number(writer["write_bytes_per_s"]) > 0
    data: Dict[str, Value] = {
        "window_s": round(window_s, 2),
        "devices": list(devices[:_SHOWN]),
        "processes": list(programs[:_SHOWN]),
        "most_bytes_per_s": max((_moved(device) for device in devices), default=0.0),
        "most_ops_per_s": max((_number(device["ops_per_s"]) for device in devices), default=0.0),
        **_waiting(waits, after, window_s, devices),
        "unseen": after.unseen,
        "writer_pid": writer["pid"] if writer and writes else 0,
        "writer_name": writer["name"] if writer and writes else "",
        "writer_bytes_per_s": writer["write_bytes_per_s"] if writer and writes else 0.0,
        **_fill(before.free, after.free, window_s),
    }
    gaps = {"fill_full_in_s": "no file system's free space shrinks"} if data["fill_full_in_s"] is None else {}
    gaps.update({key: "this system does not tell it" for key in _WAITING if data[key] is None})
    if devices:
        data.update({f"busiest_{key}": devices[0][key] for key in _DEVICE})
    for key in _DEVICE:
        if data.get(f"busiest_{key}") is None:
            gaps[f"busiest_{key}"] = "nothing was read or written" if devices else "the system counts no disk"
    return Reading(data, gaps)


def _waiting(
    waits: Optional[Waits], after: Counters, window_s: float, devices: Sequence[Mapping[str, Value]]
) -> Dict[str, Value]:
    """Who waited for which disk in the sample, and for how much of it some work did."""
    if waits is None:
        return dict.fromkeys(_WAITING)
    stuck, stalled = waits.stuck, waits.stalled_us
    held = disk_waits.disks_of(stuck[0]) if stuck else []
    # A partition is counted with its disk.
    own = [d for d in devices if any(name.startswith(str(d["device"])) for name in held)]
    slow = min(own, key=_moved, default=None)
    known = {pid: name for (pid, _), (name, _, _) in after.programs.items()}
    return {
        "stall_percent": None if stalled is None else round(min(100.0, stalled / window_s / 1e4), 1),
        "waiting_count": len(stuck),
        "waiting_name": (known.get(stuck[0]) or "".join(procfs.names_of(stuck[:1]))) if stuck else "",
        "waiting_pid": stuck[0] if stuck else 0,
        "waiting_disk": slow["device"] if slow else "",
        "waiting_bytes_per_s": _moved(slow) if slow else max((_moved(d) for d in devices), default=0.0),
        "waiting_ops_per_s": _number((slow or {}).get("ops_per_s"))
        if slow
        else max((_number(d["ops_per_s"]) for d in devices), default=0.0),
    }


def _moved(device: Mapping[str, Value]) -> float:
    return _number(device["read_bytes_per_s"]) + _number(device["write_bytes_per_s"])


def _number(value: Value) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _device(
    name: str,
    before: Tuple[int, int, int, int, Optional[int]],
    after: Tuple[int, int, int, int, Optional[int]],
    window_s: float,
) -> Dict[str, Value]:
    done, took_ms = after[0] - before[0], after[1] - before[1]
    busy = None if before[4] is None or after[4] is None else (after[4] - before[4]) / window_s / 10
    return {
        "device": name,
        "busy_percent": None if busy is None else round(min(100.0, busy), 1),
        "await_ms": round(took_ms / done, 2) if done > 0 else None,
        "read_bytes_per_s": round((after[2] - before[2]) / window_s, 1),
        "write_bytes_per_s": round((after[3] - before[3]) / window_s, 1),
        "ops_per_s": round(done / window_s, 1),
    }


def _programs(before: Counters, after: Counters, window_s: float) -> List[Dict[str, Value]]:
    found: List[Dict[str, Value]] = []
    for key, (name, read, written) in after.programs.items():
        was = before.programs.get(key, (name, 0, 0))
        if key[0] == os.getpid() or (read, written) == was[1:]:
            continue
        found.append(
            {
                "pid": key[0],
                "name": name,
                "read_bytes_per_s": round((read - was[1]) / window_s, 1),
                "write_bytes_per_s": round((written - was[2]) / window_s, 1),
            }
        )
    found.sort(key=lambda p: -_number(p["read_bytes_per_s"]) - _number(p["write_bytes_per_s"]))
    return found


def _fill(before: Mapping[str, int], after: Mapping[str, int], window_s: float) -> Dict[str, Value]:
    """The file system that would be full first if the sample went on."""
    soonest: Tuple[float, str, float] = (float("inf"), "", 0.0)
    for point in after:
        rate = (before.get(point, after[point]) - after[point]) / window_s
        if rate > 0:
            soonest = min(soonest, (after[point] / rate, point, rate))
    return {
        "fill_mount": mount_table.shown(soonest[1]),
        "fill_bytes_per_s": round(soonest[2], 1),
        "fill_full_in_s": round(soonest[0], 1) if soonest[1] else None,
    }


def _measure(probing: Probing) -> Reading:
    try:
        before = take(probing.platform, probing.left_s(1.5))
        wanted = probing.params.get("window_s")
        seconds = float(wanted) if isinstance(wanted, (int, float)) else 1.0
        seconds = min(seconds, max(0.1, probing.left_s() - _MARGIN_S))
        waits = disk_waits.watch(seconds, probing.cancelled) if probing.platform == "linux" else None
        if waits is None:
            probing.cancelled.wait(seconds)
        return compare(before, take(probing.platform, probing.left_s(1.5)), waits)
    except (RuntimeError, NotImplementedError) as error:
        raise CannotMeasure(NOT_APPLICABLE, f"the system's disk counters are off: {error}") from None


def _summary(data: Mapping[str, Value]) -> str:
    busy, name = data.get("busiest_busy_percent"), data.get("writer_name")
    words = [f"{busy:.0f} % busy"] if isinstance(busy, (int, float)) else []
    rate = data.get("writer_bytes_per_s")
    if name and isinstance(rate, (int, float)):
        words.append(f"{name} writes {size(rate)}/s")
    return clean_line(", ".join(words))


PROBES = (
    Probe(
        name="disk.activity",
        title="Disk activity",
        doc=(
            "Two readings of the disks' and the programs' counters and of free space, a second apart. Time per "
            "operation and busy share as iostat counts them (Documentation/admin-guide/iostats.rst). The sample's own "
            "length is in window_s; a file system that fills is one whose free space shrank in it."
        ),
        fields=_FIELDS,
        methods=everywhere(measured(_measure, RUN_HERE, "psutil's counters, run on Linux only")),
        parameters={"window_s": Parameter("float", "Length of the sample in seconds.", default=1.0)},
        timeout_s=6.0,
        cost="slow",
        summary=_summary,
    ),
)
