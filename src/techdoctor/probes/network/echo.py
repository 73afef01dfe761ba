"""Echo requests in numbers, each told from the others, with the kernel's own time of arrival where it gives one.

A program that is kept waiting for the processor would otherwise measure its own delay. CPython 3.9 syntax.
"""

from __future__ import annotations

import secrets
import socket
import struct
import sys
import time
from typing import List, Optional, Tuple

from techdoctor.probes.network import icmp

_ECHO = {socket.AF_INET: 8, socket.AF_INET6: 128}  # RFC 792, RFC 4443
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
# Linux' SO_TIMESTAMP, as most processors have it (asm-generic/socket.h); the control message is of the same type.
_TIMESTAMP = 29
_TIMEVAL = struct.Struct("@ll")
_HEAD = struct.Struct("!BBHHH")
_TAG_BYTES = 8
_MOST_AT_ONCE = 1024
# 56 bytes of content, as `ping` sends. Source: ping(8), option -s.
SMALL_BYTES = 56


class EchoSocket:
    """Sends numbered echo requests to one address and hears the replies to them only.

    Args:
        address: Numeric, with scope for link-local IPv6.

    Raises:
        OSError: This user may not send echo requests, or no way leads there.
    """

    def __init__(self, address: str) -> None:
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        family, _, _, _, to = socket.getaddrinfo(address, 0, 0, socket.SOCK_DGRAM, 0, numeric)[0]
        self._family: socket.AddressFamily = family
        self._to: Tuple[object, ...] = to
        self._tag = secrets.token_bytes(_TAG_BYTES)
        self._number = int.from_bytes(secrets.token_bytes(2), "big")
        self._raw = False
        self.sock = self._open()
        try:
            self.sock.setblocking(False)
            self.sock.connect(self._to)
            if sys.platform == "linux":
                self.sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        except OSError:
            self.sock.close()
            raise

    def _open(self) -> socket.socket:
        try:
            return icmp.open_socket(self._family)
        except OSError:
            protocol = socket.IPPROTO_ICMPV6 if self._family == socket.AF_INET6 else socket.IPPROTO_ICMP
            raw = socket.socket(self._family, socket.SOCK_RAW, protocol)  # an administrator may still do this
            self._raw = True
            return raw

    def send(self, sequence: int, content_bytes: int = SMALL_BYTES) -> float:
        """Sends one request.

        Args:
            sequence: Its number, 0 to 65535.
            content_bytes: Length of its content, even, at least 10.

        Returns:
            Seconds since 1970 just before it went.

        Raises:
            OSError: It did not leave; BlockingIOError when the queue of this machine is full.
        """
        content = (self._tag + struct.pack("!H", sequence)).ljust(content_bytes, b"\0")
        head = (_ECHO[self._family], 0, 0, self._number, sequence)
        packet = _HEAD.pack(*head) + content
        packet = _HEAD.pack(head[0], 0, icmp.checksum(packet), *head[3:]) + content
        sent_s = time.time()
        self.sock.send(packet)
        return sent_s

    def replies(self) -> List[Tuple[int, float]]:
        """The replies that have come: number of the request, and seconds since 1970 when they came."""
        found: List[Tuple[int, float]] = []
        for _ in range(_MOST_AT_ONCE):
            try:
                reply = self._next()
            except BlockingIOError:
                return found
            except OSError:
                continue  # an ICMP error about one of the requests: that one stays without reply
            if reply is not None:
                found.append(reply)
        return found

    def _next(self) -> Optional[Tuple[int, float]]:
        if hasattr(self.sock, "recvmsg"):
            packet, ancillary, _, _ = self.sock.recvmsg(4096, 128)
        else:
            packet, ancillary = self.sock.recv(4096), []
        came_s = time.time()
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMP) and len(content) >= _TIMEVAL.size:
                seconds, microseconds = _TIMEVAL.unpack_from(content)
                came_s = seconds + microseconds / 1e6
        return self._number_of(packet, came_s)

    def _number_of(self, packet: bytes, came_s: float) -> Optional[Tuple[int, float]]:
        if self._family == socket.AF_INET and packet[:1] and packet[0] >> 4 == 4:  # raw sockets, and macOS, show IPv4
            packet = packet[(packet[0] & 15) * 4 :]
        if len(packet) < 18 or packet[0] != _REPLY[self._family] or packet[8:16] != self._tag:
            return None
        return int.from_bytes(packet[16:18], "big"), came_s

    def close(self) -> None:
        self.sock.close()
