"""Which facts a walk waits for, and which it starts only when they are needed."""

from __future__ import annotations

from tests.books import (
    CausesNode,
    EndNode,
    Fix,
    book,
    branch,
    cause,
    fact,
    instruct,
    walk,
    when,
)

from techdoctor.engine.state import State
from techdoctor.engine.step import step
from techdoctor.events import FactKnown, Offer, RunProbe, Started
from techdoctor.model import Fact


def test_a_local_fact_decides_without_waiting_for_the_rest() -> None:
    playbook = book(
        "t.local",
        [fact("link"), fact("far")],
        [
            branch("triage", ("not link.up", "off"), ("far.ok", "fine"), (None, "off")),
            EndNode("off", "escalated"),
            EndNode("fine", "not_reproduced"),
        ],
    )
    playbooks = {playbook.id: playbook}
    state, effects = step(playbooks, State(), Started("t.local"))
    link = next(e for e in effects if isinstance(e, RunProbe) and e.probe == "test.link")
    state, _ = step(playbooks, state, FactKnown(link.call, Fact("test.link", "ok", {"up": False})))
    assert state.end == "escalated"


def test_slow_facts_start_only_when_a_node_needs_them() -> None:
    playbook = book(
        "t.slow",
        [fact("quick"), fact("slow", cost="slow", after=("quick",))],
        [
            branch("triage", ("quick.ok", "fine"), (None, "find")),
            CausesNode("find", ("deep",), "fine"),
            EndNode("fine", "not_reproduced"),
        ],
        [cause("deep", "slow.bad", fixes=[instruct("x")])],
    )
    quick = walk(playbook, {"quick": {"ok": True}, "slow": {"bad": True}})
    assert [e.call for e in quick.events if isinstance(e, FactKnown)] == ["test.quick#1"]
    deep = walk(playbook, {"quick": {"ok": False}, "slow": {"bad": True}}).diagnosis
    assert deep.cause == "t.slow.deep"


def test_no_fix_is_offered_before_it_is_known_which_applies() -> None:
    playbook = book(
        "t.which",
        [fact("a"), fact("late", cost="slow")],
        [CausesNode("find", ("bad",), "fine"), EndNode("fine", "not_reproduced")],
        [
            cause(
                "bad",
                "a.bad",
                fixes=[
                    Fix("correct", action="test.mend", when=when("late.found"), params={"to": "$late.place"}),
                    instruct("by_hand"),
                ],
            )
        ],
    )
    playbooks = {playbook.id: playbook}
    state, effects = step(playbooks, State(), Started("t.which"))
    quick = next(e for e in effects if isinstance(e, RunProbe))
    state, effects = step(playbooks, state, FactKnown(quick.call, Fact("test.a", "ok", {"bad": True})))
    assert state.prompt is None
    slow = next(e for e in effects if isinstance(e, RunProbe))
    assert slow.probe == "test.late"
    late = Fact("test.late", "ok", {"found": True, "place": "x"})
    state, effects = step(playbooks, state, FactKnown(slow.call, late))
    offers = [e for e in effects if isinstance(e, Offer)]
    assert [(o.fix, o.total) for o in offers] == [("by_hand", 2)]


def test_a_slow_fact_that_cannot_be_asked_for_is_not_waited_for() -> None:
    """Its parameter comes from a fact that could not be measured: no answer will ever come for it."""
    playbook = book(
        "t.never",
        [fact("quick"), fact("slow", cost="slow", params={"at": "$quick.place"})],
        [CausesNode("find", ("deep",), "out"), EndNode("out", "inconclusive", say="cannot tell")],
        [cause("deep", "slow.bad", fixes=[instruct("x")])],
    )
    books = {playbook.id: playbook}
    state, effects = step(books, State(), Started("t.never", platform="linux", batch=True, fix="never", at_s=1.0))
    [call] = [effect.call for effect in effects if isinstance(effect, RunProbe)]
    state, effects = step(books, state, FactKnown(call, Fact("test.quick", "not_applicable", at_s=2.0)))
    assert (state.end, list(state.not_judged)) == ("inconclusive", ["t.never.deep"])
