"""This machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from techdoctor import system
from techdoctor.actions import registry as actions
from techdoctor.actions.base import Acting, Action
from techdoctor.errors import UsageError
from techdoctor.model import NOT_APPLICABLE, ActionOutcome, ActionPreview, Fact, Value
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
        try:
            return measure_here(call.probe, call.params, call.timeout_s, self._settings, cancelled)
        except UsageError as error:  # a value of another fact that the probe does not take
            return Fact(call.probe, NOT_APPLICABLE, reason=clean_line(error.message), at_s=time.time())

    def preview(self, action: str, params: Mapping[str, Value]) -> ActionPreview:
        declared = actions.get(action)
        if self.platform not in declared.platforms:
            return ActionPreview(declared.title, problem=f"this cannot be done on {self.platform}")
        try:
            return declared.preview(self._acting(declared, params))
        except Exception as error:  # noqa: BLE001 - an action's own bug must not end the session (engine rule 7)
            return ActionPreview(declared.title, problem=clean_line(f"it cannot be prepared: {error}"))

    def apply(self, action: str, params: Mapping[str, Value]) -> ActionOutcome:
        declared = actions.get(action)
        if self.platform not in declared.platforms:
            return ActionOutcome(False, f"this cannot be done on {self.platform}")
        return _guarded(lambda: declared.apply(self._acting(declared, params)))

    def undo(self, action: str, params: Mapping[str, Value], token: Mapping[str, Value]) -> ActionOutcome:
        declared = actions.get(action)
        undo = declared.undo
        if undo is None:
            return ActionOutcome(False, "this cannot be undone")
        return _guarded(lambda: undo(self._acting(declared, params), token))

    def _acting(self, declared: Action, params: Mapping[str, Value]) -> Acting:
        values = complete(declared.parameters, params, declared.name)
        return Acting(values, self.platform, self._may_prompt, offline=self._settings.offline)


def _guarded(change: Callable[[], ActionOutcome]) -> ActionOutcome:
    try:
        return change()
    except Exception as error:  # noqa: BLE001 - an action's own bug is an event like any other (engine rule 7)
        return ActionOutcome(False, clean_line(f"it failed: {type(error).__name__}: {error}"))
