"""Many probe calls side by side: each gets exactly one answer, hung or not."""

from __future__ import annotations

import threading
import time

from techdoctor.model import Fact
from techdoctor.probes.runner import Call, Runner


def drain(runner: Runner, timeout_s: float = 5.0) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    until = time.monotonic() + timeout_s
    while runner.busy and time.monotonic() < until:
        answer = runner.next(0.1)
        if answer is not None:
            assert answer[0] not in facts
            facts[answer[0]] = answer[1]
    return facts


def test_calls_run_side_by_side() -> None:
    together = threading.Barrier(5, timeout=3)

    def measure(call: Call, cancelled: threading.Event) -> Fact:
        together.wait()
        return Fact(call.probe, "ok")

    runner = Runner(measure)
    for number in range(5):
        runner.start(Call(str(number), "p"))
    assert [fact.status for fact in drain(runner).values()] == ["ok"] * 5


def test_a_hung_call_is_answered_as_timeout_and_told_to_stop() -> None:
    told = threading.Event()

    def measure(call: Call, cancelled: threading.Event) -> Fact:
        if call.id == "hangs":
            cancelled.wait(10)
            told.set()
        return Fact(call.probe, "ok")

    runner = Runner(measure)
    runner.start(Call("hangs", "p", timeout_s=0.2))
    runner.start(Call("quick", "p", timeout_s=0.2))
    facts = drain(runner)
    assert facts["quick"].status == "ok"
    assert (facts["hangs"].status, facts["hangs"].reason) == ("timeout", "no answer within 0.2 s")
    assert told.wait(2)
    assert runner.next(0.1) is None


def test_hung_calls_hold_no_places() -> None:
    def measure(call: Call, cancelled: threading.Event) -> Fact:
        if call.id.startswith("hangs"):
            cancelled.wait(10)
        return Fact(call.probe, "ok")

    runner = Runner(measure, most=2)
    for name in ("hangs1", "hangs2", "after"):
        runner.start(Call(name, "p", timeout_s=0.2))
    assert drain(runner)["after"].status == "ok"


def test_a_call_that_wants_to_be_alone_waits_for_the_network_to_be_quiet() -> None:
    log: list[str] = []
    lock = threading.Lock()

    def measure(call: Call, cancelled: threading.Event) -> Fact:
        with lock:
            log.append(f"begin {call.id}")
        time.sleep(0.1)
        with lock:
            log.append(f"end {call.id}")
        return Fact(call.probe, "ok")

    runner = Runner(measure)
    runner.start(Call("net1", "p", network=True))
    runner.start(Call("alone", "p", alone=True, network=True))
    runner.start(Call("net2", "p", network=True))
    runner.start(Call("local", "p"))
    drain(runner)
    begun = log.index("begin alone")
    assert {"end net1", "end net2"} <= set(log[:begun])
    assert log.index("begin local") < begun


def test_stop_leaves_nothing_running() -> None:
    cancelled_seen = threading.Event()

    def measure(call: Call, cancelled: threading.Event) -> Fact:
        cancelled.wait(10)
        cancelled_seen.set()
        return Fact(call.probe, "ok")

    runner = Runner(measure)
    runner.start(Call("a", "p"))
    runner.stop()
    assert runner.busy == []
    assert cancelled_seen.wait(2)


def test_answers_that_came_in_time_count_however_late_they_are_read() -> None:
    """A person reads a question for a minute while the last probes end."""

    def measure(call: Call, cancelled: threading.Event) -> Fact:
        return Fact(call.probe, "ok")

    runner = Runner(measure)
    for number in range(3):
        runner.start(Call(str(number), "p", timeout_s=0.05))
    time.sleep(0.6)
    assert [fact.status for fact in drain(runner).values()] == ["ok"] * 3


def test_network_calls_wait_for_what_this_machine_knows_of_itself() -> None:
    asked: list[str] = []
    local_may_end = threading.Event()

    def measure(call: Call, cancelled: threading.Event) -> Fact:
        asked.append(call.id)
        if call.id == "local":
            local_may_end.wait(2)
        return Fact(call.probe, "ok")

    runner = Runner(measure)
    runner.start(Call("network", "p", network=True))
    runner.start(Call("local", "p"))
    local_may_end.set()
    answer = runner.next(2)
    assert answer is not None
    assert (answer[0], asked) == ("local", ["local"])
    runner.stop()  # the local fact decided
    assert runner.next(0.1) is None
    assert asked == ["local"]


def test_a_hung_local_call_holds_the_network_up_for_a_moment_only() -> None:
    def measure(call: Call, cancelled: threading.Event) -> Fact:
        if call.id == "local":
            cancelled.wait(5)
        return Fact(call.probe, "ok")

    runner = Runner(measure)
    runner.start(Call("local", "p", timeout_s=5.0))
    runner.start(Call("network", "p", network=True))
    answer = runner.next(2)
    assert answer is not None
    assert answer[0] == "network"
    runner.stop()
