"""Changes to a background service: start it, restart it. CPython 3.9 syntax.

Each system has its own keeper of services: systemd, else SysV's `service`, launchd, Windows'
service control. The one that runs here is asked; none is installed or switched.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.text import clean_line

_START, _RESTART = "Start the service", "Restart the service"
_LOOK_S = 5.0
# Unit, init script, launchd label or Windows service name; never an option, path or shell text.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@_.:\\-]{0,127}")


@dataclass(frozen=True)
class Keeper:
    """What looks after services on this machine.

    Attributes:
        start, stop, restart: Commands, before elevation.
        running: Asks whether it runs: exit code 0 for yes.
    """

    start: Tuple[str, ...]
    stop: Tuple[str, ...]
    restart: Tuple[str, ...]
    running: Tuple[str, ...]


def keeper(platform: str, name: str, root: str = "/") -> Optional[Keeper]:
    """The keeper of services here; None when there is none."""
    if platform == "windows":
        return _windows(name)
    if platform == "macos":
        return _launchd(name)
    if os.path.isdir(os.path.join(root, "run/systemd/system")):  # sd_booted(3)
        return Keeper(*((("systemctl", verb, name)) for verb in ("start", "stop", "restart", "is-active")))
    if os.path.exists(os.path.join(root, "etc/init.d", name)):
        return Keeper(*((("service", name, verb)) for verb in ("start", "stop", "restart", "status")))
    return None


def _launchd(label: str) -> Keeper:
    target = f"system/{label}"
    return Keeper(
        start=("launchctl", "kickstart", target),
        stop=("launchctl", "kill", "SIGTERM", target),
        restart=("launchctl", "kickstart", "-k", target),
        running=("launchctl", "print", target),
    )


def _windows(name: str) -> Keeper:
    def powershell(command: str) -> Tuple[str, ...]:
        return ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", command)

    return Keeper(
        start=powershell(f"Start-Service -Name '{name}' -ErrorAction Stop"),
        stop=powershell(f"Stop-Service -Name '{name}' -ErrorAction Stop"),
        restart=powershell(f"Restart-Service -Name '{name}' -ErrorAction Stop"),
        running=powershell(f"if ((Get-Service -Name '{name}').Status -ne 'Running') {{ exit 3 }}"),
    )


def _wanted(acting: Acting) -> Tuple[Optional[Keeper], str]:
    name = acting.text("service")
    if not NAME.fullmatch(name):
        return None, f"'{clean_line(name)}' is not the name of a service"
    found = keeper(acting.platform, name)
    return found, "" if found else f"nothing here looks after a service called {name}"


def _running(found: Keeper) -> bool:
    return system.run(found.running, _LOOK_S).worked


def _preview(title: str, pick: Callable[[Keeper], Sequence[str]], undo: str) -> Callable[[Acting], ActionPreview]:
    def preview(acting: Acting) -> ActionPreview:
        found, problem = _wanted(acting)
        full = f"{title} {clean_line(acting.text('service'))}"
        if found is None:
            return ActionPreview(full, problem=problem)
        return ActionPreview(full, (shown(acting.elevated(pick(found))),), not system.is_admin(), undo)

    return preview


def _start(acting: Acting) -> ActionOutcome:
    found, problem = _wanted(acting)
    if found is None:
        return ActionOutcome(False, problem)
    before = _running(found)
    ran = acting.run(acting.elevated(found.start))
    return outcome_of(ran, f"{acting.text('service')} was started", {"was_running": before})


def _restart(acting: Acting) -> ActionOutcome:
    found, problem = _wanted(acting)
    if found is None:
        return ActionOutcome(False, problem)
    before = _running(found)
    ran = acting.run(acting.elevated(found.restart))
    return outcome_of(ran, f"{acting.text('service')} was restarted", {"was_running": before})


def _stop_again(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    """Stops what was not running before; what ran already is left running."""
    found, problem = _wanted(acting)
    if found is None:
        return ActionOutcome(False, problem)
    if token.get("was_running") is True:
        return ActionOutcome(True, f"{acting.text('service')} ran before, so it is left running")
    return outcome_of(acting.run(acting.elevated(found.stop)), f"{acting.text('service')} was stopped again")


_WHICH = {"service": Parameter("text", "Name of the service, e.g. cups.", required=True)}
_TOUCHES = ("service.*", "svc.*", "cups.*", "print.*", "proc.*", "cgroup.*")
_DOC = "By systemctl where systemd runs, else service(8), launchctl or Windows' service control."
ACTIONS = (
    Action(
        name="service.restart",
        title=_RESTART,
        doc=_DOC,
        preview=_preview(_RESTART, lambda found: found.restart, "The service is stopped if it was not running before."),
        apply=_restart,
        parameters=_WHICH,
        touches=_TOUCHES,
        undo_name="service.stop_again",
        undo=_stop_again,
    ),
    Action(
        name="service.start",
        title=_START,
        doc=_DOC,
        preview=_preview(_START, lambda found: found.start, "The service is stopped again."),
        apply=_start,
        parameters=_WHICH,
        touches=_TOUCHES,
        undo_name="service.stop_again",
        undo=_stop_again,
    ),
)
