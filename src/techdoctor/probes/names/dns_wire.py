"""DNS messages: writing queries and reading answers (RFC 1035, section 4). CPython 3.9 syntax.

Only what a diagnosis needs: one question, A, AAAA and TXT answers. Answers come from strangers, so
every read is bounded: names follow at most `MAX_POINTERS` pointers, at most `MAX_ANSWERS` are read.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import List, Tuple

TYPES = {"A": 1, "TXT": 16, "AAAA": 28}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
MAX_ANSWERS = 64
MAX_POINTERS = 32
_CLASS_IN = 1
_RECURSION_DESIRED = 0x0100
_HEADER = struct.Struct("!HHHHHH")


class BadName(ValueError):
    """The name cannot be asked for: empty, too long, or not writable in a DNS message."""


class Malformed(ValueError):
    """The bytes are not a DNS message."""


@dataclass(frozen=True)
class Answer:
    """One record of the answer section.

    Attributes:
        type: Record type number.
        value: An address for A and AAAA, the text for TXT, empty for other types.
    """

    type: int
    value: str


@dataclass(frozen=True)
class Message:
    """A DNS message as far as it was read.

    Attributes:
        id: Message id.
        is_answer: True for a response.
        truncated: True when the TC bit is set: the rest must be asked for over TCP.
        rcode: Name of the response code, e.g. "NXDOMAIN", or "RCODE11" for one without a name here.
        question: Lower-case name and type number asked for; ("", 0) when the section is empty.
        answers: Records of the answer section, at most MAX_ANSWERS.
    """

    id: int
    is_answer: bool
    truncated: bool
    rcode: str
    question: Tuple[str, int]
    answers: Tuple[Answer, ...]

    @property
    def addresses(self) -> Tuple[str, ...]:
        """Addresses in the answer, in the order given."""
        return tuple(a.value for a in self.answers if a.type in (TYPES["A"], TYPES["AAAA"]) and a.value)


def wire_name(name: str) -> bytes:
    """A host name as it stands in a message.

    Raises:
        BadName: It has an empty or overlong label, or characters no host name has.
    """
    labels = name.rstrip(".").split(".")
    encoded = b""
    for label in labels:
        try:
            raw = label.encode("ascii") if label.isascii() else label.encode("idna")
        except UnicodeError as error:
            raise BadName(f"'{name}' is not a host name: {error}") from None
        if not 1 <= len(raw) <= 63 or any(byte <= 0x20 or byte == 0x7F for byte in raw):
            raise BadName(f"'{name}' is not a host name")
        encoded += bytes([len(raw)]) + raw
    if len(encoded) > 254:
        raise BadName(f"'{name[:60]}...' is longer than a host name may be")
    return encoded + b"\0"


def canonical(name: str) -> str:
    """A name as `Message.question` shows it: lower case, without the final dot.

    Raises:
        BadName: The name cannot be asked for.
    """
    return read_name(wire_name(name), 0)[0].lower()


def query(name: str, type_name: str, identity: int) -> bytes:
    """A recursive query for one name.

    Args:
        name: Host name, with or without the final dot.
        type_name: "A", "AAAA" or "TXT".
        identity: Message id, 0 to 65535; the answer carries it.

    Raises:
        BadName: The name cannot be asked for.
    """
    header = _HEADER.pack(identity, _RECURSION_DESIRED, 1, 0, 0, 0)
    return header + wire_name(name) + struct.pack("!HH", TYPES[type_name], _CLASS_IN)


def decode(packet: bytes) -> Message:
    """Reads a message.

    A truncated answer (TC bit) may end anywhere; what was complete is kept.

    Raises:
        Malformed: It is not a DNS message.
    """
    if len(packet) < _HEADER.size:
        raise Malformed("shorter than a header")
    identity, flags, questions, answers, _, _ = _HEADER.unpack_from(packet)
    if questions > 1:
        raise Malformed("more than one question")
    truncated = bool(flags & 0x0200)
    question, at = ("", 0), _HEADER.size
    if questions:
        name, at = read_name(packet, at)
        (kind,) = read_fields(packet, at, "!H")
        question, at = (name.lower(), kind), at + 4
    found: List[Answer] = []
    for _ in range(min(answers, MAX_ANSWERS)):
        try:
            answer, at = _read_answer(packet, at)
        except Malformed:
            if truncated:
                break
            raise
        found.append(answer)
    code = flags & 0x000F
    return Message(identity, bool(flags & 0x8000), truncated, RCODES.get(code, f"RCODE{code}"), question, tuple(found))


def read_fields(packet: bytes, at: int, layout: str) -> Tuple[int, ...]:
    """Numbers at an offset, by their struct layout.

    Raises:
        Malformed: The packet ends before.
    """
    try:
        return struct.unpack_from(layout, packet, at)
    except struct.error:
        raise Malformed("ends too early") from None


def read_name(packet: bytes, at: int) -> Tuple[str, int]:
    r"""The name at an offset and the offset behind it; unprintable bytes as \DDD (RFC 4343).

    Raises:
        Malformed: It ends too early, is too long, or points forward.
    """
    labels: List[str] = []
    behind, pointers, length = 0, 0, 0
    while True:
        (size,) = read_fields(packet, at, "!B")
        if size & 0xC0 == 0xC0:
            (pointer,) = read_fields(packet, at, "!H")
            behind = behind or at + 2
            pointers += 1
            if pointers > MAX_POINTERS or pointer & 0x3FFF >= at:
                raise Malformed("a name points forward or in a circle")
            at = pointer & 0x3FFF
        elif size & 0xC0:
            raise Malformed("unknown kind of label")
        elif size == 0:
            return ".".join(labels), behind or at + 1
        else:
            label = packet[at + 1 : at + 1 + size]
            length += size + 1
            if len(label) < size or length > 254:
                raise Malformed("a name ends too early or is too long")
            labels.append("".join(chr(b) if 0x21 <= b < 0x7F else f"\\{b:03d}" for b in label))
            at += size + 1


def _read_answer(packet: bytes, at: int) -> Tuple[Answer, int]:
    _, at = read_name(packet, at)
    kind, group, _, size = read_fields(packet, at, "!HHIH")
    body, behind = packet[at + 10 : at + 10 + size], at + 10 + size
    if len(body) < size:
        raise Malformed("a record ends too early")
    return Answer(kind, _value(kind, body) if group == _CLASS_IN else ""), behind


def _value(kind: int, body: bytes) -> str:
    if kind == TYPES["A"] and len(body) == 4:
        return socket.inet_ntop(socket.AF_INET, body)
    if kind == TYPES["AAAA"] and len(body) == 16:
        return socket.inet_ntop(socket.AF_INET6, body)
    if kind in (TYPES["A"], TYPES["AAAA"]):
        raise Malformed("an address of the wrong length")
    if kind == TYPES["TXT"] and body:
        return body[1 : 1 + body[0]].decode("utf-8", "replace")
    return ""
