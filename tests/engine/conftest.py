"""A made-up action, so that engine tests depend on no real one."""

from __future__ import annotations

import sys
import types

import pytest

from techdoctor.actions import registry
from techdoctor.actions.base import Acting, Action
from techdoctor.model import ActionOutcome, ActionPreview


@pytest.fixture(autouse=True)
def made_up_action(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("techdoctor.actions.made_up")

    def preview(_: Acting) -> ActionPreview:
        return ActionPreview("made up")

    def apply(_: Acting) -> ActionOutcome:
        return ActionOutcome(True)

    module.ACTIONS = (Action("test.mend", "Mend", "For tests.", preview, apply, touches=("test.touched",)),)  # type: ignore[attr-defined] # a module made at run time
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "MODULES", {**registry.MODULES, "test.mend": "made_up"})
