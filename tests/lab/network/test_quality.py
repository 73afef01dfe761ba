"""The quality of the line on real, impaired links: probes, two faults at once, and no wrong cause under loss."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.lab import Lab

pytestmark = pytest.mark.lab

# Nobody's rights over the network, as cases.py has it.
ORDINARY = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
RIGHT_UNDER_LOSS = (None, "net.slow.loss_beyond", "net.drops.burst_loss")
# The program ends within 8 s on a quiet machine: 7 s of measuring, and its start.
MOST_MEASURING_MS = 7800


def diagnose(lab: Lab, *words: str, ordinary: bool = False) -> dict[str, Any]:
    command = [sys.executable, "-m", "techdoctor", "diagnose", *words, "--batch", "--json"]
    report: dict[str, Any] = json.loads(lab.client([*(ORDINARY if ordinary else ()), *command]).out)
    return report


def measured(lab: Lab, probe: str, *options: str) -> dict[str, Any]:
    fact = json.loads(lab.techdoctor("probe", probe, "--json", *options).out)["facts"][probe]
    assert fact["status"] == "ok", fact
    data: dict[str, Any] = fact["data"]
    return data


@pytest.mark.parametrize(
    ("fault", "cause"), [("loss_lan_10", "net.slow.loss_local"), ("loss_wan_10", "net.slow.loss_beyond")]
)
def test_without_pings_loss_is_placed_by_tcp(breaking: Breaker, fault: str, cause: str) -> None:
    """An ordinary user on a system that lets nobody ping."""
    with breaking(fault) as lab:
        lab.allow_icmp_sockets(False)
        try:
            report = diagnose(lab, "--playbook", "net.slow", ordinary=True)
        finally:
            lab.allow_icmp_sockets(True)
    quality = report["facts"]["quality"]["data"]
    assert (quality["way"], quality["router_way"]) == ("tcp", "tcp")
    assert report["cause"] == cause


def test_a_router_that_ignores_pings_loses_nothing(breaking: Breaker) -> None:
    with breaking("gateway_no_ping") as lab:
        quiet = measured(lab, "net.quality")
        assert (quiet["loss_percent"], quiet["router_loss_percent"]) == (0.0, None)
        with breaking("loss_wan_10"):
            placed = measured(lab, "net.quality")
    assert placed["router_way"] == "tcp"
    assert placed["router_loss_percent"] == 0.0
    assert placed["loss_percent"] > 5


def test_a_narrow_line_and_a_long_queue_are_measured_with_and_without_downloads(breaking: Breaker) -> None:
    with breaking("bufferbloat") as lab:
        loaded = measured(lab, "net.load")
        settings = lab.folder / "home/config/techdoctor"
        settings.mkdir(parents=True, exist_ok=True)
        (settings / "config.toml").write_text('targets.download = ["http://nowhere.example/"]\n')
        try:
            by_pings = measured(lab, "net.load")
        finally:
            (settings / "config.toml").unlink()
    assert (loaded["how"], by_pings["how"]) == ("downloads", "pings")
    for data in (loaded, by_pings):
        assert 4 < data["narrowest_mbit_s"] < 8  # the lab's link carries 6 Mbit/s
        assert data["added_ms"] > 150
    assert loaded["moved_bytes"] <= 2_000_000


def test_the_program_that_has_the_line_is_named(breaking: Breaker) -> None:
    with breaking("own_traffic_10mbit") as lab:
        report = diagnose(lab, "the internet is slow")
    assert report["cause"] == "net.slow.own_traffic"
    assert report["facts"]["traffic"]["data"]["top_name"] == "curl"


def test_loss_comes_before_a_slow_name_server_which_is_found_once_it_is_mended(breaking: Breaker) -> None:
    with breaking("dns_slow") as lab:
        with breaking("loss_wan_10"):
            assert diagnose(lab, "the internet is slow")["cause"] == "net.slow.loss_beyond"
        assert diagnose(lab, "the internet is slow")["cause"] == "net.dns.slow_server"


@pytest.mark.parametrize(
    "words",
    ["no internet", "web pages do not open", "web addresses are not found", "the connection keeps dropping"],
)
def test_under_loss_no_wrong_cause_is_named(breaking: Breaker, words: str) -> None:
    """A smaller copy of benchmarks/lossy.py."""
    with breaking("loss_wan_10") as lab:
        assert diagnose(lab, words)["cause"] in RIGHT_UNDER_LOSS


def test_a_second_of_delay_ends_in_time(breaking: Breaker) -> None:
    with breaking("latency_1000") as lab:
        report = diagnose(lab, "the internet is slow")
    assert report["cause"] in (None, "net.slow.high_latency")
    assert report["duration_ms"] < MOST_MEASURING_MS


def test_lost_links_are_counted_while_one_looks(breaking: Breaker) -> None:
    with breaking("none") as lab:
        assert measured(lab, "net.counters")["link_changes"] == 0
    with breaking("flapping_link") as lab:
        data = measured(lab, "net.counters", "--set", "for=3.5")
    assert data["link_adapter"] == "eth0"
    assert data["link_changes"] >= 2
