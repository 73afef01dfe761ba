"""Answers of multicast DNS, and what nobody should send."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.probes.discovery.mdns_wire import AAAA, PTR, SRV, TXT, A, label, question, records, services, untold
from techdoctor.probes.names.dns_wire import Malformed, wire_name
from techdoctor.probes.printing.printer_near import each_once, moved_to, same_model, uri_of
from techdoctor.probes.printing.printer_uri import read_device_uri

UUID = "5d6e2a10-7c1b-4f3e-9c55-0a0b0c0d0e0f"


def _record(name: bytes, kind: int, body: bytes, group: int = 0x8001) -> bytes:
    return name + struct.pack("!HHIH", kind, group, 10, len(body)) + body


def _answer(*parts: bytes) -> bytes:
    return struct.pack("!HHHHHH", 7, 0x8400, 0, len(parts), 0, 0) + b"".join(parts)


def _texts(*pairs: str) -> bytes:
    return b"".join(bytes([len(pair)]) + pair.encode() for pair in pairs)


INSTANCE = b"\x12Lab printer, 1. fl" + wire_name("_ipp._tcp.local")
HOST = wire_name("labprinter.local")
PRINTER = (
    _record(wire_name("_ipp._tcp.local"), PTR, INSTANCE, 1),
    _record(INSTANCE, SRV, struct.pack("!HHH", 0, 0, 631) + HOST),
    _record(INSTANCE, TXT, _texts("rp=ipp/print", "ty=Laboratory Laser", f"UUID={UUID}", "uuid=second")),
    _record(HOST, AAAA, bytes(15) + b"\x01"),
    _record(HOST, A, bytes([192, 0, 2, 9])),
)


def test_a_service_is_put_together_from_its_records() -> None:
    (found,) = services(records(_answer(*PRINTER)), ["_ipp._tcp"])
    assert (found.name, found.host, found.port) == ("Lab printer, 1. fl", "labprinter.local", 631)
    assert found.addresses == ("192.0.2.9", "::1")
    assert (found.pairs["uuid"], found.pairs["ty"]) == (UUID, "Laboratory Laser")
    assert uri_of(found) == "ipp://labprinter.local:631/ipp/print"
    assert uri_of(found, by_name=False) == "ipp://192.0.2.9:631/ipp/print"


def test_a_question_wants_its_answer_by_unicast() -> None:
    packet = question([(wire_name("_ipp._tcp.local"), PTR)], 7)
    assert packet[:6] == b"\x00\x07\x00\x00\x00\x01"
    assert packet.endswith(struct.pack("!HH", PTR, 0x8001))


def test_what_a_device_left_out_is_asked_for() -> None:
    named_only = records(_answer(PRINTER[0]))
    assert untold(named_only, ["_ipp._tcp"]) == [(INSTANCE, SRV), (INSTANCE, TXT)]
    assert untold(records(_answer(*PRINTER)), ["_ipp._tcp"]) == []


def test_names_are_shown_as_people_read_them() -> None:
    assert label("B\\195\\188ro\\0321._ipp._tcp.local", "_ipp._tcp") == "Büro 1"
    assert label("bad\\027[31m._ipp._tcp.local", "_ipp._tcp") == "bad"
    assert label("odd\\9._ipp._tcp.local", "_ipp._tcp") == "odd\\9"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x00" * 11,
        question([(wire_name("a.local"), A)], 1),
        _answer(PRINTER[0])[:-3],
        _answer(b"\xc0\x0c" + PRINTER[1]),
    ],
    ids=["nothing", "short", "a question", "cut", "circle"],
)
def test_what_is_no_answer_is_refused(packet: bytes) -> None:
    with pytest.raises(Malformed):
        records(packet)


@given(st.binary(max_size=600), st.integers(0, 400))
def test_anybody_may_send_anything(noise: bytes, at: int) -> None:
    good = _answer(*PRINTER)
    for packet in (noise, good[:at] + noise, good[:at] + noise + good[at:]):
        with suppress(Malformed):
            assert len(services(records(packet), ["_ipp._tcp", "_ipps._tcp"])) <= 256


def test_one_printer_announced_twice_is_one() -> None:
    secure = [part.replace(b"\x04_ipp", b"\x05_ipps") for part in PRINTER]
    both = services(records(_answer(*PRINTER)) + records(_answer(*secure[:1])), ["_ipp._tcp", "_ipps._tcp"])
    assert len(each_once(both)) <= 2
    assert len(each_once([*both, *both])) == len(each_once(both))


def test_a_moved_printer_is_known_by_its_uuid_else_by_a_model_that_only_one_has() -> None:
    found = services(records(_answer(*PRINTER)), ["_ipp._tcp"])
    former = read_device_uri("ipp://192.0.2.77/ipp/print")
    sure = moved_to(UUID, "", former, found)
    assert sure is not None
    assert (sure.data["sure"], sure.data["address"]) == (True, "192.0.2.9")
    likely = moved_to("", "Laboratory Laser - IPP Everywhere", former, found)
    assert likely is not None
    assert not likely.data["sure"]
    assert moved_to("another", "Laboratory Laser", former, found) is None
    assert moved_to("", "Laboratory Laser", former, [*found, *found]) is None
    assert moved_to(UUID, "", read_device_uri("ipp://192.0.2.9/ipp/print"), found) is None


def test_models_are_compared_by_words() -> None:
    assert same_model("HP LaserJet M402dn, driverless, cups-filters 1.28", "HP LaserJet M402dn")
    assert not same_model("HP LaserJet", "")
    assert not same_model("Local Raw Printer", "HP LaserJet M402dn")
