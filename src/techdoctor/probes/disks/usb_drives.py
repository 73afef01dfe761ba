"""Probe usb.drives: which removable drives the computer sees, and which of them are opened. CPython 3.9 syntax."""

from __future__ import annotations

import errno
import glob
import json
import os
import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, Value
from techdoctor.probes import kernel_log
from techdoctor.probes.base import (
    Field,
    Probe,
    Probing,
    Reading,
    integer,
    measured,
    records,
    text,
    texts,
    unsupported,
)
from techdoctor.text import clean_line, size

_SHOWN = 8
_ASK_S = 2.0
_FOR_DRIVES = ("/media/", "/run/media/", "/mnt/")
COLUMNS = "NAME,KNAME,TYPE,TRAN,RM,HOTPLUG,RO,SIZE,FSTYPE,LABEL,MOUNTPOINT,MODEL"
USB, CARD, IMAGE = "usb", "card", "image"
# What holds no files itself: opening it is another step (password, volume group, swap).
_NO_FILES = {"swap": "swap", "LVM2_member": "lvm", "linux_raid_member": "raid"}
# Source: USB class codes (usb.org): 08h is mass storage; 09h are hubs.
_MASS_STORAGE, _HUB = "08", "09"
_TROUBLE = re.compile(
    r"(usb \S+|hub \S+): .*(device descriptor read|device not accepting address|unable to enumerate|over-current|"
    r"Cannot enable|can't set config|reset .* failed)",
    re.IGNORECASE,
)

_RECORD: Dict[str, Field] = {
    "device": text("The drive or partition, e.g. /dev/sdb1."),
    "kind": text("usb, card, or image (a file attached as a drive)."),
    "label": text("Its name; empty for none.", private="text"),
    "model": text("Model of the drive."),
    "size_bytes": integer("Size.", "bytes"),
    "file_system": text("Kind of file system; empty when none is seen."),
    "state": text(
        "opened: it is mounted; ready: it can be opened; encrypted: it needs its password first; bare: no file system "
        "is seen on it; other: it is part of something else."
    ),
    "mount": text("Where it is opened; empty for nowhere.", private="path"),
}
_FIELDS: Dict[str, Field] = {
    "drives": records("Removable drives and their partitions, those that are not opened first.", **_RECORD),
    "drive_count": integer("How many are seen.", "count"),
    "ready_count": integer("How many could be opened and are not.", "count"),
    "usb_storage_count": integer("Devices on the USB that call themselves drives.", "count"),
    "usb_other": texts("Names of other devices on the USB, hubs left out."),
    **{f"first_{key}": one for key, one in _RECORD.items()},
    "trouble": text("The newest line in which the kernel complains of a USB device; empty for none.", private="text"),
    "trouble_port": text("The USB device or port it complains of."),
}


def _flat(
    devices: Sequence[Mapping[str, Value]], above: Optional[Mapping[str, Value]] = None
) -> List[Dict[str, Value]]:
    found: List[Dict[str, Value]] = []
    for device in devices:
        mine = dict(device)
        for key in ("tran", "model", "rm", "hotplug"):
            if above is not None and not mine.get(key):
                mine[key] = above.get(key)
        children = device.get("children")
        inner = [one for one in children if isinstance(one, dict)] if isinstance(children, list) else []
        mine["has_parts"] = bool(inner)
        found += [mine, *_flat(inner, mine)]
    return found


def _true(value: Value) -> bool:
    """What lsblk of old writes as "1" and lsblk of new as true."""
    return value is True or value in ("1", 1)


def kind_of(device: Mapping[str, Value]) -> str:
    """What sort of removable drive lsblk describes; empty for a built-in one."""
    name, kind = str(device.get("kname") or device.get("name")), device.get("type")
    if kind == "loop":
        return IMAGE
    if device.get("tran") == "usb":
        return USB
    if name.startswith("mmcblk") and "boot" not in name:
        return CARD if _true(device.get("hotplug")) or _true(device.get("rm")) else ""
    removable = _true(device.get("rm")) or _true(device.get("hotplug"))
    return USB if removable and kind in ("disk", "part") and not name.startswith(("sr", "fd", "zram")) else ""


def state_of(file_system: str, mount: str, has_parts: bool) -> str:
    """Whether a drive is opened or could be."""
    if mount:
        return "opened"
    if file_system in ("crypto_LUKS", "BitLocker"):
        return "encrypted"
    if file_system in _NO_FILES or has_parts:
        return "other"
    return "ready" if file_system else "bare"


def parse_lsblk(out: str) -> List[Dict[str, Value]]:
    """Removable drives from `lsblk -J -b`, without those that hold no medium."""
    try:
        tree = json.loads(out)
    except ValueError:
        return []
    devices = tree.get("blockdevices") if isinstance(tree, dict) else None
    found: List[Dict[str, Value]] = []
    for device in _flat([one for one in devices if isinstance(one, dict)] if isinstance(devices, list) else []):
        kind, count = kind_of(device), device.get("size")
        bytes_ = int(count) if isinstance(count, (int, str)) and str(count).isdigit() else 0
        if not kind or not bytes_:
            continue
        mount, file_system = str(device.get("mountpoint") or ""), str(device.get("fstype") or "")
        found.append(
            {
                "device": f"/dev/{device.get('kname') or device.get('name')}",
                "kind": kind,
                "label": clean_line(str(device.get("label") or ""), 40),
                "model": clean_line(str(device.get("model") or ""), 40),
                "size_bytes": bytes_,
                "file_system": file_system,
                "state": state_of(file_system, mount, device.get("has_parts") is True),
                "mount": mount,
            }
        )
    return found


