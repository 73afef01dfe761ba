"""Local facts first and without a packet, the lower of two faults first, nothing sent offline, a budget otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.diagnosis import Record, diagnose
from tests.lab.network.lab import HEALTHY_ETC, ROOT
from tests.lab.network.traffic import counted

pytestmark = pytest.mark.lab

# Decided by local facts alone, for which the network waits.
_DECIDED_HERE = ("link_down", "no_carrier", "no_address", "self_assigned", "no_default_route", "route_blackhole")

_AREAS = ("net.", "web.", "wifi.", "sys.clock")
_NETWORK = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yaml") if path.stem.startswith(_AREAS))
# One healthy diagnosis of "the internet does not work", measured (docs/probes-network.md) with room for repetitions
# on a busy machine.
MOST_PACKETS, MOST_BYTES, MOST_HOSTS = 400, 60_000, 20


@pytest.mark.parametrize("fault", _DECIDED_HERE)
def test_local_faults_are_told_without_a_packet(breaking: Breaker, fault: str) -> None:
    with breaking(fault) as lab, counted(lab) as traffic:
        report = diagnose(lab, "--playbook", "net.connection")
    assert [step["node"] for step in report["path"]] == ["here"]
    assert traffic.packets == 0, sorted(traffic.hosts)


def test_what_lies_above_is_not_judged_and_says_why(breaking: Breaker) -> None:
    with breaking("no_carrier") as lab:
        report = diagnose(lab, "--playbook", "net.connection")
    above = {entry["cause"]: entry["reason"] for entry in report["not_judged"]}
    for cause in ("gateway_down", "upstream_down", "sign_in_page"):
        assert "cable" in above[f"net.connection.{cause}"], above


@pytest.mark.parametrize(
    ("lower", "upper", "first", "then"),
    [
        ("dns_timeout", "proxy_dead", "net.dns.server_silent", "web.pages.proxy_dead"),
        ("no_carrier", "resolv_wrong", "net.connection.no_carrier", "net.dns.wrong_server"),
        ("gateway_down", "hosts_override", "net.connection.gateway_down", None),
    ],
)
def test_of_two_faults_the_lower_comes_first(
    breaking: Breaker, lower: str, upper: str, first: str, then: str | None
) -> None:
    with breaking(upper) as lab:
        with breaking(lower):
            # Healing the lower one resets the client, so the upper one is made again below.
            assert diagnose(lab, "no", "internet")["cause"] == first
        with breaking(upper):
            assert diagnose(lab, "no", "internet")["cause"] == then


def test_the_upper_fault_is_found_once_techdoctor_has_mended_the_lower(breaking: Breaker, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("renew_lease: no\nreorder: yes\n")
    with breaking("resolv_first_dead") as lab:
        lab.environment["https_proxy"] = "http://10.60.1.1:9999"
        lower = diagnose(lab, "--playbook", "net.dns", "--answers", str(answers))
        assert (lower["end"], lower["cause"]) == ("solved", "net.dns.dead_server")
        assert (lab.folder / "etc/resolv.conf").read_text().startswith(HEALTHY_ETC["resolv.conf"].strip())
        upper = diagnose(lab, "no", "internet")
    assert upper["cause"] == "web.pages.proxy_dead"


def test_the_counter_sees_packets_and_a_healthy_diagnosis_keeps_to_its_budget(
    breaking: Breaker, record_property: Record
) -> None:
    with breaking("none") as lab, counted(lab) as traffic:
        report = diagnose(lab, "--playbook", "net.connection")
    assert report["end"] == "not_reproduced"
    told = f"{traffic.packets} packets, {traffic.size_bytes} bytes, {len(traffic.hosts)} hosts: {sorted(traffic.hosts)}"
    record_property("traffic", told)
    assert 0 < traffic.packets <= MOST_PACKETS, told
    assert traffic.size_bytes <= MOST_BYTES, told
    assert len(traffic.hosts) <= MOST_HOSTS, told


@pytest.mark.parametrize("playbook", _NETWORK)
def test_offline_no_playbook_sends_a_packet(breaking: Breaker, playbook: str) -> None:
    with breaking("dns_timeout") as lab:
        lab.environment["TECHDOCTOR_OFFLINE"] = "1"
        with counted(lab) as traffic:
            diagnose(lab, "--playbook", playbook)
    assert (traffic.packets, traffic.hosts) == (0, set())
