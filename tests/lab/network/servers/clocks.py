"""NTP (RFC 5905) and STUN (RFC 5389) servers."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import cast

from tests.lab.network.servers.control import Control

_NTP_EPOCH_S = 2208988800
_STUN_COOKIE = b"\x21\x12\xa4\x42"


class _Answering(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)


class Ntp(_Answering):
    """Tells the time, off by `ntp_offset_s`; silent with `ntp_mode` drop."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._control.get("ntp_mode") == "drop" or len(data) < 48:
            return
        now = time.time() + _NTP_EPOCH_S + self._control.get("ntp_offset_s", 0)
        stamp = struct.pack("!II", int(now) & 0xFFFFFFFF, int((now % 1) * 2**32))
        head = b"\x24\x01\x06\xec" + bytes(4) + b"\0\0\0\x10" + b"LAB\0"
        self.transport.sendto(head + stamp + data[40:48] + stamp + stamp, addr)


class Stun(_Answering):
    """Says where a request came from."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 20:
            return
        address = bytes(a ^ b for a, b in zip(socket.inet_aton(addr[0]), _STUN_COOKIE, strict=True))
        mapped = struct.pack("!HHBBH", 0x20, 8, 0, 1, addr[1] ^ 0x2112) + address
        self.transport.sendto(b"\x01\x01" + struct.pack("!H", len(mapped)) + data[4:20] + mapped, addr)
