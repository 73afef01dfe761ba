"""Faults of the connection mended by the program itself: applied, verified by measuring again, undone."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.lab.network.conftest import Breaker
from tests.lab.network.diagnosis import diagnose
from tests.lab.network.lab import HEALTHY_COMMANDS, HEALTHY_COMMANDS_V6, Lab
from tests.lab.network.leases import leases

pytestmark = pytest.mark.lab


def _results(report: dict[str, object]) -> dict[str, str]:
    findings = report["findings"]
    assert isinstance(findings, list)
    return {fix["id"]: fix["result"] for finding in findings for fix in finding["fixes"] if fix["applied"]}


def _is_up(lab: Lab) -> bool:
    return ",UP" in lab.client(["ip", "-o", "link", "show", "eth0"]).out


def test_an_adapter_is_switched_on_and_off_again(breaking: Breaker) -> None:
    """What restores the addresses is the client's own network service, as on a real machine."""
    with breaking("none") as lab:
        batch, batch_v6 = lab.folder / "healthy.ip", lab.folder / "healthy6.ip"
        batch.write_text(HEALTHY_COMMANDS)
        batch_v6.write_text(HEALTHY_COMMANDS_V6)
        keeper = lab.root / "tests/lab/network/keeper.sh"
        lab.serve("keeper", "client", ["sh", str(keeper), "eth0", str(batch), str(batch_v6)])
        try:
            with breaking("link_down"):
                report = diagnose(lab, "--playbook", "net.connection", "--fix", "safe")
                assert (report["end"], report["cause"]) == ("solved", "net.connection.adapter_off")
                assert (_results(report), report["exit_code"]) == ({"switch_on": "solved"}, 0)
                assert _is_up(lab)
                undone = lab.techdoctor("session", "undo", "--yes", report["session"])
                assert undone.code == 0, undone.err
                assert not _is_up(lab)
        finally:
            lab.world.stop("keeper")


def test_an_adapter_that_gets_no_way_out_is_not_called_solved(breaking: Breaker) -> None:
    """Switched on, but nobody gives it its routes back: the fix ran, the trouble stays."""
    with breaking("link_down") as lab:
        report = diagnose(lab, "--playbook", "net.connection", "--fix", "safe")
    assert report["end"] != "solved"
    assert _results(report)["switch_on"] == "helped"  # the adapter is on, the way out is missing


_DROP = """
import json, sys
from techdoctor.hosts.local import LocalHost
host = LocalHost()
token = json.loads(sys.argv[2])
outcome = host.undo("net.drop_vpn_route", {}, token) if token else host.apply("net.drop_vpn_route", {})
preview = host.preview("net.drop_vpn_route", {})
print(json.dumps({"ok": outcome.ok, "text": outcome.text, "token": outcome.undo_token, "left": preview.commands}))
"""


def test_a_dead_vpns_routes_are_dropped_and_brought_back(breaking: Breaker) -> None:
    def run(token: object) -> dict[str, Any]:
        done = lab.client([sys.executable, "-c", _DROP, "drop", json.dumps(token)])
        assert done.code == 0, done.err
        outcome: dict[str, Any] = json.loads(done.out)
        return outcome

    with breaking("vpn_blackhole") as lab:
        dropped = run(None)
        assert (dropped["ok"], dropped["left"]) == (True, []), dropped
        assert diagnose(lab, "--playbook", "net.connection")["end"] == "not_reproduced"
        back = run(dropped["token"])
        assert back["ok"] is True, back
        assert sorted(back["left"]) == [
            "ip route del 0.0.0.0/1 dev tun9",
            "ip route del 128.0.0.0/1 dev tun9",
        ]
        assert diagnose(lab, "--playbook", "net.connection")["cause"] == "net.connection.vpn_blackhole"


@pytest.mark.parametrize("fault", ["no_address", "self_assigned", "no_default_route"])
def test_a_new_lease_mends(breaking: Breaker, fault: str) -> None:
    with breaking("none") as lab, leases(lab), breaking(fault):
        report = diagnose(lab, "--playbook", "net.connection", "--fix", "safe")
    assert (report["end"], report["cause"]) == ("solved", f"net.connection.{fault}")
    assert _results(report) == {"renew_lease": "solved"}


def test_without_a_network_service_no_lease_is_offered(breaking: Breaker) -> None:
    with breaking("no_address") as lab:
        report = diagnose(lab, "--playbook", "net.connection", "--fix", "safe")
    assert report["end"] == "found"
    assert "renew_lease" not in _results(report)
