"""Asking a device by SNMP, version 1: GetNext only, bounded. CPython 3.9 syntax.

Source: RFC 1157 (the protocol), ITU-T X.690 (BER). Printers answer version 1 to the community "public" as they leave
the factory; nothing is ever written.
"""

from __future__ import annotations

import secrets
import socket
import time
from typing import List, Optional, Tuple, Union

PORT = 161
COMMUNITY = b"public"
Oid = Tuple[int, ...]
Answer = Union[int, str, None]
_INTEGER, _OCTETS, _NULL, _OID, _SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
_GET_NEXT, _RESPONSE = 0xA1, 0xA2
# Counter32, Gauge32 and TimeTicks are integers as well (RFC 1155, section 6).
_NUMBERS = (_INTEGER, 0x41, 0x42, 0x43)
_MOST_BYTES = 4096
_MOST_ROWS = 64
# Lost packets are asked for once more; a device on the same network answers within milliseconds.
_WAIT_S, _TRIES = 0.5, 2


class SnmpError(ValueError):
    """What came is no answer to what was asked."""


def _tagged(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _integer(number: int) -> bytes:
    return _tagged(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def _oid(oid: Oid) -> bytes:
    body = bytearray([oid[0] * 40 + oid[1]])
    for part in oid[2:]:
        groups, rest = [part & 0x7F], part >> 7
        while rest:
            groups.append(0x80 | rest & 0x7F)
            rest >>= 7
        body += bytes(reversed(groups))
    return _tagged(_OID, bytes(body))


def request(oid: Oid, identity: int, community: bytes = COMMUNITY) -> bytes:
    """A GetNext request for what comes behind an object id."""
    bindings = _tagged(_SEQUENCE, _tagged(_SEQUENCE, _oid(oid) + _tagged(_NULL, b"")))
    pdu = _tagged(_GET_NEXT, _integer(identity) + _integer(0) + _integer(0) + bindings)
    return _tagged(_SEQUENCE, _integer(0) + _tagged(_OCTETS, community) + pdu)


class _Reader:
    """Reads tagged values one after the other; every length is checked."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def next(self, *tags: int) -> Tuple[int, bytes]:
        """The next value's tag and content.

        Raises:
            SnmpError: It ends too early, or has none of the tags.
        """
        if self._at + 2 > len(self._data):
            raise SnmpError("ends too early")
        tag, size = self._data[self._at], self._data[self._at + 1]
        self._at += 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 3 or self._at + count > len(self._data):
                raise SnmpError("a length that no packet has")
            size = int.from_bytes(self._data[self._at : self._at + count], "big")
            self._at += count
        body = self._data[self._at : self._at + size]
        self._at += size
        if len(body) < size:
            raise SnmpError("ends too early")
        if tags and tag not in tags:
            raise SnmpError(f"unexpected tag 0x{tag:02x}")
        return tag, body


def _number(body: bytes) -> int:
    if not 1 <= len(body) <= 9:
        raise SnmpError("a number of a strange length")
    return int.from_bytes(body, "big", signed=True)


def _read_oid(body: bytes) -> Oid:
    if not body or len(body) > 256:
        raise SnmpError("an object id of a strange length")
    parts, value = [body[0] // 40, body[0] % 40], 0
    for byte in body[1:]:
        value = value << 7 | byte & 0x7F
        if value > 0xFFFFFFFF:
            raise SnmpError("an object id that is too large")
        if not byte & 0x80:
            parts.append(value)
            value = 0
    return tuple(parts)


def response(packet: bytes, identity: int) -> Tuple[Oid, Answer]:
    """The object id and value of an answer; None for what is neither a number nor a text.

    Raises:
        SnmpError: It is not the answer to the request with this identity, or tells of an error.
    """
    _, message = _Reader(packet).next(_SEQUENCE)
    outer = _Reader(message)
    outer.next(_INTEGER)
    outer.next(_OCTETS)
    _, pdu = outer.next(_RESPONSE)
    inner = _Reader(pdu)
    if _number(inner.next(_INTEGER)[1]) != identity:
        raise SnmpError("an answer to somebody else")
    if _number(inner.next(_INTEGER)[1]) != 0:
        raise SnmpError("the device knows of nothing further")
    inner.next(_INTEGER)
    _, bindings = inner.next(_SEQUENCE)
    _, binding = _Reader(bindings).next(_SEQUENCE)
    pair = _Reader(binding)
    oid = _read_oid(pair.next(_OID)[1])
    tag, body = pair.next()
    if tag in _NUMBERS:
        return oid, _number(body)
    return oid, body.decode("utf-8", "replace") if tag == _OCTETS else None


def column(host: str, base: Oid, deadline: float) -> List[Tuple[Oid, Answer]]:
    """The rows of a table's column, at most 64: index behind `base`, and value; empty when nobody answers.

    Raises:
        OSError: There is no way to the host, or its name is not found.
    """
    found: List[Tuple[Oid, Answer]] = []
    kind, _, _, _, where = socket.getaddrinfo(host, PORT, type=socket.SOCK_DGRAM)[0]
    with socket.socket(kind, socket.SOCK_DGRAM) as sock:
        sock.connect(where)
        here = base
        while len(found) < _MOST_ROWS:
            answer = _ask(sock, here, deadline)
            # Behind the column comes the next one; an answer that does not move on would be asked for ever.
            if answer is None or answer[0][: len(base)] != base or answer[0] <= here:
                break
            here = answer[0]
            found.append((here[len(base) :], answer[1]))
    return found


def _ask(sock: socket.socket, oid: Oid, deadline: float) -> Optional[Tuple[Oid, Answer]]:
    identity = 1 + secrets.randbelow(0x7FFFFFFE)
    for _ in range(_TRIES):
        left = min(_WAIT_S, deadline - time.monotonic())
        if left <= 0:
            return None
        try:
            sock.send(request(oid, identity))
            sock.settimeout(left)
            return response(sock.recv(_MOST_BYTES), identity)
        except SnmpError:
            return None
        except (socket.timeout, ConnectionRefusedError):
            continue
    return None
