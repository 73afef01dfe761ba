"""A host on which several walks run at the same time: equal measurements are taken once."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping

from techdoctor.hosts.base import Host
from techdoctor.model import ActionOutcome, ActionPreview, Fact, Value
from techdoctor.probes.runner import Call


class SharedHost:
    """Wraps a host; a measurement with the same probe and parameters is taken once and shared.

    Nothing is applied through it: a check-up only looks.
    """

    can_apply = False

    def __init__(self, host: Host) -> None:
        self._host = host
        self.name, self.platform = host.name, host.platform
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._taken: dict[str, tuple[threading.Event, list[Fact]]] = {}

    def measure(self, call: Call, cancelled: threading.Event) -> Fact:
        key = f"{call.probe} {json.dumps(dict(call.params), sort_keys=True)}"
        with self._lock:
            first = key not in self._taken
            ready, facts = self._taken.setdefault(key, (threading.Event(), []))
        if first:
            facts.append(self._measure(call, cancelled))
            ready.set()
        else:
            ready.wait()
        return facts[0]

    def _measure(self, call: Call, cancelled: threading.Event) -> Fact:
        if not call.alone:
            return self._host.measure(call, cancelled)
        with self._alone:  # each walk keeps these apart from its own; here from the other walks' as well
            return self._host.measure(call, cancelled)

    def preview(self, action: str, params: Mapping[str, Value]) -> ActionPreview:
        return self._host.preview(action, params)

    def apply(self, action: str, params: Mapping[str, Value]) -> ActionOutcome:
        return ActionOutcome(False, "a check-up changes nothing")

    def undo(self, action: str, params: Mapping[str, Value], token: Mapping[str, Value]) -> ActionOutcome:
        return ActionOutcome(False, "a check-up changes nothing")
