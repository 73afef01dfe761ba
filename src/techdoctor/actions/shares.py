"""Changes to shared folders: let go of one that hangs, connect one that fstab names. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.disks import mount_table
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.probes.shares import entries
from techdoctor.text import clean_line

_LET_GO = "Let go of the shared folder that hangs"
_CONNECT = "Connect the shared folder"
_TOUCHES = ("share.*", "disk.*")
# Options of the table of mounts that the kernel makes up itself; mount(8) would refuse or misread them.
_KERNEL_OPTIONS = ("user_id=", "group_id=", "addr=", "clientaddr=", "local_lock=", "fd=", "rootmode=")
_KIND = re.compile(r"[a-z0-9]{2,20}(\.[A-Za-z0-9_-]{1,40})?")  # never a path: mount(8) takes it for a program's
_BY_ADMINISTRATOR = "user_id=0"
_BY_ITS_OWNER = "the program that made it has to be started again by the person who uses it"


def _mounts() -> List[Mount]:
    try:
        return mount_table.read()
    except CannotMeasure:
        return []


def _mount_at(point: str) -> Optional[Mount]:
    """The network or user's file system mounted there; never a disk of this computer."""
    shares = [entry.point for entry in entries.of_mounts(_mounts())]
    return mount_table.visible(_mounts()).get(point) if point in shares else None


def _in_fstab(point: str) -> bool:
    try:
        return any(entry.point == point for entry in entries.of_fstab(system.read_text("/etc/fstab"), ()))
    except CannotMeasure:
        return False


def _release(acting: Acting, mount: Mount) -> Tuple[str, ...]:
    """Lazily: the folder leaves the tree at once, what still uses it is not waited for (umount(8), -l)."""
    if acting.platform == "macos":
        return acting.elevated(("umount", "-f", mount.point))
    own = f"user_id={os.getuid()}" in mount.options if hasattr(os, "getuid") else False
    if mount.type.startswith("fuse") and own and not system.is_admin():
        return ("fusermount3", "-u", "-z", mount.point)
    return acting.elevated(("umount", "-l", mount.point))


def _again(acting: Acting, point: str, kind: str, source: str, options: Sequence[str]) -> Tuple[str, ...]:
    """The command that connects it again; empty where only its owner may do that.

    mount(8) starts the program that a FUSE type names: whoever mounted it chose that name, so as administrator it is
    done for what an administrator mounted and nothing else.
    """
    if _in_fstab(point):
        return acting.elevated(("mount", point))
    if not _KIND.fullmatch(kind) or (kind.startswith("fuse") and _BY_ADMINISTRATOR not in options):
        return ()
    kept = ",".join(option for option in options if not option.startswith(_KERNEL_OPTIONS))
    return acting.elevated(("mount", "-t", kind, "-o", kept, "--", source, point))


def _preview_release(acting: Acting) -> ActionPreview:
    mount = _mount_at(acting.text("path"))
    if mount is None:
        return ActionPreview(_LET_GO, problem="no shared folder is mounted there any more")
    command = _release(acting, mount)
    back = shown(_again(acting, mount.point, mount.type, mount.source, mount.options)) or _BY_ITS_OWNER
    return ActionPreview(_LET_GO, (shown(command),), needs_admin=command[0] != "fusermount3", undo=back)


def _apply_release(acting: Acting) -> ActionOutcome:
    mount = _mount_at(acting.text("path"))
    if mount is None:
        return ActionOutcome(False, "no shared folder is mounted there any more")
    token: Mapping[str, Value] = {
        "point": mount.point,
        "type": mount.type,
        "source": mount.source,
        "options": list(mount.options),
    }
    return outcome_of(acting.run(_release(acting, mount)), f"{clean_line(mount.point)} is let go", token)


def _undo_release(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    point, options = str(token.get("point") or ""), token.get("options")
    if not os.path.isabs(point) or not isinstance(options, list):
        return ActionOutcome(False, "which folder it was is not known any more")
    command = _again(acting, point, str(token.get("type")), str(token.get("source")), [str(o) for o in options])
    if not command:
        return ActionOutcome(False, _BY_ITS_OWNER)
    return outcome_of(acting.run(command), f"{clean_line(point)} is connected again")


def _preview_connect(acting: Acting) -> ActionPreview:
    point = acting.text("path")
    if not _in_fstab(point):
        return ActionPreview(_CONNECT, problem="no shared folder is set up there (/etc/fstab)")
    back = shown(acting.elevated(("umount", point)))
    return ActionPreview(_CONNECT, (shown(acting.elevated(("mount", point))),), needs_admin=True, undo=back)


def _apply_connect(acting: Acting) -> ActionOutcome:
    point = acting.text("path")
    if not _in_fstab(point):
        return ActionOutcome(False, "no shared folder is set up there (/etc/fstab)")
    ran = acting.run(acting.elevated(("mount", point)))
    return outcome_of(ran, f"{clean_line(point)} is connected", {"point": point})


def _undo_connect(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    point = str(token.get("point") or "")
    if not os.path.isabs(point):
        return ActionOutcome(False, "which folder it was is not known any more")
    return outcome_of(acting.run(acting.elevated(("umount", point))), f"{clean_line(point)} is disconnected again")


_PATH = Parameter("path", "Where the shared folder is in the tree of folders.", required=True)

ACTIONS = (
    Action(
        name="share.let_go",
        least_risk="medium",
        title=_LET_GO,
        doc="umount -l on Linux (fusermount3 -u -z for the user's own FUSE), umount -f on macOS. Programs waiting for "
        "the folder get an error or go on waiting by themselves; what they had not saved there is lost.",
        preview=_preview_release,
        apply=_apply_release,
        parameters={"path": _PATH},
        touches=_TOUCHES,
        undo_name="share.connect_again",
        undo=_undo_release,
        platforms=("linux", "macos"),
    ),
    Action(
        name="share.connect",
        title=_CONNECT,
        doc="mount(8) of an entry of /etc/fstab; what it is and with which options stands there.",
        preview=_preview_connect,
        apply=_apply_connect,
        parameters={"path": _PATH},
        touches=_TOUCHES,
        undo_name="share.disconnect",
        undo=_undo_connect,
        platforms=("linux",),
    ),
)
