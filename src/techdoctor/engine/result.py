"""The outcome of a session as it is reported: on screen, as JSON, in the history and the bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from techdoctor.actions import registry as actions
from techdoctor.engine.facts import Playbooks, key_of
from techdoctor.engine.state import KNOWN, FindingState, State
from techdoctor.engine.walk import SUSPICION_RISKS, Walk
from techdoctor.errors import (
    EXIT_CANNOT_TELL,
    EXIT_ESCALATED,
    EXIT_FIX_DID_NOT_HELP,
    EXIT_FOUND,
    EXIT_INTERRUPTED,
    EXIT_OK,
)
from techdoctor.messages import say
from techdoctor.model import Fact, Finding, FixOutcome, NotJudged, Value

SCHEMA = "techdoctor.diagnosis/1"


@dataclass(frozen=True)
class Diagnosis:
    """What a session found and did; see design.md 5.3 for the JSON.

    Attributes:
        session: Session id; empty when it was not saved.
        playbook: Id of the chosen playbook, None when none fits.
        title: Its title.
        end: One of model.ENDS.
        say: The end node's text.
        cause: Global id of the root cause, None unless its `confirm` was true.
        not_judged: Causes that could not be decided, with the reason.
        not_reached: Causes that were not looked at because the root cause lies before them.
        path: (node, why) in the order walked; nodes of called playbooks as "<playbook>:<node>".
        questions: (question, answer) really asked.
        facts: By name; those of called playbooks as "<playbook>:<fact>".
        candidates: Other playbooks the search found, best first.
        bundle: Path of the bundle written at the end, if any.
        saved: False when the journal could not be written.
        user_said: The person's own word after a verified fix; empty when not asked.
    """

    session: str
    playbook: str | None
    title: str
    end: str
    say: str = ""
    cause: str | None = None
    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[str, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    not_reached: tuple[NotJudged, ...] = ()
    path: tuple[tuple[str, str], ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    duration_ms: float = 0.0
    words: str = ""
    candidates: tuple[str, ...] = ()
    fixes_applied: tuple[str, ...] = ()
    bundle: str | None = None
    saved: bool = True
    user_said: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code of design.md 5.2 and 5.4."""
        if self.end in ("solved", "not_reproduced"):
            return EXIT_OK
        if self.end in ("found", "referred", "declined", "handed_on"):
            return EXIT_FOUND
        if self.end == "aborted":
            return EXIT_INTERRUPTED
        if self.bundle:
            return EXIT_ESCALATED
        return EXIT_FIX_DID_NOT_HELP if self.fixes_applied else EXIT_CANNOT_TELL

    def with_bundle(self, path: str) -> Diagnosis:
        return replace(self, bundle=path)

    def to_json(self) -> dict[str, Value]:
        """The document of `diagnose --json`."""
        return {
            "schema": SCHEMA,
            "session": self.session,
            "playbook": self.playbook,
            "title": self.title,
            "words": self.words,
            "end": self.end,
            "say": self.say,
            "cause": self.cause,
            "findings": [finding.to_json() for finding in self.findings],
            "ruled_out": list(self.ruled_out),
            "not_judged": [entry.to_json() for entry in (*self.not_judged, *self.not_reached)],
            "path": [{"node": node, "why": why} for node, why in self.path],
            "questions": [{"id": question, "answer": answer} for question, answer in self.questions],
            "facts": {name: fact.to_json() for name, fact in self.facts.items()},
            "candidates": list(self.candidates),
            "fixes_applied": list(self.fixes_applied),
            "user_said": self.user_said,
            "bundle": self.bundle,
            "saved": self.saved,
            "duration_ms": round(self.duration_ms, 1),
            "exit_code": self.exit_code,
        }


def diagnosis_of(playbooks: Playbooks, state: State, session: str, duration_ms: float) -> Diagnosis:
    """The report of an ended (or interrupted) walk."""
    assert state.started is not None
    chosen = playbooks[state.started.playbook]
    walk = Walk(playbooks, state.copy())
    return Diagnosis(
        session=session,
        playbook=chosen.id,
        title=chosen.title,
        end=state.end or "aborted",
        say=state.say,
        cause=state.cause or None,
        findings=tuple(_finding(walk, f) for f in _in_order(state)),
        ruled_out=tuple(state.ruled_out),
        not_judged=tuple(_not_judged(state)),
        not_reached=tuple(_not_reached(walk)),
        path=tuple((_local(chosen.id, key_of(s.playbook, s.node)), s.why) for s in state.path),
        questions=state.asked,
        facts=known_facts(playbooks, state),
        duration_ms=duration_ms,
        words=state.started.words,
        fixes_applied=state.applied,
        user_said=state.user_said,
    )


def _local(chosen: str, key: str) -> str:
    """A key without the chosen playbook's prefix."""
    return key.removeprefix(f"{chosen}:")


def known_facts(playbooks: Playbooks, state: State) -> dict[str, Fact]:
    """All facts that have an outcome, by the name they have in JSON."""
    assert state.started is not None
    facts = {}
    for playbook in playbooks.values():
        for name in playbook.facts:
            call = state.calls.get(state.slots.get(key_of(playbook.id, name), ""))
            if call is not None and call.status == KNOWN and call.fact is not None:
                facts[_local(state.started.playbook, key_of(playbook.id, name))] = call.fact
    return facts


def _in_order(state: State) -> list[FindingState]:
    """The root first, then other confirmed ones, what they explain after them, suspects last."""
    found = list(state.findings.values())
    return sorted(found, key=lambda f: (f.cause != state.cause, not f.confirmed, bool(f.caused_by)))


def _finding(walk: Walk, found: FindingState) -> Finding:
    playbook, cause = walk.cause(found.cause)
    fixes = []
    for fix in cause.fixes:
        ref = f"{found.cause}/{fix.id}"
        result = walk.state.results.get(ref, "")
        if not result and fix.when is not None and walk.judge(playbook.id, fix.when).value is False:
            continue  # it is not for this machine
        if not result and not found.confirmed and fix.risk not in SUSPICION_RISKS:
            continue  # the risk gate: nobody is told that this helps against a mere suspicion
        words = walk.text(playbook, fix.instruct) if fix.instruct else actions.get(fix.action).title
        applied = ref in walk.state.applied
        fixes.append(FixOutcome(fix.id, fix.effort, fix.risk, applied, result, words, (), fix.action))
    title = walk.text(playbook, cause.title)
    return Finding(found.cause, title, cause.severity, found.confirmed, found.evidence, tuple(fixes), found.caused_by)


def _not_judged(state: State) -> list[NotJudged]:
    return [NotJudged(cause, reason) for cause, reason in state.not_judged.items() if cause not in state.findings]


def _not_reached(walk: Walk) -> list[NotJudged]:
    """Causes of the walked playbooks that stand behind the root cause."""
    state = walk.state
    if not state.cause:
        return []
    playbook, root = walk.cause(state.cause)
    reason = say("engine.not_reached", title=walk.text(playbook, root.title))
    told = {*state.not_judged, *state.findings, *state.ruled_out}
    walked = [walk.playbooks[name] for name in dict.fromkeys(step.playbook for step in state.path)]
    return [NotJudged(gid, reason) for book in walked for c in book.causes if (gid := book.cause_id(c)) not in told]
