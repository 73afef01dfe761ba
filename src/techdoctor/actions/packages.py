"""Changes to packages and their updates, by the system's own package manager. CPython 3.9 syntax."""

from __future__ import annotations

import dataclasses
import glob
import os
import re
from typing import List, Mapping, Sequence, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.updates import package_lock, pending
from techdoctor.text import clean_line

# Ending dpkg in the middle is what broke it before: it gets the time it needs.
_PATIENCE_S = 900.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._:-]{0,127}")
# debconf(7): never ask; dpkg(1): keep settings that were changed by hand.
_CONFIGURE = (
    *("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--configure", "-a"),
    *("--force-confdef", "--force-confold"),
)
_REFRESH: Mapping[str, Tuple[str, ...]] = {
    "apt": ("apt-get", "update"),
    "dnf": ("dnf", "makecache", "--refresh"),
    "yum": ("yum", "makecache"),
    "zypper": ("zypper", "--non-interactive", "refresh"),
}
# What Ubuntu's update-notifier writes after each success: apt leaves lists that have not changed as old as they are.
_STAMP = "/var/lib/apt/periodic/update-success-stamp"
_FINISH, _REFRESH_TITLE = "Finish the interrupted installation", "Fetch the list of updates"
_LET_GO, _CLEAR = "Let the package be updated again", "Remove the lock that was left behind"


def _held_by() -> str:
    """Who works with packages now, in words; empty when nobody does."""
    held = [lock for lock in package_lock.standing() if lock.pid or lock.path in package_lock.KERNEL_LOCKS]
    return f"another program is installing (process {held[0].pid or 'of a container'})" if held else ""


def _patiently(acting: Acting, argv: Sequence[str]) -> system.Ran:
    return dataclasses.replace(acting, timeout_s=_PATIENCE_S).run(acting.elevated(argv))


def _preview_finish(acting: Acting) -> ActionPreview:
    return ActionPreview(_FINISH, (shown(acting.elevated(_CONFIGURE)),), not system.is_admin(), problem=_held_by())


def _finish(acting: Acting) -> ActionOutcome:
    busy = _held_by()
    if busy:
        return ActionOutcome(False, busy)
    ran = _patiently(acting, _CONFIGURE)
    if ran.worked:
        return ActionOutcome(True, "the interrupted installation was finished")
    errors = [line for line in ran.err.splitlines() if line.startswith("dpkg: error")]
    return ActionOutcome(False, clean_line(errors[0] if errors else ran.err or "dpkg failed"))


def _sources_beyond() -> List[str]:
    """Package sources that are not on this machine."""
    found = []
    for path in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]:
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                content = stream.read(1 << 20)
        except OSError:
            continue
        found += re.findall(r"^[^#\n]*?\b(https?|ftp|tor\+https?|mirror)[:+]", content, re.MULTILINE)
    return found


def _refresh_command(acting: Acting) -> Tuple[Tuple[str, ...], str]:
    name = pending.manager()
    if name not in _REFRESH:
        return (), "no package manager whose lists can be fetched apart is known here"
    if acting.offline and (name != "apt" or _sources_beyond()):
        return (), "offline: nothing may be sent beyond this machine"
    return acting.elevated(_REFRESH[name]), _held_by()


def _preview_refresh(acting: Acting) -> ActionPreview:
    argv, problem = _refresh_command(acting)
    asks = "Asks the package servers that this computer is set to use."
    commands = [shown(words) for words in (argv, _stamp(acting, argv)) if words]
    return ActionPreview(_REFRESH_TITLE, tuple(commands), not system.is_admin(), "", asks if argv else "", problem)


def _stamp(acting: Acting, argv: Sequence[str]) -> Tuple[str, ...]:
    kept = "apt-get" in argv and os.path.isdir(os.path.dirname(_STAMP))
    return acting.elevated(("touch", _STAMP)) if kept else ()


def _refresh(acting: Acting) -> ActionOutcome:
    argv, problem = _refresh_command(acting)
    if problem:
        return ActionOutcome(False, problem)
    ran = dataclasses.replace(acting, timeout_s=_PATIENCE_S).run(argv)
    failed = [line for line in ran.err.splitlines() if line.startswith(("E:", "W: Failed", "Err:"))]
    if ran.worked and failed:  # apt-get update ends well when a server could not be reached
        return ActionOutcome(False, clean_line(failed[0]))
    stamp = _stamp(acting, argv)
    if ran.worked and stamp:
        return outcome_of(acting.run(stamp), "the list of updates was fetched")
    return outcome_of(ran, "the list of updates was fetched")


