"""Name, certificate, proxy and clock probes on the broken client: each sees its fault, and nothing on a healthy one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.lab import Lab

pytestmark = pytest.mark.lab

Data = Mapping[str, Any]


def _probe(lab: Lab, probe: str, env: Mapping[str, str] | None = None, **params: str) -> dict[str, Any]:
    """The fact of one probe, measured by the real program on the client."""
    options = [part for name, value in params.items() for part in ("--set", f"{name}={value}")]
    done = lab.techdoctor("probe", probe, *options, "--json", env=env)
    fact: dict[str, Any] = json.loads(done.out)["facts"][probe]
    return fact


def _data(lab: Lab, probe: str, **params: str) -> Data:
    fact = _probe(lab, probe, None, **params)
    assert fact["status"] == "ok", fact["reason"]
    data: Data = fact["data"]
    return data


def test_healthy_names(lab: Lab) -> None:
    each = _data(lab, "dns.each_server")
    assert (each["alive"], each["first_dead"], each["failure"], each["known_right"], each["known_wrong"]) == (
        1,
        False,
        "",
        2,
        0,
    )
    assert _data(lab, "dns.lookup")["ok"] is True
    assert _data(lab, "dns.second_opinion")["blocked"] is False
    assert _data(lab, "dns.random_name")["rewritten"] is False
    assert _data(lab, "dns.tcp")["works"] is True
    assert _data(lab, "dns.hosts_file")["overridden"] is False


@pytest.mark.parametrize(
    ("fault", "failure", "there"),
    [
        ("dns_timeout", "silent", True),
        ("resolv_wrong", "silent", False),
        ("dns_refused", "refuses", True),
        ("dns_servfail", "fails", True),
        ("dns_garbage", "garbage", True),
        ("dns_closed", "closed", True),
    ],
)
def test_each_way_a_server_fails_is_told_apart(breaking: Breaker, fault: str, failure: str, there: bool) -> None:
    with breaking(fault) as lab:
        each = _data(lab, "dns.each_server")
        assert (each["failure"], each["alive"], each["host_answers"]) == (failure, 0, there)
        assert _data(lab, "dns.second_opinion")["ok"] is True


def test_a_dead_first_server_is_told_and_a_living_one_named(breaking: Breaker) -> None:
    with breaking("resolv_first_dead") as lab:
        each = _data(lab, "dns.each_server")
        assert (each["first_dead"], each["alive"], each["best"]) == (True, 1, "10.60.1.1")
        patient = _data(lab, "dns.lookup")
        assert patient["ok"] is True
        assert patient["ms"] > 500, "the C library waits for the first server, here until ARP gives up"


def test_two_in_ten_packets_lost_make_no_dead_server(breaking: Breaker) -> None:
    with breaking("loss_wan_10") as lab:
        for _ in range(5):
            assert _data(lab, "dns.second_opinion")["ok"] is True
            assert _data(lab, "dns.each_server")["failure"] == ""


def test_blocked_everywhere(breaking: Breaker) -> None:
    with breaking("dns_all_blocked") as lab:
        assert _data(lab, "dns.second_opinion")["blocked"] is True
        assert _data(lab, "dns.each_server")["failure"] == "silent"


def test_false_answers(breaking: Breaker) -> None:
    with breaking("dns_hijack") as lab:
        each = _data(lab, "dns.each_server")
        assert (each["known_wrong"], each["known_same_wrong"]) == (2, True)
    with breaking("dns_nxrewrite") as lab:
        assert _data(lab, "dns.each_server")["known_wrong"] == 0
        assert _data(lab, "dns.random_name")["rewritten"] is True


def test_a_slow_server_is_slow_by_itself_and_a_slow_line_is_not(breaking: Breaker) -> None:
    with breaking("dns_slow") as lab:
        assert _data(lab, "dns.each_server")["own_delay_ms"] > 700
    with breaking("latency_300") as lab:
        assert _data(lab, "dns.second_opinion")["ms"] > 250


def test_answers_that_are_cut_off(breaking: Breaker) -> None:
    with breaking("dns_tcp_blocked") as lab:
        tcp = _data(lab, "dns.tcp")
        assert (tcp["truncated"], tcp["works"], tcp["udp_works"]) == (True, False, True)


def test_local_settings(breaking: Breaker) -> None:
    with breaking("resolv_empty") as lab:
        assert _data(lab, "dns.resolvers")["count"] == 0
    with breaking("nsswitch_no_dns") as lab:
        assert _data(lab, "dns.resolvers")["asks_dns"] is False
    with breaking("hosts_override") as lab:
        hosts = _data(lab, "dns.hosts_file", name="www.example.com")
        assert (hosts["overridden"], hosts["line"]) == (True, 2)
    with breaking("resolv_search") as lab:
        assert _data(lab, "dns.resolvers", name="www.example.com")["extra_lookups"] == 5


def test_certificates(lab: Lab, breaking: Breaker) -> None:
    healthy = _data(lab, "web.tls")
    assert (healthy["accepted"], healthy["refused"], healthy["ca_store_empty"]) == (2, 0, False)
    assert any(entry.startswith("SSL_CERT_FILE=") for entry in healthy["ca_environment"])
    with breaking("tls_intercept"):
        seen = _data(lab, "web.tls")
        assert (seen["accepted"], seen["verify_code"], seen["all_same_unknown_issuer"]) == (0, 19, True)
        assert "Gateway CA" in seen["issuer"]
    fact = _probe(lab, "web.tls", env={"SSL_CERT_FILE": "/dev/null"})
    assert (fact["data"]["ca_store_empty"], fact["data"]["refused"]) == (True, 2)


@pytest.mark.parametrize(
    ("name", "code"), [("expired.badssl.com", 10), ("self-signed.badssl.com", 18), ("wrong.host.badssl.com", 62)]
)
def test_what_is_wrong_with_one_certificate(lab: Lab, name: str, code: int) -> None:
    data = _data(lab, "web.tls", name=name)
    row = data["hosts"][-1]
    assert (data["name_ok"], data["accepted"], row["verify_code"]) == (False, 2, code)
    assert row["wrong_name"] is (code == 62)
    assert (row["expires_in_s"] < 0) is (code == 10)


def test_proxies(lab: Lab, breaking: Breaker) -> None:
    assert _data(lab, "web.proxy")["is_set"] is False
    with breaking("proxy_dead"):
        assert _data(lab, "web.proxy")["error"] == "refused_port"
    with breaking("proxy_name"):
        assert _data(lab, "web.proxy")["name_known"] is False
    working = _probe(lab, "web.proxy", env={"https_proxy": "http://someone:secret@10.60.1.1:3128"})
    assert (working["data"]["reachable"], working["data"]["status"]) == (True, 200)
    assert "secret" not in json.dumps(working)


def test_a_proxy_that_wants_a_password(lab: Lab) -> None:
    lab.set("router", proxy_mode="auth")
    try:
        fact = _probe(lab, "web.proxy", env={"https_proxy": "http://10.60.1.1:3128"})
    finally:
        lab.set("router", proxy_mode=None)
    assert (fact["data"]["status"], fact["data"]["needs_login"]) == (407, True)


def test_clocks(lab: Lab, breaking: Breaker) -> None:
    healthy = _data(lab, "clock.offset")
    assert healthy["method"] == "ntp"
    assert healthy["wrong_by_s"] < 1
    with breaking("clock_skew"):
        assert _data(lab, "clock.offset")["offset_s"] == pytest.approx(-420, abs=1)
    with breaking("ntp_blocked"):
        by_date = _data(lab, "clock.offset")
        assert (by_date["method"], by_date["ntp_silent"]) == ("http_date", True)
        assert by_date["wrong_by_s"] <= 2


_OUTSIDE = ("dns.lookup", "dns.each_server", "dns.second_opinion", "dns.random_name", "dns.tcp")


def test_offline_nothing_leaves(lab: Lab) -> None:
    """Judged by the kernel's own counter of the client's adapter, once its own chatter has ended."""
    counter = ["cat", "/sys/class/net/eth0/statistics/tx_packets"]
    local = ("dns.resolvers", "dns.hosts_file", "web.tls", "web.proxy", "clock.offset")
    env = {"https_proxy": "http://10.60.1.1:3128", "TECHDOCTOR_OFFLINE": "1"}
    lab.client(["ping", "-c", "1", "10.60.1.1"])
    before = int(lab.client(counter).out)
    facts = json.loads(lab.techdoctor("probe", *_OUTSIDE, *local, "--json", env=env).out)["facts"]
    sent = int(lab.client(counter).out) - before
    assert {facts[probe]["status"] for probe in _OUTSIDE} == {"skipped"}
    assert {facts[probe]["status"] for probe in local} == {"ok"}
    assert sent <= 2, "at most the kernel's own neighbour discovery"
