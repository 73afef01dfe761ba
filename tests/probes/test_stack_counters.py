"""The kernel's counters: read here, and what their growth says."""

from __future__ import annotations

import sys

import pytest

from techdoctor.probes.network import stack_counters
from techdoctor.probes.network.stack_counters import Counters


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these files")
def test_they_are_read_by_every_user() -> None:
    found = stack_counters.read()
    assert found is not None
    assert found.received >= 0


def test_what_came_in_and_reached_nobody_was_thrown_away() -> None:
    grown = Counters(140, 90, 3, 5).since(Counters(100, 70, 1, 5))
    assert (grown.thrown_away, grown.unsent, grown.to_itself) == (20, 2, 0)


def test_more_delivered_than_received_is_nothing_thrown_away() -> None:
    assert Counters(1, 5, 0, 0).thrown_away == 0
