"""The network laboratory as fixtures: one lab per pytest worker, each fault healed after its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.lab.network.faults import FAULTS
from tests.lab.network.lab import Lab
from tests.lab.network.namespaces import CannotBuild

Breaker = Callable[[str], AbstractContextManager[Lab]]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The healthy laboratory."""
    try:
        built = Lab(tmp_path_factory.mktemp("network") / "lab")
    except CannotBuild as reason:
        pytest.skip(str(reason))
    with built:
        yield built


@contextmanager
def broken(lab: Lab, fault: str) -> Iterator[Lab]:
    """The lab with one fault, healed afterwards."""
    FAULTS[fault].inject(lab)
    try:
        yield lab
    finally:
        FAULTS[fault].heal(lab)
        lab.reset_client()
        lab.forget()


@pytest.fixture
def breaking(lab: Lab) -> Breaker:
    """`with breaking("dns_timeout") as lab:` runs its block in a lab with that fault."""
    return lambda fault: broken(lab, fault)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what was broken, what was found and how long it took."""
    rows = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in getattr(report, "user_properties", ())
        if name == "row" and report.when == "call"
    ]
    if rows:
        terminalreporter.section("faults: expected, found, seconds")
        for fault, expected, found, seconds in rows:
            terminalreporter.line(f"{fault:20} {expected:20} {found or '(none)':40} {seconds:6.2f}")
