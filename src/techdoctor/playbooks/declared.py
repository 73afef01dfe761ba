"""What playbooks may name: the declarations of probes and actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from techdoctor.actions import registry as actions
from techdoctor.actions.base import Action
from techdoctor.errors import UsageError
from techdoctor.probes import registry as probes
from techdoctor.probes.base import Probe


class Declared(Protocol):
    """Probes and actions by name; tests bring their own."""

    def probe(self, name: str) -> Probe | None:
        """The probe's declaration; None when there is none of this name."""

    def action(self, name: str) -> Action | None:
        """The action's declaration; None when there is none of this name."""

    def probe_names(self) -> Sequence[str]:
        """All probes, for suggestions."""

    def action_names(self) -> Sequence[str]:
        """All actions, for suggestions."""


class Registered:
    """The probes and actions of this program."""

    def probe(self, name: str) -> Probe | None:
        try:
            return probes.get(name)
        except UsageError:
            return None

    def action(self, name: str) -> Action | None:
        try:
            return actions.get(name)
        except UsageError:
            return None

    def probe_names(self) -> Sequence[str]:
        return probes.names()

    def action_names(self) -> Sequence[str]:
        return actions.names()
