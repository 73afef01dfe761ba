"""Changes to Wi-Fi: switch the radio on. CPython 3.9 syntax."""

from __future__ import annotations

import re
import time
from typing import Mapping, Optional, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.sources import gather
from techdoctor.probes.wifi import radio

_TITLE = "Switch Wi-Fi on"
_TOUCHES = ("wifi.*", "net.*", "dns.*", "web.*")
_ADAPTER = re.compile(r"[\w.-]{1,15}")
_ASK_S = 3.0


def _linux_radio() -> Optional[Mapping[str, Value]]:
    """What wifi.radio says now; None when it cannot be measured."""
    method = radio.PROBES[0].methods["linux"]
    assert method.sources is not None and method.parse is not None
    try:
        return method.parse(gather(method.sources({}), time.monotonic() + _ASK_S), {}).data
    except CannotMeasure:
        return None


def _switch(acting: Acting, on: bool) -> Tuple[str, ...]:
    """The command of whoever keeps the switch: NetworkManager, else the kernel (rfkill); networksetup on macOS."""
    if acting.platform == "macos":
        return ("networksetup", "-setairportpower", acting.text("adapter") or "en0", "on" if on else "off")
    running = system.run(("nmcli", "-t", "-f", "RUNNING", "general"), _ASK_S)
    if running.worked and running.out.strip() == "running":
        return ("nmcli", "radio", "wifi", "on" if on else "off")
    return acting.elevated(("rfkill", "unblock" if on else "block", "wifi"))


def _problem(acting: Acting) -> str:
    """Why it cannot be switched on from here; empty when it can."""
    adapter = acting.text("adapter")
    if adapter and not _ADAPTER.fullmatch(adapter):
        return "that is no name of a Wi-Fi adapter"
    if acting.platform != "linux":
        return ""
    now = _linux_radio()
    if now is None or not now["present"]:
        return "there is no Wi-Fi adapter"
    if now["blocked_by"] == "switch":
        return "a switch or key on the computer keeps it off: no program can switch it on"
    return "" if now["blocked"] else "it is on already"


def _preview(acting: Acting) -> ActionPreview:
    problem = _problem(acting)
    if problem:
        return ActionPreview(_TITLE, problem=problem)
    command = _switch(acting, on=True)
    elevated = command[0] not in ("nmcli", "networksetup") and not system.is_admin()
    return ActionPreview(_TITLE, (shown(command),), needs_admin=elevated, undo=shown(_switch(acting, on=False)))


def _apply(acting: Acting) -> ActionOutcome:
    problem = _problem(acting)
    if problem:
        return ActionOutcome(False, problem)
    outcome = outcome_of(acting.run(_switch(acting, on=True)), "Wi-Fi is switched on", {"on": True})
    if outcome.ok:
        _settle(acting)
    return outcome


def _settle(acting: Acting) -> None:
    """Gives the system the moment it needs to find networks again and join a known one."""
    end = time.monotonic() + _ASK_S
    while acting.platform == "linux" and time.monotonic() < end:
        now = _linux_radio()
        if now is None or now["on"]:
            return
        time.sleep(0.2)


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    if not token.get("on"):
        return ActionOutcome(False, "whether it was switched on is not known any more")
    return outcome_of(acting.run(_switch(acting, on=False)), "Wi-Fi is switched off again")


_ADAPTER_PARAMETER = Parameter("text", "The Wi-Fi adapter (macOS); empty for the usual one.", default="")

ACTIONS = (
    Action(
        name="wifi.radio_on",
        title=_TITLE,
        doc="nmcli radio wifi on where NetworkManager runs, else rfkill unblock wifi; networksetup -setairportpower on "
        "macOS. A switch on the case (hard block) is refused.",
        preview=_preview,
        apply=_apply,
        parameters={"adapter": _ADAPTER_PARAMETER},
        touches=_TOUCHES,
        undo_name="wifi.radio_off",
        undo=_undo,
        platforms=("linux", "macos"),
    ),
)
