"""The bytes of the Internet Printing Protocol: encoding requests, decoding answers (RFC 8010, section 3).

Pure and bounded: a hostile answer raises WireError, whatever its size or nesting. CPython 3.9 syntax.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

# Group tags (RFC 8010, section 3.5.1).
OPERATION_GROUP, JOB_GROUP, END, PRINTER_GROUP, UNSUPPORTED_GROUP = 0x01, 0x02, 0x03, 0x04, 0x05
# Value tags (RFC 8010, section 3.5.2).
NO_VALUE, INTEGER, BOOLEAN, ENUM = 0x13, 0x21, 0x22, 0x23
OCTETS, DATE_TIME, RESOLUTION, RANGE, COLLECTION = 0x30, 0x31, 0x32, 0x33, 0x34
TEXT_IN_LANGUAGE, NAME_IN_LANGUAGE, END_COLLECTION = 0x35, 0x36, 0x37
TEXT, NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME, MEMBER_NAME = 0x41, 0x42, 0x44, 0x45, 0x47, 0x48, 0x49, 0x4A

# Real answers nest at most three deep (media-col-database) and hold a few thousand values.
MOST_NESTED = 16
MOST_VALUES = 100_000
# The longest text, name or keyword that the protocol allows (RFC 8011, section 5.1); the rest is cut.
MOST_CHARACTERS = 1023


class WireError(ValueError):
    """The bytes are no IPP message, or go beyond the bounds."""


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    Attributes:
        tag: Value tag of its first value.
        values: int, bool, str, bytes, a tuple of int (range, resolution), None for the
            out-of-band values, or a mapping of member name to Attribute for a collection.
    """

    tag: int
    values: Tuple[Any, ...]


