"""This machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from techdoctor import system
from techdoctor.actions import registry as actions
from techdoctor.actions.base import Acting, Action
from techdoctor.model import ActionOutcome, ActionPreview, Fact, Value
from techdoctor.probes.base import ProbeSettings
from techdoctor.probes.measure import complete, measure_here
from techdoctor.probes.runner import Call
from techdoctor.text import clean_line


class LocalHost:
    """Probes and actions on the machine techdoctor runs on.

    Args:
        settings: Offline switch and probe targets.
        may_prompt: True when sudo may ask for a password on the terminal.
    """

    name = "this computer"
    can_apply = True

    def __init__(self, settings: ProbeSettings | None = None, may_prompt: bool = False) -> None:
        self.platform = system.platform_name()
        self._settings = settings or ProbeSettings()
        self._may_prompt = may_prompt

    def measure(self, call: Call, cancelled: threading.Event) -> Fact:
        return measure_here(call.probe, call.params, call.timeout_s, self._settings, cancelled)

    def preview(self, action: str, params: Mapping[str, Value]) -> ActionPreview:
        declared, acting = self._acting(action, params)
        if acting.platform not in declared.platforms:
            return ActionPreview(declared.title, problem=f"this cannot be done on {acting.platform}")
        return declared.preview(acting)

    def apply(self, action: str, params: Mapping[str, Value]) -> ActionOutcome:
        declared, acting = self._acting(action, params)
        if acting.platform not in declared.platforms:
            return ActionOutcome(False, f"this cannot be done on {acting.platform}")
        return _guarded(lambda: declared.apply(acting))

    def undo(self, action: str, params: Mapping[str, Value], token: Mapping[str, Value]) -> ActionOutcome:
        declared, acting = self._acting(action, params)
        undo = declared.undo
        if undo is None:
            return ActionOutcome(False, "this cannot be undone")
        return _guarded(lambda: undo(acting, token))

    def _acting(self, action: str, params: Mapping[str, Value]) -> tuple[Action, Acting]:
        declared = actions.get(action)
        values = complete(declared.parameters, params, action)
        return declared, Acting(values, self.platform, self._may_prompt)


def _guarded(change: Callable[[], ActionOutcome]) -> ActionOutcome:
    try:
        return change()
    except Exception as error:  # noqa: BLE001 - an action's own bug is an event like any other (engine rule 7)
        return ActionOutcome(False, clean_line(f"it failed: {type(error).__name__}: {error}"))
