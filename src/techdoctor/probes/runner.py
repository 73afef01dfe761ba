"""Running many probe calls side by side: daemon threads, deadlines, `alone` calls by themselves."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Mapping, Tuple

from techdoctor.model import TIMEOUT, Fact, Value

# How long past its own deadline a call is waited for before it is given up as hung.
GRACE_S = 0.25
# What this machine knows of itself often decides: for so long network calls wait for the local ones that run,
# so that nothing is sent when a cable is unplugged. Local facts take 30 to 100 ms on a quiet machine.
LOCAL_FIRST_S = 0.5


@dataclass(frozen=True)
class Call:
    """One probe call.

    Attributes:
        id: Unique within a session; the answer carries it.
        probe: Name of the probe.
        params: Resolved parameters.
        timeout_s: Deadline in seconds from its start.
        alone: True when no other network call may run beside it.
        network: True when the probe uses the network.
    """

    id: str
    probe: str
    params: Mapping[str, Value] = field(default_factory=dict)
    timeout_s: float = 5.0
    alone: bool = False
    network: bool = False


class Runner:
    """Runs calls in daemon threads and gives each exactly one answer, hung or not.

    Args:
        measure: Runs one call and returns its fact (a host's method). It may hang.
        most: Most calls at the same time.
    """

    def __init__(self, measure: Callable[[Call, threading.Event], Fact], most: int = 16) -> None:
        self._measure, self._most = measure, most
        self._answers: queue.SimpleQueue[Tuple[str, Fact]] = queue.SimpleQueue()
        self._waiting: List[Call] = []
        self._since: Dict[str, float] = {}
        self._running: Dict[str, Tuple[Call, float, threading.Event]] = {}

    @property
    def busy(self) -> List[str]:
        """Ids of the calls that have not been answered, running ones first."""
        return [*self._running, *(call.id for call in self._waiting)]

    def start(self, call: Call) -> None:
        """Takes a call. A local one starts as soon as the rules allow, a network one not before `next` is called."""
        self._waiting.append(call)
        self._since[call.id] = time.monotonic()
        self._fill(local_only=True)

    def next(self, timeout_s: float) -> Tuple[str, Fact] | None:
        """The next answer (call id, fact), or None when none came within `timeout_s` seconds."""
        until = time.monotonic() + timeout_s
        while True:
            self._fill()
            while (answer := self._arrived(0.0)) is not None:  # before any deadline: the caller may have been away
                if answer[0] in self._running:
                    return self._finish(*answer)
            now = time.monotonic()
            for identity, (call, deadline, cancelled) in list(self._running.items()):
                if now >= deadline:
                    cancelled.set()
                    return self._finish(identity, _hung(call))
            nearest = min([until, *self._held_until(), *(entry[1] for entry in self._running.values())])
            late = self._arrived(max(0.0, min(until, nearest) - now))
            if late is not None and late[0] in self._running:  # an answer after its deadline is dropped
                return self._finish(*late)
            if late is None and time.monotonic() >= until:
                return None

    def _arrived(self, timeout_s: float) -> Tuple[str, Fact] | None:
        """An answer that has come, or comes within `timeout_s` seconds."""
        try:
            return self._answers.get(timeout=timeout_s) if timeout_s else self._answers.get_nowait()
        except queue.Empty:
            return None

    def stop(self) -> None:
        """Cancels everything; threads that hang are left behind as daemons."""
        self._waiting.clear()
        for _, _, cancelled in self._running.values():
            cancelled.set()
        self._running.clear()

    def _finish(self, identity: str, fact: Fact) -> Tuple[str, Fact]:
        del self._running[identity]
        self._fill(local_only=True)  # the caller looks at the answer first: it may decide without the network
        return identity, fact

    def _fill(self, *, local_only: bool = False) -> None:
        for call in list(self._waiting):
            if local_only and call.network:
                continue
            if len(self._running) < self._most and self._may_start(call):
                self._waiting.remove(call)
                self._launch(call)

    def _may_start(self, call: Call) -> bool:
        running = [entry[0] for entry in self._running.values()]
        if call.network and time.monotonic() < self._held(call):
            return False
        if any(other.alone for other in running) and (call.alone or call.network):
            return False
        if call.alone:
            return not any(other.network for other in running + [c for c in self._waiting if not c.alone])
        return True

    def _held(self, call: Call) -> float:
        """Monotonic time until which a network call waits for the local calls that run; 0 when none does."""
        local = any(not entry[0].network for entry in self._running.values())
        return self._since[call.id] + LOCAL_FIRST_S if local else 0.0

    def _held_until(self) -> List[float]:
        now = time.monotonic()
        return [held for call in self._waiting if call.network and (held := self._held(call)) > now]

    def _launch(self, call: Call) -> None:
        cancelled = threading.Event()
        self._running[call.id] = (call, time.monotonic() + call.timeout_s + GRACE_S, cancelled)
        self._begin(call, cancelled)

    def _begin(self, call: Call, cancelled: threading.Event) -> None:
        """Starts the measurement; its fact comes by `_answer`, whenever it does."""
        threading.Thread(
            target=lambda: self._answer(call, self._measure(call, cancelled)), daemon=True, name=f"probe {call.probe}"
        ).start()

    def _answer(self, call: Call, fact: Fact) -> None:
        """Takes the fact of a call; may be called from any thread."""
        self._answers.put((call.id, fact))


def _hung(call: Call) -> Fact:
    return Fact(
        probe=call.probe,
        status=TIMEOUT,
        reason=f"no answer within {call.timeout_s:g} s",
        duration_ms=(call.timeout_s + GRACE_S) * 1000,
        at_s=time.time(),
    )
