"""Probe disk.attached: which file systems cannot be written, and who made them so. CPython 3.9 syntax."""

from __future__ import annotations

import glob
import os
import time
from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.base import (
    UNTRIED,
    Field,
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
    under_wine,
)
from techdoctor.probes.disks import filesystems, fstab_table, mount_portable, mount_table
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.text import clean_line

_SHOWN = 16
# Who made it read-only.
ERROR, DEVICE, FSTAB, NATURE, PERSON = "error", "device", "fstab", "nature", "person"
_OPTICAL = frozenset(["cdfs", "hfs", "iso9660", "udf"])

_RECORD: Dict[str, Field] = {
    "mount": text("Where it is mounted.", private="path"),
    "device": text("Device it comes from.", private="path"),
    "type": text("Kind of file system, e.g. ext4."),
    "why": text(
        "error: the system stopped writing after an error; device: the drive is write-protected; fstab: set so in "
        "/etc/fstab; nature: an image, a CD or the like; person: none of these, someone attached it so."
    ),
    "meant": boolean("It is read-only on purpose: by nature, by fstab, or a view of something that can be written."),
    "needed": boolean("It holds the asked path, the home folder or the temporary folder, or is the system's root."),
    "errors": integer("Errors its file system has counted (ext4, btrfs).", "count"),
    "error_age_s": number("Time since the last of them.", "s"),
    "error_where": text("Where in the kernel the last one was noticed; empty when not told."),
}
_FIELDS: Dict[str, Field] = {
    "read_only": records("File systems that cannot be written, those an error stopped first.", **_RECORD),
    "read_only_count": integer("How many cannot be written and are not meant so.", "count"),
    "damaged": records("File systems that have counted errors and are still written.", **_RECORD),
    **{f"stopped_{key}": _RECORD[key] for key in ("mount", "device", "type", "errors", "error_age_s", "error_where")},
    **{f"locked_{key}": _RECORD[key] for key in ("mount", "device", "type", "why")},
    **{f"damaged_{key}": _RECORD[key] for key in ("mount", "device", "type", "errors", "error_age_s")},
}


@dataclass(frozen=True)
class Counted:
    """Errors that a file system has counted.

    Attributes:
        errors: How many.
        last_s: When the last one was, seconds since 1970; None when not told.
        where: The kernel's function that noticed it.
    """

    errors: int = 0
    last_s: Optional[float] = None
    where: str = ""


def counted_errors(mount: Mount, sysfs: str = "/sys") -> Counted:
    """What ext4 and btrfs have counted for a mounted file system.

    Source: Documentation/ABI/testing/sysfs-fs-ext4 (errors_count, last_error_*) and sysfs-fs-btrfs (error_stats).
    """
    if mount.type in ("ext2", "ext3", "ext4"):
        device = os.path.basename(os.path.realpath(f"{sysfs}/dev/block/{mount.device}"))
        folder = f"{sysfs}/fs/ext4/{device}"
        count = _whole(f"{folder}/errors_count")
        return Counted(count, _whole(f"{folder}/last_error_time") or None, _line(f"{folder}/last_error_func"))
    if mount.type == "btrfs":
        name = os.path.basename(mount.source)
        count = 0
        for folder in glob.glob(f"{sysfs}/fs/btrfs/*/devices/{glob.escape(name)}"):
            for path in glob.glob(f"{os.path.dirname(os.path.dirname(folder))}/devinfo/*/error_stats"):
                words = _text(path).split()
                count += sum(int(word) for word in words[1::2] if word.isdigit())
        return Counted(count)
    return Counted()


def _text(path: str) -> str:
    try:
        return system.read_text(path, 4096)
    except CannotMeasure:
        return ""  # an older kernel, or a file system without such a file


def _line(path: str) -> str:
    return clean_line(_text(path), 60)


def _whole(path: str) -> int:
    text_ = _text(path).strip()
    return int(text_) if text_.isdigit() else 0


def write_protected(mount: Mount, sysfs: str = "/sys") -> bool:
    """True when the drive itself lets nobody write (a switch on a card, a disk that gave up)."""
    return _whole(f"{sysfs}/dev/block/{mount.device}/ro") == 1


@dataclass(frozen=True)
class Surroundings:
    """What the judgement of one mount needs beside it.

    Attributes:
        fstab: Mount point to options of /etc/fstab.
        needed: Mount points whose content this user needs to write: root, home, temporary folder, the asked path.
        asked: Mount point of the path that was asked about; what fstab wants is no excuse there.
        sysfs: Where sysfs is.
        now_s: Seconds since 1970.
    """

    fstab: Mapping[str, FrozenSet[str]]
    needed: FrozenSet[str]
    asked: str = ""
    sysfs: str = "/sys"
    now_s: float = 0.0