@dataclass(frozen=True)
class Group:
    """One attribute group, e.g. one printer or one job."""

    tag: int
    attributes: Mapping[str, Attribute]

    def first(self, name: str) -> Any:
        """The first value of an attribute; None when it is absent."""
        found = self.attributes.get(name)
        return found.values[0] if found is not None and found.values else None

    def text(self, name: str) -> str:
        """The first value when it is text, else an empty string."""
        value = self.first(name)
        return value[:MOST_CHARACTERS] if isinstance(value, str) else ""

    def number(self, name: str) -> Optional[int]:
        """The first value when it is a number, else None."""
        value = self.first(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> Optional[bool]:
        """The first value when it is a boolean, else None."""
        value = self.first(name)
        return value if isinstance(value, bool) else None

    def texts(self, name: str) -> List[str]:
        """All text values of an attribute."""
        found = self.attributes.get(name)
        values = found.values if found is not None else ()
        return [value[:MOST_CHARACTERS] for value in values if isinstance(value, str)]


@dataclass(frozen=True)
class Message:
    """A request or an answer.

    Attributes:
        code: Operation of a request, status of an answer (RFC 8011, sections 4.1.2 and 4.1.6).
        groups: Attribute groups in order.
        request_id: Echoed by the answer.
        version: (major, minor).
    """

    code: int
    groups: Sequence[Group] = field(default_factory=tuple)
    request_id: int = 1
    version: Tuple[int, int] = (2, 0)

    def of(self, tag: int) -> List[Group]:
        """All groups of one tag."""
        return [group for group in self.groups if group.tag == tag]


def _value_bytes(tag: int, value: Any) -> bytes:
    if value is None or tag < 0x20:
        return b""
    if tag in (INTEGER, ENUM):
        return struct.pack(">i", value)
    if tag == BOOLEAN:
        return b"\x01" if value else b"\x00"
    if tag == RANGE:
        return struct.pack(">ii", *value)
    if tag == RESOLUTION:
        return struct.pack(">iib", *value)
    if tag in (TEXT_IN_LANGUAGE, NAME_IN_LANGUAGE):
        raw = str(value).encode()
        return struct.pack(">H", 2) + b"en" + struct.pack(">H", len(raw)) + raw
    return value if isinstance(value, bytes) else str(value).encode()


def _item(tag: int, name: str, raw: bytes) -> bytes:
    label = name.encode()
    return struct.pack(">BH", tag, len(label)) + label + struct.pack(">H", len(raw)) + raw


def _attribute_bytes(name: str, attribute: Attribute) -> bytes:
    parts = []
    for value in attribute.values:
        if attribute.tag == COLLECTION:
            parts.append(_item(COLLECTION, name, b""))
            for member, inner in value.items():
                parts.append(_item(MEMBER_NAME, "", member.encode()))
                parts.append(_attribute_bytes("", inner))
            parts.append(_item(END_COLLECTION, "", b""))
        else:
            parts.append(_item(attribute.tag, name, _value_bytes(attribute.tag, value)))
        name = ""  # further values of the same attribute carry no name (section 3.1.4)
    return b"".join(parts)


def encode(message: Message) -> bytes:
    """The message as bytes, without document data."""
    parts = [struct.pack(">BBHi", *message.version, message.code, message.request_id)]
    for group in message.groups:
        parts.append(bytes([group.tag]))
        parts.extend(_attribute_bytes(name, attribute) for name, attribute in group.attributes.items())
    return b"".join([*parts, bytes([END])])


def _value(tag: int, raw: bytes) -> Any:
    """A value by its tag; None when its length does not fit, so that one odd value loses only itself."""
    sizes = {INTEGER: ">i", ENUM: ">i", RANGE: ">ii", RESOLUTION: ">iib"}
    if tag in sizes:
        if len(raw) != struct.calcsize(sizes[tag]):
            return None
        numbers = struct.unpack(sizes[tag], raw)
        return numbers if len(numbers) > 1 else numbers[0]
    if tag == BOOLEAN:
        return raw != b"\x00" if len(raw) == 1 else None
    if tag < 0x20:
        return None
    if tag in (TEXT_IN_LANGUAGE, NAME_IN_LANGUAGE):
        skip = 2 + struct.unpack(">H", raw[:2])[0] + 2 if len(raw) >= 2 else 0
        return raw[skip:].decode("utf-8", "replace")
    if tag >= 0x40:
        return raw.decode("utf-8", "replace")
    return raw


class _Builder:
    """Collects decoded values; knows which collections are open."""

    def __init__(self) -> None:
        self.groups: List[Tuple[int, Dict[str, Tuple[int, List[Any]]]]] = []
        self._open: List[Dict[str, Tuple[int, List[Any]]]] = []
        self._names: List[str] = []
        self._count = 0

    def start_group(self, tag: int) -> None:
        if self._open:
            raise WireError("a group begins inside a collection")
        self.groups.append((tag, {}))
        self._names = [""]

    def take(self, tag: int, name: str, raw: bytes) -> None:
        self._count += 1
        if not self.groups or self._count > MOST_VALUES:
            raise WireError("a value before any group" if not self.groups else "too many values")
        if tag == MEMBER_NAME:
            if not self._open:
                raise WireError("a member outside a collection")
            self._names[-1] = raw.decode("utf-8", "replace")
            return
        if tag == END_COLLECTION:
            self._close()
            return
        if name:
            if self._open:
                raise WireError("a named value inside a collection")
            self._names[-1] = name
        if tag == COLLECTION:
            if len(self._open) >= MOST_NESTED:
                raise WireError("nested too deep")
            self._open.append({})
            self._names.append("")
        else:
            self._store(tag, _value(tag, raw))

    def _close(self) -> None:
        if not self._open:
            raise WireError("a collection ends that never began")
        members = self._open.pop()
        self._names.pop()
        self._store(COLLECTION, finished(members))

    def _store(self, tag: int, value: Any) -> None:
        target = self._open[-1] if self._open else self.groups[-1][1]
        if not self._names[-1]:
            raise WireError("a value without a name")
        target.setdefault(self._names[-1], (tag, []))[1].append(value)

    def done(self) -> Tuple[Group, ...]:
        if self._open:
            raise WireError("a collection is not closed")
        return tuple(Group(tag, finished(attributes)) for tag, attributes in self.groups)


def finished(attributes: Mapping[str, Tuple[int, List[Any]]]) -> Dict[str, Attribute]:
    """Collected values as attributes."""
    return {name: Attribute(tag, tuple(values)) for name, (tag, values) in attributes.items()}


def decode(data: bytes) -> Tuple[Message, bytes]:
    """Decodes a message.

    Returns:
        The message and what follows it (document data).

    Raises:
        WireError: The bytes are no complete IPP message or go beyond the bounds.
    """
    if len(data) < 9:
        raise WireError("too short for an IPP message")
    major, minor, code, request_id = struct.unpack(">BBHi", data[:8])
    builder, at = _Builder(), 8
    try:
        while data[at] != END:
            tag = data[at]
            at += 1
            if tag < 0x10:
                builder.start_group(tag)
                continue
            name, at = _counted(data, at)
            raw, at = _counted(data, at)
            builder.take(tag, name.decode("utf-8", "replace"), raw)
    except (IndexError, struct.error):
        raise WireError("the message ends too early") from None
    return Message(code, builder.done(), request_id, (major, minor)), data[at + 1 :]


def _counted(data: bytes, at: int) -> Tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", data, at)
    end = at + 2 + length
    if end > len(data):
        raise WireError("the message ends too early")
    return data[at + 2 : end], end
