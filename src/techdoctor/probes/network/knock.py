"""Knocking at addresses: TCP, ping and name questions at many of them at once, each repeated, all bounded.

A knock ends as answered, refused, unreachable (and who said so), denied here, or silent.
CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import os
import secrets
import selectors
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from techdoctor.probes.network import icmp, kernel_route

TCP, PING, NAMES, EVERYONE = "tcp", "ping", "names", "everyone"
REFUSED, UNREACHABLE, NO_ROUTE, DENIED_HERE, SILENT = "refused", "unreachable", "no_route", "denied_here", "silent"
CANNOT = "cannot"  # this way of knocking is not open to this user

# A knock is repeated at these seconds: a single lost packet must not read as silence, and TCP's own
# repetition comes a second late. Source: RFC 6298, section 2.1; Tailscale's netcheck tries 3 times.
KNOCK_AT_S = (0.0, 0.35, 0.8)

_ERRNO = {
    errno.ECONNREFUSED: REFUSED,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETUNREACH: UNREACHABLE,
    errno.EHOSTDOWN: UNREACHABLE,
    errno.EPERM: DENIED_HERE,
    errno.EACCES: DENIED_HERE,
}
_TICK_S = 0.05
_AT_ONCE_S = 0.1  # this machine's own refusal takes microseconds


@dataclass(frozen=True)
class Knock:
    """One way of asking one numeric address whether it is there.

    Attributes:
        address: With scope for link-local IPv6; for EVERYONE the all-nodes address of a link.
        way: TCP, PING, NAMES (a DNS question over UDP) or EVERYONE (an echo to all on the link).
        port: For TCP and NAMES.
    """

    address: str
    way: str
    port: int = 0


@dataclass(frozen=True)
class Answer:
    """What came of a knock.

    Attributes:
        error: "" when the address answered, else one of the words above.
        ms: Milliseconds from the first try to the answer.
        said_by: Who said "unreachable" or "refused" by ICMP; empty when that is not known.
    """

    knock: Knock
    error: str
    ms: Optional[float] = None
    said_by: str = ""

    @property
    def answered(self) -> bool:
        return not self.error

    @property
    def shows_life(self) -> bool:
        """True when the address itself sent something, be it a refusal."""
        return self.answered or (self.error == REFUSED and self.said_by in ("", self.knock.address.partition("%")[0]))


@dataclass
class _Open:
    knock: Knock
    sockets: List[socket.socket] = field(default_factory=list)
    packet: bytes = b""
    answer: Optional[Answer] = None


Enough = Callable[[Sequence[Answer], float], bool]


def knock(
    knocks: Sequence[Knock], wait_s: float, enough: Optional[Enough] = None, own: Sequence[str] = ()
) -> List[Answer]:
    """Knocks everywhere at the same time.

    Args:
        knocks: Where and how.
        wait_s: Seconds until what is still quiet counts as silent.
        enough: Told the answers so far and the seconds gone, about 20 times a second; True ends it.
        own: Own addresses, whose echo to EVERYONE does not count.

    Returns:
        One answer for each knock, in their order.
    """
    begun = time.monotonic()
    items = [_Open(k, packet=_packet(k)) for k in knocks]
    rounds = [at for at in KNOCK_AT_S if at < wait_s]
    with selectors.DefaultSelector() as selector:
        try:
            while any(item.answer is None for item in items):
                gone = time.monotonic() - begun
                if rounds and gone >= rounds[0]:
                    rounds.pop(0)
                    for item in items:
                        if item.answer is None:
                            _send(item, selector, begun)
                answers = [item.answer for item in items if item.answer is not None]
                if gone >= wait_s or (enough is not None and enough(answers, gone)):
                    break
                for key, _ in selector.select(max(0.0, min(_TICK_S, wait_s - gone))):
                    item, sock = key.data
                    if item.answer is None:
                        item.answer = _hear(item, sock, begun, own)
        finally:
            for item in items:
                for sock in item.sockets:
                    sock.close()
    return [item.answer or Answer(item.knock, SILENT) for item in items]


def has_way_to(address: str) -> bool:
    """True when packets to a numeric address would leave with an address of their own. No packet is sent."""
    return kernel_route.way_to(address).leads_out


def is_refused_at_once(address: str, port: int) -> bool:
    """True when a connection is refused although its packets may pass no router (time to live 1)."""
    family, level, option = socket.AF_INET, socket.IPPROTO_IP, socket.IP_TTL
    if ":" in address:
        family, level, option = socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setsockopt(level, option, 1)
            sock.settimeout(_AT_ONCE_S)
            return sock.connect_ex((address, port)) == errno.ECONNREFUSED
    except OSError:
        return False


def _resolved(target: Knock) -> Tuple[socket.AddressFamily, Tuple[object, ...]]:
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    family, _, _, _, address = socket.getaddrinfo(target.address, target.port, 0, socket.SOCK_DGRAM, 0, numeric)[0]
    return family, address


def _packet(target: Knock) -> bytes:
    if target.way in (PING, EVERYONE):
        return icmp.echo_request(socket.AF_INET6 if ":" in target.address else socket.AF_INET)
    if target.way == NAMES:
        # A name that nobody has asked for: an answer must come from beyond any cache on the way.
        label = secrets.token_hex(6).encode()
        name = bytes([len(label)]) + label + b"\x07example\x03com\x00"
        return secrets.token_bytes(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)
    return b""


def _send(item: _Open, selector: selectors.BaseSelector, begun: float) -> None:
    """One try: a new connection for TCP, the same packet again for the others."""
    try:
        if item.knock.way == TCP or not item.sockets:
            _open(item, selector)
        if item.packet and item.sockets:
            if item.knock.way == EVERYONE:
                item.sockets[0].sendto(item.packet, _resolved(item.knock)[1])
            else:
                item.sockets[0].send(item.packet)
    except BlockingIOError:
        return  # the send queue is full: the next round tries again
    except OSError as error:
        item.answer = _failed(item, error, begun)


def _open(item: _Open, selector: selectors.BaseSelector) -> None:
    family, address = _resolved(item.knock)
    if item.knock.way in (PING, EVERYONE):
        try:
            sock = icmp.open_socket(family)
        except OSError:
            item.answer = Answer(item.knock, CANNOT)
            return
    else:
        sock = socket.socket(family, socket.SOCK_STREAM if item.knock.way == TCP else socket.SOCK_DGRAM)
    item.sockets.append(sock)
    sock.setblocking(False)
    if item.knock.way != TCP:
        icmp.keep_errors(sock)
    if item.knock.way != EVERYONE:
        code = sock.connect_ex(address)
        if code == errno.ENETUNREACH:
            item.answer = Answer(item.knock, NO_ROUTE)
            return
        if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            raise OSError(code, os.strerror(code))
    events = selectors.EVENT_WRITE if item.knock.way == TCP else selectors.EVENT_READ
    selector.register(sock, events, (item, sock))


def _hear(item: _Open, sock: socket.socket, begun: float, own: Sequence[str]) -> Optional[Answer]:
    """What a ready socket says; None when that settles nothing."""
    ms = (time.monotonic() - begun) * 1000
    if item.knock.way == TCP:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return _rejected(item, code, begun) if code else Answer(item.knock, "", ms)
    code, said_by, host_unreachable = icmp.pending_error(sock)
    if host_unreachable and said_by in (*own, sock.getsockname()[0]):
        said_by = ""  # the router did not answer this machine's ARP; nobody refused anything
    if code:
        return _rejected(item, code, begun, said_by)
    try:
        data, sender = sock.recvfrom(2048)
    except BlockingIOError:
        return None
    except OSError as error:
        return _rejected(item, error.errno or 0, begun)
    if item.knock.way == EVERYONE and str(sender[0]).partition("%")[0] in own:
        return None
    if item.knock.way == NAMES and not _is_reply(data, item.packet):
        return None
    return Answer(item.knock, "", ms)


def _is_reply(data: bytes, question: bytes) -> bool:
    """True for an answer of substance: that the name is not there, or its records; not a refusal."""
    return len(data) >= 12 and data[:2] == question[:2] and data[3] & 15 in (0, 3)


def _failed(item: _Open, error: OSError, begun: float) -> Answer:
    """A try that this machine itself did not let out, or could not send."""
    return Answer(item.knock, _ERRNO.get(error.errno or 0, SILENT), (time.monotonic() - begun) * 1000)


def _rejected(item: _Open, code: int, begun: float, said_by: str = "") -> Answer:
    """An error that came back. "Not permitted" from afar (ICMPv6, RFC 4443) is not said by this machine."""
    kind = _ERRNO.get(code, SILENT)
    kind = UNREACHABLE if kind == DENIED_HERE else kind
    return Answer(item.knock, kind, (time.monotonic() - begun) * 1000, said_by)


def by_address(answers: Sequence[Answer]) -> Dict[str, List[Answer]]:
    """Answers grouped by address, in order."""
    grouped: Dict[str, List[Answer]] = {}
    for answer in answers:
        grouped.setdefault(answer.knock.address, []).append(answer)
    return grouped
