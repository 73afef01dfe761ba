"""Past sessions: the report again from the journal, why it went as it did, and undoing what was applied."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from techdoctor.engine.facts import Playbooks
from techdoctor.engine.journal import Journal, Recorded, rewound
from techdoctor.engine.order import by_worth, effort_s, likelihood
from techdoctor.engine.result import Diagnosis, diagnosis_of
from techdoctor.engine.step import replay
from techdoctor.errors import StateError
from techdoctor.events import Event, FixEnded, FixStarted, FixUndone, Started
from techdoctor.hosts.base import Host
from techdoctor.model import ActionOutcome, Value
from techdoctor.playbooks.tree import Playbook


@dataclass(frozen=True)
class AppliedFix:
    """An action that ran in a session and was not taken back.

    Attributes:
        prompt: "<global cause id>/<fix id>".
        action: Its name.
        params: Its parameters.
        undo_token: What the undo needs; None when there is nothing to undo.
    """

    prompt: str
    action: str
    params: Mapping[str, Value]
    undo_token: Mapping[str, Value] | None


def report_of(playbooks: Playbooks, recorded: Recorded, session: str) -> Diagnosis:
    """The report of a past session, replayed from its journal.

    Raises:
        StateError: The journal is empty, or a playbook changed so much that it no longer fits.
    """
    if not recorded.events:
        raise StateError(f"session {session} ended before it began: there is nothing to show")
    state = replay(playbooks, rewound(recorded.events))
    duration = recorded.closed.get("duration_ms")
    return diagnosis_of(playbooks, state, session, float(duration) if isinstance(duration, int | float) else 0.0)


def changed_since(playbooks: Playbooks, events: Sequence[Event]) -> list[str]:
    """Ids of playbooks whose file is another one now than when the session began."""
    started = next((event for event in events if isinstance(event, Started)), None)
    hashes = started.hashes if started is not None else {}
    return [name for name, digest in hashes.items() if name in playbooks and playbooks[name].sha256 != digest]


@dataclass(frozen=True)
class Worth:
    """Why a suspected cause stands where it does: likelihood over effort.

    Attributes:
        cause: Global id.
        word: The author's word for the likelihood.
        likelihood: The probability used, corrected by history.
        effort_s: Seconds of the cheapest step.
        counts: [times it was the cause, sessions] from history, or None.
    """

    cause: str
    word: str
    likelihood: float
    effort_s: float
    counts: Value


def order_of(playbook: Playbook, priors: Mapping[str, Value]) -> list[Worth]:
    """The causes of a playbook in the order in which suspects would be tried."""
    causes = [(playbook.cause_id(cause.id), cause) for cause in playbook.causes.values()]
    return [
        Worth(gid, cause.likelihood, likelihood(cause, priors.get(gid)), effort_s(cause), priors.get(gid))
        for gid, cause in by_worth(causes, priors)
    ]


def applied_fixes(events: Sequence[Event]) -> list[AppliedFix]:
    """Actions that ran and were not taken back, the latest first."""
    running: FixStarted | None = None
    applied: dict[str, AppliedFix] = {}
    for event in events:
        if isinstance(event, FixStarted):
            running = event
        elif isinstance(event, FixEnded) and event.ok and running is not None:
            applied[event.prompt] = AppliedFix(event.prompt, running.action, running.params, event.undo_token)
        elif isinstance(event, FixUndone) and event.ok:
            applied.pop(event.prompt, None)
    return list(reversed(applied.values()))


def undo(host: Host, path: Path, fix: AppliedFix) -> ActionOutcome:
    """Takes one applied action back and writes that into the session's journal."""
    assert fix.undo_token is not None
    outcome = host.undo(fix.action, fix.params, fix.undo_token)
    journal = Journal(path)
    journal.add(FixUndone(fix.prompt, outcome.ok, outcome.text, time.time()))
    return outcome
