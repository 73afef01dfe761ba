"""How the driver reaches a person: console, batch and tests implement this protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from techdoctor.events import BACK, STOP, Announce, Ask, Offer, RunProbe
from techdoctor.model import ActionOutcome, ActionPreview, Fact, Finding

__all__ = ["BACK", "STOP", "Dialogue"]


class Dialogue(Protocol):
    """A front end. Only `ask` and `offer` may block; they raise NoAnswer when input is closed."""

    def probe_started(self, effect: RunProbe, title: str) -> None:
        """A probe call begins."""

    def probe_ended(self, effect: RunProbe, title: str, fact: Fact) -> None:
        """A probe call ended, well or badly."""

    def waiting(self, names: Mapping[str, float]) -> None:
        """Called at most four times a second while probes are out: title to seconds waited."""

    def announce(self, note: Announce, finding: Finding | None) -> None:
        """Something happened: a cause was found, is measured again, a fix did not help ..."""

    def ask(self, question: Ask) -> str:
        """Returns a choice's key, events.UNKNOWN, BACK or STOP."""

    def offer(self, offer: Offer, preview: ActionPreview | None) -> str:
        """Returns YES, NO, ALREADY, UNKNOWN, SKIP, BACK or STOP. `preview` is None for instructions."""

    def fix_started(self, offer: Offer, preview: ActionPreview | None) -> None:
        """The action begins to run."""

    def fix_ended(self, offer: Offer, outcome: ActionOutcome) -> None:
        """The action ended."""

    def not_saved(self, reason: str) -> None:
        """The journal cannot be written; the diagnosis goes on."""
