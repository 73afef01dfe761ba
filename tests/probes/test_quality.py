"""net.quality: what a series says, and what the fields make of several."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.probes.network.line_sample import Sample
from techdoctor.probes.network.ping_program import parse
from techdoctor.probes.network.quality import reading
from techdoctor.probes.network.series import PING, TCP, Series, runs, spread

# Recorded in the network laboratory, Debian 12, at 20 % loss each way.
IPUTILS = Path(__file__).parent / "cases/net.quality/ping-iputils-20221126.txt"


def series(*rtts: float | None, address: str = "192.0.2.1", way: str = PING) -> Series:
    return Series(address, way, rtts, tuple(0.02 * number for number in range(len(rtts))))


def test_missing_numbers_of_ping_are_losses() -> None:
    parsed = parse("1.1.1.1", IPUTILS.read_text(), 12, 0.02)
    assert (parsed.sent, parsed.lost) == (12, 4)
    assert parsed.rtts_ms[:3] == (None, 0.283, 0.217)
    assert runs([parsed]).longest == 3


def test_an_answer_that_came_twice_counts_once() -> None:
    line = "64 bytes from 1.1.1.1: icmp_seq=1 ttl=63 time=%s ms%s\n"
    twice = line % ("9.0", "") + line % ("9.9", " (DUP!)")
    assert parse("1.1.1.1", twice, 1, 0.02).rtts_ms == (9.0,)


def test_a_few_late_answers_are_no_jitter() -> None:
    steady = spread([10.0] * 37 + [400.0] * 3)
    assert steady is not None
    assert (steady.median_ms, steady.jitter_ms) == (10.0, 0.0)
    varied = spread([float(number) for number in range(100)])
    assert varied is not None
    assert varied.jitter_ms == pytest.approx(40, abs=1)


def test_rows_of_losses_are_told_from_chance() -> None:
    burst = runs([series(*[1.0] * 10, *[None] * 20, *[1.0] * 10)])
    chance = runs([series(*([1.0, 1.0, None] * 10))])
    assert (burst.longest, burst.mean, burst.count, burst.longest_ms) == (20, 20.0, 1, 400)
    assert (chance.longest, chance.mean, chance.count) == (1, 1.0, 0)


def test_one_host_that_loses_alone_limits_its_answers() -> None:
    good = series(*[1.0] * 40)
    odd = series(*[1.0, None] * 20, address="192.0.2.2")
    data = reading(Sample(good, [good, odd, good])).data
    assert (data["loss_percent"], data["hosts_losing"], data["sent"]) == (0.0, 1, 80)
    alone = reading(Sample(good, [odd])).data
    assert alone["loss_percent"] == 50.0


def test_a_silent_router_is_a_gap_not_a_loss() -> None:
    found = reading(Sample(series(None, None), [series(1.0, None, 2.0)]))
    assert found.data["router_loss_percent"] is None
    assert found.data["router_lost"] is None
    assert "router answers neither" in found.gaps["router_loss_percent"]
    without = reading(Sample(None, [series(1.0, 2.0)]))
    assert without.gaps["router_rtt_ms"] == "no router's address is set"


def test_nobody_outside_answers() -> None:
    found = reading(Sample(series(1.0), [series(None, None), series(None, way=TCP)]))
    assert (found.data["loss_percent"], found.data["rtt_ms"], found.data["hosts_answering"]) == (None, None, 0)
    assert set(found.gaps) >= {"loss_percent", "rtt_ms", "jitter_ms", "beyond_rtt_ms"}
