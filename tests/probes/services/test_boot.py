from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.probes.services import boot

CASES = Path(__file__).parent / "cases"
CHAIN = boot.parse_chain((CASES / "analyze-critical-chain-systemd-252.txt").read_text())
BLAME = boot.parse_blame((CASES / "analyze-blame-systemd-252.txt").read_text())
STAGES = boot.parse_time((CASES / "analyze-time-systemd-252.txt").read_text())


@pytest.mark.parametrize(
    ("words", "seconds"), [("1min 2.5s", 62.5), ("512ms", 0.512), ("4.012s", 4.012), ("1h 2min", 3720.0)]
)
def test_time_spans(words: str, seconds: float) -> None:
    assert boot.span_s(words) == pytest.approx(seconds)


def test_stages() -> None:
    assert STAGES["userspace"] == STAGES["total"] > 0
    line = "Startup finished in 2.5s (firmware) + 1.1s (loader) + 3s (kernel) + 1min 10.2s (userspace) = 1min 16.8s"
    assert boot.parse_time(line)["userspace"] == pytest.approx(70.2)
    assert boot.parse_time("Bootup is not yet finished") == {}


def test_the_start_waited_for_the_slowest_of_the_chain() -> None:
    found = boot.culprit(CHAIN, BLAME, {}, {})
    assert found is not None
    assert (found.unit, found.how) == ("systemd-tmpfiles-setup.service", "chain")


def test_what_is_still_being_started_comes_first() -> None:
    found = boot.culprit({}, BLAME, {"wait.service": 95.0}, {})
    assert found == boot.Culprit("wait.service", 95.0, "waiting")
    data = boot.reading({}, {}, {}, {"wait.service": 95.0}, [], 0)
    assert (data.data["finished"], data.data["culprit_percent"]) == (False, 100.0)
    assert "total_s" in data.gaps


def test_oneshot_that_is_gone_again_is_not_in_the_chain() -> None:
    blame = {**BLAME, "lab.service": 60.0}
    for during, how in ((True, "chain"), (False, "later")):
        assert boot.culprit(CHAIN, blame, {}, {"lab.service": during}) == boot.Culprit("lab.service", 60.0, how)


def test_units_that_wait_by_design_are_nobody_s_fault() -> None:
    assert boot.culprit({"plymouth-quit-wait.service": 30.0}, {}, {}, {}) is None
