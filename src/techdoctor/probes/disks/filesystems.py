"""Probe disk.filesystems: space, inodes and answer of every file system that can hold files. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import (
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
    texts,
    under_wine,
)
from techdoctor.probes.disks import fs_ask, fs_space, mount_portable, mount_table
from techdoctor.probes.disks.fs_space import Space
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.text import clean_line, size

_SHOWN = 24
_MOST_MOUNTS = fs_ask.MOST_PATHS - 8
_RECORD: Dict[str, Field] = {
    "mount": text("Where it is mounted.", private="path"),
    "device": text("Device or server it comes from.", private="path"),
    "type": text("Kind of file system, e.g. ext4."),
    "total_bytes": integer("Size.", "bytes"),
    "avail_bytes": integer("Free for everybody.", "bytes"),
    "avail_percent": number("Free for everybody, of what everybody may use.", "percent"),
    "root_free_bytes": integer("Free for root: with what is kept back.", "bytes"),
    "reserve_bytes": integer("Free, but kept back for root.", "bytes"),
    "reserve_percent": number("The same in percent of its size.", "percent"),
    "inodes": integer("Files it can hold; 0 where that has no limit of its own.", "count"),
    "inodes_free": integer("Files that can still be made.", "count"),
    "inodes_free_percent": number("The same of all; 100 where there is no limit.", "percent"),
    "usable": boolean("It answers, has a size and can be written."),
    "hung": boolean("It did not answer."),
    "read_only": boolean("Nothing can be written, whoever asks."),
    "read_only_by_nature": boolean("A compressed image, a CD or the like: made full and never written."),
    "network": boolean("Another computer holds it."),
    "may_write": boolean("This user may make files in its top folder."),
    "role": text("root, home, tmp, shm, boot or empty; home and tmp only when they are separate."),
}
_ROLE_NUMBERS = ("mount", "total_bytes", "avail_bytes", "avail_percent")
# Prefix -> what it is about.
_ABOUT = {"tmp": "the temporary folder", "shm": "shared memory", "boot": "the start-up files"}
_FIELDS: Dict[str, Field] = {
    "mounts": records("File systems that can hold files, one each, the most harmed first.", **_RECORD),
    "mount_count": integer("How many there are.", "count"),
    "unasked_count": integer("How many of them were not asked, because there are too many for the time.", "count"),
    "asked_path": text("The path asked about; empty for all file systems.", private="path"),
    **{f"worst_{key}": _RECORD[key] for key in (*_ROLE_NUMBERS, "type", "device", "reserve_bytes")},
    "fullest_mount": text("The most harmed one, whatever its role.", private="path"),
    "inode_mount": text("The one nearest to its limit of files.", private="path"),
    "inode_total": _RECORD["inodes"],
    "inode_free": _RECORD["inodes_free"],
    "inode_free_percent": _RECORD["inodes_free_percent"],
    "reserve_mount": text("The most harmed one that keeps space back for root; else empty.", private="path"),
    "reserve_device": _RECORD["device"],
    "reserve_avail_bytes": _RECORD["avail_bytes"],
    "reserve_bytes": _RECORD["reserve_bytes"],
    "reserve_percent": number("What it keeps back, of its size.", "percent"),
    **{f"{role}_separate": boolean(f"There is a file system of its own for {what}.") for role, what in _ABOUT.items()},
    **{f"{role}_{key}": _RECORD[key] for role in _ABOUT for key in _ROLE_NUMBERS},
    "hung_count": integer("How many do not answer.", "count"),
    "hung_mounts": texts("Those that do not answer.", private="path"),
    "hung_mount": text("The first of them; empty for none.", private="path"),
    "hung_device": text("Device or server it comes from; empty for none.", private="path"),
    "hung_type": text("Its kind of file system; empty for none."),
}


def temporary_folders() -> List[str]:
    """The folders programs put temporary files in, the one set for this user first."""
    named = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    return [path for path in (*named, "/tmp") if os.path.isabs(path)]  # noqa: S108 - it is only looked at


def roles_of(mounts: Sequence[Mount], real: Mapping[str, str]) -> Dict[str, str]:
    """Device of a file system to its role.

    Args:
        mounts: All mounts, oldest first.
        real: Home and temporary folders as written, to the same without symbolic links.
    """
    seen = mount_table.visible(mounts)
    roles = {seen[p].device: role for p, role in (("/dev/shm", "shm"), ("/boot", "boot")) if p in seen}  # noqa: S108 - names to look for
    home = os.path.expanduser("~")
    for path in (*temporary_folders(), home):
        if path in real and os.path.isabs(real[path]):
            holder = mount_table.holding(real[path], mounts)
            roles.setdefault(holder.device, "home" if path == home else "tmp")
    if "/" in seen:
        roles[seen["/"].device] = "root"
    return roles


def summed_up(found: Sequence[Space]) -> Dict[str, Value]:
    """The scalar fields about the most harmed file systems; `found` is sorted so."""
    usable = [space for space in found if space.usable]
    by_role = {space.role: space for space in reversed(usable)}
    plain = [space for space in usable if space.role not in _ABOUT]
    counted = [space for space in usable if space.limits_inodes]
    data: Dict[str, Value] = {"fullest_mount": mount_table.shown(usable[0].mount.point) if usable else None}
    if plain:
        record = fs_space.described(plain[0])
        data.update({f"worst_{key}": record[key] for key in (*_ROLE_NUMBERS, "type", "device", "reserve_bytes")})
    if counted:
        record = fs_space.described(min(counted, key=lambda s: s.inodes_free_percent))
        data.update(inode_mount=record["mount"], inode_total=record["inodes"], inode_free=record["inodes_free"])
        data["inode_free_percent"] = record["inodes_free_percent"]
    kept = [fs_space.described(s) for s in plain if s.reserve_bytes]
    reserve = sorted(kept, key=_reserve_order)
    data.update(reserve_mount="", reserve_device="", reserve_bytes=0, reserve_percent=0.0)
    if reserve:
        data.update({f"reserve_{key}": reserve[0][key] for key in ("mount", "device", "avail_bytes")})
        data["reserve_bytes"], data["reserve_percent"] = reserve[0]["reserve_bytes"], reserve[0]["reserve_percent"]
    for role in _ABOUT:
        data[f"{role}_separate"] = role in by_role
        if role in by_role:
            record = fs_space.described(by_role[role])
            data.update({f"{role}_{key}": record[key] for key in _ROLE_NUMBERS})
    return data


def _reserve_order(record: Mapping[str, Value]) -> Tuple[bool, int]:
    """Those with hardly anything but their reserve first, then by the reserve; playbooks judge."""
    percent, kept = record["avail_percent"], record["reserve_bytes"]
    assert isinstance(percent, float) and isinstance(kept, int)
    return percent >= 1.0, -kept


def _gaps(data: Mapping[str, Value], asked: str) -> Dict[str, str]:
    gaps = {}
    hung = data["hung_count"]
    nothing = f"{asked or 'the file system'} did not answer" if hung else "nothing that can be written was found"
    for key in _FIELDS:
        if data.get(key) is None:
            role = key.partition("_")[0]
            gaps[key] = f"no file system of its own for {_ABOUT[role]}" if role in _ABOUT else nothing
    if "inode_free" in gaps and not hung:
        gaps.update(dict.fromkeys((k for k in gaps if k.startswith("inode_")), "no file system limits its files"))
    return gaps


def _measure(probing: Probing) -> Reading:
    linux = probing.platform == "linux"
    mounts = mount_table.read() if linux else mount_portable.read()
    return reading(mounts, probing.text("path"), probing.left_s(4.0), probing.platform)


def reading(mounts: Sequence[Mount], asked: str, timeout_s: float, platform: str) -> Reading:
    """Asks the file systems and puts the fields together.

    Args:
        mounts: All mounts, oldest first.
        asked: Only the file system that holds this path; "" for all.
        timeout_s: Deadline for all answers.
        platform: "linux", "macos" or "windows".
    """
    stores = mount_table.storage(mounts)
    path = os.path.abspath(os.path.expanduser(asked)) if asked else ""
    special = [os.path.expanduser("~"), *temporary_folders(), *([path] if path else [])]
    unasked = max(0, len(stores) - _MOST_MOUNTS)
    stores = _first(stores, special, _MOST_MOUNTS)
    points = [mount.point for mount in stores]
    answers = (
        mount_portable.ask([*points, *special]) if platform == "windows" else fs_ask.ask([*special, *points], timeout_s)
    )
    real = {p: answer.real for p in special if (answer := answers.get(p)) and not answer.error}
    if path:
        holder = mount_table.holding(real.get(path, path), mounts)
        stores = [mount for mount in stores if mount.device == holder.device] or [holder]
        if holder.point not in points:
            answers.setdefault(holder.point, answers.get(path))
    late = [mount for mount in stores if (one := answers.get(mount.point)) and one.error == fs_ask.NOT_TRIED]
    unasked += len(late)
    found = fs_space.spaces(stores, answers, roles_of(mounts, real))
    silent = [space.mount for space in found if space.answer is None]
    hung = [mount_table.shown(mount.point) for mount in silent]
    data: Dict[str, Value] = {
        "mounts": [fs_space.described(space) for space in found[:_SHOWN]],
        "mount_count": len(found) + unasked,
        "unasked_count": unasked,
        "asked_path": path,
        "hung_count": len(hung),
        "hung_mounts": list(hung[:_SHOWN]),
        "hung_mount": hung[0] if hung else "",
        "hung_device": mount_table.shown(silent[0].source) if silent else "",
        "hung_type": silent[0].type if silent else "",
        **summed_up(found),
    }
    return Reading(data, _gaps(data, path))


def _first(stores: Sequence[Mount], special: Sequence[str], most: int) -> List[Mount]:
    """At most so many file systems, those above the special paths and the shortest mount points first."""
    if len(stores) <= most:
        return list(stores)
    wanted = sorted(stores, key=lambda m: (not any(mount_table.below(p, [m.point]) for p in special), len(m.point)))
    return wanted[:most]


def _summary(data: Mapping[str, Value]) -> str:
    hung = f", {data['hung_count']} do not answer" if data.get("hung_count") else ""
    if not isinstance(data.get("worst_avail_bytes"), int):
        return f"{data.get('mount_count')} file systems{hung}"
    avail = data["worst_avail_bytes"]
    assert isinstance(avail, int)
    return clean_line(f"{size(avail)} free on {data.get('worst_mount')}{hung}")


PROBES = (
    Probe(
        name="disk.filesystems",
        title="Disk space",
        doc=(
            "Free space and free inodes of every file system that can hold files, one entry for each however often "
            "it is mounted. A child process asks all of them at once and is left behind when one hangs in the "
            "kernel, so that the others' answers arrive within a second. 'worst' is the most harmed one apart from "
            "/boot, shared memory and a temporary folder of its own, which have their own fields. The order of harm "
            "weighs little in percent and little in bytes together."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, reason="psutil's list of mounts and statvfs, run on Linux only"),
            "windows": under_wine(measured(_measure)),
        },
        parameters={"path": Parameter("path", "Only the file system that holds this path; empty for all.", default="")},
        timeout_s=5.0,
        summary=_summary,
    ),
)
