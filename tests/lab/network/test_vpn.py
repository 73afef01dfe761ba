"""The real program against real VPN servers and tunnels, broken and well."""

from __future__ import annotations

import json
import sys

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.diagnosis import Record, assert_found, diagnose, serious
from tests.lab.network.faults.vpn import INSIDE, INSIDE_NAME

pytestmark = pytest.mark.lab

_INSIDE = ("--set", f"name={INSIDE_NAME}")
# Fault, options, what a person would type, the cause that must be found.
_FAULTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("vpn_name_unknown", (), "the VPN does not connect", "vpn_server_unreachable"),
    ("vpn_server_off", (), "cannot reach the office from home by VPN", "vpn_server_unreachable"),
    ("vpn_refused", (), "VPN connection failed", "vpn_server_unreachable"),
    ("vpn_port_dropped", (), "OpenVPN keeps reconnecting", "vpn_server_unreachable"),
    ("vpn_tcp_refused", (), "my VPN fails", "vpn_server_unreachable"),
    ("vpn_not_listening", (), "WireGuard does not connect", "vpn_server_unreachable"),
    ("vpn_no_handshake", (), "the VPN tunnel gets no handshake", "vpn_server_unreachable"),
    ("vpn_dns", _INSIDE, "VPN is on but the intranet is not found", "vpn_dns"),
    ("vpn_dns_told", (), "the VPN is connected but nothing of the company opens", "vpn_dns"),
)
# Source: the issue: nothing takes longer than 8 s on a quiet machine; laboratories are not always quiet.
_MOST_S = 16.0


@pytest.mark.parametrize(("fault", "options", "words", "cause"), _FAULTS, ids=[row[0] for row in _FAULTS])
def test_fault_is_found(
    breaking: Breaker, fault: str, options: tuple[str, ...], words: str, cause: str, record_property: Record
) -> None:
    with breaking(fault) as lab:
        report = diagnose(lab, *words.split(), *options)
    record_property("row", (fault, cause, report["cause"], report["seconds"]))
    assert_found(report, f"net.vpn.{cause}", _MOST_S)


@pytest.mark.parametrize(
    ("control", "options", "end"),
    [
        ("vpn_works", (), "inconclusive"),
        ("vpn_works_by_tcp", (), "inconclusive"),
        ("vpn_with_names", _INSIDE, "not_reproduced"),
        ("vpn_handshake", (), "not_reproduced"),
        ("none", (), "inconclusive"),
    ],
)
def test_control_gives_no_finding(breaking: Breaker, control: str, options: tuple[str, ...], end: str) -> None:
    with breaking(control) as lab:
        report = diagnose(lab, "--playbook", "net.vpn", *options)
    assert report["findings"] == []
    assert report["end"] == end


def test_a_port_that_hides_from_strangers_is_not_called_silent(breaking: Breaker) -> None:
    """The host answers otherwise; whether a shared-key OpenVPN listens at its UDP port nobody can tell from outside."""
    with breaking("vpn_hidden") as lab:
        lab.nft(
            "internet", "table inet hide {\nchain i {\ntype filter hook input priority 0; udp dport 1195 drop\n}\n}\n"
        )
        report = diagnose(lab, "--playbook", "net.vpn")
        lab.nft("internet", "delete table inet hide\n")
    assert serious(report) == []
    assert (report["end"], report["facts"]["server"]["data"]["ok"]) == ("inconclusive", None)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("vpn_blackhole", "net.connection.vpn_blackhole"),
        ("upstream_down", "net.connection.upstream_down"),
        ("dns_timeout", "net.dns.server_silent"),
        ("captive_portal", "net.connection.sign_in_page"),
    ],
)
def test_what_lies_below_comes_first(breaking: Breaker, fault: str, cause: str) -> None:
    with breaking(fault) as lab:
        report = diagnose(lab, "--playbook", "net.vpn", "--set", "name=vpn.example.net")
    assert report["cause"] == cause


# In one command, so that both see the same /etc.
_MEND_AND_UNDO = """
import json, subprocess, sys
from techdoctor.hosts.local import LocalHost

def found():
    return subprocess.run(["getent", "hosts", sys.argv[1]], capture_output=True, text=True).stdout.split()[:1]

host, given = LocalHost(), {"server": "10.8.0.1"}
before, outcome = found(), host.apply("dns.prefer_server", given)
mended, undone = found(), host.undo("dns.prefer_server", given, outcome.undo_token)
print(json.dumps([before, outcome.ok, mended, undone.ok, found()]))
"""


def test_the_vpns_name_server_is_asked_first_and_no_longer(breaking: Breaker) -> None:
    with breaking("vpn_dns") as lab:
        report = diagnose(lab, "--playbook", "net.vpn", *_INSIDE)
        done = lab.client([sys.executable, "-c", _MEND_AND_UNDO, INSIDE_NAME])
        lab.write_etc("resolv.conf", "nameserver 10.8.0.1\n")
        after = diagnose(lab, "--playbook", "net.vpn", *_INSIDE)
    (finding,) = report["findings"]
    assert "ask_it_first" in [fix["id"] for fix in finding["fixes"]]
    assert json.loads(done.out) == [[], True, [INSIDE], True, []], done.err
    assert after["end"] == "not_reproduced"