def _hold_words(acting: Acting, verb: str) -> Tuple[Tuple[str, ...], str]:
    name = acting.text("package")
    if not _NAME.fullmatch(name):
        return (), f"'{clean_line(name)}' is not the name of a package"
    return acting.elevated(("apt-mark", verb, name)), ""


def _preview_unhold(acting: Acting) -> ActionPreview:
    argv, problem = _hold_words(acting, "unhold")
    title = f"{_LET_GO}: {clean_line(acting.text('package'))}"
    return ActionPreview(
        title, (shown(argv),) if argv else (), not system.is_admin(), "It is held back again.", "", problem
    )


def _unhold(acting: Acting) -> ActionOutcome:
    argv, problem = _hold_words(acting, "unhold")
    if problem:
        return ActionOutcome(False, problem)
    return outcome_of(acting.run(argv), f"{acting.text('package')} is updated again", {})


def _hold_again(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    argv, problem = _hold_words(acting, "hold")
    if problem:
        return ActionOutcome(False, problem)
    return outcome_of(acting.run(argv), f"{acting.text('package')} is held back again")


def _left_behind(acting: Acting) -> Tuple[str, str]:
    """The lock file that may be removed, or why not."""
    path = acting.text("path")
    if path not in (*package_lock.PID_FILES, *package_lock.MARKS):
        return path, f"{clean_line(path)} is no lock that may be removed"
    standing = [lock for lock in package_lock.standing() if lock.path == path]
    if not standing:
        return path, f"{path} is not there any more"
    if standing[0].pid:
        return path, f"process {standing[0].pid} holds {path}: it is not left behind"
    return path, _held_by()


def _preview_clear(acting: Acting) -> ActionPreview:
    path, problem = _left_behind(acting)
    return ActionPreview(
        _CLEAR, (shown(acting.elevated(("rm", path))),), not system.is_admin(), "The file is put back.", "", problem
    )


def _clear(acting: Acting) -> ActionOutcome:
    path, problem = _left_behind(acting)
    if problem:
        return ActionOutcome(False, problem)
    try:
        content = system.read_regular(path, 4096).decode("utf-8", "replace")
    except OSError:
        content = ""
    return outcome_of(acting.run(acting.elevated(("rm", path))), "the lock was removed", {"content": content})


def _put_lock_back(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    path = acting.text("path")
    if path not in (*package_lock.PID_FILES, *package_lock.MARKS) or os.path.exists(path):
        return ActionOutcome(False, f"{clean_line(path)} cannot be put back")
    ran = acting.run(acting.elevated(("tee", path)), stdin=str(token.get("content") or "\n"))
    return outcome_of(ran, "the lock was put back")


_TOUCHES = ("packages.*", "updates.*", "service.*")
ACTIONS = (
    Action(
        name="packages.clear_lock",
        title=_CLEAR,
        doc="Removes pacman's db.lck or a process id file of dnf, yum or zypper when no process holds it. apt's and"
        " rpm's lock files are never removed: the kernel frees them.",
        preview=_preview_clear,
        apply=_clear,
        parameters={"path": Parameter("path", "The lock file.", required=True)},
        touches=_TOUCHES,
        undo_name="packages.put_lock_back",
        undo=_put_lock_back,
        platforms=("linux",),
    ),
    Action(
        name="packages.finish",
        title=_FINISH,
        doc="dpkg --configure -a, without questions, keeping settings that were changed by hand; up to 15 minutes.",
        preview=_preview_finish,
        apply=_finish,
        touches=_TOUCHES,
        platforms=("linux",),
        least_risk="medium",
    ),
    Action(
        name="packages.refresh_lists",
        title=_REFRESH_TITLE,
        doc="apt-get update, dnf makecache, yum makecache or zypper refresh; refused when offline, unless all sources"
        " of apt are on this machine.",
        preview=_preview_refresh,
        apply=_refresh,
        touches=_TOUCHES,
        platforms=("linux",),
    ),
    Action(
        name="packages.unhold",
        title=_LET_GO,
        doc="apt-mark unhold.",
        preview=_preview_unhold,
        apply=_unhold,
        parameters={"package": Parameter("text", "Name of the package.", required=True)},
        touches=_TOUCHES,
        undo_name="packages.hold_again",
        undo=_hold_again,
        platforms=("linux",),
    ),
)
