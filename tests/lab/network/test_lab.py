"""The laboratory itself: it is healthy, every fault changes something real, and everything heals."""

from __future__ import annotations

import time

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.faults import FAULTS
from tests.lab.network.lab import Lab

pytestmark = pytest.mark.lab

# What a healthy client can do; a fault must break at least one of them, a control none.
_CHECKS = {
    "adapter": "ip link show eth0 | grep -q LOWER_UP",
    "router": "ping -c 1 -W 1 10.60.1.1",
    "address": "curl -s -m 2 --connect-timeout 1 -o /dev/null http://198.51.100.10/success.txt",
    "page": "curl -4 -s -m 2 --connect-timeout 1 http://detectportal.firefox.com/success.txt | grep -q success",
}
_MOMENT_S = 5.0
_SEEN_BY = {
    "no_adapter": "adapter",
    "link_down": "adapter",
    "no_carrier": "adapter",
    "no_default_route": "address",
    "gateway_down": "router",
    "upstream_down": "address",
    "upstream_silent": "address",
    "captive_portal": "page",
    "portal_rewrite": "page",
    "dns_timeout": "page",
    "dns_refused": "page",
}


def _works(lab: Lab, check: str) -> bool:
    return lab.client(["sh", "-c", _CHECKS[check]], timeout_s=10).code == 0


def _works_again(lab: Lab, check: str) -> bool:
    """A link that has just come back may take a moment: neighbours are asked for, routes are used again."""
    until = time.monotonic() + _MOMENT_S
    while not _works(lab, check):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.parametrize("fault", _SEEN_BY)
def test_fault_is_real(breaking: Breaker, fault: str) -> None:
    with breaking(fault) as lab:
        assert not _works(lab, _SEEN_BY[fault])
    assert all(_works_again(lab, check) for check in _CHECKS)


@pytest.mark.parametrize("fault", FAULTS)
def test_everything_heals(breaking: Breaker, fault: str) -> None:
    with breaking(fault) as lab:
        pass
    assert _works_again(lab, "page"), f"{fault} left something behind"


def test_nothing_outside_sees_it(lab: Lab) -> None:
    assert lab.client(["ip", "netns", "list"]).out.split()[0] in {"client", "router", "wire", "internet", "neighbour"}
    assert lab.world.run("client", ["ip", "-o", "link"]).out.count("\n") == 2
