"""Changes to rights of files: unlock an immutable one, give a person back what is theirs. CPython 3.9 syntax."""

from __future__ import annotations

import os
import stat
from typing import Dict, List, Mapping, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.disks import mount_table
from techdoctor.probes.files import flags, home
from techdoctor.text import clean_line

_UNLOCK, _OWN = "Unlock the file", "Give your own files back to you"
_TOUCHES = ("file.*", "home.*", "disk.write_test")
_MOST = 12


def _why_locked_not(path: str) -> str:
    if not os.path.isabs(path):
        return "no file was named"
    try:
        return "" if flags.of(path) & flags.IMMUTABLE else "it is not locked"
    except OSError as error:
        return error.strerror or "it cannot be looked at"


def _chattr(acting: Acting, sign: str) -> Tuple[str, ...]:
    return acting.elevated(("chattr", f"{sign}i", "--", acting.text("path")))


def _unlock_preview(acting: Acting) -> ActionPreview:
    problem = _why_locked_not(acting.text("path"))
    lines = () if problem else (shown(_chattr(acting, "-")),)
    return ActionPreview(_UNLOCK, lines, not system.is_admin(), "It is locked again.", problem=problem)


def _unlock(acting: Acting) -> ActionOutcome:
    problem = _why_locked_not(acting.text("path"))
    if problem:
        return ActionOutcome(False, problem)
    done = f"{clean_line(mount_table.shown(acting.text('path')))} can be changed again"
    return outcome_of(acting.run(_chattr(acting, "-")), done, {"locked": True})


def _lock(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    return outcome_of(acting.run(_chattr(acting, "+")), f"{clean_line(acting.text('path'))} is locked again")


def _swapped(path: str) -> str:
    """Why an entry may not be touched: it, or a folder on the way, has become a link since it was looked at.

    The home folder's owner may put links there, and chmod(1) follows them: to any file of this system, as root.
    """
    if os.path.islink(path) or os.path.realpath(os.path.dirname(path)) != os.path.dirname(path):
        return f"{clean_line(mount_table.shown(path))} leads somewhere else now, so it was left alone"
    return ""


def _wanted(acting: Acting) -> Tuple[List[Tuple[str, str]], int, int, str]:
    """(path, why) of what is to be mended, the person's numeric user and group, and why nothing may be done.

    Only what the probe itself finds wrong now is touched: other paths are refused, links are never followed.
    """
    top = os.path.realpath(os.path.expanduser("~"))
    try:
        status = os.lstat(top)
    except OSError as error:
        return [], 0, 0, error.strerror or "there is no home folder"
    me = os.geteuid()
    person = status.st_uid if me == 0 else me
    group = status.st_gid if me == 0 else os.getegid()
    given = acting.params.get("paths")
    asked = {str(path) for path in given} if isinstance(given, list) else set()
    found = [(path, why) for path, why in home.look(top, person) if mount_table.shown(path) in asked]
    outside = asked - {mount_table.shown(path) for path, _ in found}
    if outside and not found:
        return [], person, group, f"{clean_line(sorted(outside)[0])} is nothing of yours that has to be mended"
    return found[:_MOST], person, group, "" if found else "nothing has to be mended"


def _commands(acting: Acting, found: List[Tuple[str, str]], person: int, group: int) -> List[Tuple[str, ...]]:
    commands: List[Tuple[str, ...]] = []
    for path, why in found:
        if why == home.OWNER:
            # -h: a link is never followed; only this entry and what lies in it, on this file system.
            deep = (
                ("-R", "-h") if os.path.isdir(path) and path != os.path.realpath(os.path.expanduser("~")) else ("-h",)
            )
            commands.append(acting.elevated(("chown", *deep, f"{person}:{group}", "--", path)))
        status = os.lstat(path)
        missing = (stat.S_ISDIR(status.st_mode) and status.st_mode & 0o700 != 0o700) or not status.st_mode & 0o200
        if missing:
            commands.append(acting.elevated(("chmod", "u+rwX", "--", path)))
    return commands


def _own_preview(acting: Acting) -> ActionPreview:
    found, person, group, problem = _wanted(acting)
    lines = tuple(shown(argv) for argv in _commands(acting, found, person, group))
    back = "Owner and rights of these entries themselves are set back."
    return ActionPreview(_OWN, lines, not system.is_admin(), back, problem=problem)


def _make_own(acting: Acting) -> ActionOutcome:
    found, person, group, problem = _wanted(acting)
    if problem:
        return ActionOutcome(False, problem)
    before: Dict[str, Value] = {}
    for path, _ in found:
        status = os.lstat(path)
        before[path] = [status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)]
    for argv in _commands(acting, found, person, group):
        swapped = _swapped(argv[-1])
        if swapped:
            return ActionOutcome(False, swapped, {"before": before})
        ran = acting.run(argv)
        if not ran.worked:
            return ActionOutcome(False, outcome_of(ran, "").text, {"before": before})
    return ActionOutcome(True, f"{len(found)} mended", {"before": before})


def _give_back(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    before = token.get("before")
    for path, was in reversed(list(before.items())) if isinstance(before, dict) else ():
        if not isinstance(was, list):
            continue
        owner, group, mode = (int(str(number)) for number in was)
        swapped = _swapped(path)
        if swapped:
            return ActionOutcome(False, swapped)
        for argv in (("chown", "-h", f"{owner}:{group}", "--", path), ("chmod", f"{mode:04o}", "--", path)):
            ran = acting.run(acting.elevated(argv))
            if not ran.worked:
                return outcome_of(ran, "")
    return ActionOutcome(True, "owner and rights are as they were")


ACTIONS = (
    Action(
        name="file.unlock",
        title=_UNLOCK,
        doc="chattr -i for one file or folder that carries the attribute now; undone by chattr +i.",
        preview=_unlock_preview,
        apply=_unlock,
        parameters={"path": Parameter("path", "The file or folder.", required=True)},
        touches=_TOUCHES,
        undo_name="file.lock",
        undo=_lock,
        platforms=("linux",),
    ),
    Action(
        name="home.make_own",
        title=_OWN,
        doc=(
            "chown and chmod u+rwX for entries of the home folder that home.access finds wrong, by name, never through "
            "links; a folder of settings with what lies in it, the home folder itself alone. Any other path is refused."
        ),
        preview=_own_preview,
        apply=_make_own,
        parameters={"paths": Parameter("list", "Paths, as home.access gives them.", required=True)},
        touches=_TOUCHES,
        undo_name="home.give_back",
        undo=_give_back,
        platforms=("linux", "macos"),
    ),
)
