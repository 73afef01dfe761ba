"""The speed test on a line that is there and on one that is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.network.conftest import Breaker

pytestmark = pytest.mark.lab


def _speed(breaking: Breaker, fault: str) -> dict[str, Any]:
    with breaking(fault) as lab:
        done = lab.techdoctor("probe", "net.speed", "--json", timeout_s=90)
    assert "203.0.113.77" not in done.out, "the line's own address is kept"
    fact: dict[str, Any] = json.loads(done.out)["facts"]["net.speed"]
    return fact


def test_speed_is_measured_and_nothing_of_the_lines_owner_is_kept(breaking: Breaker) -> None:
    fact = _speed(breaking, "none")
    assert fact["status"] == "ok", fact
    assert fact["data"]["download_mbit_s"] > 1
    assert fact["data"]["upload_mbit_s"] > 0
    assert fact["data"]["server"] == "An Operator, A Town"


def test_without_an_answer_it_says_so(breaking: Breaker) -> None:
    fact = _speed(breaking, "dns_refused")
    assert fact["status"] == "not_applicable"
    assert "speed test failed" in fact["reason"]
