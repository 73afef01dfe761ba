"""Every trouble of a scanner is found by its right name, mended where techdoctor can, and undone."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from tests.lab.printing.bench import OWN_ADDRESS
from tests.lab.scanning.bench import Bench

pytestmark = pytest.mark.lab
Break = Callable[[Bench], None]


def _state(**changes: str) -> Break:
    def change(bench: Bench) -> None:
        for name, value in changes.items():
            setattr(bench.scanner, name, value)

    return change


def _no_driver(bench: Bench) -> None:
    bench.backends("test_none")
    bench.devices()


def _off(bench: Bench) -> None:
    with socket.socket() as free:
        free.bind((OWN_ADDRESS, 0))
        bench.devices(f"http://{OWN_ADDRESS}:{free.getsockname()[1]}/eSCL")


def _service_down(bench: Bench) -> None:
    bench.scanner.status = 503


FAULTS: dict[str, tuple[str, Break]] = {
    "no driver is on": ("no_backend", _no_driver),
    "its port is closed": ("scanner_unreachable", _off),
    "its service is down": ("scanner_unreachable", _service_down),
    "another device answers": ("scanner_unreachable", _state(body="<html>log in</html>")),
    "it scans for somebody else": ("scanner_busy", _state(state="Processing")),
    "it has stopped": ("scanner_busy", _state(state="Stopped")),
    "a page is jammed": ("feeder_jam", _state(feeder="ScannerAdfJam")),
    "its cover is open": ("scanner_hatch_open", _state(feeder="ScannerAdfHatchOpen")),
    "its feeder is empty": ("feeder_empty", _state(feeder="ScannerAdfEmpty")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_named(bench: Bench, fault: str) -> None:
    cause, change = FAULTS[fault]
    change(bench)
    report = bench.diagnose()
    assert report["cause"] == f"print.scanning.{cause}"
    assert (report["end"], report["findings"][0]["confirmed"]) == ("found", True)


def test_a_healthy_scanner_gives_no_finding(bench: Bench) -> None:
    assert Scanning.lists(bench) == ["airscan:e0:Scanner 0"]
    report = bench.diagnose()
    assert (report["end"], report["findings"]) == ("not_reproduced", [])


class Scanning:
    """What scanning programs see."""

    @staticmethod
    def lists(bench: Bench) -> list[str]:
        done = bench.run("scanimage", "-f", "%d%n")
        return done.out.splitlines()


def test_the_driver_is_switched_on_and_off_again(bench: Bench) -> None:
    bench.backends("test_none")
    assert Scanning.lists(bench) == []
    answers = bench.folder / "answers.yaml"
    answers.write_text("switch_on: yes\n")
    done = bench.techdoctor("diagnose", "the scanner does not work", "--json", "--answers", str(answers))
    report = json.loads(done.out)
    assert (report["end"], report["cause"]) == ("solved", "print.scanning.no_backend")
    assert Scanning.lists(bench) == ["airscan:e0:Scanner 0"]
    assert bench.techdoctor("session", "undo", report["session"], "--yes").code == 0
    assert Scanning.lists(bench) == []


def test_a_busy_scanner_stays_unsolved_when_nothing_helps(bench: Bench) -> None:
    bench.scanner.state = "Processing"
    answers = bench.folder / "answers.yaml"
    answers.write_text("end_other: yes\nwait: yes\nrestart: no\n")
    done = bench.techdoctor("diagnose", "the scanner does not work", "--json", "--answers", str(answers))
    assert json.loads(done.out)["end"] != "solved"
    assert done.code == 5


@pytest.mark.parametrize("body", ["<State>" + "x" * 100_000, "\x00" * 10_000, "<!ENTITY a 'b'>" * 1000, "<State>Idle"])
def test_a_strangers_answer_is_no_scanner(bench: Bench, body: str) -> None:
    bench.scanner.body = body
    assert bench.diagnose()["facts"]["device"]["data"]["error"] == "not_escl"
