"""The front end without a person: answers come from a file, everything else is "I don't know"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from techdoctor.engine.dialogue import Dialogue
from techdoctor.events import SKIP, UNKNOWN, YES, Announce, Ask, Offer, RunProbe
from techdoctor.model import ActionOutcome, ActionPreview, Fact, Finding

ANSWERS_FOR_FIXES = ("yes", "no", "already", "unknown", "skip")


class Batch:
    """Asks nothing.

    Args:
        answers: Question or fix id (short or full) to choice.
        fix: "never", "ask" (only what `answers` says) or "safe" (confirmed cause, risk none or low,
            nothing disclosed, elevation only where sudo asks no password).
        may_elevate: Tells whether elevation works without a question.
        progress: Gets what happens; None shows nothing.
    """

    def __init__(
        self,
        answers: Mapping[str, str],
        fix: str,
        may_elevate: Callable[[], bool],
        progress: Dialogue | None = None,
    ) -> None:
        self._answers, self._fix, self._may_elevate, self._progress = answers, fix, may_elevate, progress

    def probe_started(self, effect: RunProbe, title: str) -> None:
        if self._progress:
            self._progress.probe_started(effect, title)

    def probe_ended(self, effect: RunProbe, title: str, fact: Fact) -> None:
        if self._progress:
            self._progress.probe_ended(effect, title, fact)

    def waiting(self, names: Mapping[str, float]) -> None:
        if self._progress:
            self._progress.waiting(names)

    def announce(self, note: Announce, finding: Finding | None) -> None:
        if self._progress:
            self._progress.announce(note, finding)

    def ask(self, question: Ask) -> str:
        """The file's answer; an answer that is not a choice counts as "I don't know"."""
        choice = self._answers.get(question.prompt, UNKNOWN)
        return choice if choice in question.choices else UNKNOWN

    def offer(self, offer: Offer, preview: ActionPreview | None) -> str:
        """The file's answer, else what `fix` allows; SKIP for what nobody decided."""
        for name in (offer.prompt, f"{offer.cause.rpartition('.')[2]}.{offer.fix}", offer.fix):
            if name in self._answers:
                return self._answers[name]
        if self._fix != "safe" or preview is None or offer.referral:
            return SKIP
        harmless = offer.confirmed and offer.risk in ("none", "low") and not preview.discloses and not preview.problem
        return YES if harmless and (not preview.needs_admin or self._may_elevate()) else SKIP

    def fix_started(self, offer: Offer, preview: ActionPreview | None) -> None:
        if self._progress:
            self._progress.fix_started(offer, preview)

    def fix_ended(self, offer: Offer, outcome: ActionOutcome) -> None:
        if self._progress:
            self._progress.fix_ended(offer, outcome)

    def not_saved(self, reason: str) -> None:
        if self._progress:
            self._progress.not_saved(reason)
