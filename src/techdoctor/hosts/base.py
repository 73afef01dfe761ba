"""The one thing the engine's driver knows of a machine."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

from techdoctor.model import ActionOutcome, ActionPreview, Fact, Value
from techdoctor.probes.runner import Call


class Host(Protocol):
    """Where probes run and fixes are applied: local, over SSH, recorded or simulated.

    Attributes:
        name: For people, e.g. "this computer" or "ws-114".
        platform: "linux", "macos" or "windows".
        can_apply: False when nothing can be changed there (a recorded host).
    """

    name: str
    platform: str
    can_apply: bool

    def measure(self, call: Call, cancelled: threading.Event) -> Fact:
        """Runs one probe call; whatever happens is a fact."""

    def preview(self, action: str, params: Mapping[str, Value]) -> ActionPreview:
        """What the action would do here; changes nothing."""

    def apply(self, action: str, params: Mapping[str, Value]) -> ActionOutcome:
        """Applies the action. Never raises for what the machine does."""

    def undo(self, action: str, params: Mapping[str, Value], token: Mapping[str, Value]) -> ActionOutcome:
        """Takes an applied action back."""
