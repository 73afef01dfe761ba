"""The engine: `step(playbooks, state, event) -> (state, effects)`. Pure: no clock, no random, no I/O.

The rules it keeps are numbered in docs/design.md ("Engine rules").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from techdoctor.engine import facts, fixing
from techdoctor.engine.facts import Playbooks, key_of
from techdoctor.engine.judge import CONFIRMED, NOT_JUDGED, SUSPECTED, Judged, judge_cause, judge_node, root_first
from techdoctor.engine.order import by_worth
from techdoctor.engine.state import IDLE, KNOWN, RUNNING, FindingState, Frame, Prompt, State
from techdoctor.engine.walk import DISCLOSE, Walk, keys_of
from techdoctor.engine.wording import explain
from techdoctor.errors import StateError
from techdoctor.events import (
    UNKNOWN,
    Announce,
    Answered,
    Deadline,
    Effect,
    Event,
    FactKnown,
    FixEnded,
    FixStarted,
    FixUndone,
    Resumed,
    RunProbe,
    Started,
    Stopped,
    UserSaid,
    Waited,
)
from techdoctor.playbooks.tree import GONE, AskNode, BranchEntry, BranchNode, CallNode, Cause, CausesNode, EndNode

# Facts older than this when a session is resumed are measured again.
STALE_ON_RESUME_S = 600.0
# What came of proposing a fix or a question.
ASKED, WAITING, NOTHING = "asked", "waiting", "nothing"
# A walk that passes more nodes than this is ended: lint proves that none does.
MOST_STEPS = 1000


def step(playbooks: Playbooks, state: State, event: Event) -> tuple[State, list[Effect]]:
    """Takes one event; returns the new state and what the outside has to do.

    Args:
        playbooks: The chosen playbook and all that it may call, by id.
        state: The state so far; it is not changed.
        event: What happened.
    """
    walk = Walk(playbooks, state.copy())
    if walk.state.ended and not isinstance(event, UserSaid | FixUndone):
        return walk.state, []
    walk.state.now_s = max(walk.state.now_s, getattr(event, "at_s", 0.0))
    _take(walk, event)
    _advance(walk)
    return walk.state, walk.effects


def _take(walk: Walk, event: Event) -> None:
    if isinstance(event, FixStarted | FixEnded | FixUndone | Waited):
        fixing.take(walk, event)
    elif isinstance(event, Started):
        walk.state.started = event
        walk.state.frames = (Frame(event.playbook, walk.playbooks[event.playbook].start),)
    elif isinstance(event, FactKnown):
        _fact_known(walk, event)
    elif isinstance(event, Answered):
        _answered(walk, event)
    elif isinstance(event, Deadline):
        facts.give_up(walk.playbooks, walk.state)
    elif isinstance(event, Stopped):
        fixing.interrupted(walk)
        walk.finish("aborted", event.reason)
    elif isinstance(event, Resumed):
        _resumed(walk, event)
    elif isinstance(event, UserSaid):
        walk.state.user_said = event.choice


def _fact_known(walk: Walk, event: FactKnown) -> None:
    walk.state.now_s = max(walk.state.now_s, event.fact.at_s)
    for signature, call in walk.state.calls.items():
        if call.id == event.call and call.status == RUNNING:
            walk.state.calls[signature] = replace(call, status=KNOWN, fact=event.fact)
            return


def _answered(walk: Walk, event: Answered) -> None:
    prompt = walk.state.prompt
    if prompt is None or prompt.id != event.prompt:
        return
    walk.state.prompt = None
    if prompt.kind == "offer":
        fixing.answer_offer(walk, prompt.key, event.choice)
        return
    if prompt.kind == GONE:
        walk.state.asked += ((prompt.id, event.choice),)
        fixing.answer_gone(walk, prompt.key, event.choice)
        return
    key = key_of("", DISCLOSE) if prompt.kind == DISCLOSE else prompt.key
    walk.state.answers[key] = "no" if prompt.kind == DISCLOSE and event.choice != "yes" else event.choice
    batch = walk.state.started is not None and walk.state.started.batch
    if not (batch and event.choice == UNKNOWN):
        walk.state.asked += ((prompt.id, event.choice),)
    if prompt.kind == "node":
        node = walk.node
        assert isinstance(node, AskNode)
        walk.go(
            node.on.get(event.choice, node.on[UNKNOWN]), f"answered: {node.choices.get(event.choice, event.choice)}"
        )


def _resumed(walk: Walk, event: Resumed) -> None:
    state = walk.state
    if event.changed:
        walk.state = State(state.started, state.now_s, sequence=state.sequence, kept_answers=dict(event.answers))
        assert state.started is not None
        walk.state.frames = (Frame(state.started.playbook, walk.playbooks[state.started.playbook].start),)
        return
    for signature, call in state.calls.items():
        if call.status == RUNNING:
            state.calls[signature] = replace(call, status=IDLE)
    old = [
        key
        for key in state.slots
        if (fact := state.fact(key)) is not None and event.at_s - fact.at_s > STALE_ON_RESUME_S
    ]
    facts.drop(walk.playbooks, state, old)
    if state.fixing is not None:
        fixing.resumed(walk, state.fixing.ref)
    elif state.prompt is not None:
        walk.effects.append(walk.prompt_effect(state.prompt))


def _advance(walk: Walk) -> None:
    """Walks until something has to be waited for, and starts the probes that may start."""
    moved = True
    while moved and not walk.state.ended and walk.state.prompt is None and walk.state.frames:
        walk.effects += facts.pump(walk.playbooks, walk.state)
        if len(walk.state.path) > MOST_STEPS:
            walk.finish("inconclusive", "the playbook goes round in circles")
        elif walk.state.fixing is not None:
            moved = fixing.advance(walk)
        else:
            moved = _visit(walk) or _settled(walk)
    if not walk.state.ended and walk.state.frames:
        walk.effects += facts.pump(walk.playbooks, walk.state)


def _settled(walk: Walk) -> bool:
    """Starts what the node waits for; True when a fact got its outcome at once, so that no answer will come for it.

    A slow fact whose parameters come from one that could not be measured is such a fact.
    """
    known = sum(call.status == KNOWN for call in walk.state.calls.values())
    walk.effects += facts.pump(walk.playbooks, walk.state)
    return sum(call.status == KNOWN for call in walk.state.calls.values()) > known


def _visit(walk: Walk) -> bool:
    """Visits the current node; False when it has to wait."""
    node = walk.node
    if isinstance(node, BranchNode):
        return _branch(walk, node)
    if isinstance(node, CausesNode):
        return _causes(walk, node)
    if isinstance(node, AskNode):
        return _ask_node(walk, node)
    if isinstance(node, CallNode):
        return _call(walk, BranchEntry(None, call=node.call, then=node.then, why=node.why), node.then or "")
    return _end_node(walk, node)


def _branch(walk: Walk, node: BranchNode) -> bool:
    for index in range(walk.frame.entry, len(node.entries)):
        entry = node.entries[index]
        why = entry.why
        if entry.when is not None:
            verdict = walk.judge(walk.playbook.id, entry.when)
            if verdict.value is None and verdict.pending:
                walk.waits_for(verdict.pending)
                return False
            if not verdict.value:
                continue
            why = why or explain(verdict, entry.when.text)
        if entry.call:
            walk.state.frames = (*walk.state.frames[:-1], replace(walk.frame, entry=index + 1))
            return _call(walk, entry, entry.then)
        walk.go(entry.goto, why or "none of the others")
        return True
    walk.finish("inconclusive")
    return True


def _call(walk: Walk, entry: BranchEntry, then: str) -> bool:
    """Enters another playbook; one that is being walked already is passed over."""
    if any(frame.playbook == entry.call for frame in walk.state.frames):
        if then:
            walk.go(then, f"{entry.call} is being walked already")
        elif isinstance(walk.node, CallNode):
            walk.finish("inconclusive")
        return True
    walk.note(entry.why or f"calls {entry.call}")
    if then:
        walk.state.frames = (*walk.state.frames[:-1], replace(walk.frame, node=then, entry=0))
    walk.state.frames += (Frame(entry.call, walk.playbooks[entry.call].start),)
    return True


def _ask_node(walk: Walk, node: AskNode) -> bool:
    key = key_of(walk.playbook.id, node.question)
    if node.question in walk.state.kept_answers:
        walk.state.answers[key] = walk.state.kept_answers.pop(node.question)
        walk.go(node.on.get(walk.state.answers[key], node.on[UNKNOWN]), "answered before")
        return True
    walk.prompt(Prompt("node", node.question, key))
    return False


def _end_node(walk: Walk, node: EndNode) -> bool:
    playbook = walk.playbook
    said = walk.text(playbook, node.say)
    if node.cause:
        judged = judge_cause(walk, playbook, playbook.causes[node.cause])
        if judged.standing == CONFIRMED:
            walk.state.findings[judged.gid] = FindingState(judged.gid, playbook.id, True, judged.evidence)
            walk.state.cause = walk.state.cause or judged.gid
    walk.note(said)
    if len(walk.state.frames) > 1 and node.end in ("not_reproduced", "inconclusive"):
        walk.state.frames = walk.state.frames[:-1]
        if isinstance(walk.node, CallNode):  # a call without `then` has nothing to go on with
            walk.finish(node.end, said)
        return True
    walk.finish(node.end, said)
    return True


def _causes(walk: Walk, node: CausesNode) -> bool:
    """The barrier: no choice among causes while a fact that one of them names is out."""
    playbook, state = walk.playbook, walk.state
    conditions = [c for name in node.causes for c in (playbook.causes[name].confirm, playbook.causes[name].rule_out)]
    pending = [key for key in keys_of(playbook, *conditions) if state.fact(key) is None]
    if pending:
        walk.waits_for(pending)
        return False
    judged = judge_node(walk, node)
    confirmed = root_first(walk, [j.gid for j in judged if j.standing == CONFIRMED])
    if confirmed:
        if not state.cause:
            state.cause = confirmed[0]
            walk.note(f"confirmed: {confirmed[0]}")
            walk.effects.append(Announce("found", confirmed[0]))
        proposed = _propose(walk, confirmed)
        if proposed == NOTHING:
            walk.finish(_end_with_cause(walk))
        return proposed != WAITING
    if _settle_by_question(walk, judged):
        return True
    suspects = [(j.gid, playbook.causes[j.gid.rpartition(".")[2]]) for j in judged if j.standing == SUSPECTED]
    priors = state.started.priors if state.started is not None else {}
    proposed = _propose(walk, [gid for gid, _ in by_worth(suspects, priors)])
    if proposed == NOTHING:
        walk.go(node.then, "no cause is confirmed")
    return proposed != WAITING


def _fix_mode(walk: Walk) -> str:
    return walk.state.started.fix if walk.state.started is not None else "never"


def _propose(walk: Walk, gids: Sequence[str]) -> str:
    """Asks the next question about these causes or offers their next fix, once it is known which may be offered."""
    if _fix_mode(walk) == "never":
        return NOTHING
    for gid in gids:
        playbook, cause = walk.cause(gid)
        undecided = walk.undecided(gid)
        if undecided:
            walk.waits_for(undecided)
            return WAITING
        decides = cause.ask is not None and any(fixing.names_answer(f.when, cause.ask.id) for f in cause.fixes)
        if decides and _ask_about(walk, playbook.id, cause):
            return ASKED
        for fix in walk.offerable(gid):
            ref = f"{gid}/{fix.id}"
            if not walk.state.findings[gid].confirmed:
                walk.effects.append(Announce("suspected", gid))
            walk.prompt(Prompt("offer", ref, ref))
            return ASKED
    return NOTHING


def _ask_about(walk: Walk, playbook: str, cause: Cause) -> bool:
    """Asks a cause's question unless it was answered; True when it was asked now."""
    assert cause.ask is not None
    key = key_of(playbook, cause.ask.id)
    if cause.ask.id in walk.state.kept_answers:
        walk.state.answers[key] = walk.state.kept_answers.pop(cause.ask.id)
    if key in walk.state.answers:
        return False
    walk.prompt(Prompt("cause", cause.ask.id, key))
    return True


