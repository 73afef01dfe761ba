"""Own addresses and gateways: both backends, on this machine, and the spellings of the libraries."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.network import own_network
from techdoctor.probes.network.addresses import reading
from techdoctor.probes.network.own_network import Address, Gateway


def _without_netifaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_network, "library", lambda: None)


def _with(monkeypatch: pytest.MonkeyPatch, addresses: dict[str, dict[int, Any]], gateways: dict[Any, Any]) -> None:
    """A module of the shape of netifaces that knows these."""
    module = SimpleNamespace(interfaces=lambda: list(addresses), ifaddresses=addresses.get, gateways=lambda: gateways)
    monkeypatch.setattr(own_network, "library", lambda: module)


def test_both_backends_see_the_same_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_network.backend() == "netifaces"
    by_netifaces = (sorted(own_network.addresses(), key=str), own_network.gateways())
    _without_netifaces(monkeypatch)
    assert own_network.backend() == "psutil"
    assert (sorted(own_network.addresses(), key=str), own_network.gateways()) == by_netifaces
    assert Address("lo", "127.0.0.1", 8) in by_netifaces[0]


def test_spellings_of_netifaces_plus(monkeypatch: pytest.MonkeyPatch) -> None:
    v6 = {"addr": "fe80::1%eth0", "netmask": "ffff:ffff:ffff:ffff::/64"}
    addresses: dict[str, dict[int, Any]] = {
        "eth0": {socket.AF_INET: [{"addr": "192.0.2.7", "netmask": "255.255.255.0"}], socket.AF_INET6: [v6]}
    }
    _with(monkeypatch, addresses, {})
    assert own_network.addresses() == [Address("eth0", "192.0.2.7", 24), Address("eth0", "fe80::1", 64)]
    assert own_network.gateways() == []


def test_the_default_gateway_comes_first_and_link_local_ones_carry_their_adapter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {
        "default": {socket.AF_INET: ("192.0.2.1", "eth0"), socket.AF_INET6: ("fe80::1", "eth0")},
        socket.AF_INET: [("198.51.100.1", "wlan0", False), ("192.0.2.1", "eth0", True)],
        socket.AF_INET6: [("fe80::1", "eth0", True)],
    }
    _with(monkeypatch, {}, table)
    assert own_network.gateways() == [
        Gateway("ipv4", "192.0.2.1", "eth0"),
        Gateway("ipv4", "198.51.100.1", "wlan0"),
        Gateway("ipv6", "fe80::1%eth0", "eth0"),
    ]


def test_a_default_without_gateway_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """netifaces names the link itself ("link#18") for point-to-point defaults on macOS."""
    _with(monkeypatch, {}, {"default": {}, socket.AF_INET: [("link#18", "utun3", True)]})
    assert own_network.gateways() == []


def test_neither_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_netifaces(monkeypatch)
    monkeypatch.setitem(__import__("sys").modules, "psutil", None)
    with pytest.raises(CannotMeasure) as told:
        own_network.addresses()
    assert told.value.status == "missing_tool"


LOOPBACK = Address("lo", "127.0.0.1", 8)
GIVEN = Address("eth0", "192.0.2.7", 24)
OF_ITS_OWN = Address("eth0", "169.254.7.7", 16)
LINK_LOCAL6 = Address("eth0", "fe80::1", 64)


def test_an_address_given_by_the_network() -> None:
    data = reading([LOOPBACK, LINK_LOCAL6, GIVEN], {"192.0.2.7": True}).data
    assert (data["any_global"], data["address"], data["prefix_length"], data["dynamic"]) == (
        True,
        "192.0.2.7",
        24,
        True,
    )
    assert data["self_assigned"] is False


def test_an_address_of_its_own_making() -> None:
    data = reading([LOOPBACK, LINK_LOCAL6, OF_ITS_OWN], {}).data
    assert (data["self_assigned"], data["only_link_local"], data["any_global"]) == (True, True, False)


def test_link_local_ipv6_alone_is_no_address() -> None:
    data = reading([LOOPBACK, LINK_LOCAL6], {}).data
    assert (data["any_global"], data["self_assigned"], data["only_link_local"]) == (False, False, True)


def test_addresses_of_containers_do_not_count() -> None:
    found = reading([LOOPBACK, Address("docker0", "172.17.0.1", 16), OF_ITS_OWN], {})
    assert found.data["self_assigned"] is True


def test_where_lifetimes_are_unknown_that_is_told() -> None:
    found = reading([GIVEN], None)
    assert found.data["dynamic"] is None
    assert found.gaps["dynamic"]