def taken_elsewhere(device: str) -> Optional[bool]:
    """Whether something else holds a drive for itself (a mount of another namespace); None when it may not be asked."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL))  # open(2): exclusive use of a block device
    except OSError as error:
        return True if error.errno == errno.EBUSY else None
    return False


def looked_at(drive: Dict[str, Value]) -> Optional[Dict[str, Value]]:
    """Asks the drive itself for its file system where udev has not; leaves out what belongs to others."""
    device = str(drive["device"])
    if drive["state"] in ("bare", "ready"):
        taken = taken_elsewhere(device)
        if taken or (drive["kind"] == IMAGE and taken is None):
            return None
    if drive["state"] == "bare":
        said = dict(
            line.partition("=")[::2]
            for line in system.run(["blkid", "-p", "-o", "export", device], _ASK_S).out.splitlines()
        )
        drive = {**drive, "file_system": said.get("TYPE", ""), "label": clean_line(said.get("LABEL", ""), 40)}
        drive["state"] = state_of(str(drive["file_system"]), "", "PTTYPE" in said)
    # Images that the system itself is made of (snaps) are nobody's drive; one opened where drives are opened is.
    own = drive["state"] == "ready" or str(drive["mount"]).startswith(_FOR_DRIVES)
    return None if drive["kind"] == IMAGE and not own else drive


def usb_devices(sysfs: str = "/sys") -> Tuple[int, List[str]]:
    """How many drives are on the USB, and the names of what else is."""
    storage, others = 0, []
    for folder in sorted(glob.glob(f"{sysfs}/bus/usb/devices/[0-9]*")):
        if ":" in os.path.basename(folder):
            continue
        classes = [_line(path) for path in glob.glob(f"{folder}:*/bInterfaceClass")]
        if _MASS_STORAGE in classes:
            storage += 1
        elif classes and set(classes) != {_HUB}:
            others.append(_line(f"{folder}/product") or "unnamed device")
    return storage, others


def _line(path: str) -> str:
    try:
        return clean_line(system.read_text(path, 256), 60)
    except CannotMeasure:
        return ""


def parse_trouble(log: str) -> Tuple[str, str]:
    """The newest complaint of the kernel about a USB device, and which.

    [ 9.13] usb 1-2: device descriptor read/64, error -71
    """
    for line in reversed(log.splitlines()):
        found = _TROUBLE.search(line)
        if found:
            return clean_line(kernel_log.TIME.sub("", line), 160), found.group(1)
    return "", ""


def reading(drives: Sequence[Mapping[str, Value]], usb: Tuple[int, Sequence[str]], trouble: Tuple[str, str]) -> Reading:
    """The fields."""
    order = {"ready": 0, "encrypted": 1, "bare": 2, "other": 3, "opened": 4}
    ranked = sorted(drives, key=lambda d: (order[str(d["state"])], d["kind"] == IMAGE, str(d["device"])))
    first = ranked[0] if ranked else {}
    return Reading(
        {
            "drives": [dict(drive) for drive in ranked[:_SHOWN]],
            "drive_count": len(ranked),
            "ready_count": sum(1 for drive in ranked if drive["state"] == "ready"),
            "usb_storage_count": usb[0],
            "usb_other": list(usb[1][:_SHOWN]),
            **{f"first_{key}": first.get(key, 0 if key == "size_bytes" else "") for key in _RECORD},
            "trouble": trouble[0],
            "trouble_port": trouble[1],
        }
    )


def _measure(probing: Probing) -> Reading:
    ran = system.run(["lsblk", "-J", "-b", "-o", COLUMNS], probing.left_s(_ASK_S))
    if ran.status == MISSING_TOOL:
        raise CannotMeasure(MISSING_TOOL, "the program lsblk is not installed")
    if not ran.worked:
        raise CannotMeasure(NOT_APPLICABLE, "lsblk cannot list the drives here")
    looked = [looked_at(drive) for drive in parse_lsblk(ran.out)]
    log, _ = kernel_log.read(probing.left_s(1.5))
    return reading([d for d in looked if d], usb_devices(), parse_trouble(log or ""))


def _summary(data: Mapping[str, Value]) -> str:
    count = data.get("first_size_bytes")
    if not data.get("drive_count") or not isinstance(count, int):
        return "none seen"
    return clean_line(f"{data.get('first_device')} {size(count)}, {data.get('first_state')}")


PROBES = (
    Probe(
        name="usb.drives",
        title="USB drives",
        doc=(
            "Removable drives by lsblk, with the kind of file system from udev or from the drive itself (blkid, as "
            "administrator), USB devices that call themselves mass storage (class 08h), and the kernel's newest "
            "complaint of a USB device. Drives that another namespace holds are left out."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": unsupported("no recording of diskutil's list with a drive that is not opened is at hand"),
            "windows": unsupported("no recording of Get-Disk with a drive that has no letter is at hand"),
        },
        timeout_s=5.0,
        cost="slow",
        routine=False,  # that no drive is plugged in is news only to who has just plugged one in
        summary=_summary,
    ),
)