def _settle_by_question(walk: Walk, judged: Sequence[Judged]) -> bool:
    """No fact decides: asks the question of the likeliest cause that waits for its answer."""
    playbook = walk.playbook
    waiting = []
    for entry in judged:
        cause = playbook.causes[entry.gid.rpartition(".")[2]]
        if cause.ask is None or entry.standing not in (SUSPECTED, NOT_JUDGED):
            continue
        if any(fixing.names_answer(c, cause.ask.id) for c in (cause.confirm, cause.rule_out)):
            waiting.append((entry.gid, cause))
    priors = walk.state.started.priors if walk.state.started is not None else {}
    return any(_ask_about(walk, playbook.id, cause) for _, cause in by_worth(waiting, priors))


def _end_with_cause(walk: Walk) -> str:
    """How a walk ends whose cause is known and whose fixes are used up."""
    results = set(walk.state.results.values())
    if _fix_mode(walk) == "never":
        return "found"
    if results & {"no_help", "failed"}:
        return "escalated"
    if "declined" in results:
        return "declined"
    batch = walk.state.started is not None and walk.state.started.batch
    return "found" if batch or results == {"skipped"} else "escalated"


def outstanding(playbooks: Playbooks, state: State) -> list[Effect]:
    """What the outside owes a replayed state: probe calls that run, and the prompt shown."""
    effects: list[Effect] = []
    seen: set[str] = set()
    for key, signature in state.slots.items():
        call = state.calls.get(signature)
        if call is None or call.status != RUNNING or call.id in seen:
            continue
        seen.add(call.id)
        playbook, _, name = key.rpartition(":")
        spec = playbooks[playbook].facts[name]
        params = {n: facts.resolve(playbooks[playbook], state, w, spec)[0] for n, w in spec.params.items()}
        effects.append(RunProbe(call.id, key, spec.probe, params, spec.timeout_s, spec.alone, spec.network))
    if state.prompt is not None:
        effects.append(Walk(playbooks, state.copy()).prompt_effect(state.prompt))
    return effects


def replay(playbooks: Playbooks, events: Sequence[Event]) -> State:
    """The state after these events (a journal's, with `WentBack` already rewound).

    Raises:
        StateError: The events are no walk of these playbooks: a playbook changed, or the journal was edited.
    """
    state = State()
    try:
        for event in events:
            state, _ = step(playbooks, state, event)
    except (LookupError, StopIteration, AssertionError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__} {error}".strip()
        raise StateError(f"the session does not fit the playbooks of today ({reason})") from None
    if events and state.started is None:
        raise StateError("the journal does not begin with the start of a session")
    return state
