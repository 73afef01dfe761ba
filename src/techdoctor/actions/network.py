"""Changes to the network connection: switch an adapter on, renew its address, drop a dead VPN's routes.

Each uses what already looks after the adapter; none brings a second network program of its own.
CPython 3.9 syntax.
"""

from __future__ import annotations

import re
import time
from typing import List, Mapping, Optional, Sequence, Tuple

from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.network import adapters, own_network, route_table
from techdoctor.probes.network.adapters import Adapter
from techdoctor.probes.network.route_table import Route
from techdoctor.probes.sources import gather
from techdoctor.system import read_text, run

Argv = Tuple[str, ...]

_ASK_S = 3.0
_NAME = re.compile(r"[\w.:@ ()-]{1,64}")  # what adapters are called on the three systems; never an option
_TOUCHES = ("net.*", "dns.*", "web.*", "proxy.*")
_WIDE = 1  # prefixes of this length or shorter take all traffic


def _adapters(platform: str) -> List[Adapter]:
    if platform != "linux":
        return []
    try:
        return adapters.from_sysfs(gather(adapters.linux_sources(), time.monotonic() + _ASK_S))
    except CannotMeasure:
        return []


def _wanted(acting: Acting) -> str:
    """The adapter meant: the one given, else the one of the way out, else the only one there is."""
    name = acting.text("adapter")
    if name:
        return name if _NAME.fullmatch(name) and not name.startswith("-") else ""
    try:
        gateways = own_network.gateways()
    except CannotMeasure:
        gateways = []
    uplinks = adapters.uplinks(_adapters(acting.platform))
    names = [g.interface for g in gateways] + [a.name for a in sorted(uplinks, key=lambda a: (not a.up, not a.carrier))]
    return next((n for n in names if _NAME.fullmatch(n)), "")


def _run_all(
    acting: Acting, commands: Sequence[Argv], done: str, token: Optional[Mapping[str, Value]]
) -> ActionOutcome:
    outcome = ActionOutcome(False, "nothing to run")
    for argv in commands:
        outcome = outcome_of(acting.run(argv), done, token)
        if not outcome.ok:
            return outcome
    return outcome


def _renewal(acting: Acting, adapter: str) -> Tuple[Argv, ...]:
    """The commands of whatever looks after the adapter; none when nobody does."""
    if acting.platform == "macos":
        return (acting.elevated(("ipconfig", "set", adapter, "DHCP")),)  # ipconfig(8)
    if acting.platform == "windows":
        return (("ipconfig", "/renew"),)
    uuid = _network_manager(adapter)
    if uuid is not None:
        up = ("connection", "up", "uuid", uuid, "ifname", adapter) if uuid else ("device", "connect", adapter)
        return (("nmcli", "--wait", "30", *up),)
    if _networkd_manages(adapter):
        return (acting.elevated(("networkctl", "renew", adapter)),)
    if _ifupdown_manages(adapter):
        return (acting.elevated(("ifdown", adapter)), acting.elevated(("ifup", adapter)))
    return ()


def _network_manager(adapter: str) -> Optional[str]:
    """Id of the adapter's connection, empty when it has none now, None when NetworkManager leaves it alone."""
    ran = run(("nmcli", "-g", "GENERAL.STATE,GENERAL.CON-UUID", "device", "show", adapter), _ASK_S)
    lines = ran.out.splitlines()
    if not ran.worked or not lines or lines[0].startswith("10 "):  # NM_DEVICE_STATE_UNMANAGED
        return None
    uuid = lines[1].strip() if len(lines) > 1 else ""
    return uuid if re.fullmatch(r"[0-9a-f-]{36}", uuid) else ""


def _networkd_manages(adapter: str) -> bool:
    """True when systemd-networkd has set the adapter up, or is about to."""
    ran = run(("networkctl", "list", "--no-legend", "--no-pager", adapter), _ASK_S)
    columns = ran.out.split()
    return ran.worked and len(columns) >= 5 and columns[-1] in ("configured", "configuring", "pending", "failed")


def _ifupdown_manages(adapter: str) -> bool:
    """True when /etc/network/interfaces, or a file beside it, sets the adapter up by DHCP."""
    import glob

    wanted = re.compile(rf"^\s*iface\s+{re.escape(adapter)}\s+inet6?\s+(dhcp|auto)\b", re.MULTILINE)
    for path in ["/etc/network/interfaces", *sorted(glob.glob("/etc/network/interfaces.d/*"))]:
        try:
            if wanted.search(read_text(path)):
                return True
        except CannotMeasure:
            continue  # not there, or not for us to read: then it manages nothing that we could renew
    return False


def _preview_renewal(acting: Acting) -> ActionPreview:
    title = "Ask the network for an address again"
    adapter = _wanted(acting)
    if not adapter:
        return ActionPreview(title, problem="there is no adapter to do this with")
    commands = _renewal(acting, adapter)
    if not commands:
        return ActionPreview(title, problem=f"no network service of this computer looks after {adapter}")
    elevated = acting.platform == "macos" or commands[0][0] != "nmcli"
    return ActionPreview(title, tuple(shown(c) for c in commands), needs_admin=elevated, undo="not needed")


def _apply_renewal(acting: Acting) -> ActionOutcome:
    adapter = _wanted(acting)
    commands = _renewal(acting, adapter) if adapter else ()
    if not commands:
        return ActionOutcome(False, "no network service of this computer looks after the adapter")
    return _run_all(acting, commands, f"{adapter} asked for an address again", None)


