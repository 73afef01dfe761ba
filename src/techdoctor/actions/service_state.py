"""Changes to how systemd keeps a unit: start it anew, switch it on or off for good. CPython 3.9 syntax."""

from __future__ import annotations

import time
from typing import List, Mapping, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.actions.services import NAME
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.services import systemd
from techdoctor.probes.services.systemd import Manager, Properties
from techdoctor.text import clean_line

_LOOK_S = 5.0
_STAYS_S = 2.0  # a unit that ends within this time has not been mended
_PROPERTIES = ("Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "Type")
_REVIVE, _ENABLE, _DISABLE = "Start the service anew", "Switch the service on", "Switch the service off at start-up"


def _unit(acting: Acting) -> Tuple[Manager, Properties, str]:
    """Who keeps the unit, what systemd says of it, and why nothing can be done, or an empty text."""
    name = acting.text("service")
    if not NAME.fullmatch(name):
        return Manager(), {}, f"'{clean_line(name)}' is not the name of a service"
    try:
        systemd.need_systemd()
        manager = _manager(acting.text("user"))
        units = systemd.show(manager, (name,), _PROPERTIES, _LOOK_S)
    except CannotMeasure as error:
        return Manager(), {}, error.reason
    if not units or units[0].get("LoadState") == "not-found":
        return manager, {}, f"there is no service called {clean_line(name)}"
    if not NAME.fullmatch(units[0].get("Id", "")):  # of an alias; a user's own unit may be called like an option
        return manager, {}, f"'{clean_line(units[0].get('Id', ''))}' is not the name of a service"
    return manager, units[0], ""


def _manager(user: str) -> Manager:
    if not user:
        return Manager()
    for manager in systemd.user_managers():
        if manager.name == user:
            return manager
    raise CannotMeasure("not_applicable", f"the services of {clean_line(user)} cannot be reached from here")


def _command(acting: Acting, manager: Manager, *words: str) -> Tuple[str, ...]:
    if manager.uid is None:
        return acting.elevated(manager.systemctl(*words))
    variable = f"XDG_RUNTIME_DIR=/run/user/{manager.uid}"
    return (*manager.prefix, "env", variable, *Manager(manager.uid).systemctl(*words))


def _steps(acting: Acting, manager: Manager, unit: Properties, verb: str) -> List[Tuple[str, ...]]:
    name = unit.get("Id", "")
    if verb == "revive":
        words: List[Tuple[str, ...]] = [("reset-failed", name), ("restart", name)]
    elif verb == "disable":
        words = [("disable", name)]
    else:
        state = unit.get("UnitFileState", "")
        words = [("unmask", name)] if state.startswith("masked") else []
        words.append(("start", name) if state == "static" else ("enable", "--now", name))
    return [_command(acting, manager, *one) for one in words]


def _preview(acting: Acting, title: str, verb: str, undo: str) -> ActionPreview:
    manager, unit, problem = _unit(acting)
    full = f"{title}: {clean_line(acting.text('service'))}"
    if problem:
        return ActionPreview(full, problem=problem)
    commands = tuple(shown(argv) for argv in _steps(acting, manager, unit, verb))
    return ActionPreview(full, commands, manager.uid is None and not system.is_admin(), undo)


def _apply(acting: Acting, verb: str, done: str) -> ActionOutcome:
    manager, unit, problem = _unit(acting)
    if problem:
        return ActionOutcome(False, problem)
    name = unit.get("Id", "")
    token: Mapping[str, Value] = {
        "active": unit.get("ActiveState") in ("active", "activating"),
        "state": unit.get("UnitFileState", ""),
    }
    outcome = ActionOutcome(True)
    for argv in _steps(acting, manager, unit, verb):
        outcome = outcome_of(acting.run(argv), f"{clean_line(name)} {done}", token)
        # What did not fail cannot be forgotten: that is no reason to stop here.
        if not outcome.ok and "reset-failed" not in argv:
            return outcome
    if verb == "disable" or _stays(manager, name):
        return outcome
    return ActionOutcome(False, f"{clean_line(name)} was started and ended again at once", dict(token))


def _stays(manager: Manager, name: str) -> bool:
    """True when it still runs a moment later, or has done its work."""
    until = time.monotonic() + _STAYS_S
    while time.monotonic() < until:
        time.sleep(0.2)
        try:
            unit = systemd.show(manager, (name,), _PROPERTIES, _LOOK_S)[0]
        except (CannotMeasure, IndexError):
            return False
        if unit.get("ActiveState") == "failed" or unit.get("SubState", "").startswith("auto-restart"):
            return False
        if unit.get("ActiveState") == "inactive":
            return unit.get("Type") == "oneshot"
    return True


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    """Puts back whether it ran and whether it starts with the computer."""
    manager, unit, problem = _unit(acting)
    if problem:
        return ActionOutcome(False, problem)
    name, before = unit.get("Id", ""), str(token.get("state", ""))
    words: List[Tuple[str, ...]] = []
    if before == "disabled" or before.startswith("masked"):
        words.append(("disable", name))
    elif before.startswith("enabled"):
        words.append(("enable", name))
    if token.get("active") is not True:
        words.append(("stop", name))
    if before.startswith("masked"):
        words.append(("mask", name))
    outcome = ActionOutcome(True, f"{clean_line(name)} is as before")
    for one in words:
        outcome = outcome_of(acting.run(_command(acting, manager, *one)), outcome.text)
        if not outcome.ok:
            return outcome
    return outcome


_WHICH = {
    "service": Parameter("text", "Name of the unit, e.g. cron.service or backup.timer.", required=True),
    "user": Parameter("text", "Whose service manager keeps it; empty for the system's.", ""),
}
_TOUCHES = ("service.*", "updates.*", "antivirus.*", "firewall.*", "boot.*", "cups.*", "proc.*")
_BEFORE = "The service is put back as it was: running or not, started with the computer or not."
ACTIONS = (
    Action(
        name="service.disable",
        title=_DISABLE,
        doc="systemctl disable: it does not start with the computer any more; what runs goes on.",
        preview=lambda acting: _preview(acting, _DISABLE, "disable", _BEFORE),
        apply=lambda acting: _apply(acting, "disable", "does not start with the computer any more"),
        parameters=_WHICH,
        touches=_TOUCHES,
        undo_name="service.put_back",
        undo=_undo,
        platforms=("linux",),
        least_risk="medium",
    ),
    Action(
        name="service.enable",
        title=_ENABLE,
        doc="systemctl unmask where needed, then enable --now; a unit that cannot be enabled is only started.",
        preview=lambda acting: _preview(acting, _ENABLE, "enable", _BEFORE),
        apply=lambda acting: _apply(acting, "enable", "was switched on and started"),
        parameters=_WHICH,
        touches=_TOUCHES,
        undo_name="service.put_back",
        undo=_undo,
        platforms=("linux",),
    ),
    Action(
        name="service.revive",
        title=_REVIVE,
        doc="systemctl reset-failed, which clears the start limit, then restart; it must still run 2 s later.",
        preview=lambda acting: _preview(
            acting, _REVIVE, "revive", "The service is stopped if it was not running before."
        ),
        apply=lambda acting: _apply(acting, "revive", "was started anew"),
        parameters=_WHICH,
        touches=_TOUCHES,
        undo_name="service.put_back",
        undo=_undo,
        platforms=("linux",),
    ),
)
