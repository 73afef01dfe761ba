"""Asking name servers over own sockets: many questions at once, each repeated, each bounded.

A UDP socket is connected, so that a closed port (ICMP port unreachable) is told from silence.
CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import secrets
import selectors
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE
from techdoctor.probes.base import Probing
from techdoctor.probes.names import dns_wire

TIMEOUT = "timeout"
REFUSED_PORT = "refused_port"
UNREACHABLE = "unreachable"
PROHIBITED = "prohibited"
GARBAGE = "garbage"
FAILED = "failed"

# A question is sent at these seconds: one lost packet out of ten must not read as a dead server.
# Source: libresolv asks twice and Tailscale's netcheck up to three times (net/netcheck/netcheck.go).
# The last one comes a second after the first: who answers a closed port sends one such message a second (Linux,
# net.ipv4.icmp_ratelimit), so earlier questions may have seen silence.
SEND_AT_S = (0.0, 0.3, 0.7, 1.1)
DEFAULT_WAIT_S = 1.8
_MOST_BYTES = 65535
_UNREADABLE = 3  # so many answers that are none are no accident
_MARGIN_S = 0.1  # kept back from a probe's deadline for putting the answer together

_ERRNO_CLASS = {
    errno.ECONNREFUSED: REFUSED_PORT,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETUNREACH: UNREACHABLE,
    errno.EHOSTDOWN: UNREACHABLE,
    errno.EADDRNOTAVAIL: UNREACHABLE,
    errno.EPERM: PROHIBITED,
    errno.EACCES: PROHIBITED,
    errno.ETIMEDOUT: TIMEOUT,
}


@dataclass(frozen=True)
class Question:
    """One question to one server, by address."""

    server: str
    name: str
    type: str = "A"
    port: int = 53


@dataclass(frozen=True)
class Reply:
    """What came of a question.

    Attributes:
        error: "" when a readable answer came (whatever its rcode), else one of the classes above.
        ms: Milliseconds from the sending that was answered to the answer.
        message: The answer.
        tries: How often it was sent.
    """

    question: Question
    error: str
    ms: Optional[float] = None
    message: Optional[dns_wire.Message] = None
    tries: int = 0

    @property
    def rcode(self) -> Optional[str]:
        return self.message.rcode if self.message else None

    @property
    def addresses(self) -> Tuple[str, ...]:
        return self.message.addresses if self.message else ()

    @property
    def useful(self) -> bool:
        """True when the server knew what to say: the name's records, or that there is none."""
        return self.rcode in ("NOERROR", "NXDOMAIN")


@dataclass
class _Pending:
    question: Question
    sock: Optional[socket.socket] = None
    sent: Dict[int, float] = field(default_factory=dict)
    unreadable: int = 0
    reply: Optional[Reply] = None


def error_class(error: OSError) -> str:
    """The class of a socket error."""
    return _ERRNO_CLASS.get(error.errno or 0, FAILED)