def _switch(acting: Acting, adapter: str, on: bool) -> Argv:
    if acting.platform == "windows":
        state = "enabled" if on else "disabled"
        return ("netsh", "interface", "set", "interface", f"name={adapter}", f"admin={state}")
    word = "up" if on else "down"
    if acting.platform == "macos":
        return acting.elevated(("ifconfig", adapter, word))
    return acting.elevated(("ip", "link", "set", "dev", adapter, word))


def _preview_up(acting: Acting) -> ActionPreview:
    title = "Switch the network adapter on"
    adapter = _wanted(acting)
    if not adapter:
        return ActionPreview(title, problem="there is no adapter to switch on")
    command = _switch(acting, adapter, on=True)
    return ActionPreview(title, (shown(command),), needs_admin=True, undo=shown(_switch(acting, adapter, on=False)))


def _apply_up(acting: Acting) -> ActionOutcome:
    adapter = _wanted(acting)
    if not adapter:
        return ActionOutcome(False, "there is no adapter to switch on")
    was_up = any(a.name == adapter and a.up for a in _adapters(acting.platform))
    token: Mapping[str, Value] = {"adapter": adapter, "was_up": was_up}
    return _run_all(acting, [_switch(acting, adapter, on=True)], f"{adapter} is switched on", token)


def _undo_up(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    adapter = str(token.get("adapter") or "")
    if not _NAME.fullmatch(adapter):
        return ActionOutcome(False, "which adapter it was is not known any more")
    if token.get("was_up"):
        return ActionOutcome(True, f"{adapter} was on before: left on")
    return _run_all(acting, [_switch(acting, adapter, on=False)], f"{adapter} is switched off again", None)


def _tunnel_routes(acting: Acting) -> List[Route]:
    """The routes that lead all traffic into a tunnel."""
    tunnels = [a.name for a in _adapters(acting.platform) if a.kind == adapters.VPN]
    wanted = acting.text("adapter")
    try:
        routes = route_table.from_proc(gather(route_table.linux_sources(), time.monotonic() + _ASK_S))
    except CannotMeasure:
        return []
    wide = [r for r in routes if r.destination.prefixlen <= _WIDE and r.interface in tunnels]
    return [r for r in wide if not wanted or r.interface == wanted]


def _route_command(acting: Acting, word: str, route: Mapping[str, Value]) -> Argv:
    family = ("-6",) if route["family"] == "ipv6" else ()
    via = ("via", str(route["gateway"])) if route["gateway"] else ()
    metric = ("metric", str(route["metric"])) if route["metric"] else ()
    words = (word, str(route["destination"]), *via, "dev", str(route["interface"]), *metric)
    return acting.elevated(("ip", *family, "route", *words))


def _preview_drop(acting: Acting) -> ActionPreview:
    title = "Stop sending everything into the dead VPN"
    records = [route.to_record() for route in _tunnel_routes(acting)]
    if not records:
        return ActionPreview(title, problem="no route leads all traffic into a tunnel")
    back = "; ".join(shown(_route_command(acting, "add", record)) for record in records)
    return ActionPreview(title, tuple(shown(_route_command(acting, "del", r)) for r in records), True, back)


def _apply_drop(acting: Acting) -> ActionOutcome:
    records = [route.to_record() for route in _tunnel_routes(acting)]
    commands = [_route_command(acting, "del", record) for record in records]
    token: Mapping[str, Value] = {"routes": [dict(record) for record in records]}
    return _run_all(acting, commands, "traffic takes the normal way again", token)


def _undo_drop(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    routes = token.get("routes")
    if not isinstance(routes, list) or not routes:
        return ActionOutcome(False, "which routes they were is not known any more")
    commands = [_route_command(acting, "add", route) for route in routes if isinstance(route, dict)]
    return _run_all(acting, commands, "the VPN's routes are back", None)


_ADAPTER = Parameter("text", "The adapter; empty for the one that leads outward.", default="")

ACTIONS = (
    Action(
        name="net.renew_lease",
        title="Ask the network for an address again",
        doc="Through what looks after the adapter: NetworkManager (nmcli connection up), systemd-networkd (networkctl "
        "renew), ifupdown (ifdown, ifup); macOS ipconfig set DHCP; Windows ipconfig /renew. No second DHCP client.",
        preview=_preview_renewal,
        apply=_apply_renewal,
        parameters={"adapter": _ADAPTER},
        touches=_TOUCHES,
    ),
    Action(
        name="net.adapter_up",
        title="Switch the network adapter on",
        doc="ip link set up on Linux, ifconfig up on macOS, netsh interface set interface admin=enabled on Windows.",
        preview=_preview_up,
        apply=_apply_up,
        parameters={"adapter": _ADAPTER},
        touches=_TOUCHES,
        undo_name="net.adapter_down",
        undo=_undo_up,
    ),
    Action(
        name="net.drop_vpn_route",
        least_risk="medium",
        title="Stop sending everything into the dead VPN",
        doc="Deletes the default and half-internet (/1) routes of tunnel adapters; the tunnel itself stays.",
        preview=_preview_drop,
        apply=_apply_drop,
        parameters={"adapter": _ADAPTER},
        touches=_TOUCHES,
        undo_name="net.restore_vpn_route",
        undo=_undo_drop,
        platforms=("linux",),
    ),
)
