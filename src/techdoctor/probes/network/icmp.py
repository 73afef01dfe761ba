"""ICMP without rights: echo requests by datagram sockets, and who sent an ICMP error. CPython 3.9 syntax."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Tuple

_ECHO = {socket.AF_INET: 8, socket.AF_INET6: 128}  # RFC 792, RFC 4443
# Linux numbers that the socket module does not name: level, option that fills the error queue.
_ERROR_QUEUE = {socket.AF_INET: (0, 11), socket.AF_INET6: (41, 25)}
_FROM_ICMP = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6


def may_ping(family: socket.AddressFamily) -> bool:
    """True when this user may send echo requests without a privileged program."""
    try:
        open_socket(family).close()
    except OSError:
        return False
    return True


def open_socket(family: socket.AddressFamily) -> socket.socket:
    """A socket that sends echo requests and hears their replies only.

    Raises:
        OSError: This user may not (Linux: net.ipv4.ping_group_range).
    """
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    return socket.socket(family, socket.SOCK_DGRAM, protocol)


def echo_request(family: socket.AddressFamily) -> bytes:
    """An echo request. Linux fills in identifier and checksum; macOS takes the packet as it is."""
    body = struct.pack("!BBHHH", _ECHO[family], 0, 0, os.getpid() & 0xFFFF, 1) + b"techdoctor"
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def checksum(packet: bytes) -> int:
    """The Internet checksum of a packet of even length (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


# (origin, type, code) of struct sock_extended_err. Source: RFC 792 (3, 1); RFC 4443 section 3.1 (1, 3).
_HOST_UNREACHABLE = ((2, 3, 1), (3, 1, 3))


def keep_errors(sock: socket.socket) -> None:
    """Has the system keep ICMP errors with their senders for `pending_error`, where it can (Linux)."""
    if sys.platform == "linux":
        sock.setsockopt(*_ERROR_QUEUE[sock.family], 1)


def pending_error(sock: socket.socket) -> Tuple[int, str, bool]:
    """The ICMP error that waits in a socket's queue.

    Returns:
        Its error number (0 without one), its sender, and whether it says "host unreachable": what a
        system says of itself when its own question for a neighbour stayed without answer.
    """
    flag = getattr(socket, "MSG_ERRQUEUE", None)
    if flag is None or sys.platform != "linux":
        return 0, "", False
    try:
        ancillary = sock.recvmsg(512, 512, flag)[1]
    except OSError:
        return 0, "", False
    for level, kind, data in ancillary:
        if (level, kind) in _ERROR_QUEUE.values() and len(data) >= 16:
            # struct sock_extended_err (16 bytes), then the sender's socket address (linux/errqueue.h)
            code = int(struct.unpack_from("=I", data)[0])
            sender = _sender(data, level == 0) if data[4] in _FROM_ICMP else ""
            return code, sender, (data[4], data[5], data[6]) in _HOST_UNREACHABLE
    return 0, "", False


def _sender(data: bytes, is_v4: bool) -> str:
    start, size = (20, 4) if is_v4 else (24, 16)
    if len(data) < start + size:
        return ""
    return socket.inet_ntop(socket.AF_INET if is_v4 else socket.AF_INET6, data[start : start + size])
