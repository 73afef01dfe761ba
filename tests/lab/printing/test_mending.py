"""techdoctor mends what it can, measures that a job gets through, and does not claim what it has not measured."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from tests.lab.printing.bench import Bench
from tests.lab.printing.faults import FAULTS

pytestmark = pytest.mark.lab


def _mend(bench: Bench, answers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Runs a diagnosis with answers; returns exit code and report."""
    file = bench.cups.folder / "answers.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in answers.items()))
    ran, _ = bench.techdoctor("diagnose", "nothing prints", "--json", "--answers", str(file))
    assert ran.stdout, ran.stderr
    return ran.returncode, json.loads(ran.stdout)


def _applied(report: Mapping[str, Any]) -> list[str]:
    return [fix["id"] for finding in report["findings"] for fix in finding["fixes"] if fix["applied"]]


def test_paused_queue_is_resumed_and_the_job_comes_out(bench: Bench) -> None:
    FAULTS["paused"][1](bench)
    assert bench.printer.states() == []
    code, report = _mend(bench, {"resume_queue": "yes"})
    assert (code, report["end"], report["cause"]) == (0, "solved", "print.printing.queue_paused")
    assert bench.printer.wait_for(lambda printer: printer.states() == [9])


def test_rejecting_queue_takes_jobs_again(bench: Bench) -> None:
    FAULTS["rejecting"][1](bench)
    code, report = _mend(bench, {"accept_jobs": "yes"})
    assert (code, report["end"]) == (0, "solved")
    bench.cups.submit("office")
    assert bench.printer.wait_for(lambda printer: printer.states() == [9])


def test_held_job_is_released_and_comes_out(bench: Bench) -> None:
    FAULTS["held"][1](bench)
    code, report = _mend(bench, {"release_job": "yes"})
    assert (code, report["end"]) == (0, "solved")
    assert bench.printer.wait_for(lambda printer: printer.states() == [9])


def test_own_default_is_set_to_a_printer_that_exists(bench: Bench) -> None:
    FAULTS["own_default_names_nothing"][1](bench)
    code, report = _mend(bench, {"set_default": "yes"})
    assert (code, report["end"]) == (0, "solved")
    assert bench.cups.run("lpstat", "-d").stdout.strip().endswith("office")


def test_cancelling_the_stuck_job_lets_the_others_through(bench: Bench) -> None:
    FAULTS["stuck"][1](bench)
    code, report = _mend(bench, {"power_cycle": "no", "cancel_job": "yes"})
    assert (code, report["end"], _applied(report)) == (0, "solved", ["cancel_job"])
    assert bench.printer.wait_for(lambda printer: printer.states()[1:] == [9, 9], 15)


def test_fault_at_the_printer_and_the_pause_it_left_are_both_mended(bench: Bench) -> None:
    FAULTS["paper_jam"][1](bench)
    assert bench.cups.run("cupsdisable", "office").returncode == 0

    def clear_jam() -> None:
        assert bench.printer.diagnosed.wait(30)
        bench.printer.temper.state, bench.printer.temper.reasons = 3, ["none"]

    threading.Thread(target=clear_jam, daemon=True).start()
    code, report = _mend(bench, {"clear_jam": "yes", "resume_queue": "yes"})
    assert (code, report["end"], report["cause"]) == (0, "solved", "print.printing.paper_jam")
    assert _applied(report) == ["clear_jam", "resume_queue"]
    assert bench.printer.wait_for(lambda printer: 9 in printer.states())


def test_trouble_that_stays_is_not_called_solved(bench: Bench) -> None:
    FAULTS["paper_out"][1](bench)
    code, report = _mend(bench, {"load_paper": "yes"})
    assert (code, report["end"]) == (5, "escalated")


def test_a_pause_can_be_undone(bench: Bench) -> None:
    FAULTS["paused"][1](bench)
    _, report = _mend(bench, {"resume_queue": "yes"})
    ran, _ = bench.techdoctor("session", "undo", report["session"], stdin="1\n")
    assert ran.returncode == 0, ran.stderr
    assert "disabled" in bench.cups.run("lpstat", "-p", "office").stdout


def test_without_the_tools_the_print_service_is_asked_directly(bench: Bench) -> None:
    FAULTS["paused"][1](bench)
    bench.env["PATH"] = "/nonexistent"
    code, report = _mend(bench, {"resume_queue": "yes"})
    assert (code, report["end"]) == (0, "solved")


def _prints(bench: Bench) -> bool:
    """A new job is completed at the printer."""
    before = bench.printer.states().count(9)
    bench.cups.submit("office")
    return bench.printer.wait_for(lambda printer: printer.states().count(9) > before, 15)


def test_a_wrong_path_is_corrected_and_undone(bench: Bench) -> None:
    FAULTS["wrong_path"][1](bench)
    code, report = _mend(bench, {"use_found_path": "yes", "set_up_driverless": "yes"})
    assert (code, report["end"]) == (0, "solved")
    assert _applied(report) == ["use_found_path", "set_up_driverless"]  # it had been set up without a driver, too
    assert _prints(bench)
    undone, _ = bench.techdoctor("session", "undo", report["session"], "--yes")
    assert undone.returncode == 0
    assert bench.cups.run("lpstat", "-v", "office").stdout.strip().endswith("/printer")


@pytest.mark.parametrize(
    ("fault", "fixes"),
    [("raw", ["set_up_driverless"]), ("filter_missing", ["set_up_driverless"])],
)
def test_a_queue_with_a_broken_driver_is_set_up_again(bench: Bench, fault: str, fixes: list[str]) -> None:
    FAULTS[fault][1](bench)
    ppd = bench.cups.folder / "root/ppd/office.ppd"
    before = ppd.read_text() if ppd.exists() else ""
    code, report = _mend(bench, {"install_driver": "no", "set_up_driverless": "yes"})
    assert (code, report["end"], _applied(report)) == (0, "solved", fixes)
    assert _prints(bench)
    assert bench.cups.run("lpstat", "-d").stdout.strip().endswith("office")
    undone, _ = bench.techdoctor("session", "undo", report["session"], "--yes")
    assert undone.returncode == 0
    assert "rastertonowhere" in ppd.read_text() if before else not ppd.exists()


def test_a_printer_that_died_meanwhile_leaves_the_queue_as_it_was(bench: Bench) -> None:
    FAULTS["filter_missing"][1](bench)
    answers = {"install_driver": "no", "set_up_driverless": "yes", "set_up_again": "no"}
    bench.printer.temper.http_status = 404  # from now on lpadmin gets no description
    code, report = _mend(bench, answers)
    assert code != 0
    assert report["end"] != "solved"
    assert "rastertonowhere" in (bench.cups.folder / "root/ppd/office.ppd").read_text()
