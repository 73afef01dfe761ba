"""Making an adapter send smaller packets, for ways that lose large ones. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Mapping, Optional, Tuple

from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter

_TITLE = "Send smaller packets"
_NAME = re.compile(r"[\w.:@ ()-]{1,64}")  # what adapters are called on the three systems; never an option
_LEAST, _MOST = 1280, 9000  # below 1280 IPv6 stops (RFC 8200, section 5)


def _adapter(name: str) -> str:
    return name if _NAME.fullmatch(name) and not name.startswith("-") else ""


def _size(acting: Acting) -> int:
    """The wanted size, not below what IPv6 needs."""
    value = acting.params.get("size")
    return max(_LEAST, int(value)) if isinstance(value, (int, float)) else 0


def _command(acting: Acting, adapter: str, size: int) -> Tuple[str, ...]:
    if acting.platform == "macos":
        return acting.elevated(("networksetup", "-setMTU", adapter, str(size)))  # networksetup(8)
    if acting.platform == "windows":
        return ("netsh", "interface", "ipv4", "set", "subinterface", adapter, f"mtu={size}", "store=active")
    return acting.elevated(("ip", "link", "set", "dev", adapter, "mtu", str(size)))


def _now(acting: Acting, adapter: str) -> Optional[int]:
    """The adapter's size now; None when it is not known."""
    try:
        import psutil
    except ImportError:
        return None
    stats = psutil.net_if_stats().get(adapter)
    return stats.mtu if stats is not None and stats.mtu else None


def _problem(acting: Acting, adapter: str, now: Optional[int]) -> str:
    size = _size(acting)
    if not adapter or not size:
        return "the adapter or the size is not known"
    if now is not None and now <= size:
        return f"{adapter} sends no larger packets than {now} bytes already"
    return "" if now is not None and size <= _MOST else f"how large {adapter}'s packets are now is not known"


def _preview(acting: Acting) -> ActionPreview:
    adapter = _adapter(acting.text("adapter"))
    now = _now(acting, adapter) if adapter else None
    problem = _problem(acting, adapter, now)
    if problem:
        return ActionPreview(_TITLE, problem=problem)
    back = shown(_command(acting, adapter, now or 0))
    return ActionPreview(_TITLE, (shown(_command(acting, adapter, _size(acting))),), needs_admin=True, undo=back)


def _apply(acting: Acting) -> ActionOutcome:
    adapter = _adapter(acting.text("adapter"))
    now = _now(acting, adapter) if adapter else None
    problem = _problem(acting, adapter, now)
    if problem:
        return ActionOutcome(False, problem)
    token: Mapping[str, Value] = {"adapter": adapter, "size": now}
    done = f"{adapter} sends packets of at most {_size(acting)} bytes until it is restarted"
    return outcome_of(acting.run(_command(acting, adapter, _size(acting))), done, token)


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    adapter, size = _adapter(str(token.get("adapter") or "")), token.get("size")
    if not adapter or not isinstance(size, int):
        return ActionOutcome(False, "how large its packets were is not known any more")
    return outcome_of(acting.run(_command(acting, adapter, size)), f"{adapter} sends packets of {size} bytes again")


ACTIONS = (
    Action(
        name="net.lower_mtu",
        title=_TITLE,
        doc="Sets the MTU of an adapter until its next restart: ip link set mtu; networksetup -setMTU; netsh interface "
        "ipv4 set subinterface store=active. Programs then offer a smaller segment size too, so answers fit as well.",
        preview=_preview,
        apply=_apply,
        parameters={
            "adapter": Parameter("text", "The adapter.", required=True),
            "size": Parameter("int", "Largest packet in bytes; at least 1280.", required=True),
        },
        touches=("net.*", "web.*"),
        undo_name="net.restore_mtu",
        undo=_undo,
    ),
)
