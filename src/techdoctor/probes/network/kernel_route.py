"""What the kernel would do with packets to an address: asked by connecting a UDP socket, which sends nothing.

Unlike the main table, this follows policy rules and tells routes that refuse. CPython 3.9 syntax.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import Sequence

OK, NO_ROUTE, BLACKHOLE, UNREACHABLE, PROHIBIT, UNKNOWN = (
    "ok",
    "no_route",
    "blackhole",
    "unreachable",
    "prohibit",
    "unknown",
)
REFUSING = (BLACKHOLE, UNREACHABLE, PROHIBIT)
_DISCARD = 9
# What a route of each type makes connect(2) say. Source: fib_props in linux/net/ipv4/fib_semantics.c, ip-route(8).
_WORDS = {
    errno.ENETUNREACH: NO_ROUTE,
    errno.EINVAL: BLACKHOLE,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.EACCES: PROHIBIT,
    errno.EADDRNOTAVAIL: NO_ROUTE,
}


@dataclass(frozen=True)
class Way:
    """The kernel's answer.

    Attributes:
        word: One of the words above.
        source: The address packets would carry; empty unless `word` is "ok".
    """

    word: str
    source: str = ""

    @property
    def leads_out(self) -> bool:
        """True when packets would leave with an address that answers can come back to."""
        return self.word == OK and not ipaddress.ip_address(self.source).is_link_local


def way_to(address: str) -> Way:
    """How packets to a numeric address would leave now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, _DISCARD))
            return Way(OK, str(sock.getsockname()[0]).partition("%")[0])
    except OSError as error:
        return Way(_WORDS.get(error.errno or 0, UNKNOWN))


def best(addresses: Sequence[str]) -> Way:
    """The way to whichever of them there is one; else the first answer."""
    ways = [way_to(address) for address in addresses]
    return next((way for way in ways if way.word == OK), ways[0] if ways else Way(UNKNOWN))
