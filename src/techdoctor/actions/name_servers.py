"""Where the list of name servers is kept here, and how each keeper is told another. CPython 3.9 syntax.

Three keepers on Linux, asked in this order: NetworkManager, which would overwrite the others;
systemd-resolved; the plain file. networksetup on macOS.
"""

from __future__ import annotations

import ipaddress
import re
import time
from dataclasses import dataclass
from typing import Callable, List, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.probes.names import resolver_config
from techdoctor.probes.network import route_table
from techdoctor.probes.sources import gather

RESOLV_CONF = "/etc/resolv.conf"
_ASK_S = 2.0
Run = Callable[[Sequence[str]], system.Ran]


@dataclass(frozen=True)
class Keeper:
    """Who keeps the list for the link that leads out.

    Attributes:
        kind: "file", "resolved", "networkmanager" or "networksetup".
        link: Interface, connection id or network service; empty for the file.
        servers: The servers it holds by hand; those a lease brings may not be among them.
        interface: For NetworkManager: the interface to apply the connection to again.
    """

    kind: str
    link: str = ""
    servers: Tuple[str, ...] = ()
    interface: str = ""

    def commands(self, servers: Sequence[str]) -> List[Tuple[str, ...]]:
        """The commands that make it hold these servers; none at all means: as the lease says."""
        if self.kind == "resolved":
            return [("resolvectl", "dns", self.link, *(servers or [""]))]
        if self.kind == "networksetup":
            return [("networksetup", "-setdnsservers", self.link, *(servers or ["Empty"]))]
        modify: List[str] = []
        for family, version in (("ipv4", 4), ("ipv6", 6)):
            own = [server for server in servers if ipaddress.ip_address(server).version == version]
            modify += [f"{family}.dns", ",".join(own)]
        return [
            ("nmcli", "connection", "modify", self.link, *modify),
            ("nmcli", "device", "reapply", self.interface),
        ]


def is_address(server: str) -> bool:
    """True for a numeric address: nothing else may get into a resolver's settings."""
    try:
        ipaddress.ip_address(server)
    except ValueError:
        return False
    return True


def keeper(platform: str, run: Run) -> Optional[Keeper]:
    """Finds the keeper; None when there is no way out to keep servers for."""
    if platform == "macos":
        return _networksetup(run)
    link = _default_link()
    return _network_manager(link, run) or _resolved(link, run) or Keeper("file")


def _default_link() -> str:
    """Interface of the way out, over IPv4 before IPv6; empty without one."""
    try:
        routes = route_table.from_proc(gather(route_table.linux_sources(), time.monotonic() + _ASK_S))
    except CannotMeasure:
        return ""
    ways = (route_table.way_out(routes, family) for family in ("ipv4", "ipv6"))
    return next((way.route.interface for way in ways if way), "")


def _network_manager(link: str, run: Run) -> Optional[Keeper]:
    if not link:
        return None
    ran = run(["nmcli", "-g", "GENERAL.CON-UUID", "device", "show", link])
    uuid = ran.out.strip()
    if not ran.worked or not re.fullmatch(r"[0-9a-f-]{36}", uuid):
        return None
    held = run(["nmcli", "-g", "ipv4.dns,ipv6.dns", "connection", "show", uuid])
    words = re.split(r"[,\s|]+", held.out.replace("\\:", ":"))
    return Keeper("networkmanager", uuid, tuple(word for word in words if is_address(word)), link)


def _resolved(link: str, run: Run) -> Optional[Keeper]:
    listed = resolver_config.parse_resolv_conf(_text(RESOLV_CONF)).servers
    if not link or not any(server in resolver_config.STUBS for server in listed):
        return None
    ran = run(["resolvectl", "dns", link])
    if not ran.worked:
        return None
    # One line per link: its number, its name in brackets, a colon, the servers (resolvectl(1)).
    servers = ran.out.partition("):")[2].split()
    return Keeper("resolved", link, tuple(server for server in servers if is_address(server)))


def _text(path: str) -> str:
    try:
        return system.read_text(path)
    except CannotMeasure:
        return ""


def _networksetup(run: Run) -> Optional[Keeper]:
    device = re.search(r"interface:\s*(\S+)", run(["route", "-n", "get", "default"]).out)
    if device is None:
        return None
    service = service_of(run(["networksetup", "-listnetworkserviceorder"]).out, device.group(1))
    if not service:
        return None
    words = run(["networksetup", "-getdnsservers", service]).out.split()
    return Keeper("networksetup", service, tuple(word for word in words if is_address(word)))


def service_of(order: str, device: str) -> str:
    """The network service of a device in the output of `networksetup -listnetworkserviceorder`."""
    found = re.search(rf"^\(\d+\) (.+)\n\(Hardware Port: .*, Device: {re.escape(device)}\)", order, re.M)
    return found.group(1).strip() if found else ""


def preferring(content: str, server: str) -> str:
    """The text of resolv.conf with this server in front; everything else stays.

    The C library asks three servers at most, so nothing useful falls off the end unseen: the
    fourth was never asked.
    """
    lines = [line for line in content.splitlines() if line.split()[:2] != ["nameserver", server]]
    first = next((i for i, line in enumerate(lines) if line.split()[:1] == ["nameserver"]), len(lines))
    lines.insert(first, f"nameserver {server}")
    return "\n".join(lines) + "\n"