def connect_to(server: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A non-blocking socket connected (TCP: connecting) to a numeric address, scope id allowed.

    Raises:
        OSError: The address is not numeric, or there is no way to it.
    """
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    family, _, _, _, address = socket.getaddrinfo(server, port, 0, kind, 0, numeric)[0]
    sock = socket.socket(family, kind)
    sock.setblocking(False)
    try:
        code = sock.connect_ex(address)
    except OSError:
        sock.close()
        raise
    if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
        sock.close()
        raise OSError(code, "cannot connect")
    return sock


def patience(probing: Probing) -> float:
    """Seconds to wait for servers: the usual ones, or what is left before the deadline."""
    return max(0.1, min(DEFAULT_WAIT_S, probing.left_s() - _MARGIN_S))


def ask_all(
    questions: Sequence[Question],
    wait_s: float = DEFAULT_WAIT_S,
    enough: Optional[Callable[[Sequence[Reply]], bool]] = None,
) -> List[Reply]:
    """Asks all questions at the same time over UDP.

    Args:
        questions: What to ask whom.
        wait_s: Seconds until what is still silent counts as such.
        enough: Told all replies so far after each new one; True ends the waiting.

    Returns:
        One reply for each question, in their order.

    Raises:
        CannotMeasure: A name is none that can be asked for.
    """
    begun = time.monotonic()
    for question in questions:
        check_name(question.name)
    pending = [_Pending(question) for question in questions]
    with selectors.DefaultSelector() as selector:
        try:
            for item in pending:
                _open(item, selector)
            _exchange(pending, selector, begun, wait_s, enough)
        finally:
            for item in pending:
                if item.sock is not None:
                    item.sock.close()
    return [item.reply or _silent(item) for item in pending]


def check_name(name: str) -> None:
    """Refuses what is not a host name.

    Raises:
        CannotMeasure: It is none.
    """
    try:
        dns_wire.wire_name(name)
    except dns_wire.BadName as error:
        raise CannotMeasure(NOT_APPLICABLE, str(error)) from None


def _open(item: _Pending, selector: selectors.BaseSelector) -> None:
    try:
        item.sock = connect_to(item.question.server, item.question.port, socket.SOCK_DGRAM)
    except OSError as error:
        item.reply = Reply(item.question, error_class(error))
        return
    selector.register(item.sock, selectors.EVENT_READ, item)


def _exchange(
    pending: Sequence[_Pending],
    selector: selectors.BaseSelector,
    begun: float,
    wait_s: float,
    enough: Optional[Callable[[Sequence[Reply]], bool]],
) -> None:
    rounds = [begun + at for at in SEND_AT_S if at < wait_s]
    while True:
        now = time.monotonic()
        open_items = [item for item in pending if item.reply is None]
        if not open_items or now >= begun + wait_s:
            return
        if rounds and now >= rounds[0]:
            rounds.pop(0)
            for item in open_items:
                _send(item)
            continue
        until = min([begun + wait_s, *rounds[:1]])
        for key, _ in selector.select(max(0.0, until - now)):
            item = key.data
            if item.reply is None:
                _receive(item)
        if enough is not None and enough([item.reply for item in pending if item.reply is not None]):
            return


def _send(item: _Pending) -> None:
    assert item.sock is not None
    identity = secrets.randbelow(1 << 16)
    try:
        item.sock.send(dns_wire.query(item.question.name, item.question.type, identity))
    except BlockingIOError:
        return  # the send buffer is full; the next round tries again
    except OSError as error:
        item.reply = Reply(item.question, error_class(error), tries=len(item.sent) + 1)
        return
    item.sent[identity] = time.monotonic()


def _receive(item: _Pending) -> None:
    assert item.sock is not None
    try:
        packet = item.sock.recv(_MOST_BYTES)
    except BlockingIOError:
        return
    except OSError as error:
        item.reply = Reply(item.question, error_class(error), tries=len(item.sent))
        return
    now = time.monotonic()
    message = _fitting(packet, item)
    if message is not None:
        ms = (now - item.sent[message.id]) * 1000
        item.reply = Reply(item.question, "", ms, message, len(item.sent))
        return
    item.unreadable += 1
    if item.unreadable >= _UNREADABLE:
        item.reply = Reply(item.question, GARBAGE, tries=len(item.sent))


def _fitting(packet: bytes, item: _Pending) -> Optional[dns_wire.Message]:
    """The message when it answers what was asked; else None."""
    try:
        message = dns_wire.decode(packet)
    except dns_wire.Malformed:
        return None
    if not message.is_answer or message.id not in item.sent:
        return None
    return message if _same_question(message, item.question) else None


def _same_question(message: dns_wire.Message, question: Question) -> bool:
    if message.question == ("", 0):  # some servers leave it out of an error (RFC 1035 allows QDCOUNT 0)
        return message.rcode != "NOERROR"
    return message.question == (dns_wire.canonical(question.name), dns_wire.TYPES[question.type])


def _silent(item: _Pending) -> Reply:
    return Reply(item.question, GARBAGE if item.unreadable else TIMEOUT, tries=len(item.sent))


def ask_tcp(question: Question, wait_s: float) -> Reply:
    """Asks one question over TCP (RFC 7766).

    Raises:
        CannotMeasure: The name is none that can be asked for.
    """
    check_name(question.name)
    begun = time.monotonic()
    identity = secrets.randbelow(1 << 16)
    packet = dns_wire.query(question.name, question.type, identity)

    def left() -> float:
        return max(0.01, begun + wait_s - time.monotonic())

    try:
        with connect_to(question.server, question.port, socket.SOCK_STREAM) as sock:
            sock.settimeout(left())
            _await_connection(sock, left())
            sock.sendall(struct.pack("!H", len(packet)) + packet)
            (size,) = struct.unpack("!H", _exactly(sock, 2, left))
            body = _exactly(sock, size, left)
    except socket.timeout:
        return Reply(question, TIMEOUT, tries=1)
    except EOFError:
        return Reply(question, GARBAGE, tries=1)
    except OSError as error:
        return Reply(question, error_class(error), tries=1)
    message = _fitting(body, _Pending(question, sent={identity: begun}))
    ms = (time.monotonic() - begun) * 1000
    return Reply(question, "" if message else GARBAGE, ms if message else None, message, 1)


def _await_connection(sock: socket.socket, wait_s: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        if not selector.select(wait_s):
            raise socket.timeout("no connection")
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, "cannot connect")


def _exactly(sock: socket.socket, size: int, left: Callable[[], float]) -> bytes:
    data = b""
    while len(data) < size:
        sock.settimeout(left())
        chunk = sock.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
