"""Faults of the clock: servers that tell another time, a faked date on the client, no time servers, the zone."""

from __future__ import annotations

import glob

from tests.lab.network.faults.base import FORWARD, Fault, filtered, nothing, steered
from tests.lab.network.lab import Lab

_DAY_S = 86400
# Where Debian and others put it.
_LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


def _faked(name: str, symptom: str, offset: str) -> Fault:
    """The client's clock differs, as faketime(1) makes programs believe."""

    def inject(lab: Lab) -> None:
        library = next(path for pattern in _LIBRARIES for path in glob.glob(pattern))
        lab.environment.update({"LD_PRELOAD": library, "FAKETIME": offset, "NO_FAKE_STAT": "1"})

    return Fault(name, symptom, inject, nothing)


def _zone(name: str, symptom: str, zone: str) -> Fault:
    return Fault(name, symptom, lambda lab: lab.environment.update(TZ=zone), nothing)


FAULTS = (
    steered("clock_skew", "the clock differs by seven minutes", "internet", ntp_offset_s=420),
    steered("clock_ahead", "the clock runs ahead", "internet", ntp_offset_s=-150),
    steered("clock_by_date", "the clock is days off", "internet", ntp_offset_s=40 * _DAY_S, ntp_mode="drop"),
    _faked("clock_minutes", "the clock is some minutes off", "-10m"),
    _faked("clock_months", "the date is wrong after the battery was empty", "-90d"),
    _faked("clock_years", "the year is wrong", "+3y"),
    _faked("clock_decade", "the year is wrong after the battery was empty", "-10y"),
    steered("ntp_blocked", "the clock cannot be set", "internet", ntp_mode="drop"),
    filtered("ntp_dropped", "the clock cannot be set", "router", f"{FORWARD} udp dport 123 drop"),
    _zone("zone_utc", "the clock is an hour off", "UTC"),
    _zone("zone_bogus", "the clock is an hour off", "Nowhere/Bogus"),
)