def described(mount: Mount, around: Surroundings, twins: Sequence[Mount] = ()) -> Dict[str, Value]:
    """The record of one file system.

    Args:
        mount: How it is mounted.
        around: Its surroundings.
        twins: Other mounts of the same file system.
    """
    counted = counted_errors(mount, around.sysfs)
    why = ""
    if mount.read_only:
        if mount.made_full or mount.type in _OPTICAL:
            why = NATURE
        elif "emergency_ro" in mount.options or counted.errors:
            why = ERROR
        elif "ro" in around.fstab.get(mount.point, ()):
            why = FSTAB
        else:
            why = DEVICE if write_protected(mount, around.sysfs) else PERSON
    # A read-only view beside a writable one is how sandboxes and containers show what they may not change.
    view = mount.root != "/" or mount.overlay or any(not twin.read_only for twin in twins)
    needed = mount.point in around.needed
    view = view or not (mount.network or mount.source.startswith("/"))  # memory and the like: nobody's drive
    meant = why == NATURE or (why in (PERSON, DEVICE) and view and not needed)
    meant = meant or (why == FSTAB and mount.point != around.asked)
    age = None if counted.last_s is None else max(0.0, around.now_s - counted.last_s)
    return {
        "mount": mount_table.shown(mount.point),
        "device": mount_table.shown(mount.source),
        "type": mount.type,
        "why": why,
        "meant": bool(why) and meant,
        "needed": needed,
        "errors": counted.errors,
        "error_age_s": None if age is None else round(age, 1),
        "error_where": counted.where,
    }


def reading(mounts: Sequence[Mount], around: Surroundings) -> Reading:
    """The fields from all mounts, oldest first."""
    seen = mount_table.visible(mounts)
    stores = mount_table.storage(mounts)
    # The one chosen for a file system is the writable one; the place that is needed may be a read-only view of it.
    chosen = list(dict.fromkeys([*(seen[point] for point in sorted(around.needed) if point in seen), *stores]))
    alike: Dict[str, List[Mount]] = {}
    for mount in seen.values():
        alike.setdefault(mount.device, []).append(mount)
    found = [described(m, around, [o for o in alike.get(m.device, ()) if o != m]) for m in chosen]
    locked = sorted(
        (record for record in found if record["why"]),
        key=lambda r: (r["why"] != ERROR, bool(r["meant"]), not r["needed"], str(r["mount"])),
    )
    damaged = [record for record in found if record["errors"] and not record["why"]]
    stopped = [record for record in locked if record["why"] == ERROR]
    other = [record for record in locked if record["why"] != ERROR and not record["meant"]]
    data: Dict[str, Value] = {
        "read_only": list(locked[:_SHOWN]),
        "read_only_count": len([record for record in locked if not record["meant"]]),
        "damaged": list(damaged[:_SHOWN]),
    }
    for prefix, members in (("stopped", stopped), ("locked", other), ("damaged", damaged)):
        for key, declared in _FIELDS.items():
            if key.startswith(f"{prefix}_"):
                empty: Value = "" if declared.type == "text" else None
                data[key] = members[0][key[len(prefix) + 1 :]] if members else empty
    data["damaged_errors"] = data["damaged_errors"] or 0
    data["stopped_errors"] = data["stopped_errors"] or 0
    gaps = {key: "the file system does not say when" for key in _FIELDS if key.endswith("_age_s") and data[key] is None}
    return Reading(data, gaps)


def needed_points(mounts: Sequence[Mount]) -> FrozenSet[str]:
    """Mount points of root, home and the temporary folder."""
    return points_of(["/", os.path.expanduser("~"), *filesystems.temporary_folders()], mounts)


def points_of(places: Sequence[str], mounts: Sequence[Mount]) -> FrozenSet[str]:
    """Mount points of paths, by their names alone: nothing is touched, so that nothing can hang."""
    points = set()
    for place in places:
        try:
            points.add(mount_table.holding(os.path.normpath(os.path.abspath(place)), mounts).point)
        except CannotMeasure:
            continue  # a table without a root
    return frozenset(points)


def _linux(probing: Probing) -> Reading:
    mounts = mount_table.read()
    fstab = {line.point: frozenset(line.options) for line in fstab_table.parse(_text("/etc/fstab"))}
    needed, asked = needed_points(mounts), probing.text("path")
    points = points_of([os.path.expanduser(asked)], mounts) if asked else frozenset()
    around = Surroundings(fstab, needed | points, "".join(points), now_s=time.time())
    return reading(mounts, around)


def _portable(probing: Probing) -> Reading:
    found: List[Mount] = []
    for mount in mount_portable.read():
        sealed = probing.platform == "macos" and mount.point == "/"  # macOS' system volume is sealed and read-only
        found.append(Mount(**{**mount.__dict__, "type": "iso9660"}) if sealed else mount)
    return reading(found, Surroundings({}, frozenset()))


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("stopped_mount"):
        return clean_line(f"{data['stopped_mount']} stopped after an error")
    if data.get("locked_mount"):
        return clean_line(f"{data['locked_mount']} is read-only")
    return "can be written"


_ELSEWHERE = measured(_portable, UNTRIED, "psutil's list of mounts, run on Linux only")
PROBES = (
    Probe(
        name="disk.attached",
        title="Read-only disks",
        doc=(
            "File systems that cannot be written and who made them so. After an error ext4 of new kernels keeps the "
            "option rw and adds emergency_ro (Linux 6.12), so that statvfs and access(2) look normal; older ones say "
            "ro with errors_count above 0 in sysfs, which outlives a restart until the file system is checked."
        ),
        fields=_FIELDS,
        methods={"linux": measured(_linux), "macos": _ELSEWHERE, "windows": under_wine(_ELSEWHERE)},
        parameters={"path": Parameter("path", "A path that must be writable; empty for none.", default="")},
        timeout_s=3.0,
        summary=_summary,
    ),
)
