"""Name servers: the public ones of the lab's internet, and the router's forwarder (RFC 1035 messages)."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import cast

from tests.lab.network.servers.control import Control

WEB, WEB6 = "198.51.100.10", "2001:db8:ffff::10"
OTHER_WEB, BAD_WEB, CLOCK = "198.51.100.11", "198.51.100.66", "198.51.100.123"
PUBLIC = ("8.8.8.8", "1.1.1.1", "9.9.9.9", "2606:4700:4700::1111")
_A, _TXT, _AAAA = 1, 16, 28
_SERVFAIL, _NXDOMAIN, _REFUSED = 2, 3, 5
_TRUNCATED = 0x0200
_FORWARD_WITHIN_S = 8.0

_BOTH = ("www.example.com", "example.com", "detectportal.firefox.com", "www.google.com", "www.cloudflare.com")
_V4 = [
    "example.org",
    "v4only.example.com",
    "www.msftconnecttest.com",
    "www.msftncsi.com",
    "captive.apple.com",
    "github.com",
    "connectivity-check.ubuntu.com",
    "network-test.debian.org",
    "nmcheck.gnome.org",
    "connectivitycheck.gstatic.com",
    "stun.example.com",
    "stun.cloudflare.com",
    "stun.l.google.com",
    "big.example.com",
    "www.example.net",
    "www.speedtest.net",
    "c.speedtest.net",
    "st1.example.com",
    "speed.cloudflare.com",
]
_BAD_TLS = tuple(f"{kind}.badssl.com" for kind in ("expired", "self-signed", "wrong.host", "untrusted-root"))
ZONE: dict[str, tuple[str | None, str | None]] = {
    **dict.fromkeys(_BOTH, (WEB, WEB6)),
    **dict.fromkeys(_V4, (WEB, None)),
    **dict.fromkeys(_BAD_TLS, (OTHER_WEB, None)),
    **dict.fromkeys(("pool.ntp.org", "time.cloudflare.com", "time.google.com"), (CLOCK, None)),
    "v6only.example.com": (None, WEB6),
    "ipv6.msftconnecttest.com": (None, WEB6),
    "dns.msftncsi.com": ("131.107.255.255", None),
    "one.one.one.one": ("1.1.1.1", "2606:4700:4700::1111"),
    "dns.google": ("8.8.8.8", None),
    "dns.quad9.net": ("9.9.9.9", None),
    **dict.fromkeys(("blocked.example.com", "shop.example.com"), (BAD_WEB, None)),
}


def _question(packet: bytes) -> tuple[str, int, int]:
    """The asked name, its type and where the question ends."""
    labels, offset = [], 12
    while packet[offset]:
        labels.append(packet[offset + 1 : offset + 1 + packet[offset]].decode("latin1"))
        offset += packet[offset] + 1
    (kind,) = struct.unpack("!H", packet[offset + 1 : offset + 3])
    return ".".join(labels).lower(), kind, offset + 5


def _message(query: bytes, rcode: int, records: list[bytes], flags: int = 0) -> bytes:
    end = _question(query)[2]
    head = struct.pack("!HHHHH", 0x8180 | rcode | flags, 1, len(records), 0, 0)
    return query[:2] + head + query[12:end] + b"".join(records)


def _record(kind: int, value: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 30, len(value)) + value


def _address(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def answer(query: bytes, control: Control, over_tcp: bool) -> bytes:
    """The answer to a query, bent as the control file says."""
    name, kind, _ = _question(query)
    mode = control.get("dns_mode", "ok")
    rewritten = [_record(_A, _address(control.get("dns_hijack_ip", "10.60.1.1")))]
    if mode == "refused":
        return _message(query, _REFUSED, [])
    if mode == "servfail":
        return _message(query, _SERVFAIL, [])
    if mode == "garbage":
        return os.urandom(40)
    if mode == "hijack" and kind == _A:
        return _message(query, 0, rewritten)
    if mode == "truncate" and not over_tcp:
        return _message(query, 0, [], _TRUNCATED)
    if name == "big.example.com" and kind == _TXT:
        if not over_tcp:
            return _message(query, 0, [], _TRUNCATED)
        return _message(query, 0, [_record(_TXT, b"\x64" + b"x" * 100)] * 20)
    known = ZONE.get(name)
    if known is None and name.endswith((".metric.gstatic.com", ".probe.example.com")):
        known = (WEB, None)
    if known is None:
        return _message(query, 0, rewritten) if mode == "nxrewrite" and kind == _A else _message(query, _NXDOMAIN, [])
    value = {_A: known[0], _AAAA: known[1]}.get(kind)
    return _message(query, 0, [_record(kind, _address(value))] if value else [])


class _Exchange(asyncio.DatagramProtocol):
    """One query sent on, one answer awaited."""

    def __init__(self, query: bytes, answered: asyncio.Future[bytes | None]) -> None:
        self._query, self._answered = query, answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.DatagramTransport", transport).sendto(self._query)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answered.done():
            self._answered.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_result(None)


async def _forward(query: bytes) -> bytes | None:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bytes | None] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Exchange(query, answered), remote_addr=(PUBLIC[0], 53))
    try:
        return await asyncio.wait_for(answered, _FORWARD_WITHIN_S)
    except TimeoutError:
        return None
    finally:
        transport.close()


class Resolver:
    """Answers by itself (`forwards` False) or asks the lab's internet, as a home router does."""

    def __init__(self, control: Control, forwards: bool) -> None:
        self._control, self._forwards = control, forwards

    async def resolve(self, query: bytes, over_tcp: bool) -> bytes | None:
        """The answer, or None for silence."""
        mode = self._control.get("dns_mode", "ok")
        if mode == "timeout":
            return None
        await asyncio.sleep(self._control.get("dns_delay_ms", 0) / 1000)
        if not self._forwards or mode in ("refused", "servfail", "hijack", "garbage", "truncate"):
            return answer(query, self._control, over_tcp)
        reply = await _forward(query)
        if mode == "nxrewrite" and reply and reply[3] & 15 == _NXDOMAIN:
            return answer(query, self._control, over_tcp)
        return reply

    async def serve(self, address: str) -> None:
        """Listens on UDP and TCP port 53 of an address."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=(address, 53))
        await asyncio.start_server(self._over_tcp, address, 53)

    async def _over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            reply = await self.resolve(await reader.readexactly(length), True)
            if reply:
                writer.write(struct.pack("!H", len(reply)) + reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.ensure_future(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, query: bytes, addr: tuple[str, int]) -> None:
        reply = await self._resolver.resolve(query, False)
        if reply:
            self._transport.sendto(reply, addr)
