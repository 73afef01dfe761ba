"""Messages of multicast DNS (RFC 6762) and the services in them (RFC 6763). CPython 3.9 syntax.

They come from anybody on the network, so every read is bounded.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from techdoctor.probes.names.dns_wire import Malformed, read_fields, read_name, wire_name
from techdoctor.text import clean_line

A, PTR, TXT, AAAA, SRV = 1, 12, 16, 28, 33
_HEADER = struct.Struct("!HHHHHH")
_CLASS_IN = 1
# The top bit of a class: "answer by unicast" in a question, "the only record" in an answer (RFC 6762, 5.4 and 10.2).
_CLASS_MASK = 0x7FFF
MOST_RECORDS = 256
_MOST_TEXT = 400
# An unprintable byte as dns_wire.read_name writes it.
_ESCAPED = re.compile(r"\\([0-2][0-9]{2})")


@dataclass(frozen=True)
class Record:
    """One record: `value` is an address, a name, or for SRV a name with its port."""

    name: str
    type: int
    value: str = ""
    port: int = 0
    pairs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """A device that offers a service.

    Attributes:
        name: What it calls itself, for people.
        kind: Service type, e.g. "_ipp._tcp".
        host: Its name ending in .local; empty when it was not told.
        port: Its port; 0 when it was not told.
        addresses: Its addresses, IPv4 first.
        pairs: Keys, in lower case, and values of its TXT record (RFC 6763, section 6).
    """

    name: str
    kind: str
    host: str
    port: int
    addresses: Tuple[str, ...]
    pairs: Mapping[str, str]


def question(names: Sequence[Tuple[bytes, int]], identity: int) -> bytes:
    """A one-shot question: whoever knows answers by unicast (RFC 6762, sections 5.1 and 6.7).

    Args:
        names: Names as they stand in a message, and record types asked for.
        identity: Message id, repeated in the answers.
    """
    asked = b"".join(name + struct.pack("!HH", kind, _CLASS_IN | 0x8000) for name, kind in names)
    return _HEADER.pack(identity, 0, len(names), 0, 0, 0) + asked


def records(packet: bytes) -> List[Record]:
    """All records of an answer, whatever their section, at most MOST_RECORDS.

    Raises:
        Malformed: It is no answer that can be read.
    """
    if len(packet) < _HEADER.size:
        raise Malformed("shorter than a header")
    _, flags, questions, *counts = _HEADER.unpack_from(packet)
    if not flags & 0x8000:
        raise Malformed("not an answer")
    at = _HEADER.size
    for _ in range(min(questions, MOST_RECORDS)):
        _, at = read_name(packet, at)
        at += 4
    found = []
    for _ in range(min(sum(counts), MOST_RECORDS)):
        name, at = read_name(packet, at)
        kind, group, _, size = read_fields(packet, at, "!HHIH")
        at += 10
        if at + size > len(packet):
            raise Malformed("a record ends too early")
        if group & _CLASS_MASK == _CLASS_IN:
            found.append(_record(packet, name, kind, at, size))
        at += size
    return found


def _record(packet: bytes, name: str, kind: int, at: int, size: int) -> Record:
    body = packet[at : at + size]
    if kind in (A, AAAA) and size == (4 if kind == A else 16):
        return Record(name, kind, socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, body))
    if kind == PTR:
        return Record(name, kind, read_name(packet, at)[0])
    if kind == SRV and size > 6:
        _, _, port = read_fields(packet, at, "!HHH")
        return Record(name, kind, read_name(packet, at + 6)[0], port)
    return Record(name, kind, pairs=_pairs(body) if kind == TXT else {})


def _pairs(body: bytes) -> Dict[str, str]:
    """Keys and values of a TXT record; the first of a key counts (RFC 6763, section 6.4)."""
    found: Dict[str, str] = {}
    at = 0
    while at < len(body):
        text = body[at + 1 : at + 1 + body[at]].decode("utf-8", "replace")
        at += 1 + body[at]
        key, _, value = text.partition("=")
        if key:
            found.setdefault(key.lower(), clean_line(value, _MOST_TEXT))
    return found


def untold(found: Iterable[Record], kinds: Sequence[str]) -> List[Tuple[bytes, int]]:
    """What to ask next: place and texts of services that were named only; a busy device leaves them out at first."""
    told = list(found)
    placed = {r.name for r in told if r.type == SRV}
    asked: List[Tuple[bytes, int]] = []
    for kind in kinds:
        for record in told:
            if record.type == PTR and record.name.lower() == f"{kind}.local" and record.value not in placed:
                first = _raw_label(record.value, kind)
                if 0 < len(first) <= 63:
                    name = bytes([len(first)]) + first + wire_name(f"{kind}.local")
                    asked += [(name, SRV), (name, TXT)]
    return list(dict.fromkeys(asked))[:MOST_RECORDS]


def services(found: Iterable[Record], kinds: Sequence[str]) -> List[Service]:
    """The services that records tell of, each once, by name."""
    told = list(found)
    pointed = {
        (r.value, kind): None for kind in kinds for r in told if r.type == PTR and r.name.lower() == f"{kind}.local"
    }
    result = []
    for instance, kind in pointed:
        place = next((r for r in told if r.type == SRV and r.name == instance), Record("", SRV))
        pairs = next((r.pairs for r in told if r.type == TXT and r.name == instance), {})
        addresses = dict.fromkeys(r.value for r in told if r.type in (A, AAAA) and r.name == place.value)
        ordered = tuple(sorted(addresses, key=lambda address: (":" in address, address)))
        name = label(instance, kind)
        result.append(Service(name, kind, place.value.lower(), place.port, ordered, pairs))
    return sorted(result, key=lambda service: (service.name, service.kind))


def label(instance: str, kind: str) -> str:
    r"""The first label of a service's name as people read it: `Lab\032printer._ipp._tcp.local` is "Lab printer"."""
    return clean_line(_raw_label(instance, kind).decode("utf-8", "replace"), 100)


def _raw_label(instance: str, kind: str) -> bytes:
    end = instance.lower().rfind(f".{kind}.local")
    raw, at, text = bytearray(), 0, instance[:end] if end >= 0 else instance
    while at < len(text):
        escaped = _ESCAPED.match(text, at)
        if escaped and int(escaped.group(1)) < 256:
            raw.append(int(escaped.group(1)))
            at += 4
        else:
            raw += text[at].encode()
            at += 1
    return bytes(raw)
