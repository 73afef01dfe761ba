"""Asking the devices of this network what they are (multicast DNS, RFC 6762). CPython 3.9 syntax.

Our own sockets, so it works where no avahi or Bonjour is installed, and tells apart "nobody announces anything" from
"the service that would tell us is not there".
"""

from __future__ import annotations

import secrets
import select
import socket
import time
from typing import List, Sequence, Tuple

import psutil

from techdoctor.probes.discovery.mdns_wire import AAAA, PTR, A, Record, Service, question, records, services, untold
from techdoctor.probes.names.dns_wire import BadName, Malformed, wire_name

GROUP, PORT = "224.0.0.251", 5353
# Answers come within 20 to 120 ms where several devices share a name (RFC 6762, section 6); sleeping Wi-Fi devices
# get multicast with the next beacon or a few later (100 ms each). A question is asked twice, as packets get lost.
ASK_AGAIN_S = 0.35
LISTEN_S = 1.1
_MOST_PACKETS = 128
_MOST_BYTES = 9000  # RFC 6762, section 17
_MOST_INTERFACES = 8


def browse(kinds: Sequence[str], deadline: float) -> List[Service]:
    """Services of these types, e.g. "_ipp._tcp", that devices announce; at most until the deadline.

    Raises:
        OSError: This machine has no way to ask.
    """
    asked = [(wire_name(f"{kind}.local"), PTR) for kind in kinds]
    found = _ask(asked, min(deadline, time.monotonic() + LISTEN_S), enough=0)
    rest = untold(found, kinds)
    if rest and time.monotonic() < deadline:
        found += _ask(rest, min(deadline, time.monotonic() + LISTEN_S), enough=len(rest))
    return services(found, kinds)


def addresses_of(host: str, deadline: float) -> List[str]:
    """Addresses of a name ending in .local, as its device tells them; empty when it does not answer.

    Raises:
        OSError: This machine has no way to ask.
        BadName: It is no host name.
    """
    name = host.rstrip(".")
    until = min(deadline, time.monotonic() + LISTEN_S)
    found = _ask([(wire_name(name), A), (wire_name(name), AAAA)], until, enough=1)
    return list(dict.fromkeys(r.value for r in found if r.type in (A, AAAA) and r.name.lower() == name.lower()))


def _ask(names: Sequence[Tuple[bytes, int]], until: float, enough: int) -> List[Record]:
    """Records that come as answers; stops early when there are `enough` (0: never)."""
    identity = 1 + secrets.randbelow(0xFFFF)
    packet = question(names, identity)
    sockets = _sockets()
    if not sockets:
        raise OSError("no network adapter with an IPv4 address is up")
    found: List[Record] = []
    sent, packets = 0, 0
    begun = time.monotonic()
    try:
        while time.monotonic() < until and packets < _MOST_PACKETS and not (enough and len(found) >= enough):
            if sent < 2 and time.monotonic() >= begun + sent * ASK_AGAIN_S:
                sent += 1
                _send(sockets, packet)
            ready, _, _ = select.select(sockets, [], [], min(0.05, max(0.0, until - time.monotonic())))
            for sock in ready:
                packets += 1
                found += _received(sock, identity)
    finally:
        for sock in sockets:
            sock.close()
    return found


def _send(sockets: Sequence[socket.socket], packet: bytes) -> None:
    failed = []
    for sock in sockets:
        try:
            sock.sendto(packet, (GROUP, PORT))
        except OSError as error:
            failed.append(error)
    if len(failed) == len(sockets):
        raise failed[0]


def _received(sock: socket.socket, identity: int) -> List[Record]:
    try:
        packet = sock.recv(_MOST_BYTES)
        if int.from_bytes(packet[:2], "big") != identity:
            return []
        return records(packet)
    except (Malformed, OSError):
        return []  # somebody else's packet, or a broken one: the others still count


def _sockets() -> List[socket.socket]:
    """One socket for each address of an adapter that is up, at a port of its own: answers come there alone."""
    made: List[socket.socket] = []
    for address in _own_addresses():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)  # RFC 6762, section 11
            sock.bind((address, 0))
            sock.setblocking(False)
        except OSError:
            sock.close()  # an adapter that cannot: the others are asked
            continue
        made.append(sock)
    return made


def _own_addresses() -> List[str]:
    up = {name for name, status in psutil.net_if_stats().items() if status.isup}
    found = [
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        if name in up
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    return found[:_MOST_INTERFACES]


__all__ = ["BadName", "addresses_of", "browse"]
