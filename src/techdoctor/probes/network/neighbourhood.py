"""Who else is on the local network, for when the router does not answer. CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
import time
from typing import List, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.probes.base import Probing
from techdoctor.probes.names import resolver_config
from techdoctor.probes.network import arp, own_network, rtnetlink
from techdoctor.probes.network.own_network import Address, Gateway
from techdoctor.probes.network.route_table import Network

# Networks smaller than this have no room for guesses, larger ones no usual place for a router.
_SHORTEST, _LONGEST = 16, 29
_SO_BINDTODEVICE = 25  # asm-generic/socket.h; the socket module names it on Linux only
_ASK_AT_S = (0.0, 0.4, 0.8)
_DISCARD = 9


def others(gateway: Gateway, own: Sequence[Address], probing: Probing) -> List[str]:
    """Other machines of the router's network that are worth asking: those this one is set to use, and the usual
    places of routers.

    Only the family of the router's own address: a living IPv6 router says nothing of the IPv4 settings.
    """
    networks = [a.network for a in own if a.interface == gateway.interface]
    wanted = [g.address for g in own_network.gateways() if g.interface == gateway.interface]
    wanted += [server for server in _servers(probing) if is_in(server, networks)]
    wanted += [str(place) for network in networks for place in _usual_places(network)]
    ours = [a.address for a in own]
    return [
        address
        for address in dict.fromkeys(wanted)
        if address != gateway.address and address not in ours and (":" in address) is (gateway.family == "ipv6")
    ]


def _usual_places(network: Network) -> List[object]:
    """The first and the last address of an IPv4 network, where routers mostly are."""
    if network.version != 4 or not _SHORTEST <= network.prefixlen <= _LONGEST:
        return []
    return [network.network_address + 1, network.broadcast_address - 1]


def strangers(gateway: Gateway, own: Sequence[Address], probing: Probing) -> List[str]:
    """Private IPv4 name servers that lie outside every network of this machine: perhaps they are beside it all the
    same, and it is this machine's address that is wrong.
    """
    networks = [a.network for a in own]
    return [s for s in _servers(probing) if _is_private_v4(s) and not is_in(s, networks)]


def _servers(probing: Probing) -> Sequence[str]:
    try:
        return resolver_config.listed_servers(probing)
    except CannotMeasure:
        return ()  # then there is nobody to name; the others are asked all the same


def _is_private_v4(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.version == 4 and parsed.is_private and not parsed.is_loopback


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """True when an address lies in one of the networks."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def on_the_wire(interface: str, addresses: Sequence[str], wait_s: float) -> List[str]:
    """Which of these IPv4 addresses somebody on the link itself answers for, whatever this machine's own network is.

    Asked by ARP, or, without the rights for that, by having the kernel ask (SO_DONTROUTE; Linux 5.7 and later let
    ordinary users name the adapter).
    """
    found: List[str] = []

    def look(address: str) -> None:
        try:
            answered = bool(arp.who_has(interface, address))
        except CannotMeasure:
            answered = _kernel_asks(interface, address, wait_s)
        if answered:
            found.append(address)

    threads = [threading.Thread(target=look, args=(address,), daemon=True) for address in addresses]
    for thread in threads:
        thread.start()
    until = time.monotonic() + wait_s
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return list(found)


def _kernel_asks(interface: str, address: str, wait_s: float) -> bool:
    if sys.platform != "linux":
        return False
    begun = time.monotonic()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.encode() + b"\0")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
            for at_s in _ASK_AT_S:
                if at_s >= wait_s:
                    break
                time.sleep(max(0.0, begun + at_s - time.monotonic()))
                sock.sendto(b"", (address, _DISCARD))
                if _is_neighbour(interface, address, time.monotonic() - begun):
                    return True
            time.sleep(max(0.0, min(0.2, begun + wait_s - time.monotonic())))
    except OSError:
        return False  # not allowed, or no way to: then nobody can be shown to be there
    return _is_neighbour(interface, address, time.monotonic() - begun)


def _is_neighbour(interface: str, address: str, within_s: float) -> bool:
    try:
        table = rtnetlink.neighbours()
    except CannotMeasure:
        return False
    entry = next((n for n in table if n.address == address and n.interface == interface), None)
    return (
        entry is not None
        and bool(entry.mac)
        and entry.state in ("REACHABLE", "STALE", "DELAY", "PROBE")
        and (entry.confirmed_s is not None and entry.confirmed_s <= within_s + 0.1)
    )
