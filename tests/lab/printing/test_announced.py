"""Printers that announce themselves: found nearby, moved, exchanged, or not looked up, by a real avahi-daemon."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.printing.bench import Bench
from tests.lab.printing.printer_network import FORMER, NAME, OTHER, PRINTER, UUID, PrinterNetwork
from tests.lab.printing.scheduler import Scheduler

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.getuid() != 0
        or not shutil.which("avahi-daemon", path="/usr/sbin")
        or not shutil.which("cupsd", path="/usr/sbin"),
        reason="networks of its own need root, a real avahi-daemon and a real cupsd",
    ),
]


@pytest.fixture(scope="module")
def network() -> Iterator[PrinterNetwork]:
    with PrinterNetwork() as made:
        yield made


@pytest.fixture
def bench(network: PrinterNetwork) -> Iterator[Bench]:
    network.look_up("files dns")
    with Bench(cups=Scheduler(network.name), env={"TECHDOCTOR_OFFLINE": "0"}) as made:
        yield made


def _probe(bench: Bench, network: PrinterNetwork, name: str) -> dict[str, Any]:
    ran, _ = bench.techdoctor("probe", name, "--json", prefix=network.prefix())
    fact: dict[str, Any] = json.loads(ran.stdout)["facts"][name]
    return fact


def _prints(bench: Bench, network: PrinterNetwork, queue: str) -> bool:
    """A new job is completed at the printer itself."""

    def finished() -> int:
        ran, _ = bench.techdoctor(
            "probe", "printer.jobs", "--set", f"printer={queue}", "--json", prefix=network.prefix()
        )
        return int(json.loads(ran.stdout)["facts"]["printer.jobs"]["data"]["finished"])

    before = finished()
    bench.cups.submit(queue)
    bench.until(lambda: finished() > before)
    return True


def _mended(bench: Bench, network: PrinterNetwork, answers: str) -> dict[str, Any]:
    file = bench.cups.folder / "answers.yaml"
    file.write_text(answers)
    ran, _ = bench.techdoctor("diagnose", "nothing prints", "--json", "--answers", str(file), prefix=network.prefix())
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


def test_a_printer_nearby_is_found(bench: Bench, network: PrinterNetwork) -> None:
    data = _probe(bench, network, "printer.near")["data"]
    assert data["count"] == 1
    (printer,) = data["printers"]
    assert (printer["model"], printer["address"], printer["uuid"]) == ("Laboratory Laser", PRINTER, UUID)
    assert printer["uri"] == f"ipp://{NAME}.local:631/ipp/print"
    assert printer["driverless"]


def test_a_printer_is_found_added_tried_and_deleted_again(bench: Bench, network: PrinterNetwork) -> None:
    added, _ = bench.techdoctor("print", "add", "--yes", prefix=network.prefix())
    assert added.returncode == 0, added.stderr
    assert "Lab_printer_1._floor is added" in added.stdout
    assert f"ipp://{PRINTER}:631/ipp/print" in bench.cups.run("lpstat", "-v").stdout
    assert bench.cups.run("lpstat", "-d").stdout.strip().endswith("Lab_printer_1._floor")
    assert _prints(bench, network, "Lab_printer_1._floor")
    bench.cups.run("lpadmin", "-x", "Lab_printer_1._floor")
    answers = bench.cups.folder / "answers.yaml"
    answers.write_text("add_it: yes\n")
    ran, _ = bench.techdoctor(
        "diagnose", "add", "a", "printer", "--json", "--answers", str(answers), prefix=network.prefix()
    )
    report = json.loads(ran.stdout)
    assert (report["end"], report["cause"]) == ("solved", "print.add.one_to_add")
    bench.techdoctor("session", "undo", report["session"], "--yes", prefix=network.prefix())
    assert bench.cups.run("lpstat", "-v").returncode != 0


def test_a_printer_behind_another_port_is_mended_and_prints(bench: Bench, network: PrinterNetwork) -> None:
    bench.cups.add_default("office", f"ipp://{PRINTER}/ipp/print")
    bench.cups.run("lpadmin", "-p", "office", "-v", f"ipp://{PRINTER}:8631/ipp/print")
    mended = _mended(bench, network, "use_found_port: yes\n")
    assert (mended["cause"], mended["end"]) == ("print.printing.printer_refused", "solved")
    assert _prints(bench, network, "office")


def test_the_printer_mib_tells_of_low_toner(bench: Bench, network: PrinterNetwork) -> None:
    if not shutil.which("snmpd", path="/usr/sbin"):
        pytest.skip("needs the package snmpd")
    bench.cups.add_default("office", f"socket://{PRINTER}:631", "raw")
    silent = _probe(bench, network, "printer.supplies")
    assert (silent["status"], "SNMP" in silent["reason"]) == ("timeout", True)
    network.supplies(('"Black Toner"', 3, 8000, 320), ('"Cyan"', 3, 8000, -3), ('"Waste"', 4, 200, 60))
    bench.until(lambda: _probe(bench, network, "printer.supplies")["status"] == "ok")
    data = _probe(bench, network, "printer.supplies")["data"]
    assert (data["count"], data["lowest_name"], data["lowest_percent"]) == (3, "Black Toner", 4)
    assert [row["left_percent"] for row in data["supplies"]] == [4, 70]
    ran, _ = bench.techdoctor(
        "diagnose", "the", "print", "is", "too", "light", "--batch", "--json", prefix=network.prefix()
    )
    report = json.loads(ran.stdout)
    assert (report["playbook"], report["cause"]) == ("print.quality", "print.quality.supply_low")


def test_local_names_are_not_looked_up(bench: Bench, network: PrinterNetwork) -> None:
    bench.cups.add_default("office", f"ipp://{NAME}.local/ipp/print", "raw")
    bench.cups.submit("office")
    found = bench.diagnose(prefix=network.prefix())
    assert found.cause == "mdns_missing"
    assert found.report["facts"]["local_name"]["data"]["address"] == PRINTER


def test_a_name_that_no_device_has_is_just_unknown(bench: Bench, network: PrinterNetwork) -> None:
    bench.cups.add_default("office", "ipp://nosuchprinter.local/ipp/print", "raw")
    bench.cups.submit("office")
    assert bench.diagnose(prefix=network.prefix()).cause == "printer_name_unresolved"


def test_the_service_for_announcements_is_off(bench: Bench, network: PrinterNetwork) -> None:
    assert bench.diagnose(prefix=network.prefix("stopped")).cause == "discovery_down"
    assert bench.diagnose(prefix=network.prefix()).cause == "no_printer"
    network.look_up("files mdns4_minimal [NOTFOUND=return] dns")
    bench.cups.add_default("office", f"ipp://{NAME}.local/ipp/print", "raw")
    bench.cups.submit("office")
    assert bench.diagnose(prefix=network.prefix("stopped")).cause == "discovery_down"


def test_a_printer_that_moved_is_found_mended_and_put_back(bench: Bench, network: PrinterNetwork) -> None:
    bench.cups.add_default("office", f"ipp://{PRINTER}/ipp/print")
    healthy = bench.diagnose(prefix=network.prefix())
    assert healthy.report["end"] == "not_reproduced", healthy.report["findings"]
    bench.cups.run("lpadmin", "-p", "office", "-v", f"ipp://{FORMER}/ipp/print")  # where it was until its new lease
    bench.cups.submit("office")
    found = bench.diagnose(prefix=network.prefix())
    assert (found.cause, found.report["findings"][0]["confirmed"]) == ("printer_moved", True)
    mended = _mended(bench, network, "point_there: yes\n")
    assert (mended["cause"], mended["end"]) == ("print.printing.printer_moved", "solved")
    assert _prints(bench, network, "office")
    assert f"ipp://{PRINTER}:631/ipp/print" in bench.cups.run("lpstat", "-v", "office").stdout
    bench.techdoctor("session", "undo", mended["session"], prefix=network.prefix(), stdin="1\n")
    assert f"ipp://{FORMER}/ipp/print" in bench.cups.run("lpstat", "-v", "office").stdout


def test_an_exchanged_printer_is_told_and_accepted_on_wish(bench: Bench, network: PrinterNetwork) -> None:
    bench.cups.add_default("office", f"ipp://{PRINTER}/ipp/print")
    assert bench.diagnose(prefix=network.prefix()).report["end"] == "not_reproduced"
    network.printer_at(OTHER, "99999999-7c1b-4f3e-9c55-0a0b0c0d0e0f")
    bench.cups.run("lpadmin", "-p", "office", "-v", f"ipp://{OTHER}/ipp/print")
    found = bench.diagnose(prefix=network.prefix())
    assert found.cause == "wrong_device"
    ran, _ = bench.techdoctor("print", "forget", "office")
    assert ran.returncode == 0, ran.stderr
    assert bench.diagnose(prefix=network.prefix()).report["end"] == "not_reproduced"
    again, _ = bench.techdoctor("print", "forget", "nosuch")
    assert (again.returncode, "nosuch" in again.stderr) == (2, True)
