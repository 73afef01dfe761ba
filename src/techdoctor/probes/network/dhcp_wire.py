"""DHCP messages (RFC 2131, RFC 2132) inside UDP and IPv4, as asking for offers needs them. CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

_SERVER_PORT, _CLIENT_PORT = 67, 68
_COOKIE = b"\x63\x82\x53\x63"
_BROADCAST_FLAG = 0x8000
_FIXED = struct.Struct("!BBBBIHH4s4s4s4s16s192s")
_MASK, _ROUTER, _NAMES, _LEASE, _TYPE, _SERVER, _WANTED, _END = 1, 3, 6, 51, 53, 54, 55, 255
_DISCOVER, _OFFER = 1, 2


@dataclass(frozen=True)
class Offer:
    """What one DHCP server would give.

    Attributes:
        server: Its address as it says itself.
        address: The address offered.
        prefix_length: Length of the network prefix; None when it does not say.
        routers: Routers, first one first.
        name_servers: Name servers.
        lease_s: How long the address would be ours, in seconds.
    """

    server: str
    address: str
    prefix_length: Optional[int]
    routers: Tuple[str, ...]
    name_servers: Tuple[str, ...]
    lease_s: Optional[int]

    @property
    def settings(self) -> Tuple[str, Tuple[str, ...], Tuple[str, ...]]:
        """Network, routers and name servers: what two servers of one network agree about."""
        prefix = 32 if self.prefix_length is None else self.prefix_length
        network = ipaddress.ip_network(f"{self.address}/{prefix}", strict=False)
        return str(network), self.routers, tuple(sorted(self.name_servers))


def discover(mac: bytes, transaction: int) -> bytes:
    """An IPv4 packet to everybody: "who would give me an address?". It reserves and changes nothing of ours."""
    options = bytes([_TYPE, 1, _DISCOVER, _WANTED, 4, _MASK, _ROUTER, _NAMES, _LEASE, _END])
    nobody = bytes(4)
    head = _FIXED.pack(
        1, 1, 6, 0, transaction, 0, _BROADCAST_FLAG, nobody, nobody, nobody, nobody, mac.ljust(16, b"\0"), bytes(192)
    )
    message = (head + _COOKIE + options).ljust(300, b"\0")  # BOOTP's least size, which some servers insist on
    datagram = struct.pack("!HHHH", _CLIENT_PORT, _SERVER_PORT, 8 + len(message), 0) + message
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, nobody, b"\xff" * 4)
    return ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:] + datagram


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def offer(packet: bytes, transaction: int) -> Optional[Offer]:
    """The offer in an IPv4 packet; None for anything else, and for answers to others."""
    if len(packet) < 20 or packet[9] != socket.IPPROTO_UDP:
        return None
    datagram = packet[(packet[0] & 15) * 4 :]
    message = datagram[8:]
    if len(message) < _FIXED.size + 4 or datagram[2:4] != _CLIENT_PORT.to_bytes(2, "big"):
        return None
    fixed = _FIXED.unpack_from(message)
    if fixed[0] != 2 or fixed[4] != transaction or message[_FIXED.size : _FIXED.size + 4] != _COOKIE:
        return None
    options = _options(message[_FIXED.size + 4 :])
    if options.get(_TYPE) != bytes([_OFFER]):
        return None
    mask, lease = options.get(_MASK, b""), options.get(_LEASE, b"")
    named = _addresses(options.get(_SERVER, b""))
    return Offer(
        server=named[0] if named else socket.inet_ntoa(packet[12:16]),
        address=socket.inet_ntoa(fixed[8]),
        prefix_length=bin(int.from_bytes(mask, "big")).count("1") if len(mask) == 4 else None,
        routers=_addresses(options.get(_ROUTER, b"")),
        name_servers=_addresses(options.get(_NAMES, b"")),
        lease_s=int.from_bytes(lease, "big") if len(lease) == 4 else None,
    )


def _options(data: bytes) -> Dict[int, bytes]:
    found: Dict[int, bytes] = {}
    offset = 0
    while offset < len(data) and data[offset] != _END:
        if data[offset] == 0:
            offset += 1
            continue
        length = data[offset + 1] if offset + 1 < len(data) else 0
        found[data[offset]] = data[offset + 2 : offset + 2 + length]
        offset += 2 + length
    return found


def _addresses(value: bytes) -> Tuple[str, ...]:
    return tuple(socket.inet_ntoa(value[at : at + 4]) for at in range(0, len(value) - 3, 4))
