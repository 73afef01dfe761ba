"""SNMP messages, and what nobody should send."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.probes.printing import snmp
from techdoctor.probes.printing.printer_supplies import describe, left_percent

BASE = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1, 9)
# Recorded from snmpd 5.9.3 of Debian 12 on 2026-12-01, told to answer 320 behind BASE at .1.1.
ANSWER = bytes.fromhex("302c02010004067075626c6963a21f02010102010002010030143012060c2b060102012b0b010109010102020140")


def test_a_request_is_what_net_snmp_reads() -> None:
    packet = snmp.request(BASE, 1)
    assert packet.startswith(b"\x30")
    assert b"\x04\x06public\xa1" in packet
    assert packet.endswith(b"\x06\x0a\x2b\x06\x01\x02\x01\x2b\x0b\x01\x01\x09\x05\x00")


def test_large_parts_of_an_object_id_take_several_bytes() -> None:
    assert b"\x2b\x06\x01\x04\x01\x82\x37" in snmp.request((1, 3, 6, 1, 4, 1, 311), 7)


def test_an_answer_is_read() -> None:
    assert snmp.response(ANSWER, 1) == ((*BASE, 1, 1), 320)
    with pytest.raises(snmp.SnmpError, match="somebody else"):
        snmp.response(ANSWER, 2)


@given(st.binary(max_size=300), st.integers(0, 60))
def test_anybody_may_send_anything(noise: bytes, at: int) -> None:
    for packet in (noise, ANSWER[:at] + noise, ANSWER[:at] + noise + ANSWER[at:]):
        with suppress(snmp.SnmpError):
            oid, _ = snmp.response(packet, 1)
            assert len(oid) <= 300


def test_a_device_that_repeats_itself_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        monkeypatch.setattr(snmp, "PORT", device.getsockname()[1])
        monkeypatch.setattr("secrets.randbelow", lambda most: 0)
        asked = []

        def answer() -> None:
            device.settimeout(1.5)
            with suppress(TimeoutError):
                while True:
                    asked.append(device.recvfrom(4096))
                    device.sendto(ANSWER, asked[-1][1])

        thread = threading.Thread(target=answer)
        thread.start()
        assert snmp.column("127.0.0.1", BASE, time.monotonic() + 5) == [((1, 1), 320)]
        thread.join()
    assert len(asked) == 2


def test_nobody_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr(snmp, "PORT", silent.getsockname()[1])
        assert snmp.column("127.0.0.1", BASE, time.monotonic() + 0.2) == []


def test_levels_that_are_no_numbers_are_gaps() -> None:
    assert (left_percent(-3, 100), left_percent(5, 0), left_percent("x", 1), left_percent(50, 200)) == (
        None,
        None,
        None,
        25,
    )
    reading = describe({(1, 1): "Cyan"}, {(1, 1): -3}, {(1, 1): 100}, {})
    assert (reading.data["count"], "numbers" in reading.gaps["lowest_percent"]) == (1, True)
    waste = describe({(1, 1): "Waste\x1b[31m"}, {(1, 1): 190}, {(1, 1): 200}, {(1, 1): 4})
    assert (waste.data["lowest_percent"], waste.data["lowest_name"]) == (5, "Waste")
