"""Setting the clock, keeping it right, and the time zone. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import time
from typing import List, Mapping, Sequence, Tuple

from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter

Argv = Tuple[str, ...]
_SET, _KEEP, _ZONE = "Set the clock", "Switch automatic time on", "Set the time zone"
_ZONE_NAME = re.compile(r"[A-Za-z]{2,20}(/[A-Za-z0-9_+-]{1,32}){0,2}")
_ZONES, _LOCALTIME = "/usr/share/zoneinfo", "/etc/localtime"
_ASK_S = 3.0
_TOUCHES = ("clock.*", "web.tls", "web.site")


def _offset(acting: Acting) -> float:
    value = acting.params.get("offset_s")
    return float(value) if isinstance(value, (int, float)) else 0.0


def _has_chrony(acting: Acting) -> bool:
    """True when chronyd runs and knows better: it then makes the step itself."""
    ran = acting.run(("chronyc", "-n", "tracking"))
    return ran.worked and "Leap status     : Not synchronised" not in ran.out


def step_commands(acting: Acting, offset_s: float, now_s: float) -> List[Argv]:
    """The commands that take a clock back which is `offset_s` seconds ahead at the (wrong) time `now_s`."""
    if acting.platform == "macos":
        return [acting.elevated(("sntp", "-sS", "time.apple.com"))]  # sntp(1)
    if acting.platform == "windows":
        return [("net", "start", "w32time"), ("w32tm", "/resync", "/force")]
    if _has_chrony(acting):
        return [acting.elevated(("chronyc", "makestep"))]
    return [acting.elevated(("date", "-u", f"--set=@{now_s - offset_s:.3f}"))]


def _preview_set(acting: Acting) -> ActionPreview:
    offset_s = _offset(acting)
    if not offset_s:
        return ActionPreview(_SET, problem="how far the clock is off is not known")
    commands = step_commands(acting, offset_s, time.time())
    return ActionPreview(_SET, tuple(map(shown, commands)), needs_admin=True, undo="the clock is moved back as far")


def _run_all(acting: Acting, commands: Sequence[Argv], done: str, token: Mapping[str, Value]) -> ActionOutcome:
    outcome = ActionOutcome(False, "nothing to run")
    for argv in commands:
        ran = acting.run(argv)
        started = argv[:2] == ("net", "start") and ran.exit_code == 2  # it runs already
        outcome = ActionOutcome(True, done, dict(token)) if started else outcome_of(ran, done, token)
        if not outcome.ok:
            return outcome
    return outcome


def _apply_set(acting: Acting) -> ActionOutcome:
    offset_s = _offset(acting)
    if not offset_s:
        return ActionOutcome(False, "how far the clock is off is not known")
    token: Mapping[str, Value] = {"offset_s": offset_s}
    return _run_all(acting, step_commands(acting, offset_s, time.time()), "the clock is set", token)


def _undo_set(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    offset_s = token.get("offset_s")
    if not isinstance(offset_s, (int, float)) or acting.platform != "linux":
        return ActionOutcome(False, "the clock is left as it is: nobody wants the wrong time back")
    command = acting.elevated(("date", "-u", f"--set=@{time.time() + offset_s:.3f}"))
    return outcome_of(acting.run(command), "the clock is off again as it was")


def _keeping(acting: Acting, on: bool) -> List[Argv]:
    if acting.platform == "macos":
        return [acting.elevated(("systemsetup", "-setusingnetworktime", "on" if on else "off"))]
    if acting.platform == "windows":
        start = ("sc", "config", "w32time", "start=", "auto" if on else "demand")
        return [start, ("net", "start", "w32time") if on else ("net", "stop", "w32time")]
    return [acting.elevated(("timedatectl", "set-ntp", "true" if on else "false"))]


def _preview_keep(acting: Acting) -> ActionPreview:
    if acting.platform == "linux":
        said = acting.run(("timedatectl", "show", "--property=CanNTP", "--property=NTP")).out.split()
        if "CanNTP=yes" not in said:
            return ActionPreview(_KEEP, problem="no time service that timedatectl knows is installed here")
        if "NTP=yes" in said:
            return ActionPreview(_KEEP, problem="automatic time is switched on already")
    back = "; ".join(map(shown, _keeping(acting, on=False)))
    return ActionPreview(_KEEP, tuple(map(shown, _keeping(acting, on=True))), needs_admin=True, undo=back)


def _apply_keep(acting: Acting) -> ActionOutcome:
    return _run_all(acting, _keeping(acting, on=True), "automatic time is on", {"on": True})


def _undo_keep(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    return _run_all(acting, _keeping(acting, on=False), "automatic time is off again", {})


def _wanted_zone(acting: Acting) -> str:
    """The zone, when it is one that this computer knows."""
    zone = acting.text("zone")
    known = acting.platform != "linux" or os.path.isfile(os.path.join(_ZONES, zone))
    return zone if _ZONE_NAME.fullmatch(zone) and known else ""


def zone_commands(acting: Acting, zone: str) -> List[Argv]:
    """By timedatectl where its service answers, else by the link that the C library reads (tzset(3))."""
    if acting.platform == "macos":
        return [acting.elevated(("systemsetup", "-settimezone", zone))]
    if acting.run(("timedatectl", "show", "--property=Timezone")).worked:
        return [acting.elevated(("timedatectl", "set-timezone", zone))]
    return [acting.elevated(("ln", "-sfn", f"{_ZONES}/{zone}", _LOCALTIME))]


def _present_zone() -> str:
    path = os.path.realpath(_LOCALTIME)
    return path[len(_ZONES) + 1 :] if path.startswith(_ZONES + "/") else ""


def _preview_zone(acting: Acting) -> ActionPreview:
    zone = _wanted_zone(acting)
    if not zone:
        return ActionPreview(_ZONE, problem="there is no time zone of that name")
    if os.environ.get("TZ"):
        return ActionPreview(_ZONE, problem="the variable TZ sets the zone of this session; take it out: unset TZ")
    before = _present_zone()
    undo = "; ".join(map(shown, zone_commands(acting, before))) if before else "not known"
    return ActionPreview(_ZONE, tuple(map(shown, zone_commands(acting, zone))), needs_admin=True, undo=undo)


def _apply_zone(acting: Acting) -> ActionOutcome:
    zone, before = _wanted_zone(acting), _present_zone()
    if not zone:
        return ActionOutcome(False, "there is no time zone of that name")
    outcome = _run_all(acting, zone_commands(acting, zone), f"the time zone is {zone}", {"zone": before})
    if hasattr(time, "tzset"):  # not on Windows
        time.tzset()  # this program shows the new zone too
    return outcome


def _undo_zone(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    zone = str(token.get("zone") or "")
    if not _ZONE_NAME.fullmatch(zone):
        return ActionOutcome(False, "which zone it was is not known")
    return _run_all(acting, zone_commands(acting, zone), f"the time zone is {zone} again", {})


ACTIONS = (
    Action(
        name="clock.set",
        least_risk="medium",  # a server that lies would make every certificate and login fail
        title=_SET,
        doc="chronyc makestep where chronyd runs and is synchronised, else date --set by the measured offset (Linux); "
        "sntp -sS (macOS); w32tm /resync /force (Windows).",
        preview=_preview_set,
        apply=_apply_set,
        parameters={"offset_s": Parameter("float", "Seconds that the clock is ahead.", required=True)},
        touches=_TOUCHES,
        undo_name="clock.move_back",
        undo=_undo_set,
    ),
    Action(
        name="clock.sync_on",
        title=_KEEP,
        doc="timedatectl set-ntp true; systemsetup -setusingnetworktime on; the service w32time begins by itself.",
        preview=_preview_keep,
        apply=_apply_keep,
        touches=_TOUCHES,
        undo_name="clock.sync_off",
        undo=_undo_keep,
    ),
    Action(
        name="clock.set_zone",
        title=_ZONE,
        doc="timedatectl set-timezone, else the link /etc/localtime; systemsetup -settimezone.",
        preview=_preview_zone,
        apply=_apply_zone,
        parameters={"zone": Parameter("text", "Name of the zone, e.g. Europe/Berlin.", required=True)},
        touches=("clock.zone",),
        undo_name="clock.restore_zone",
        undo=_undo_zone,
        platforms=("linux", "macos"),
    ),
)
