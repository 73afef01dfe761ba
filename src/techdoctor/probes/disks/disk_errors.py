"""Probe disk.errors: what the kernel says of disks that fail, and whether they still do. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, MISSING_TOOL, Value
from techdoctor.probes import kernel_log
from techdoctor.probes.base import (
    Field,
    Probe,
    Probing,
    Reading,
    integer,
    measured,
    number,
    records,
    text,
    unsupported,
)
from techdoctor.probes.disks import child_python, mount_table, sector_child
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.text import clean_line

_SHOWN = 8
_MOST_SECTORS = 4
_DAY_S = 86400.0
UNTRIED = "untried"
# What is not a disk of its own: its errors count only while something of it is attached.
_PASSING = re.compile(r"^(loop|nbd|ram|zram|sr|fd)\d")
_SECTOR = re.compile(
    r"(?:I/O|critical (?:medium|target|space allocation|nexus)|protection|timeout) error, dev (\S+?), sector (\d+)"
    r"(?: op 0x[0-9a-f]+:\((\w+)\))?"
)
_BUFFER = re.compile(r"Buffer I/O error on (?:dev(?:ice)?) (\S+?), logical block \d+, (.*)")
_FILE_SYSTEM = re.compile(
    r"(?:EXT[234]-fs|F2FS-fs|FAT-fs|BTRFS) (?:error|critical) \(device ([\w-]+)[^)]*\):"
    r"|EXT[234]-fs \(([\w-]+)\): Remounting filesystem read-only"
    r"|BTRFS(?: \w+)?:? \(device ([\w-]+)[^)]*\): forced readonly"
    r"|XFS \(([\w-]+)\): .*(?:[Ss]hut ?down|shutting down|[Cc]orruption|I/O error)"
)
_BEGUN = re.compile(
    r"(?:EXT[234]-fs|XFS|BTRFS info|F2FS-fs) \((?:device )?([\w-]+)[^)]*\): "
    r"(?:mounted filesystem|Mounting|first mount|Ending clean mount)"
    r"|\] ([\w-]+): detected capacity change"
)
_LINK = re.compile(
    r"\b(ata\d+)(?:\.\d+)?: (?:hard|soft) resetting link|\b(ata\d+)(?:\.\d+)?: SATA link down"
    r"|\b(nvme\d+)[^:]*: (?:I/O .*timeout|Device not ready|.*controller is down|resetting controller)"
    r"|\b(usb \d[\d.-]*): reset .*USB device|\b(sd [\d:]+): .*(?:timing out command|Synchronize Cache.* failed)"
)


@dataclass
class Seen:
    """What the log says of one disk.

    Attributes:
        reads, writes: Failed reads and writes.
        sectors: Failed sectors, the newest last.
        last_s: When the last one was, in seconds since boot.
        last_line: Its words.
        file_system: Errors of the file system on it.
    """

    reads: int = 0
    writes: int = 0
    file_system: int = 0
    sectors: List[int] = field(default_factory=list)
    last_s: float = 0.0
    last_line: str = ""


def parse_log(log: str) -> Tuple[Dict[str, Seen], Dict[str, List[float]]]:
    """Errors by disk, and resets by link, from a kernel log with seconds since boot.

    What was said of a loop device before it got a new content, or of a file system before it was attached again, is of
    another disk or over, and is forgotten. Sources of the words: Linux block/blk-core.c (print_req_error),
    fs/buffer.c (buffer_io_error), fs/ext4/super.c, drivers/ata/libata-eh.c.

        [ 2713.1] I/O error, dev sda, sector 20482 op 0x0:(READ) flags 0xc800 phys_seg 128 prio class 2
        [ 2713.2] Buffer I/O error on dev sdb1, logical block 0, async page read
        [ 2714.8] ata3: hard resetting link
    """
    disks: Dict[str, Seen] = {}
    links: Dict[str, List[float]] = {}
    for line in log.splitlines():
        stamp = kernel_log.TIME.match(line)
        if stamp is None:
            continue
        at_s = float(stamp.group(1))
        begun = _BEGUN.search(line)
        if begun:
            name = begun.group(1) or begun.group(2)
            if _PASSING.match(name):
                disks.pop(name, None)
            elif name in disks:
                disks[name].file_system = 0
            continue
        link = _LINK.search(line)
        if link:
            links.setdefault(next(name for name in link.groups() if name), []).append(at_s)
            continue
        _note_error(line, at_s, disks)
    return disks, links


def _note_error(line: str, at_s: float, disks: Dict[str, Seen]) -> None:
    sector, buffer, file_system = _SECTOR.search(line), _BUFFER.search(line), _FILE_SYSTEM.search(line)
    found = sector or buffer or file_system
    if found is None:
        return
    seen = disks.setdefault(next(name for name in found.groups() if name), Seen())
    seen.last_s, seen.last_line = at_s, clean_line(kernel_log.TIME.sub("", line), 160)
    if sector:
        wrote = (sector.group(3) or "").startswith(("WRITE", "DISCARD", "FLUSH"))
        seen.sectors.append(int(sector.group(2)))
        seen.writes, seen.reads = seen.writes + wrote, seen.reads + (not wrote)
    elif buffer:
        wrote = "write" in buffer.group(2)
        seen.writes, seen.reads = seen.writes + wrote, seen.reads + (not wrote)
    else:
        seen.file_system += 1


def present_disks(mounts: Sequence[Mount], sysfs: str = "/sys") -> Dict[str, str]:
    """Names of the disks that matter to where they are attached: real ones, and whatever else is attached here."""
    found: Dict[str, str] = {}
    try:
        names = sorted(os.listdir(f"{sysfs}/block"))
    except OSError:
        names = []
    for name in names:
        if not _PASSING.match(name):
            found[name] = ""
            for part in sorted(os.listdir(f"{sysfs}/block/{name}")):
                if part.startswith(name):
                    found[part] = ""
    for mount in mount_table.storage(mounts):
        real = os.path.realpath(f"{sysfs}/dev/block/{mount.device}")
        if os.path.isdir(real):
            for name in (os.path.basename(real), os.path.basename(os.path.dirname(real))):
                if name not in ("block", "virtual"):
                    found[name] = found.get(name) or mount.point
    return found


_RECORD: Dict[str, Field] = {
    "disk": text("The disk or partition, e.g. sda."),
    "mount": text("Where it is attached; empty for nowhere.", private="path"),
    "reads": integer("Reads that failed.", "count"),
    "writes": integer("Writes that failed.", "count"),
    "file_system": integer("Errors its file system reported.", "count"),
    "age_s": number("Time since the last one.", "s"),
    "still": text("Whether a sector that failed cannot be read now either: yes, no, or untried."),
    "line": text("The newest line of the kernel's log.", private="text"),
}
_FIELDS: Dict[str, Field] = {
    "disks": records("Disks with errors since the last start, those that still fail first.", **_RECORD),
    "disk_count": integer("How many disks have errors.", "count"),
    **{f"worst_{key}": one for key, one in _RECORD.items()},
    "links": records(
        "Connections to disks that were reset within a day.",
        link=text("The connection, e.g. ata3."),
        resets=integer("How often.", "count"),
        age_s=number("Time since the last one.", "s"),
    ),
    "worst_link": text("The one reset most; empty for none."),
    "link_resets": integer("How often it was reset within a day.", "count"),
}


def reading(log: str, uptime_s: float, present: Mapping[str, str], still: Mapping[str, Optional[bool]]) -> Reading:
    """The fields.

    Args:
        log: The kernel's log with seconds since boot.
        uptime_s: Seconds since boot.
        present: Disk to where it is attached; others are left out.
        still: Disk to whether a failed sector still cannot be read; None when not tried.
    """
    disks, links = parse_log(log)
    found: List[Dict[str, Value]] = [
        {"disk": name, "mount": mount_table.shown(present[name]), **_of_disk(seen, uptime_s, still.get(name))}
        for name, seen in disks.items()
        if name in present
    ]
    found.sort(key=lambda d: (d["still"] != "yes", not (d["reads"] or d["writes"]), _number(d["age_s"]), d["disk"]))
    lately = {name: [at for at in times if uptime_s - at < _DAY_S] for name, times in links.items()}
    resets = sorted(((len(times), name) for name, times in lately.items() if times), reverse=True)
    data: Dict[str, Value] = {
        "disks": list(found[:_SHOWN]),
        "disk_count": len(found),
        "links": [
            {"link": name, "resets": count, "age_s": round(max(0.0, uptime_s - lately[name][-1]), 1)}
            for count, name in resets[:_SHOWN]
        ],
        "worst_link": resets[0][1] if resets else "",
        "link_resets": resets[0][0] if resets else 0,
        "worst_disk": "",
        "worst_mount": "",
        "worst_line": "",
        "worst_reads": 0,
        "worst_writes": 0,
        "worst_file_system": 0,
        "worst_still": "",
    }
    gaps = {"worst_age_s": "the kernel's log holds no error of a disk"}
    if found:
        data.update({f"worst_{key}": value for key, value in found[0].items()})
        gaps = {}
    return Reading(data, gaps)


def _of_disk(seen: Seen, uptime_s: float, again: Optional[bool]) -> Dict[str, Value]:
    return {
        "reads": seen.reads,
        "writes": seen.writes,
        "file_system": seen.file_system,
        "age_s": round(max(0.0, uptime_s - seen.last_s), 1),
        "still": UNTRIED if again is None else "yes" if again else "no",
        "line": seen.last_line,
    }


def _number(value: Value) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def read_again(sectors: Mapping[str, Sequence[int]], timeout_s: float) -> Dict[str, Optional[bool]]:
    """Tries the failed sectors of each disk once more, past every cache: True when one still cannot be read."""
    asked = [
        f"{name} {sector}" for name, some in sectors.items() for sector in list(dict.fromkeys(some))[-_MOST_SECTORS:]
    ]
    tried: Dict[str, Optional[bool]] = dict.fromkeys(sectors)
    if not asked:
        return tried
    try:
        answers = child_python.ask_each(sector_child, asked, timeout_s)
    except CannotMeasure:
        return tried
    silent: Set[str] = {entry.partition(" ")[0] for entry in asked}
    for answer in answers:
        name, error = str(answer["path"]).partition(" ")[0], str(answer["error"])
        silent.discard(name)
        if error in ("", "EIO", "ENODATA", "ENXIO", "EREMOTEIO", "EILSEQ", "ETIMEDOUT"):
            tried[name] = bool(error) or tried[name] is True
    return {name: True if name in silent else again for name, again in tried.items()}


def _measure(probing: Probing) -> Reading:
    log, why = kernel_log.read(probing.left_s(3.0))
    if log is None:
        raise CannotMeasure(MISSING_TOOL if "installed" in why else DENIED, why)
    uptime_s = float(system.read_text("/proc/uptime", 64).split()[0])
    present = present_disks(mount_table.read())
    disks, _ = parse_log(log)
    sectors: Dict[str, FrozenSet[int]] = {}
    for name, seen in disks.items():
        if name in present and seen.sectors:
            sectors[name] = frozenset(seen.sectors[-_MOST_SECTORS:])
    still = read_again({name: sorted(some) for name, some in sectors.items()}, probing.left_s(2.0))
    return reading(log, uptime_s, present, still)


def _summary(data: Mapping[str, Value]) -> str:
    if not data.get("disk_count"):
        return "none"
    return clean_line(f"{data.get('worst_disk')}: {data.get('worst_line')}", 70)


PROBES = (
    Probe(
        name="disk.errors",
        title="Disk errors",
        doc=(
            "Read and write errors, errors of file systems and resets of links in the kernel's log of this boot, by "
            "disk. Sectors that failed are read once more past all caches (O_DIRECT), which tells a disk that fails "
            "now from one that failed once. Loop devices and the like count only while they are attached here."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": unsupported("macOS' log takes minutes to search, and no recording of its disk errors is at hand"),
            "windows": unsupported("no recording of the System log's disk events 7, 51 and 153 is at hand"),
        },
        timeout_s=6.0,
        needs="admin",
        summary=_summary,
    ),
)
