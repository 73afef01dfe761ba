"""Every fault is found by its right name through the command line, and nothing healthy is called broken."""

from __future__ import annotations

import os

import pytest

from tests.lab.printing.bench import Bench
from tests.lab.printing.faults import CONTROLS, FAULTS

pytestmark = pytest.mark.lab
# Seconds for a printer that keeps silent or never ends; all others answer at once.
_SILENT = {"hangs": 4.5, "drips": 4.5, "endless": 4.5, "port_silent": 2.5}
_NEEDS_ROOT = {"spool_full"}
# Not every complaint is measured by the way to the printer: these are seen in the space and the time only.
_SEEN_ELSEWHERE = {"spool_full", "stuck"}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_named(bench: Bench, name: str) -> None:
    if name in _NEEDS_ROOT and os.getuid() != 0:
        pytest.skip("filling a file system of its own needs root")
    expected, break_it = FAULTS[name]
    break_it(bench)
    found = bench.diagnose()
    assert found.cause == expected
    assert found.report["end"] == "found"
    assert found.exit_code == 1
    assert found.report["findings"][0]["id"] == f"print.printing.{expected}"
    assert found.report["findings"][0]["confirmed"]
    device = found.report["facts"].get("device")
    if device is not None and device["status"] == "ok":
        assert device["data"]["answer_ms"] < _SILENT.get(name, 1.5) * 1000


@pytest.mark.parametrize("name", sorted(set(FAULTS) - _SEEN_ELSEWHERE))
def test_complaint_measures_as_present(bench: Bench, name: str) -> None:
    _, break_it = FAULTS[name]
    break_it(bench)
    settings = [option for option in bench.options if "=" in option]
    ready = bench.probe("print.ready", *settings)
    assert ready["status"] == "ok"
    assert ready["data"]["blocker_count"] > 0, ready


@pytest.mark.parametrize("name", CONTROLS)
def test_healthy_names_nothing(bench: Bench, name: str) -> None:
    CONTROLS[name](bench)
    found = bench.diagnose()
    assert found.cause is None
    assert found.report["findings"] == []
    assert (found.report["end"], found.exit_code) == ("not_reproduced", 0)
    settings = [option for option in bench.options if "=" in option]
    assert bench.probe("print.ready", *settings)["data"]["blocker_count"] == 0


def test_queue_paused_by_a_dead_printer_is_explained(bench: Bench) -> None:
    FAULTS["gone_and_paused"][1](bench)
    findings = {f["id"].rpartition(".")[2]: f for f in bench.diagnose().report["findings"]}
    assert list(findings) == ["printer_unreachable", "queue_paused"]
    assert findings["queue_paused"]["caused_by"] == "print.printing.printer_unreachable"


def test_dead_scheduler_leaves_everything_above_it_unjudged(bench: Bench) -> None:
    FAULTS["stopped"][1](bench)
    report = bench.diagnose().report
    assert {f["id"] for f in report["findings"]} == {"print.printing.spooler_stopped"}
    unjudged = {entry["cause"] for entry in report["not_judged"]}
    assert {"print.printing.no_printer", "print.printing.queue_paused", "print.printing.paper_out"} <= unjudged


def test_offline_a_printer_elsewhere_is_not_asked(bench: Bench) -> None:
    bench.cups.add_default("office", "ipp://192.0.2.7/ipp/print", "raw")
    assert bench.cups.run("cupsdisable", "office").returncode == 0  # so that cupsd sends nothing either
    device = bench.probe("printer.device")
    assert (device["status"], device["data"]) == ("skipped", {})


def test_escape_sequences_are_shown_as_text(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.state, bench.printer.temper.reasons = 5, ["media-jam-error"]
    bench.printer.temper.message = "\x1b]0;owned\x07\x1b[31mJam \u202eback\x9b2J"
    for arguments in (["diagnose", "nothing prints", "--batch", "--plain"], ["probe", "printer.device"]):
        ran, _ = bench.techdoctor(*arguments)
        shown = ran.stdout + ran.stderr
        assert "Jam" in shown
        assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}


@pytest.mark.parametrize("name", ["\x1b[31mred", "-h", "a/b", "no\nsuch"])
def test_hostile_queue_names(bench: Bench, name: str) -> None:
    bench.office()
    found = bench.diagnose("--set", f"printer={name}")
    assert found.cause == "unknown_printer"
    ran, _ = bench.techdoctor("diagnose", "nothing prints", "--batch", "--set", f"printer={name}")
    assert "\x1b" not in ran.stdout + ran.stderr
