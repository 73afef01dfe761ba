"""Kills for lack of memory in real kernel logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor import system
from techdoctor.probes import kernel_log
from techdoctor.probes.load import oom
from techdoctor.system import Ran

CASES = Path(__file__).parent / "cases/mem.oom"


def log_of(case: str) -> str:
    """A kernel log whose first line, a comment, says where it is from."""
    return (CASES / f"{case}.txt").read_text()


@pytest.mark.parametrize(
    ("case", "uptime_s", "victim", "scope", "group", "age_s"),
    [
        ("limit-linux-5.4", 7100.0, "uwsgi", "limit", "", 36.8),
        ("limit-linux-6.18", 4500.0, "python3", "limit", "/box", 43.4),
    ],
)
def test_real_lines(case: str, uptime_s: float, victim: str, scope: str, group: str, age_s: float) -> None:
    (kill,) = oom.parse_log(log_of(case), uptime_s)
    assert (kill["victim"], kill["scope"], kill["group"], kill["age_s"]) == (victim, scope, group, age_s)


@pytest.mark.parametrize(
    ("case", "uptime_s", "scope", "age_s"),
    [("written-system-linux-4.19", 4650200.0, "system", 19.5), ("written-limit-linux-3", 9143100.0, "limit", 0.0)],
)
def test_lines_written_after_the_kernels_source(case: str, uptime_s: float, scope: str, age_s: float) -> None:
    """Not recordings as a whole: their first line says which part is quoted."""
    (kill,) = oom.parse_log(log_of(case), uptime_s)
    assert (kill["victim"], kill["scope"], kill["group"], kill["age_s"]) == ("java", scope, "", age_s)


def test_newest_first() -> None:
    assert [
        kill["victim"] for kill in oom.parse_log(log_of("limit-linux-6.18") + log_of("limit-linux-5.4"), 8000.0)
    ] == ["uwsgi", "python3"]


def test_a_name_may_hold_anything() -> None:
    line = log_of("limit-linux-6.18").replace("(python3)", "(a) b\x1b[31m)")
    assert oom.parse_log(line, 4500.0)[0]["victim"] == "a) b\x1b[31m"


def test_unreadable_log_is_no_empty_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "run", lambda argv, *more, **named: Ran(argv, "ok", 1, "", "Operation not permitted"))
    log, why = kernel_log.read(1.0)
    assert log is None
    found = oom.reading(3, None, why)
    assert found.data["kills"] is None
    assert "administrator" in found.gaps["kills"]


def test_no_kill_since_boot_needs_no_log() -> None:
    assert oom.reading(0, []).data["kills"] == []
