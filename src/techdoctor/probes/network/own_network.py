"""This machine's own addresses and gateways: netifaces where it can be imported, else psutil and the
system's routing table. The one place that knows netifaces (or its drop-in netifaces-plus).

CPython 3.9 syntax.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Dict, List, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL
from techdoctor.probes.base import Source
from techdoctor.probes.network import adapters, route_table
from techdoctor.probes.network.route_table import Route
from techdoctor.probes.sources import gather

_WAIT_S = 2.0
_FAMILIES = ((socket.AF_INET, "ipv4"), (socket.AF_INET6, "ipv6"))


@dataclass(frozen=True)
class Address:
    """One address of this machine, without scope suffix."""

    interface: str
    address: str
    prefix_length: int

    @property
    def network(self) -> route_table.Network:
        return ipaddress.ip_network(f"{self.address}/{self.prefix_length}", strict=False)


@dataclass(frozen=True)
class Gateway:
    """A router of a default route; link-local IPv6 addresses carry their scope ("fe80::1%eth0")."""

    family: str
    address: str
    interface: str


def library() -> Optional[ModuleType]:
    """The module netifaces, or None where it is not installed or cannot be loaded."""
    try:
        import netifaces
    except ImportError:
        return None
    module: ModuleType = netifaces
    return module


def backend() -> str:
    """Which of the two answers: "netifaces" or "psutil"."""
    return "netifaces" if library() is not None else "psutil"


def addresses() -> List[Address]:
    """All addresses of all adapters, loopback included.

    Raises:
        CannotMeasure: Neither library is installed.
    """
    module = library()
    found = _addresses_of_netifaces(module) if module is not None else _addresses_of_psutil()
    return [address for entry in found if (address := _address(*entry)) is not None]


def gateways() -> List[Gateway]:
    """The routers of the default routes, the one in use first in each family.

    Raises:
        CannotMeasure: The routing table cannot be read.
    """
    module = library()
    return _gateways_of_netifaces(module) if module is not None else gateways_of_table()


def router() -> Optional[Gateway]:
    """The router this machine uses, tunnels aside; None when none is set or the table cannot be read."""
    try:
        found = gateways()
    except CannotMeasure:
        return None
    return next((g for g in found if not is_tunnel(g.interface)), found[0] if found else None)


def tunnels() -> Optional[List[str]]:
    """Names of the adapters that are ends of tunnels; None where the system does not tell their kind."""
    if system.platform_name() != "linux":
        return None
    raws = gather(adapters.linux_sources(), time.monotonic() + _WAIT_S)
    if raws["flags"].status != "ok":
        return None
    return [a.name for a in adapters.from_sysfs(raws) if a.kind == adapters.VPN]


def is_tunnel(interface: str) -> bool:
    """True when an adapter is the end of a tunnel (VPN)."""
    if system.platform_name() != "linux":
        return adapters.is_tunnel_name(interface)
    raws = gather(adapters.linux_sources(f"{interface}*"), time.monotonic() + _WAIT_S)
    return raws["flags"].status == "ok" and any(
        a.name == interface and a.kind == adapters.VPN for a in adapters.from_sysfs(raws)
    )


def _addresses_of_netifaces(module: Any) -> List[Tuple[str, str, str]]:
    return [
        (name, entry["addr"], entry.get("netmask", entry.get("mask", "")))
        for name in module.interfaces()
        for family, _ in _FAMILIES
        for entry in module.ifaddresses(name).get(family, ())
        if "addr" in entry
    ]


def _addresses_of_psutil() -> List[Tuple[str, str, str]]:
    try:
        import psutil
    except ImportError:
        raise CannotMeasure(MISSING_TOOL, "neither netifaces nor psutil is installed") from None
    families = [family for family, _ in _FAMILIES]
    return [
        (name, entry.address, entry.netmask or "")
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if entry.family in families
    ]


def _address(interface: str, address: str, mask: str) -> Optional[Address]:
    """Both libraries' spellings: "fe80::1%eth0", "ffff:ffff::/64", "255.255.255.0", or no mask at all."""
    plain = address.partition("%")[0]
    try:
        version = ipaddress.ip_address(plain).version
        bits = ipaddress.ip_address(mask.partition("/")[0]) if mask else None
    except ValueError:
        return None
    whole = 128 if version == 6 else 32
    return Address(interface, plain, bin(int(bits)).count("1") if bits is not None else whole)


def _gateways_of_netifaces(module: Any) -> List[Gateway]:
    table: Dict[Any, Any] = module.gateways()
    found = []
    for number, family in _FAMILIES:
        default = table.get("default", {}).get(number)
        entries = [tuple(entry[:2]) for entry in table.get(number, ())]
        if default is not None:
            entries = [tuple(default[:2])] + [entry for entry in entries if entry != tuple(default[:2])]
        found += [_gateway(family, address, interface) for address, interface in entries if _is_address(address)]
    return found


def gateways_of_table() -> List[Gateway]:
    """The same from the system's own routing table.

    Raises:
        CannotMeasure: It cannot be read here.
    """
    routes = _table()
    found = []
    for _, family in _FAMILIES:
        defaults = [r for r in routes if r.family == family and not r.destination.prefixlen and r.gateway]
        defaults.sort(key=lambda r: r.metric or 0)
        found += [_gateway(family, route.gateway, route.interface) for route in defaults]
    return found


def _table() -> Sequence[Route]:
    platform = system.platform_name()
    if platform == "linux":
        return route_table.from_proc(gather(route_table.linux_sources(), time.monotonic() + _WAIT_S))
    argv = ("route", "print", "-4") if platform == "windows" else ("netstat", "-rn")
    raw = gather([Source("table", argv=argv)], time.monotonic() + _WAIT_S)["table"]
    output = raw.need("the routing table")
    return route_table.from_route_print(output) if platform == "windows" else route_table.from_netstat(output)


def _gateway(family: str, address: str, interface: str) -> Gateway:
    plain = address.partition("%")[0]
    scoped = f"{plain}%{interface}" if ipaddress.ip_address(plain).is_link_local and family == "ipv6" else plain
    return Gateway(family, scoped, interface)


def _is_address(text: object) -> bool:
    try:
        ipaddress.ip_address(str(text).partition("%")[0])
    except ValueError:
        return False
    return True
