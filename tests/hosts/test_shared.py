"""A shared host: one measurement for all walks, and what has no place in a check-up."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from pathlib import Path

import pytest

from techdoctor.hosts.shared import SharedHost, SharedRunner
from techdoctor.model import Fact
from techdoctor.probes import registry
from techdoctor.probes.runner import Call
from techdoctor.session.ahead import remember, remembered, settled


class Machine:
    """A host that counts what it is asked."""

    name, platform, can_apply = "test", "linux", False

    def __init__(self) -> None:
        self.measured: list[str] = []
        self.free = threading.Event()

    def measure(self, call: Call, cancelled: threading.Event) -> Fact:
        self.measured.append(call.probe)
        self.free.wait(5)
        return Fact(call.probe, "ok", duration_ms=200.0)


def test_equal_calls_are_measured_once_and_each_walk_gets_its_answer() -> None:
    machine = Machine()
    shared = SharedHost(machine)  # type: ignore[arg-type] # it applies nothing
    runners = [SharedRunner(shared) for _ in range(20)]
    for index, runner in enumerate(runners):
        runner.start(Call(f"id{index}", "test.slow", {"a": 1}))
    machine.free.set()
    answers = [runner.next(5) for runner in runners]
    assert [answer[0] if answer else None for answer in answers] == [f"id{i}" for i in range(20)]
    assert machine.measured == ["test.slow"]


def test_a_walk_that_ends_early_takes_no_measurement_from_the_others() -> None:
    machine = Machine()
    shared = SharedHost(machine)  # type: ignore[arg-type] # it applies nothing
    first, second = SharedRunner(shared), SharedRunner(shared)
    first.start(Call("a", "test.slow"))
    second.start(Call("b", "test.slow"))
    first.stop()
    machine.free.set()
    answer = second.next(5)
    assert answer is not None
    assert answer[1].ok


def test_a_walk_does_not_wait_past_its_deadline() -> None:
    machine = Machine()
    runner = SharedRunner(SharedHost(machine))  # type: ignore[arg-type] # it applies nothing
    runner.start(Call("a", "test.slow", timeout_s=0.05))
    begun = time.monotonic()
    answer = runner.next(5)
    machine.free.set()
    assert answer is not None
    assert answer[1].status == "timeout"
    assert time.monotonic() - begun < 3


def test_what_is_not_routine_is_left_out_with_its_reason() -> None:
    machine = Machine()
    machine.free.set()
    shared = SharedHost(machine, routine=True)  # type: ignore[arg-type] # it applies nothing
    fact = shared.measure(Call("a", "mem.growth"), threading.Event())
    assert (fact.status, machine.measured) == ("skipped", [])
    assert "longer than a check-up" in fact.reason
    assert shared.measure(Call("b", "mem.usage"), threading.Event()).ok


def test_the_next_check_up_begins_with_what_was_slow(tmp_path: Path) -> None:
    slow, fast = Call("", "mem.swapping", {}, 3.0), Call("", "mem.usage", {}, 3.0)
    facts = [(fast, Fact("mem.usage", "ok", duration_ms=20.0)), (slow, Fact("mem.swapping", "ok", duration_ms=1000.0))]
    remember(tmp_path / "cache", facts)
    assert remembered(tmp_path / "cache") == [slow]


def test_a_kept_list_that_was_altered_starts_nothing_strange(tmp_path: Path) -> None:
    (tmp_path / "check-calls.json").write_text(
        '[["no.such", {}, 3], ["mem.usage", {"a": 1}, 3], ["mem.usage", {}, 1e9], ["mem.usage", {}, 2], 7]'
    )
    assert [(call.probe, call.timeout_s) for call in remembered(tmp_path)] == [("mem.usage", 2.0)]
    (tmp_path / "check-calls.json").write_text("{")
    assert remembered(tmp_path) == []


def test_what_decides_a_fact_and_has_not_changed_needs_no_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deciding = tmp_path / "status"
    deciding.write_text("a")
    os.utime(deciding, (1, 1))
    declared = dataclasses.replace(registry.get("mem.usage"), settled_by=(str(deciding),))
    monkeypatch.setattr(registry, "get", lambda name: declared)
    call, fact = Call("x", "mem.usage"), Fact("mem.usage", "ok", {"total_bytes": 7}, at_s=time.time())
    remember(tmp_path, [(call, fact)])
    machine = Machine()
    shared = SharedHost(machine, routine=True, settled=settled(tmp_path))  # type: ignore[arg-type] # it applies nothing
    assert shared.measure(call, threading.Event()).data == {"total_bytes": 7}
    assert machine.measured == []
    deciding.write_text("b")
    assert settled(tmp_path) == {}
    remember(tmp_path, [(call, fact)])  # it has changed while that was measured
    assert settled(tmp_path) == {}


def test_no_sample_of_a_check_up_is_longer_than_a_second() -> None:
    asked: list[object] = []

    class Noting(Machine):
        def measure(self, call: Call, cancelled: threading.Event) -> Fact:
            asked.append(call.params)
            return Fact(call.probe, "ok")

    shared = SharedHost(Noting(), routine=True)  # type: ignore[arg-type] # it applies nothing
    shared.measure(Call("a", "net.counters", {"for": 3.5}), threading.Event())
    shared.measure(Call("b", "disk.log_growth", {"window_s": 0.5}), threading.Event())
    assert asked == [{"for": 1.0}, {"window_s": 0.5}]
