"""Lookups as programs do them: a real child on this machine, for names that need no network."""

from __future__ import annotations

import time

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.base import ProbeSettings
from techdoctor.probes.measure import measure_here
from techdoctor.probes.names import system_lookup


def test_a_name_of_the_hosts_file_is_found() -> None:
    answer = system_lookup.look_up("localhost", 5.0)
    assert {"127.0.0.1", "::1"} & set(answer.addresses)
    assert (answer.error, answer.ms is not None) == ("", True)


def test_an_address_is_its_own_answer() -> None:
    assert system_lookup.look_up("192.0.2.7", 5.0).addresses == ("192.0.2.7",)


def test_a_name_that_cannot_be_is_told_as_such() -> None:
    answer = system_lookup.look_up("x" * 70 + ".example", 5.0)
    assert (answer.addresses, answer.error) == ((), system_lookup.NO_NAME)


def test_the_child_is_ended_at_the_deadline() -> None:
    begun = time.monotonic()
    answer = system_lookup.look_up("localhost", 0.001)
    assert (answer.error, answer.ms) == (system_lookup.TIMEOUT, None)
    assert time.monotonic() - begun < 1


def test_a_child_that_dies_is_not_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_lookup, "_CHILD", "raise SystemExit(3)")
    with pytest.raises(CannotMeasure):
        system_lookup.look_up("localhost", 5.0)


@pytest.mark.parametrize("via", ["system", "second", "127.0.0.1"])
def test_offline_no_lookup_is_made(via: str) -> None:
    fact = measure_here("dns.lookup", {"via": via}, settings=ProbeSettings(offline=True))
    assert (fact.status, "offline" in fact.reason) == ("skipped", True)
