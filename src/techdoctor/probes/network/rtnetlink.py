"""Linux' own tables of addresses and neighbours over rtnetlink: no child process, no rights needed.

CPython 3.9 syntax. Source: linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h, linux/if_addr.h.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, TIMEOUT

_GETADDR, _GETNEIGH = 22, 30  # RTM_GETADDR, RTM_GETNEIGH
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_ERROR, _DONE = 2, 3
_PERMANENT = 0x80  # IFA_F_PERMANENT: no lifetime, so not from DHCP or a router advertisement
_STATES = {
    0x01: "INCOMPLETE",
    0x02: "REACHABLE",
    0x04: "STALE",
    0x08: "DELAY",
    0x10: "PROBE",
    0x20: "FAILED",
    0x40: "NOARP",
    0x80: "PERMANENT",
}
_WAIT_S = 1.0


@dataclass(frozen=True)
class Neighbour:
    """One entry of the neighbour (ARP, NDP) table.

    Attributes:
        address: Numeric address.
        interface: Adapter.
        state: REACHABLE, STALE, DELAY, PROBE, INCOMPLETE, FAILED, PERMANENT or NOARP.
        mac: Hardware address, or empty.
        confirmed_s: Seconds since it last proved that it is there; None when it never did.
    """

    address: str
    interface: str
    state: str
    mac: str
    confirmed_s: Optional[float]


def neighbours() -> List[Neighbour]:
    """The neighbour table.

    Raises:
        CannotMeasure: Not Linux, or the kernel does not answer.
    """
    found = []
    ticks = float(os.sysconf("SC_CLK_TCK")) if hasattr(os, "sysconf") else 100.0  # Windows: `_dump` says why not
    for body, attributes in _dump(_GETNEIGH):
        index, state = struct.unpack_from("=iH", body, 4)
        destination = attributes.get(1)  # NDA_DST
        if destination is None or state not in _STATES:
            continue
        mac = attributes.get(2, b"")  # NDA_LLADDR
        confirmed = None
        if 3 in attributes and mac:  # NDA_CACHEINFO: an entry without a hardware address was never confirmed
            confirmed = struct.unpack_from("=I", attributes[3])[0] / ticks
        found.append(Neighbour(_text(destination), _name(index), _STATES[state], mac.hex(":"), confirmed))
    return found


def dynamic_addresses() -> Dict[str, bool]:
    """Own addresses, and whether each has a lifetime (was given by a router or DHCP).

    Raises:
        CannotMeasure: Not Linux, or the kernel does not answer.
    """
    found = {}
    for body, attributes in _dump(_GETADDR):
        flags = struct.unpack("=I", attributes[8])[0] if 8 in attributes else body[2]  # IFA_FLAGS
        address = attributes.get(2, attributes.get(1))  # IFA_LOCAL, IFA_ADDRESS
        if address is not None:
            found[_text(address)] = not flags & _PERMANENT
    return found


def _dump(kind: int) -> Iterator[Tuple[bytes, Dict[int, bytes]]]:
    """All messages of a table: fixed part (12 bytes for neighbours, 8 for addresses) and attributes."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise CannotMeasure(NOT_APPLICABLE, "only Linux has this table")
    fixed = 12 if kind == _GETNEIGH else 8
    try:
        with socket.socket(family, socket.SOCK_RAW, 0) as sock:
            sock.settimeout(_WAIT_S)
            sock.send(struct.pack("=IHHIIB3x8x", 28, kind, _REQUEST_DUMP, 1, 0, 0))
            while True:
                packet = sock.recv(1 << 17)
                for message_type, payload in _messages(packet):
                    if message_type == _DONE:
                        return
                    if message_type == _ERROR:
                        raise CannotMeasure(NOT_APPLICABLE, "the kernel refuses to show this table")
                    yield payload[:fixed], _attributes(payload[fixed:])
    except socket.timeout:
        raise CannotMeasure(TIMEOUT, "the kernel did not show this table in time") from None
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"this table cannot be read: {error.strerror}") from None


def _messages(packet: bytes) -> Iterator[Tuple[int, bytes]]:
    offset = 0
    while offset + 16 <= len(packet):
        length, kind = struct.unpack_from("=IH", packet, offset)
        if length < 16:
            return
        yield kind, packet[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _attributes(data: bytes) -> Dict[int, bytes]:
    found, offset = {}, 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def _text(address: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)


def _name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return str(index)  # it went away meanwhile
