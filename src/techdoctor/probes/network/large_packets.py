"""Exchanges that need packets of full size, and what routers on the way say of them. CPython 3.9 syntax."""

from __future__ import annotations

import queue
import secrets
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass
from typing import Optional, Sequence

PASSED, HUNG, NOT_REACHED = "passed", "hung", "not_reached"
SECURE = 443
_PADDING_BYTES = 3000
# A first packet lost is repeated after a second (RFC 6298, section 2.1).
_CONNECT_S = 1.4
# Linux numbers that the socket module does not name, per family: level, option "discover", value "do not
# fragment", option "path MTU", bytes of IP and UDP headers. Source: ip(7), ipv6(7)
_LINUX = {socket.AF_INET: (0, 10, 2, 14, 28), socket.AF_INET6: (41, 23, 2, 24, 48)}
_DISCARD = 9


@dataclass(frozen=True)
class Place:
    """A server: its name for TLS, its address, its port."""

    host: str
    address: str
    port: int


@dataclass(frozen=True)
class Try:
    """One exchange with packets of a size.

    Attributes:
        host: The server.
        port: Its port.
        size: Largest packet in bytes; 0 for what the adapter allows.
        end: PASSED (an answer came), HUNG (connected, then silence) or NOT_REACHED.
        rtt_ms: Time to connect.
        source: Own address it was sent from.
    """

    host: str
    port: int
    size: int
    end: str
    rtt_ms: Optional[float] = None
    source: str = ""


def start(
    places: Sequence[Place], sizes: Sequence[int], context: ssl.SSLContext, until: float, found: queue.SimpleQueue[Try]
) -> int:
    """Starts an exchange with each place in each size; each puts its outcome into `found`.

    Args:
        places: Where.
        sizes: Packet sizes; 0 for what the adapter allows.
        context: For the secure ones.
        until: Monotonic time at which they end.
        found: Takes the outcomes.

    Returns:
        How many were started.
    """
    for place in places:
        for size in sizes:
            threading.Thread(target=_exchange, args=(place, size, context, until, found), daemon=True).start()
    return len(places) * len(sizes)


def _exchange(place: Place, size: int, context: ssl.SSLContext, until: float, found: queue.SimpleQueue[Try]) -> None:
    """Sends more than a packet holds and waits for the first byte of an answer."""
    begun = time.monotonic()
    rtt_ms, source, end = None, "", NOT_REACHED
    try:
        with _socket(place.address, size) as raw:
            raw.settimeout(max(0.05, min(_CONNECT_S, until - begun)))
            raw.connect((place.address, place.port))
            rtt_ms, source, end = (time.monotonic() - begun) * 1000, str(raw.getsockname()[0]), HUNG
            link: socket.socket = raw
            if place.port == SECURE:
                link = context.wrap_socket(raw, server_hostname=place.host)
            with link:
                link.settimeout(max(0.05, until - time.monotonic()))
                lines = ["GET / HTTP/1.1", f"Host: {place.host}", f"X-Pad: {secrets.token_hex(_PADDING_BYTES // 2)}"]
                link.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
                if link.recv(1):
                    end = PASSED
    except socket.timeout:
        pass  # it hung, or was never reached: `end` says which
    except OSError:
        end = NOT_REACHED  # whoever resets or refuses does not lose packets
    found.put(Try(place.host, place.port, size, end, rtt_ms, source))


def _socket(address: str, size: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    raw = socket.socket(family, socket.SOCK_STREAM)
    if size:
        headers = 60 if family == socket.AF_INET6 else 40
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, size - headers)
    return raw


def provoke(addresses: Sequence[str]) -> bool:
    """Sends each address one packet of full size that may not be cut up, so that a router which cannot pass it
    says so (RFC 1191) and the system learns the size. Nobody listens there: only the way matters.

    Returns:
        False where the system offers no such packets.
    """
    if sys.platform != "linux":
        return False
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        level, discover, never, path_mtu, headers = _LINUX[family]
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.setsockopt(level, discover, never)
                sock.connect((address, _DISCARD))
                sock.send(bytes(max(0, sock.getsockopt(level, path_mtu) - headers)))
        except OSError:
            continue  # refused at once or already known to be too large: the system has its answer
    return True


def learned(addresses: Sequence[str]) -> Optional[int]:
    """The smallest path MTU the system knows for these addresses; None when it knows none."""
    sizes = []
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        level, _, _, path_mtu, _ = _LINUX[family]
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.connect((address, _DISCARD))
                sizes.append(sock.getsockopt(level, path_mtu))
        except OSError:
            continue  # no way there
    return min(sizes, default=None)
