"""Changes to how drives are attached: writable again, attached, detached when they hang. CPython 3.9 syntax."""

from __future__ import annotations

import os
import time
from typing import Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.disks import attached, fs_ask, fstab, mount_table
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.text import clean_line

_WRITABLE, _DETACH, _ATTACH = "Make the drive writable", "Detach the drive that does not answer", "Attach the drive"
_LOOK_S = 2.0
_TOUCHES = ("disk.*", "usb.*", "file.*")


def _found(acting: Acting) -> Tuple[Optional[Mount], str]:
    """The mount that is meant, and why there is none."""
    point = os.path.normpath(acting.text("mount") or "-")
    if not os.path.isabs(point):
        return None, "no mount point was named"
    try:
        mount = mount_table.visible(mount_table.read()).get(point)
    except CannotMeasure as error:
        return None, error.reason
    return mount, "" if mount else f"nothing is attached to {clean_line(mount_table.shown(point))}"


def why_not_writable(mount: Mount, sysfs: str = "/sys") -> str:
    """Why a drive must not be made writable: an error is no switch to be flipped back."""
    if not mount.read_only:
        return "it is writable already"
    if "emergency_ro" in mount.options or attached.counted_errors(mount, sysfs).errors:
        return "an error made it read-only; it has to be checked first (fsck)"
    if mount.made_full:
        return "it is an image or a CD, which cannot be written"
    return "the drive itself is write-protected" if attached.write_protected(mount, sysfs) else ""


def _remount(acting: Acting, word: str) -> Tuple[str, ...]:
    return acting.elevated(("mount", "-o", f"remount,{word}", os.path.normpath(acting.text("mount"))))


def _writable_preview(acting: Acting) -> ActionPreview:
    mount, problem = _found(acting)
    problem = problem or (why_not_writable(mount) if mount else "")
    lines = () if problem else (shown(_remount(acting, "rw")),)
    return ActionPreview(_WRITABLE, lines, not system.is_admin(), "It is made read-only again.", problem=problem)


def _make_writable(acting: Acting) -> ActionOutcome:
    mount, problem = _found(acting)
    problem = problem or (why_not_writable(mount) if mount else "")
    if problem or mount is None:
        return ActionOutcome(False, problem)
    ran = acting.run(_remount(acting, "rw"))
    if not ran.worked and mount.root != "/":  # a read-only view of a writable file system
        ran = acting.run(_remount(acting, "bind,rw"))
    return outcome_of(ran, f"{mount_table.shown(mount.point)} can be written", {"mount": acting.text("mount")})


def _read_only_again(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    return outcome_of(acting.run(_remount(acting, "ro")), f"{acting.text('mount')} is read-only again")


def _answers(mount: Mount) -> bool:
    try:
        return fs_ask.ask([mount.point], _LOOK_S).get(mount.point) is not None
    except CannotMeasure:
        return True  # not known to hang: then it is left alone


def _detaching(acting: Acting) -> Tuple[Tuple[str, ...], str]:
    mount, problem = _found(acting)
    if mount is None:
        return (), problem
    if mount.point == "/":
        return (), "the file system this computer runs from cannot be detached"
    if _answers(mount):
        return (), f"{clean_line(mount_table.shown(mount.point))} answers again, so it is left alone"
    return acting.elevated(("umount", "-l", mount.point)), ""


def _detach_preview(acting: Acting) -> ActionPreview:
    argv, problem = _detaching(acting)
    return ActionPreview(_DETACH, (shown(argv),) if argv else (), not system.is_admin(), problem=problem)


def _detach(acting: Acting) -> ActionOutcome:
    argv, problem = _detaching(acting)
    if not argv:
        return ActionOutcome(False, problem)
    return outcome_of(
        acting.run(argv), f"{clean_line(acting.text('mount'))} was detached; what was not saved there is lost"
    )


def _attaching(acting: Acting) -> Tuple[Tuple[str, ...], str]:
    """The command, and why there is none: only what fstab or a unit names is attached, never something made up."""
    point = os.path.normpath(acting.text("mount") or "-")
    mount, _ = _found(acting)
    if mount is not None:
        return (), "it is attached already"
    try:
        listed = any(line.point == point for line in fstab.wanted_at_start(system.read_text("/etc/fstab")))
    except CannotMeasure:
        listed = False
    if listed:
        return acting.elevated(("mount", point)), ""
    ran = system.run(["systemctl", "show", "*.mount", "-p", fstab.PROPERTIES], _LOOK_S)
    for unit in fstab.parse_units(ran.out):
        if unit["Where"] == point:
            return acting.elevated(("systemctl", "start", unit["Id"])), ""
    return (), f"nothing says what belongs on {clean_line(point)}"


def _attach_preview(acting: Acting) -> ActionPreview:
    argv, problem = _attaching(acting)
    lines = (shown(argv),) if argv else ()
    return ActionPreview(_ATTACH, lines, not system.is_admin(), "It is detached again.", problem=problem)


def _attach(acting: Acting) -> ActionOutcome:
    argv, problem = _attaching(acting)
    if not argv:
        return ActionOutcome(False, problem)
    token: Mapping[str, Value] = {"at_s": time.time()}
    return outcome_of(acting.run(argv), f"{clean_line(acting.text('mount'))} is attached", token)


def _detach_again(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    argv: Sequence[str] = acting.elevated(("umount", os.path.normpath(acting.text("mount"))))
    return outcome_of(acting.run(argv), f"{clean_line(acting.text('mount'))} was detached again")


_MOUNT = {"mount": Parameter("path", "The mount point.", required=True)}
_PLATFORMS = ("linux",)
ACTIONS = (
    Action(
        name="disk.attach",
        title=_ATTACH,
        doc="mount(8) for what /etc/fstab lists, systemctl start for a failed mount unit; nothing else is attached.",
        preview=_attach_preview,
        apply=_attach,
        parameters=_MOUNT,
        touches=_TOUCHES,
        undo_name="disk.detach",
        undo=_detach_again,
        platforms=_PLATFORMS,
    ),
    Action(
        name="disk.detach_hung",
        title=_DETACH,
        doc=(
            "umount -l: the drive disappears from the folders at once, programs that use it get an error. Refused when "
            "it answers after all, and for the root file system."
        ),
        preview=_detach_preview,
        apply=_detach,
        parameters=_MOUNT,
        touches=_TOUCHES,
        platforms=_PLATFORMS,
        least_risk="medium",
    ),
    Action(
        name="disk.remount_writable",
        title=_WRITABLE,
        doc=(
            "mount -o remount,rw. Refused when the file system has counted errors or says emergency_ro, when the drive "
            "is write-protected, and for images."
        ),
        preview=_writable_preview,
        apply=_make_writable,
        parameters=_MOUNT,
        touches=_TOUCHES,
        undo_name="disk.remount_read_only",
        undo=_read_only_again,
        platforms=_PLATFORMS,
    ),
)
