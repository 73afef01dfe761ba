"""Probe disk.fstab: drives that should be attached at the start and are not. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import AbstractSet, Dict, List, Mapping, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    Field,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    records,
    text,
    unsupported,
)
from techdoctor.probes.disks import fstab_table, mount_table
from techdoctor.probes.disks.fstab_table import Line
from techdoctor.text import clean_line

_SHOWN = 12
_PSEUDO = frozenset(["autofs", "bpf", "cgroup", "cgroup2", "devpts", "devtmpfs", "efivarfs", "hugetlbfs", "mqueue"])
_PSEUDO |= frozenset(["debugfs", "fusectl", "none", "proc", "ramfs", "securityfs", "swap", "sysfs", "tmpfs", "tracefs"])
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "glusterfs")
_OPTIONAL = frozenset(["nofail", "_netdev", "x-systemd.automount", "user", "users"])
# How a drive is named in fstab -> folder with links to all there are. Source: fstab(5), udev's persistent names.
_BY = {"UUID": "by-uuid", "LABEL": "by-label", "PARTUUID": "by-partuuid", "PARTLABEL": "by-partlabel"}
_ASK_S = 2.0
PROPERTIES = "Id,Where,What,Type,ActiveState,Result,UnitFileState"

_RECORD: Dict[str, Field] = {
    "mount": text("Where it should be.", private="path"),
    "source": text("The drive or server, as /etc/fstab or the unit names it.", private="path"),
    "type": text("Kind of file system; empty when not told."),
    "why": text(
        "no_device: there is no such drive; no_folder: the folder is missing; server: another computer holds it; "
        "failed: the system tried and failed; not_attached: it is there and nobody attached it."
    ),
    "unit": text("The systemd unit that failed; empty for none."),
    "optional": boolean("The start goes on without it (nofail and the like)."),
}
_FIELDS: Dict[str, Field] = {
    "missing": records("Drives that should be attached and are not, those that hold up the start first.", **_RECORD),
    "missing_count": integer("How many.", "count"),
    "expected_count": integer("Drives that /etc/fstab attaches at the start.", "count"),
    **{f"first_{key}": one for key, one in _RECORD.items()},
}


def wanted_at_start(table: str) -> List[Line]:
    """The lines of fstab that are attached at the start and hold files."""
    return [
        line
        for line in fstab_table.parse(table)
        if line.point.startswith("/")
        and line.type not in _PSEUDO
        and "noauto" not in line.options
        and "bind" not in line.options
    ]


def parse_units(out: str) -> List[Dict[str, str]]:
    """Mount units that failed, or are enabled and were not started, from `systemctl show '*.mount'`."""
    units = []
    for block in out.split("\n\n"):
        unit = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        wanted = unit.get("UnitFileState") == "enabled" and unit.get("Type", "") not in _PSEUDO
        # A unit whose drive never came is not "failed" but was never started.
        if unit.get("Where") and (
            unit.get("ActiveState") == "failed" or (wanted and unit["ActiveState"] == "inactive")
        ):
            units.append(unit)
    return units


def device_is_there(source: str, root: str = "/dev") -> bool:
    """Whether a drive named as in fstab exists now; servers and other names count as there."""
    key, equals, value = source.partition("=")
    if equals and key in _BY:
        folder = os.path.join(root, "disk", _BY[key])
        if os.path.isdir(folder):
            return os.path.lexists(os.path.join(folder, value.replace("/", "\\x2f").replace(" ", "\\x20")))
        return system.run(["findfs", source], _ASK_S).worked  # no udev here: asks the drives themselves
    return not source.startswith("/") or source.startswith("//") or os.path.exists(source)


def reading(
    entries: Sequence[Line],
    attached: AbstractSet[str],
    units: Sequence[Mapping[str, str]],
    absent: AbstractSet[str],
    no_folder: AbstractSet[str],
) -> Reading:
    """The fields.

    Args:
        entries: Lines of fstab.
        attached: Mount points now.
        units: Failed mount units.
        absent: Sources of which there is no drive.
        no_folder: Mount points whose folder is missing.
    """
    by_point = {unit["Where"]: unit for unit in units}
    found: List[Dict[str, Value]] = []
    for entry in entries:
        if entry.point in attached:
            continue
        unit = by_point.pop(entry.point, {})
        why = "failed" if unit else "not_attached"
        if entry.type in _NETWORK or (":" in entry.source and not entry.source.startswith("/")):
            why = "server"
        elif entry.source in absent:
            why = "no_device"
        elif entry.point in no_folder:
            why = "no_folder"
        optional = bool(_OPTIONAL & set(entry.options))
        found.append(_record(entry.point, entry.source, entry.type, why, unit.get("Id", ""), optional))
    for point, unit in by_point.items():
        source = unit.get("What", "")
        why = "no_device" if source in absent else "failed"
        if point not in attached:
            found.append(_record(point, source, unit.get("Type", ""), why, unit.get("Id", ""), False))
    found.sort(key=lambda r: (bool(r["optional"]), not r["unit"], str(r["mount"])))
    first: Mapping[str, Value] = found[0] if found else {}
    return Reading(
        {
            "missing": list(found[:_SHOWN]),
            "missing_count": len(found),
            "expected_count": len(entries),
            **{f"first_{key}": first.get(key, False if key == "optional" else "") for key in _RECORD},
        }
    )


def _record(mount: str, source: str, kind: str, why: str, unit: str, optional: bool) -> Dict[str, Value]:
    return {
        "mount": mount_table.shown(mount),
        "source": mount_table.shown(source),
        "type": kind,
        "why": why,
        "unit": unit,
        "optional": optional,
    }


def _measure(probing: Probing) -> Reading:
    attached = {mount.point for mount in mount_table.read()}
    argv = ["systemctl", "show", "*.mount", "-p", PROPERTIES]
    ran = system.run(argv, probing.left_s(_ASK_S))
    units = parse_units(ran.out) if ran.worked else []
    try:
        entries = wanted_at_start(system.read_text("/etc/fstab"))
    except CannotMeasure:
        entries = []
        if not ran.worked:
            raise CannotMeasure(NOT_APPLICABLE, "nothing here lists drives to be attached at the start") from None
    open_ = [entry for entry in entries if entry.point not in attached]
    sources = {entry.source for entry in open_} | {unit.get("What", "") for unit in units}
    absent = {source for source in sources if not device_is_there(source)}
    # A folder below a file system that hangs is not looked at: only those directly on the root are.
    no_folder = {entry.point for entry in open_ if _on_root(entry.point, attached) and not os.path.isdir(entry.point)}
    return reading(entries, attached, units, absent, no_folder)


def _on_root(path: str, attached: AbstractSet[str]) -> bool:
    return not any(mount_table.below(path, [point]) for point in attached if point != "/")


def _summary(data: Mapping[str, Value]) -> str:
    if not data.get("missing_count"):
        return "all there"
    return clean_line(f"{data.get('first_mount')} is not attached")


PROBES = (
    Probe(
        name="disk.fstab",
        title="Drives of this computer",
        doc=(
            "Lines of /etc/fstab that are attached at the start (not noauto) and whose mount point is not in the table "
            "of mounts now, and systemd's failed mount units. Whether the drive exists: by udev's links, or findfs."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": unsupported(
                "macOS attaches drives when they appear; it keeps no list of those that should be there"
            ),
            "windows": unsupported("Windows keeps no list of drives that should be there"),
        },
        timeout_s=5.0,
        summary=_summary,
    ),
)
