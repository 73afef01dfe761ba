"""Each connection probe telling a real healthy thing from a real broken one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from techdoctor.probes import registry
from techdoctor.probes.base import Raw
from tests.lab.network.conftest import Breaker
from tests.lab.network.lab import Lab

pytestmark = pytest.mark.lab

# Everything the router is sent is dropped; only the neighbour protocol (ARP) still shows that it is there.
_MUTE_ROUTER = """table inet mute {
 chain in { type filter hook input priority -10;
  icmpv6 type { 133, 134, 135, 136 } accept
  iifname "br0" drop
 }
}
"""


def measured(lab: Lab, name: str) -> dict[str, Any]:
    """The data of one probe, run on the client."""
    done = lab.techdoctor("probe", name, "--json", timeout_s=20)
    facts = json.loads(done.out)["facts"]
    fact: dict[str, Any] = facts[name]
    assert fact["status"] == "ok", fact
    data: dict[str, Any] = fact["data"]
    return data


def test_the_parts_of_a_healthy_connection(lab: Lab) -> None:
    link, addresses, routes = (measured(lab, f"net.{name}") for name in ("link", "addresses", "routes"))
    assert (link["up"], link["adapter"], link["adapter_count"]) == (True, "eth0", 1)
    assert (addresses["address"], addresses["prefix_length"], addresses["global_v6"]) == ("10.60.1.10", 24, True)
    assert (routes["gateway_v4"], routes["gateway_on_link"], routes["via_tunnel"]) == ("10.60.1.1", True, False)


def test_addresses_read_from_text_are_those_measured(lab: Lab) -> None:
    """A host without Python is asked by `ip -j`: it must tell the same."""
    method = registry.get("net.addresses").methods["linux"]
    assert method.sources is not None and method.parse is not None
    [source] = method.sources({})
    told = method.parse({source.name: Raw("ok", lab.client(list(source.argv)).out)}, {})
    direct = measured(lab, "net.addresses")
    order = sorted(direct["addresses"], key=str)
    listed = told.data["addresses"]
    assert isinstance(listed, list)
    assert sorted(listed, key=str) == order
    assert {key: told.data[key] for key in ("address", "dynamic", "any_global")} == {
        key: direct[key] for key in ("address", "dynamic", "any_global")
    }


@pytest.mark.parametrize("icmp_sockets", [True, False])
def test_the_router_is_seen_by_every_user(lab: Lab, icmp_sockets: bool) -> None:
    lab.allow_icmp_sockets(icmp_sockets)
    try:
        assert measured(lab, "net.gateway")["answers"] is True
    finally:
        lab.allow_icmp_sockets(True)


def test_a_mute_router_is_seen_in_the_neighbour_table(breaking: Breaker) -> None:
    with breaking("none") as lab:
        lab.nft("router", _MUTE_ROUTER)
        try:
            lab.forget()
            found = measured(lab, "net.gateway")
            again = measured(lab, "net.gateway")
        finally:
            lab.nft("router", "delete table inet mute\n")
    assert (found["answers"], found["how"], found["neighbour_state"]) == (True, "neighbour", "REACHABLE")
    assert again["answers"] is True, "a router that is remembered is asked by ARP"


def test_without_a_router_the_others_are_asked(breaking: Breaker) -> None:
    with breaking("wrong_gateway") as lab:
        found = measured(lab, "net.gateway")
    assert (found["answers"], found["neighbour"], found["anyone_answers"]) == (False, "10.60.1.1", True)
    with breaking("gateway_down") as lab:
        found = measured(lab, "net.gateway")
    assert (found["answers"], found["neighbours_answering"], found["anyone_answers"]) == (False, 0, False)


@pytest.mark.parametrize(
    ("fault", "ways", "https_error"),
    [
        ("none", {"https", "ping", "names"}, ""),
        ("icmp_blocked", {"https", "names"}, ""),
        ("https_dropped", {"ping", "names"}, "silent"),
        ("https_refused", {"ping", "names"}, "refused"),
    ],
)
def test_the_internet_is_seen_by_whatever_gets_through(
    breaking: Breaker, fault: str, ways: set[str], https_error: str
) -> None:
    with breaking(fault) as lab:
        found = measured(lab, "net.tcp_by_address")
    assert (found["ok"], set(found["ways"]), found["https_error"]) == (True, ways, https_error)
    assert found["https_ok"] is (https_error == "")


@pytest.mark.parametrize(
    ("fault", "error", "said_by"),
    [
        ("upstream_down", "unreachable", "10.60.1.1"),
        ("upstream_silent", "silent", ""),
        ("no_default_route", "no_route", ""),
    ],
)
def test_why_the_internet_does_not_answer(breaking: Breaker, fault: str, error: str, said_by: str) -> None:
    with breaking(fault) as lab:
        found = measured(lab, "net.tcp_by_address")
    assert (found["ok"], found["error"], found["said_by"]) == (False, error, said_by)
    assert found["said_here"] is False


@pytest.mark.parametrize("sends_back", [False, True])
def test_a_local_firewall_is_told_from_a_remote_one(breaking: Breaker, sends_back: bool) -> None:
    """Whether the rule drops (the system call fails) or rejects (an ICMP error of our own comes back)."""
    with breaking("none") as lab:
        if sends_back:
            rule = "meta l4proto { tcp, udp, icmp, icmpv6 } ip daddr != 10.60.1.0/24 reject"
            lab.ip("client", "-6 route del default")
        else:
            rule = "ip daddr != 10.60.1.0/24 drop\n  ip6 daddr != fe80::/10 drop"
        lab.nft(
            "client",
            f"table inet own {{\n chain o {{ type filter hook output priority 0; oifname eth0 {rule}\n }}\n}}\n",
        )
        try:
            found = measured(lab, "net.tcp_by_address")
        finally:
            lab.nft("client", "delete table inet own\n")
    assert (found["ok"], found["said_here"]) == (False, True)


@pytest.mark.parametrize(
    ("fault", "found", "kind", "host"),
    [
        ("none", False, "", ""),
        ("captive_portal", True, "redirect", "portal.lab"),
        ("portal_rewrite", True, "rewrite", ""),
        ("dns_timeout", False, "", ""),
        ("site_500", None, "", ""),
    ],
)
def test_sign_in_pages(breaking: Breaker, fault: str, found: bool | None, kind: str, host: str) -> None:
    with breaking(fault) as lab:
        data = measured(lab, "net.captive_portal")
    assert (data["found"], data["kind"], data["location_host"]) == (found, kind, host)


def test_an_address_used_twice_is_seen(breaking: Breaker) -> None:
    with breaking("none") as lab:
        assert measured(lab, "net.address_conflict")["found"] is False
    with breaking("duplicate_address") as lab:
        found = measured(lab, "net.address_conflict")
        theirs = lab.world.need("neighbour", ["ip", "-o", "link", "show", "eth0"])
    assert (found["found"], found["address"]) == (True, "10.60.1.10")
    assert found["mac"] in theirs


def test_a_second_adapter_of_ours_is_no_conflict(breaking: Breaker) -> None:
    """Linux answers for all its addresses by every adapter."""
    with breaking("none") as lab:
        lab.world.need(
            "", ["ip", "link", "add", "eth1", "netns", "client", "type", "veth", "peer", "lan2", "netns", "router"]
        )
        lab.ip("router", "link set lan2 master br0 up")
        lab.ip("client", "link set eth1 up\naddr add 10.60.1.11/24 dev eth1")
        try:
            assert measured(lab, "net.address_conflict")["found"] is False
        finally:
            lab.ip("client", "link del eth1")


def test_slow_lossy_lines_are_not_called_dead(breaking: Breaker) -> None:
    """A round trip of 300 ms, then every tenth packet lost each way."""
    for fault in ("latency_300", "loss_wan_10"):
        with breaking(fault) as lab:
            assert measured(lab, "net.tcp_by_address")["ok"] is True, fault
            assert measured(lab, "net.captive_portal")["found"] is False, fault
