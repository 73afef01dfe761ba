"""Asking the local network who has an IPv4 address (ARP, RFC 826). Linux; CPython 3.9 syntax.

That takes a raw socket, so administrator rights, or Debian's `arping`, which has the one right it needs.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from typing import Dict, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, OK
from techdoctor.probes.base import Source
from techdoctor.probes.sources import gather

_ASK_AT_S = (0.0, 0.15, 0.3)
_WAIT_S = 0.5  # a device that is there answers within milliseconds
_ETHERTYPE, _REQUEST, _IPV4 = 0x0806, 1, 0x0800
_BROADCAST = b"\xff" * 6
_HEAD = struct.Struct("!6s6sH")
_BODY = struct.Struct("!HHBBH6s4s6s4s")


def who_has(interface: str, address: str) -> Optional[str]:
    """Hardware address of another device that answers for an address; None when nobody does.

    The question carries no sender address, so it changes no neighbour's table (RFC 5227, section 2.1.1).

    Raises:
        CannotMeasure: This user may not ask, or the adapter cannot.
    """
    try:
        return _ask(interface, address)
    except (PermissionError, AttributeError):  # no right to, or no packet sockets on this system
        return _ask_by_program(interface, address)
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"{interface} cannot be asked: {error.strerror}") from None


def own_hardware() -> Dict[str, bytes]:
    """Hardware address of each adapter: a machine with two on one network answers itself by the other."""
    raw = gather([Source("addresses", path="/sys/class/net/*/address")], time.monotonic() + _WAIT_S)["addresses"]
    plain = {path.split("/")[4]: content.strip().replace(":", "") for path, content in raw.files.items()}
    return {name: bytes.fromhex(digits) for name, digits in plain.items() if len(digits) == 12}


def _ask(interface: str, address: str) -> Optional[str]:
    ours = own_hardware()
    own = ours.get(interface, bytes(6))
    wanted = socket.inet_aton(address)
    body = _BODY.pack(1, _IPV4, 6, 4, _REQUEST, own, bytes(4), bytes(6), wanted)
    question = _HEAD.pack(_BROADCAST, own, _ETHERTYPE) + body
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETHERTYPE)) as raw:
        raw.bind((interface, _ETHERTYPE))
        begun = time.monotonic()
        for at_s in (*_ASK_AT_S[1:], _WAIT_S):
            raw.send(question)
            mac = _listen(raw, begun + at_s, wanted, list(ours.values()))
            if mac is not None:
                return mac
    return None


def _listen(raw: socket.socket, until: float, wanted: bytes, ours: Sequence[bytes]) -> Optional[str]:
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return None
        raw.settimeout(left)
        try:
            frame = raw.recv(64)
        except socket.timeout:
            return None
        if len(frame) < _HEAD.size + _BODY.size:
            continue
        sender, claimed = _BODY.unpack_from(frame, _HEAD.size)[5:7]
        if claimed == wanted and sender not in ours:
            return str(sender.hex(":"))


def _ask_by_program(interface: str, address: str) -> Optional[str]:
    ran = system.run(("arping", "-D", "-I", interface, "-c", "1", "-w", "1", address), 2.0)
    if ran.status != OK or "not permitted" in ran.err:
        raise CannotMeasure(DENIED, "needs administrator rights (sudo), or the program arping")
    answer = re.search(r"\[([0-9A-Fa-f:]{17})\]", ran.out)
    return answer.group(1).lower() if answer else None
