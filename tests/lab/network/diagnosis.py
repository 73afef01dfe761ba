"""One run of `techdoctor diagnose` on the lab's client, and what is asked of its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.lab.accuracy import complaint_is_gone
from tests.lab.network.lab import Lab

Record = Callable[[str, object], None]


def diagnose(lab: Lab, *arguments: str) -> dict[str, Any]:
    """The report of one diagnosis on the client, with its exit code and wall time."""
    done = lab.techdoctor("diagnose", *arguments, "--batch", "--json", timeout_s=30)
    assert done.out, done.err
    report: dict[str, Any] = json.loads(done.out)
    return {**report, "exit_code": done.code, "seconds": done.seconds}


def serious(report: dict[str, Any]) -> list[str]:
    """Ids of the confirmed findings that call for something to be done."""
    return [f["id"] for f in report["findings"] if f["severity"] in ("problem", "danger") and f["confirmed"]]


def assert_found(report: dict[str, Any], cause: str, most_s: float) -> None:
    """The report names the cause in time, and its `verify` would notice that a fix had done nothing."""
    assert report["cause"] == cause
    assert report["exit_code"] == 1
    assert complaint_is_gone(report) is not True, "no fix could be told from none"
    assert report["seconds"] < most_s
