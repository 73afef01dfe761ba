"""Opening a removable drive that is there and not mounted. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import Dict, Mapping, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.disks import usb_drives
from techdoctor.text import clean_line

_TITLE = "Open the drive"
_LOOK_S = 5.0
_DEVICE = re.compile(r"/dev/[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_FOLDER = "/media"


def _wanted(acting: Acting) -> Tuple[Dict[str, Value], str]:
    """The drive that is meant, and why it may not be opened: only what the probe itself calls ready is."""
    device = acting.text("device")
    if not _DEVICE.fullmatch(device):
        return {}, "no drive was named"
    ran = system.run(["lsblk", "-J", "-b", "-o", usb_drives.COLUMNS], _LOOK_S)
    for drive in usb_drives.parse_lsblk(ran.out):
        if drive["device"] == device:
            looked = usb_drives.looked_at(drive)
            if looked is not None and looked["state"] == "ready":
                return looked, ""
            return {}, "it is opened already, or holds nothing that can be opened"
    return {}, "it is no removable drive"


def _with_desktop() -> bool:
    """Udisks opens drives for the person who sits there; it needs the system bus."""
    return system.run(["udisksctl", "status"], _LOOK_S).worked


def _folder(drive: Mapping[str, Value]) -> str:
    label = re.sub(r"[^A-Za-z0-9._-]", "_", str(drive["label"])) or os.path.basename(str(drive["device"]))
    return os.path.join(_FOLDER, label.lstrip(".-") or "drive")


def _commands(acting: Acting, drive: Mapping[str, Value]) -> Tuple[Tuple[str, ...], ...]:
    device = str(drive["device"])
    options = "ro,nosuid,nodev" if acting.params.get("read_only") is not False else "nosuid,nodev"
    if _with_desktop():
        return (("udisksctl", "mount", "--no-user-interaction", "-b", device, "-o", options),)
    folder = _folder(drive)
    return (
        acting.elevated(("mkdir", "-p", folder)),
        acting.elevated(("mount", "-o", options, device, folder)),
    )


def _preview(acting: Acting) -> ActionPreview:
    drive, problem = _wanted(acting)
    lines = tuple(shown(argv) for argv in _commands(acting, drive)) if drive else ()
    return ActionPreview(_TITLE, lines, bool(lines) and "sudo" in lines[0], "It is closed again.", problem=problem)


def _open(acting: Acting) -> ActionOutcome:
    drive, problem = _wanted(acting)
    if not drive:
        return ActionOutcome(False, problem)
    commands = _commands(acting, drive)
    for argv in commands:
        ran = acting.run(argv)
        if not ran.worked:
            return outcome_of(ran, "")
    where = clean_line(ran.out.strip()) or f"{drive['device']} is opened on {_folder(drive)}"
    return ActionOutcome(True, where, {"device": drive["device"], "desktop": commands[0][0] == "udisksctl"})


def _close(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    device = str(token.get("device") or "")
    if not _DEVICE.fullmatch(device):
        return ActionOutcome(False, "no drive was named")
    argv: Tuple[str, ...] = ("udisksctl", "unmount", "-b", device)
    if token.get("desktop") is not True:
        argv = acting.elevated(("umount", device))
    return outcome_of(acting.run(argv), f"{device} is closed again")


ACTIONS = (
    Action(
        name="usb.open",
        title=_TITLE,
        doc=(
            "udisksctl mount, or mount(8) below /media where no udisks runs; read-only unless asked otherwise, never "
            "with programs that gain rights (nosuid, nodev). Only a removable drive that is ready and not opened."
        ),
        preview=_preview,
        apply=_open,
        parameters={
            "device": Parameter("text", "The partition, e.g. /dev/sdb1.", required=True),
            "read_only": Parameter("bool", "Nothing can be written to it.", default=True),
        },
        touches=("usb.*", "disk.*"),
        undo_name="usb.close",
        undo=_close,
        platforms=("linux",),
    ),
)
