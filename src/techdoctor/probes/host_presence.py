"""Whether a host is there at all, when one of its services does not answer. CPython 3.9 syntax.

A host that refuses a connection is there just as one that takes it is; one that ignores pings is
not away. So every kind of answer counts, and only silence to all of them says "not there".
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import struct
import time
from dataclasses import dataclass, replace
from typing import Dict, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.probes.dns_ask import REFUSED_PORT, UNREACHABLE, connect_to, error_class

_NAME_PORT = 53
_PORTS = (_NAME_PORT, 80, 443)
_ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}  # RFC 792, RFC 4443


@dataclass(frozen=True)
class Presence:
    """What is known of a host.

    Attributes:
        answers: True when anything came back from it.
        rtt_ms: Milliseconds to the first answer; None without one.
        how: "connection", "refusal", "ping", "neighbour", "unreachable" or "silence".
        name_port_refused: True when it refused a connection to port 53: no name service listens there.
    """

    answers: bool
    rtt_ms: Optional[float]
    how: str
    name_port_refused: bool = False


_PING = 0  # stands in the place of a port
_NO_WAY = Presence(False, None, "unreachable")
_SILENCE = Presence(False, None, "silence")


def look_for(addresses: Sequence[str], wait_s: float, found: Dict[str, Presence]) -> None:
    """Looks for hosts: a connection to a few ports and a ping each, all at the same time.

    Args:
        addresses: Numeric addresses.
        wait_s: Seconds until silence counts; the search ends as soon as every host has answered.
        found: Gets what is known of each, as soon as it is: whoever waits may look in before the end.
    """
    begun = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for address in dict.fromkeys(addresses):
            _knock(address, selector, found)
        try:
            while len([p for p in found.values() if p.answers]) < len(set(addresses)):
                left = begun + wait_s - time.monotonic()
                if left <= 0 or not selector.get_map():
                    break
                for key, _ in selector.select(left):
                    address, port = key.data
                    seen = _outcome(key.fileobj, port, begun)  # type: ignore[arg-type]
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
                    found[address] = _merged(found.get(address), seen)
        finally:
            for key in list((selector.get_map() or {}).values()):
                key.fileobj.close()  # type: ignore[union-attr]
    for address in addresses:
        found[address] = _with_neighbours(address, found.get(address))


def _merged(before: Optional[Presence], seen: Presence) -> Presence:
    """The first answer stands; a refusal of the name port is kept whenever it comes."""
    if before is None:
        return seen
    chosen = before if before.answers or not seen.answers else seen
    return replace(chosen, name_port_refused=before.name_port_refused or seen.name_port_refused)


def _knock(address: str, selector: selectors.BaseSelector, found: Dict[str, Presence]) -> None:
    for port in _PORTS:
        try:
            selector.register(connect_to(address, port, socket.SOCK_STREAM), selectors.EVENT_WRITE, (address, port))
        except OSError as error:
            refused = error_class(error) == REFUSED_PORT
            seen = Presence(refused, 0.0, "refusal", port == _NAME_PORT) if refused else _NO_WAY
            found[address] = _merged(found.get(address), seen)
    ping = _ping(address)
    if ping is not None:
        selector.register(ping, selectors.EVENT_READ, (address, _PING))


def _ping(address: str) -> Optional[socket.socket]:
    """A socket with an echo request on its way; None where ordinary users may not ping."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM, protocol)
    except OSError:
        return None
    sock.setblocking(False)
    # The kernel sets the identifier and the checksum of datagram ICMP sockets on Linux; macOS does
    # not check the latter, so it is computed here for both.
    body = struct.pack("!BBHHH", _ECHO_REQUEST[family], 0, 0, os.getpid() & 0xFFFF, 1)
    body = body[:2] + struct.pack("!H", _checksum(body)) + body[4:]
    try:
        sock.connect((address, 0))
        sock.send(body)
    except OSError:
        sock.close()
        return None
    return sock


def _checksum(packet: bytes) -> int:
    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _outcome(sock: socket.socket, port: int, begun: float) -> Presence:
    ms = (time.monotonic() - begun) * 1000
    if port == _PING:
        try:
            sock.recv(2048)
        except OSError:
            return _NO_WAY
        return Presence(True, ms, "ping")
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code == 0:
        return Presence(True, ms, "connection")
    kind = error_class(OSError(code, ""))
    if kind == REFUSED_PORT:
        return Presence(True, ms, "refusal", port == _NAME_PORT)
    return _NO_WAY if kind == UNREACHABLE else _SILENCE


def _with_neighbours(address: str, seen: Optional[Presence]) -> Presence:
    """A host that swallows everything still answers for its hardware address on the local link."""
    seen = seen or _SILENCE
    if seen.answers or system.platform_name() != "linux":
        return seen
    state = _neighbour_state(address)
    return Presence(True, None, "neighbour") if state == "REACHABLE" else seen


def _neighbour_state(address: str) -> str:
    """State of the address in the neighbour table; only REACHABLE is proof, STALE is memory."""
    ran = system.run(["ip", "-j", "neigh", "show", "to", address.partition("%")[0]], 0.5)
    try:
        entries = json.loads(ran.out or "[]")
    except ValueError:
        return ""
    states: Tuple[str, ...] = tuple(str(s) for entry in entries[:1] for s in entry.get("state", ()))
    return states[0] if states else ""
