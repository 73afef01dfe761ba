"""A host on which several walks run at the same time: equal measurements are taken once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from techdoctor.hosts.base import Host
from techdoctor.messages import say
from techdoctor.model import SKIPPED, ActionOutcome, ActionPreview, Fact, Value
from techdoctor.probes import registry
from techdoctor.probes.runner import Call, Runner

Answer = Callable[[Fact], None]
# Every walk waits for shared measurements; the runner of one must not hold them back.
_MOST_AWAITED = 1000
# Parameters that say how long to look; a check-up has a second for everything.
_SAMPLES, _LONGEST_SAMPLE_S = ("for", "seconds", "window_s"), 1.0


class SharedHost:
    """Wraps a host; a measurement with the same probe and parameters is taken once and shared.

    Nothing is applied through it: a check-up only looks.

    Args:
        host: Where to measure.
        routine: True leaves out what takes longer than a check-up has (Probe.routine, Probe.alone), and
            lets no sample last longer than a second.
        settled: Facts that need no measuring, by `key_of` their call.
    """

    can_apply = False

    def __init__(self, host: Host, routine: bool = False, settled: Mapping[str, Fact] | None = None) -> None:
        self._host, self._routine = host, routine
        self.name, self.platform = host.name, host.platform
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._taken: dict[str, Fact | list[Answer]] = dict(settled or {})
        self._cancelled = threading.Event()
        self._asked: dict[str, Call] = {}

    @property
    def asked(self) -> Sequence[tuple[Call, Fact]]:
        """The calls that walks asked for, in order, each once, with what they gave."""
        taken = {key: self._taken.get(key) for key in self._asked}
        return [(self._asked[key], fact) for key, fact in taken.items() if isinstance(fact, Fact)]

    def ahead(self, calls: Sequence[Call]) -> None:
        """Starts measurements that walks are likely to ask for."""
        for call in calls:
            self._take(call, lambda _fact: None)

    def ask(self, call: Call, answer: Answer) -> None:
        """Measures unless that was done or is under way; `answer` gets the fact, from whatever thread."""
        call = self._shortened(call)
        self._asked.setdefault(key_of(call), call)
        self._take(call, answer)

    def stop(self) -> None:
        """Cancels what is still being measured: nobody waits any more."""
        self._cancelled.set()

    def measure(self, call: Call, cancelled: threading.Event) -> Fact:
        """Like `ask`, but waits."""
        ready = threading.Event()
        facts: list[Fact] = []

        def take(fact: Fact) -> None:
            facts.append(fact)
            ready.set()

        self.ask(call, take)
        ready.wait()
        return facts[0]

    def _take(self, call: Call, answer: Answer) -> None:
        key = key_of(call)
        with self._lock:
            taken = self._taken.get(key)
            if isinstance(taken, list):
                taken.append(answer)
                return
            if taken is None:
                taken = self._left_out(call)
                self._taken[key] = taken or [answer]
        if taken is not None:
            answer(taken)
            return
        threading.Thread(target=self._measure, args=(key, call), daemon=True, name=f"probe {call.probe}").start()

    def _shortened(self, call: Call) -> Call:
        long = [name for name in _SAMPLES if _seconds(call.params.get(name)) > _LONGEST_SAMPLE_S]
        if not self._routine or not long:
            return call
        return replace(call, params={**call.params, **dict.fromkeys(long, _LONGEST_SAMPLE_S)})

    def _left_out(self, call: Call) -> Fact | None:
        """The fact of a call that has no place in a check-up."""
        if not self._routine or call.probe not in registry.MODULES:
            return None
        declared = registry.get(call.probe)
        if declared.routine and not declared.alone:
            return None
        return Fact(call.probe, SKIPPED, reason=say("check.not_routine"), at_s=time.time())

    def _measure(self, key: str, call: Call) -> None:
        if call.alone:
            with self._alone:  # each walk keeps these apart from its own; here from the other walks' as well
                fact = self._host.measure(call, self._cancelled)
        else:
            fact = self._host.measure(call, self._cancelled)
        with self._lock:
            waiting = self._taken[key]
            self._taken[key] = fact
        assert isinstance(waiting, list)
        for answer in waiting:
            answer(fact)

    def preview(self, action: str, params: Mapping[str, Value]) -> ActionPreview:
        return self._host.preview(action, params)

    def apply(self, action: str, params: Mapping[str, Value]) -> ActionOutcome:
        return ActionOutcome(False, "a check-up changes nothing")

    def undo(self, action: str, params: Mapping[str, Value], token: Mapping[str, Value]) -> ActionOutcome:
        return ActionOutcome(False, "a check-up changes nothing")


class SharedRunner(Runner):
    """The runner of one walk on a shared host: it waits for measurements without a thread for each."""

    def __init__(self, host: SharedHost) -> None:
        super().__init__(host.measure, _MOST_AWAITED)
        self._shared = host

    def _begin(self, call: Call, cancelled: threading.Event) -> None:
        self._shared.ask(call, lambda fact: self._answer(call, fact))


def _seconds(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def key_of(call: Call) -> str:
    """What two calls that measure the same have in common."""
    return f"{call.probe} {json.dumps(dict(call.params), sort_keys=True)}"
