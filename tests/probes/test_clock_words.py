"""What Windows says of its clock, in whatever language; and time zones by name and by rule."""

from __future__ import annotations

import pytest

from techdoctor.probes.measure import measure_here
from techdoctor.probes.network import clock
from techdoctor.probes.network.clock import parse_w32tm

# Windows, Italian, 2020, `w32tm /query /status`; names replaced. Source: https://siscoxs.it/wiki/_export/raw/note:w32tm
_SYNCHRONISED = """Indicatore di secondo intercalare: 0(nessun avviso)
Strato: 3 (riferimento secondario - sincronizza tramite (S)NTP)
Precisione: -23 (119.209ns per tick)
Origine: dc01.example
Intervallo di polling: 14 (16384s)
"""


def test_windows_says_whether_its_clock_is_kept() -> None:
    assert parse_w32tm(_SYNCHRONISED) is True
    assert parse_w32tm(_SYNCHRONISED.replace(": 0(", ": 3(")) is False
    assert parse_w32tm("") is None
    assert parse_w32tm("The following error occurred: The service has not been started. (0x80070426)") is None


@pytest.mark.parametrize(
    ("zone", "valid", "utc"),
    [("Asia/Tokyo", True, False), ("Nowhere/Bogus", False, True), ("UTC", True, True), ("JST-9", True, False)],
)
def test_zones(zone: str, valid: bool, utc: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        data = measure_here("clock.zone", {"expected": "Asia/Tokyo"}).data
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert (data["set_by"], data["valid"]) == ("TZ", valid)
    assert data["matches"] is (not utc)


def test_a_date_that_no_clock_can_show_is_none() -> None:
    assert clock.told_by("HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:09 GMT\r\n") == 9.0
    for date in ("Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 99 Jan 2001 00:00:00 GMT", "\u00b2", ""):
        assert clock.told_by(f"HTTP/1.1 200 OK\r\nDate: {date}\r\n") is None
