"""The routing table as text of three systems, and what it says about the way out. CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Union

from techdoctor.model import Value
from techdoctor.probes.base import Raws, Source

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_RTF_UP, _RTF_GATEWAY, _RTF_REJECT = 0x1, 0x2, 0x200  # include/uapi/linux/route.h
_V4_HALVES = ("0.0.0.0/1", "128.0.0.0/1")
_V6_HALVES = ("::/1", "8000::/1")


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        destination: Where it leads.
        gateway: Address of the next router; empty when the destination is on the link itself.
        interface: Adapter; on Windows the adapter's own address.
        metric: Lower wins; None where the table does not say.
    """

    destination: Network
    gateway: str
    interface: str
    metric: Optional[int] = None

    @property
    def family(self) -> str:
        return "ipv6" if self.destination.version == 6 else "ipv4"

    def to_record(self) -> Dict[str, Value]:
        """The record of the field `defaults`."""
        return {
            "family": self.family,
            "destination": str(self.destination),
            "gateway": self.gateway,
            "interface": self.interface,
            "metric": self.metric,
        }


@dataclass(frozen=True)
class WayOut:
    """How packets leave in one family.

    Attributes:
        route: The route that wins; of a pair of halves the first.
        halves: True when two /1 routes stand before the default, as full-tunnel VPNs set them.
        beneath: The default route below such a pair, if any.
        gateway_on_link: False when the gateway lies outside every network of the adapter; None when
            there is no gateway.
    """

    route: Route
    halves: bool
    beneath: Optional[Route]
    gateway_on_link: Optional[bool]


def linux_sources() -> Sequence[Source]:
    return [
        Source("route4", path="/proc/net/route", cap_bytes=1 << 20),
        Source("route6", path="/proc/net/ipv6_route", cap_bytes=1 << 20),
    ]


def from_proc(raws: Raws) -> List[Route]:
    """Routes of Linux' main table.

    Raises:
        CannotMeasure: Neither file can be read.
    """
    if raws["route6"].status != "ok":
        raws["route4"].need("the routing table (/proc/net/route)")
    return _from_proc4(raws["route4"].text) + _from_proc6(raws["route6"].text)


def _from_proc4(content: str) -> List[Route]:
    routes = []
    for line in content.splitlines()[1:]:
        parts = line.split()
        if len(parts) < 8 or not int(parts[3], 16) & _RTF_UP or int(parts[3], 16) & _RTF_REJECT:
            continue
        if parts[0] == "*":  # a black hole leads to no adapter, and carries no flag of its own
            continue
        address, gateway, mask = (socket.inet_ntoa(struct.pack("<I", int(parts[i], 16))) for i in (1, 2, 7))
        has_gateway = int(parts[3], 16) & _RTF_GATEWAY
        network = ipaddress.ip_network(f"{address}/{mask}", strict=False)
        routes.append(Route(network, gateway if has_gateway else "", parts[0], int(parts[6])))
    return routes


def _from_proc6(content: str) -> List[Route]:
    routes = []
    for line in content.splitlines():
        parts = line.split()
        if len(parts) < 10 or parts[9] == "lo" or int(parts[8], 16) & _RTF_REJECT:
            continue
        address = ipaddress.ip_address(bytes.fromhex(parts[0]))
        gateway = ipaddress.ip_address(bytes.fromhex(parts[4]))
        network = ipaddress.ip_network(f"{address}/{int(parts[1], 16)}", strict=False)
        has_gateway = int(parts[8], 16) & _RTF_GATEWAY
        routes.append(Route(network, str(gateway) if has_gateway else "", parts[9], int(parts[5], 16)))
    return routes


def from_netstat(output: str) -> List[Route]:
    """Routes from macOS' `netstat -rn`.

    Routes bound to one interface (flag I) serve only programs that ask for that interface.
    """
    routes: List[Route] = []
    columns: Dict[str, int] = {}
    family = 0
    for line in output.splitlines():
        parts = line.split()
        if parts[:2] == ["Destination", "Gateway"]:
            columns = {name: index for index, name in enumerate(parts)}
            continue
        if parts == ["Internet6:"]:
            family = 6
        if not columns or len(parts) <= columns["Netif"] or "I" in parts[columns["Flags"]]:
            continue
        network = _abbreviated(parts[0], ":" in parts[1] or family == 6)
        if network is not None:
            gateway = parts[1].split("%")[0]
            is_address = _is_address(gateway) and parts[1] != parts[columns["Netif"]]
            routes.append(Route(network, gateway if is_address else "", parts[columns["Netif"]]))
    return routes


def _abbreviated(text: str, v6: bool) -> Optional[Network]:
    """A destination as BSD shortens it: "default", "10/9", "128.0/1", "192.168.1", "fe80::%en0/64"."""
    if text == "default":
        return ipaddress.ip_network("::/0" if v6 else "0.0.0.0/0")
    address, _, length = re.sub(r"%\w+", "", text).partition("/")
    if ":" not in address:
        octets = address.split(".")
        length = length or str(8 * len(octets))
        address = ".".join(octets + ["0"] * (4 - len(octets)))
    try:
        return ipaddress.ip_network(f"{address}/{length}" if length else address, strict=False)
    except ValueError:
        return None


def from_route_print(output: str) -> List[Route]:
    """IPv4 routes from Windows' `route print -4`, in any language: rows are told by their shape."""
    routes = []
    row = re.compile(r"\s*(\d+\.[\d.]+)\s+(\d+\.[\d.]+)\s+(\S.*?)\s+(\d+\.\d+\.\d+\.\d+)\s+(\d+)\s*$")
    for line in output.splitlines():
        match = row.match(line)
        if match is None:
            continue
        address, mask, gateway, interface, metric = match.groups()
        network = ipaddress.ip_network(f"{address}/{mask}", strict=False)
        routes.append(Route(network, gateway if _is_address(gateway) else "", interface, int(metric)))
    return routes


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def way_out(routes: Sequence[Route], family: str) -> Optional[WayOut]:
    """How packets to the whole internet leave; None when they cannot."""
    own = [route for route in routes if route.family == family]
    defaults = sorted((r for r in own if r.destination.prefixlen == 0), key=lambda r: r.metric or 0)
    halves = [r for r in own if str(r.destination) in (_V6_HALVES if family == "ipv6" else _V4_HALVES)]
    is_split = len({r.destination for r in halves}) == 2
    if not defaults and not is_split:
        return None
    route = halves[0] if is_split else defaults[0]
    on_link = None
    if route.gateway:
        gateway = ipaddress.ip_address(route.gateway)
        networks = [r.destination for r in own if not r.gateway and r.interface == route.interface]
        on_link = gateway.is_link_local or any(gateway in network for network in networks if network.prefixlen)
    return WayOut(route, is_split, defaults[0] if is_split and defaults else None, on_link)
