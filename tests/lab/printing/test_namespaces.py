"""Faults that need a network or a machine of their own: dead hosts, other servers, the real service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.lab.printing.bench import Bench
from tests.lab.printing.own_network import DEAD, NO_ROUTE, OwnNetwork
from tests.lab.printing.scheduler import Scheduler

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.getuid() != 0 or shutil.which("cupsd", path="/usr/sbin:/usr/bin") is None,
        reason="a network or machine of its own needs root and a real cupsd",
    ),
]


@pytest.fixture
def network() -> Iterator[OwnNetwork]:
    with OwnNetwork() as made:
        yield made


@pytest.fixture
def bench(network: OwnNetwork) -> Iterator[Bench]:
    """A laboratory whose scheduler lives in that network, where techdoctor may send what it likes."""
    with Bench(cups=Scheduler(network.name), env={"TECHDOCTOR_OFFLINE": "0"}) as made:
        yield made


@pytest.mark.parametrize(
    ("host", "cause", "most_seconds"),
    [
        (DEAD, "printer_unreachable", 2.5),
        (NO_ROUTE, "printer_unreachable", 0.5),
        ("printer.invalid", "printer_name_unresolved", 2.5),
    ],
)
def test_dead_addresses(bench: Bench, network: OwnNetwork, host: str, cause: str, most_seconds: float) -> None:
    bench.cups.add_default("office", f"ipp://{host}/ipp/print", "raw")
    bench.cups.submit("office")
    found = bench.diagnose(prefix=network.prefix)
    assert found.cause == cause
    assert found.report["facts"]["device"]["duration_ms"] < (most_seconds + 0.4) * 1000


def test_another_server_that_is_gone(bench: Bench, network: OwnNetwork) -> None:
    bench.env["CUPS_SERVER"] = DEAD
    found = bench.diagnose(prefix=network.prefix)
    assert found.cause == "client_elsewhere"
    assert found.report["facts"]["sched"]["data"]["setting"] == "CUPS_SERVER"


def test_another_server_named_in_client_conf(bench: Bench, network: OwnNetwork) -> None:
    (bench.cups.folder / "client/client.conf").write_text(f"# from the old office\nServerName {NO_ROUTE}\n")
    bench.env["CUPS_SERVER"] = ""
    found = bench.diagnose(prefix=network.prefix)
    assert found.cause == "client_elsewhere"
    assert found.report["facts"]["sched"]["data"]["setting"].endswith("client.conf")


def _on_own_machine(uri: str, event: str, *options: str) -> dict[str, Any]:
    """Runs own_machine.sh in namespaces that end with it; returns techdoctor's report."""
    script = str(Path(__file__).with_name("own_machine.sh"))
    apart = [
        "unshare",
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--propagation",
        "private",
    ]
    argv = [*apart, "sh", script, uri, event, sys.executable, *options]
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout, ran.stderr
    return cast("dict[str, Any]", json.loads(ran.stdout))


def test_stopped_service_is_started_and_serves_again() -> None:
    report = _on_own_machine("file:///dev/null", "stop", "--answers", "/run/answers.yaml")
    assert (report["end"], report["cause"]) == ("solved", "print.printing.spooler_stopped")
    consequence = {finding["id"]: finding["caused_by"] for finding in report["findings"]}
    assert consequence["print.printing.printers_cut_off"] == "print.printing.spooler_stopped"


def test_unplugged_usb_printer() -> None:
    report = _on_own_machine("usb://Laboratory/Laser?serial=LAB1", "job", "--batch")
    assert (report["end"], report["cause"]) == ("found", "print.printing.usb_absent")
