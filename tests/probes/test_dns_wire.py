"""The DNS message codec: known messages, hostile ones, and whatever hypothesis thinks of."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.probes.names import dns_wire
from techdoctor.probes.names.dns_wire import BadName, Malformed, canonical, decode, query, wire_name

# Labels as RFC 1035, section 2.3.1 has them.
_LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
_NAME = st.lists(_LABEL, min_size=1, max_size=5).map(".".join)


def _response(name: str, flags: int, *records: bytes, kind: str = "A") -> bytes:
    question = wire_name(name) + struct.pack("!HH", dns_wire.TYPES[kind], 1)
    return struct.pack("!HHHHHH", 7, 0x8180 | flags, 1, len(records), 0, 0) + question + b"".join(records)


def _record(kind: int, body: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(body)) + body


def test_query_is_the_message_of_the_rfc() -> None:
    assert query("example.com", "A", 0x1234) == bytes.fromhex(
        "1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0001 0001"
    )


def test_final_dot_changes_nothing() -> None:
    assert query("example.com.", "AAAA", 1) == query("example.com", "AAAA", 1)


def test_international_name_is_written_in_ascii() -> None:
    assert canonical("b\u00fccher.example") == "xn--bcher-kva.example"


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64, ".".join(["y" * 60] * 5), "a b", "a\x00b", "\udc80.de"])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(BadName):
        query(name, "A", 1)


def test_addresses_of_both_kinds_are_read() -> None:
    v6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    message = decode(_response("example.com", 0, _record(1, bytes([192, 0, 2, 7])), _record(28, v6)))
    assert (message.rcode, message.addresses) == ("NOERROR", ("192.0.2.7", "2001:db8::1"))
    assert message.question == ("example.com", 1)


def test_alias_before_the_address_is_passed_over() -> None:
    alias = _record(5, b"\x03www\xc0\x0c")
    assert decode(_response("example.com", 0, alias, _record(1, bytes(4)))).addresses == ("0.0.0.0",)


@pytest.mark.parametrize(
    ("code", "name"), [(0, "NOERROR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"), (11, "RCODE11")]
)
def test_response_codes_have_their_names(code: int, name: str) -> None:
    assert decode(_response("a.example", code)).rcode == name


def test_cut_off_answer_keeps_what_is_complete() -> None:
    whole = _response("example.com", 0x0200, _record(1, bytes([192, 0, 2, 7])), _record(1, bytes([192, 0, 2, 8])))
    message = decode(whole[:-2])
    assert message.truncated
    assert message.addresses == ("192.0.2.7",)


def test_same_cut_without_the_mark_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode(_response("example.com", 0, _record(1, bytes(4)))[:-2])


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0" * 11,
        struct.pack("!HHHHHH", 1, 0x8180, 2, 0, 0, 0),
        struct.pack("!HHHHHH", 1, 0x8180, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",
        struct.pack("!HHHHHH", 1, 0x8180, 1, 0, 0, 0) + b"\x80\0\0\1\0\1",
        struct.pack("!HHHHHH", 1, 0x8180, 1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 5 + b"\0\0\1\0\1",
        _response("a.example", 0, _record(1, b"\x01\x02")),
    ],
    ids=["empty", "short", "two questions", "pointer to itself", "unknown label", "long name", "short address"],
)
def test_hostile_messages_are_malformed(packet: bytes) -> None:
    with pytest.raises(Malformed):
        decode(packet)


def test_ladder_of_pointers_is_bounded() -> None:
    ladder = b"\0" + b"".join(struct.pack("!H", 0xC000 | (12 if i == 0 else 11 + 2 * i)) for i in range(60))
    packet = struct.pack("!HHHHHH", 1, 0x8180, 0, 1, 0, 0) + ladder
    with pytest.raises(Malformed):
        dns_wire.read_name(packet, len(packet) - 2)


def test_unprintable_labels_are_escaped() -> None:
    packet = struct.pack("!HHHHHH", 1, 0x8180, 1, 0, 0, 0) + b"\x03a\x1b[\0\0\1\0\1"
    assert decode(packet).question == ("a\\027[", 1)


@given(st.binary(max_size=600))
def test_any_bytes_are_a_message_or_malformed(packet: bytes) -> None:
    try:
        message = decode(packet)
    except Malformed:
        return
    assert len(message.answers) <= dns_wire.MAX_ANSWERS


@given(_NAME, st.sampled_from(["A", "AAAA", "TXT"]), st.integers(0, 65535), st.data())
def test_a_damaged_answer_never_does_more_than_fail(name: str, kind: str, identity: int, data: st.DataObject) -> None:
    packet = bytearray(_response(name, 0, _record(1, bytes(4)), kind=kind))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = decode(bytes(packet))
    except Malformed:
        return
    assert len(message.answers) <= dns_wire.MAX_ANSWERS


@given(_NAME, st.sampled_from(["A", "AAAA", "TXT"]), st.integers(0, 65535))
def test_a_query_reads_back(name: str, kind: str, identity: int) -> None:
    message = decode(query(name, kind, identity))
    assert (message.id, message.is_answer, message.question) == (identity, False, (name, dns_wire.TYPES[kind]))
    assert canonical(name) == name
