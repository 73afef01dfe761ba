"""`techdoctor print test` against a real print service and printer."""

from __future__ import annotations

import getpass
import json
from typing import Any

import pytest

from tests.lab.printing.bench import Bench

pytestmark = pytest.mark.lab


def print_test(bench: Bench, *options: str, stdin: str = "") -> tuple[int, dict[str, Any], str]:
    ran, _ = bench.techdoctor("print", "test", *options, stdin=stdin)
    return ran.returncode, json.loads(ran.stdout) if "--json" in options else {}, ran.stdout + ran.stderr


def test_a_healthy_queue_takes_a_job_and_nothing_is_printed(bench: Bench) -> None:
    bench.office()
    code, told, _ = print_test(bench, "--yes", "--json")
    assert (code, told["printer"], told["trial"]["accepted"], told["page"]) == (0, "office", True, None)
    assert bench.printer.states() == []
    assert bench.probe("cups.jobs")["data"]["last_state"] == "canceled"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (("-u", f"deny:{getpass.getuser()}"), "you are not allowed to print there"),
        (("-o", "job-quota-period=3600", "-o", "job-k-limit=1"), "your print quota is used up"),
    ],
)
def test_refusals_are_told_in_plain_words(bench: Bench, setting: tuple[str, ...], words: str) -> None:
    bench.office()
    bench.cups.submit("office", "hello\n" * 400)
    bench.until(lambda: bench.probe("cups.jobs")["data"]["last_state"] == "completed", 20)
    assert bench.cups.run("lpadmin", "-p", "office", *setting).returncode == 0
    code, told, _ = print_test(bench, "--yes", "--json")
    assert (code, told["trial"]["accepted"], told["trial"]["words"]) == (1, False, words)


def test_a_page_is_followed_to_the_printer_and_asked_after(bench: Bench) -> None:
    bench.office()
    code, _, shown = print_test(bench, "--page", "--plain", stdin="yes\nyes\nyes\n")
    assert code == 0, shown
    assert "the printer says so too" in shown
    assert bench.printer.states() == [9]


def test_no_paper_came_out(bench: Bench) -> None:
    bench.office()
    code, _, shown = print_test(bench, "--page", "--plain", stdin="yes\nyes\nno\n")
    assert code == 1
    assert "the trouble is at the printer itself" in shown


def test_a_page_that_the_printer_throws_away(bench: Bench) -> None:
    bench.office()
    bench.printer.temper.jobs = "abort"
    code, told, _ = print_test(bench, "--page", "--yes", "--json")
    assert code == 1
    assert (told["page"]["queue_state"], told["page"]["device_state"]) == ("completed", "aborted")


def test_without_consent_nothing_is_sent(bench: Bench) -> None:
    bench.office()
    code, _, shown = print_test(bench, "--plain", stdin="no\n")
    assert code == 3
    assert "Nothing was sent" in shown
    assert bench.probe("cups.jobs")["data"]["last_id"] == 0


def test_a_printer_that_is_not_there(bench: Bench) -> None:
    code, _, shown = print_test(bench, "--yes", "--printer", "attic")
    assert code == 2
    assert "there is no such printer queue" in shown
