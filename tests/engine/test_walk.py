"""The engine's rules, each as a small walk."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.books import (
    AskNode,
    CallNode,
    CausesNode,
    EndNode,
    Fix,
    InputSpec,
    Question,
    Verify,
    book,
    branch,
    cause,
    fact,
    instruct,
    walk,
    when,
)

from techdoctor.engine.journal import rewound
from techdoctor.engine.state import State
from techdoctor.engine.step import outstanding, replay, step
from techdoctor.events import Answered, Deadline, Event, FactKnown, Offer, Resumed, RunProbe, Started, WentBack
from techdoctor.model import Fact
from techdoctor.playbooks.tree import Playbook


def two_causes(**verify: Any) -> Playbook:
    return book(
        "t.two",
        [fact("a"), fact("b"), fact("sys")],
        [
            branch("triage", ("sys.ok", "fine"), (None, "find")),
            CausesNode("find", ("first", "second"), "unexplained"),
            EndNode("fine", "not_reproduced", say="works in {sys.ms}"),
            EndNode("unexplained", "escalated", say="none fits"),
        ],
        [
            cause("first", "a.bad", fixes=[instruct("look_a"), Fix("mend_a", action="test.mend", risk="low")]),
            cause("second", "b.bad", fixes=[instruct("look_b")]),
        ],
        Verify("sys", when("sys.ok"), **verify),  # type: ignore[arg-type] # never None for a text
    )


BAD = {"ok": False, "ms": None}
GOOD = {"ok": True, "ms": 12}


def test_healthy_ends_as_not_reproduced_and_says_so() -> None:
    result = walk(two_causes(), {"a": {"bad": False}, "b": {"bad": False}, "sys": GOOD}).diagnosis
    assert (result.end, result.cause, result.say, result.exit_code) == ("not_reproduced", None, "works in 12", 0)


def test_node_order_decides_between_two_confirmed_causes() -> None:
    result = walk(two_causes(), {"a": {"bad": True}, "b": {"bad": True}, "sys": BAD}).diagnosis
    assert result.cause == "t.two.first"
    assert [f.id for f in result.findings] == ["t.two.first", "t.two.second"]


def test_arrival_order_never_changes_the_end() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": True}, "sys": BAD}
    after = {"mend_a": {"sys": GOOD}}
    ends = set()
    for seed in range(200):
        result = walk(two_causes(), facts, after=after, shuffle=random.Random(seed)).diagnosis
        ends.add((result.end, result.cause, result.fixes_applied, result.path))
    assert len(ends) == 1
    assert next(iter(ends))[0] == "solved"


def test_a_fix_is_only_solved_when_the_complaint_measures_well() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": False}, "sys": BAD}
    result = walk(two_causes(), facts).diagnosis
    assert (result.end, result.exit_code) == ("escalated", 5)
    assert [(f.id, f.result) for f in result.findings[0].fixes] == [("look_a", "no_help"), ("mend_a", "no_help")]


def test_after_a_fix_the_touched_and_the_complaint_are_measured_again() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": False}, "sys": BAD}
    simulated = walk(two_causes(), facts, answers={"look_a": "no"}, after={"mend_a": {"sys": GOOD}})
    measured = [e.call.split("#")[0] for e in simulated.events if isinstance(e, FactKnown)]
    assert measured.count("test.sys") == 2
    assert measured.count("test.b") == 1
    assert simulated.diagnosis.end == "solved"
    assert simulated.diagnosis.fixes_applied == ("t.two.first/mend_a",)


def test_verify_is_tried_as_often_as_the_playbook_says() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": False}, "sys": BAD}
    simulated = walk(two_causes(times=3, wait_s=2.0), facts, answers={"look_a": "no"})
    measured = [e.call.split("#")[0] for e in simulated.events if isinstance(e, FactKnown)]
    assert measured.count("test.sys") == 1 + 3
    assert simulated.diagnosis.end == "escalated"


def test_declined_fixes_end_as_declined() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": False}, "sys": BAD}
    result = walk(two_causes(), facts, answers={"look_a": "no", "mend_a": "no"}).diagnosis
    assert (result.end, result.cause, result.exit_code) == ("declined", "t.two.first", 1)


def test_already_done_is_measured_without_applying() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": False}, "sys": BAD}
    answers = {"look_a": "no", "mend_a": "already"}
    result = walk(two_causes(), facts, answers=answers).diagnosis
    assert result.findings[0].fixes[1].result == "no_help"


@pytest.mark.parametrize("status", ["timeout", "denied", "missing_tool", "crashed", "not_applicable", "skipped"])
def test_what_could_not_be_measured_is_not_judged_and_never_a_pass(status: str) -> None:
    result = walk(two_causes(), {"a": status, "b": {"bad": False}, "sys": BAD}).diagnosis
    assert result.end == "escalated"
    assert [(n.cause, n.reason) for n in result.not_judged] == [("t.two.first", f"a: {status} in this test")]
    assert result.ruled_out == ("t.two.second",)


def test_an_unknown_condition_of_a_branch_is_walked_past() -> None:
    result = walk(two_causes(), {"a": {"bad": True}, "b": {"bad": False}, "sys": "timeout"}).diagnosis
    assert result.cause == "t.two.first"


def explaining() -> Playbook:
    return book(
        "t.paper",
        [fact("queue"), fact("device")],
        [CausesNode("find", ("paused", "paper_out"), "unexplained"), EndNode("unexplained", "escalated")],
        [
            cause("paused", "queue.paused", fixes=[Fix("resume", action="test.mend", risk="low")]),
            cause("paper_out", "device.paper_out", explains=("t.paper.paused",), fixes=[instruct("load")]),
        ],
        Verify("queue", when("not queue.paused and not device.paper_out")),  # type: ignore[arg-type] # never None
    )


def test_what_another_cause_explains_is_reported_after_it() -> None:
    facts = {"queue": {"paused": True}, "device": {"paper_out": True}}
    after = {"load": {"device": {"paper_out": False}}, "resume": {"queue": {"paused": False}}}
    result = walk(explaining(), facts, after=after).diagnosis
    assert result.cause == "t.paper.paper_out"
    assert [(f.id, f.caused_by) for f in result.findings] == [
        ("t.paper.paper_out", ""),
        ("t.paper.paused", "t.paper.paper_out"),
    ]
    assert result.end == "solved"
    assert result.fixes_applied == ("t.paper.paper_out/load", "t.paper.paused/resume")


def suspecting() -> Playbook:
    return book(
        "t.suspect",
        [fact("a")],
        [CausesNode("find", ("rare", "likely"), "unexplained"), EndNode("unexplained", "escalated", say="none fits")],
        [
            cause("rare", "a.one", rule_out="a.two", likelihood="rare", fixes=[instruct("x")]),
            cause(
                "likely",
                "a.one",
                rule_out="a.two",
                likelihood="common",
                fixes=[instruct("y"), Fix("risky", action="test.mend", risk="medium", irreversible=True)],
            ),
        ],
        Verify("a", when("a.good")),  # type: ignore[arg-type] # never None
    )


def test_suspects_come_by_likelihood_over_effort_and_get_harmless_fixes_only() -> None:
    simulated = walk(suspecting(), {"a": {"one": False, "two": False, "good": False}})
    offers = [e.prompt for e in simulated.events if isinstance(e, Answered)]
    assert offers == ["t.suspect.likely/y", "t.suspect.rare/x"]
    result = simulated.diagnosis
    assert (result.end, result.cause, result.say) == ("escalated", None, "none fits")
    assert [f.confirmed for f in result.findings] == [False, False]
    assert [fix.id for finding in result.findings for fix in finding.fixes] == ["y", "x"]


def test_a_question_is_asked_only_when_no_fact_decides() -> None:
    question = Question("lights", "Are the lights on?", {"on": "Yes", "off": "No"})
    playbook = book(
        "t.ask",
        [fact("a")],
        [CausesNode("find", ("measured", "asked"), "unexplained"), EndNode("unexplained", "escalated")],
        [
            cause("measured", "a.bad", fixes=[instruct("x")]),
            cause("asked", "answers.lights == 'off'", ask=question, fixes=[instruct("plug")]),
        ],
        Verify("a", when("a.good")),  # type: ignore[arg-type] # never None
    )
    decided = walk(playbook, {"a": {"bad": True, "good": False}}).diagnosis
    assert (decided.cause, decided.questions) == ("t.ask.measured", ())
    asked = walk(playbook, {"a": {"bad": False, "good": False}}, answers={"lights": "off"}).diagnosis
    assert (asked.cause, asked.questions) == ("t.ask.asked", (("lights", "off"),))
    unknown = walk(playbook, {"a": {"bad": False, "good": False}}).diagnosis
    assert (unknown.end, unknown.cause) == ("escalated", None)
    assert [n.cause for n in unknown.not_judged] == ["t.ask.asked"]


def calling() -> list[Playbook]:
    caller = book(
        "t.caller",
        [fact("a"), fact("sys")],
        [
            branch("triage", ("a.ok", "end"), (None, "ask")),
            AskNode("ask", "which", "Which?", {"x": "X", "y": "Y"}, {"x": "go", "y": "end", "unknown": "go"}),
            CallNode("go", "t.callee", then="end"),
            EndNode("end", "inconclusive", say="came back"),
        ],
        verify=Verify("sys", when("sys.ok")),  # type: ignore[arg-type] # never None
    )
    callee = book(
        "t.callee",
        [fact("b")],
        [CausesNode("find", ("bad",), "none"), EndNode("none", "not_reproduced", say="nothing here")],
        [cause("bad", "b.bad", fixes=[instruct("mend")])],
    )
    return [caller, callee]


def test_a_call_comes_back_when_the_callee_finds_nothing() -> None:
    result = walk(calling(), {"a": {"ok": False}, "t.callee:b": {"bad": False}, "sys": BAD}).diagnosis
    assert (result.end, result.say) == ("inconclusive", "came back")
    assert [node for node, _ in result.path] == ["triage", "ask", "go", "t.callee:find", "t.callee:none", "end"]
    assert "t.callee:b" in result.facts


def test_the_callers_verify_decides() -> None:
    facts = {"a": {"ok": False}, "t.callee:b": {"bad": True}, "sys": BAD}
    result = walk(calling(), facts, after={"mend": {"sys": GOOD}}).diagnosis
    assert (result.end, result.cause) == ("solved", "t.callee.bad")
    stays = walk(calling(), facts, after={"mend": {"t.callee:b": {"bad": False}}}).diagnosis
    assert stays.end != "solved"


def test_same_measurement_of_caller_and_callee_runs_once() -> None:
    callee = calling()[1]
    both = [
        book("t.caller", [fact("b", probe="test.shared")], [CallNode("go", "t.callee")]),
        book("t.callee", [fact("b", probe="test.shared")], list(callee.nodes.values()), list(callee.causes.values())),
    ]
    simulated = walk(both, {"b": {"bad": True}}, answers={"mend": "no"})
    assert len([e for e in simulated.events if isinstance(e, FactKnown)]) == 1
    assert simulated.diagnosis.cause == "t.callee.bad"


def test_playbooks_that_call_each_other_end() -> None:
    one = book("t.one", [fact("a")], [branch("s", (None, "call:t.two>e")), EndNode("e", "inconclusive")])
    two = book("t.two", [fact("a")], [branch("s", (None, "call:t.one>e")), EndNode("e", "not_reproduced")])
    assert walk([one, two], {"a": {}}).diagnosis.end == "inconclusive"


def test_deadline_turns_everything_out_into_timeouts() -> None:
    playbook = two_causes()
    playbooks = {playbook.id: playbook}
    state, _ = step(playbooks, State(), Started(playbook.id, fix="never"))
    state, _ = step(playbooks, state, Deadline())
    assert state.end == "escalated"
    assert set(state.not_judged) == {"t.two.first", "t.two.second"}


def events_up_to_first_offer() -> tuple[dict[str, Playbook], list[Event], State]:
    playbook = two_causes()
    playbooks = {playbook.id: playbook}
    events: list[Event] = [Started(playbook.id)]
    state, effects = step(playbooks, State(), events[0])
    values: dict[str, dict[str, Any]] = {"test.a": {"bad": True}, "test.b": {"bad": False}, "test.sys": BAD}
    for effect in effects:
        if isinstance(effect, RunProbe):
            events.append(FactKnown(effect.call, Fact(effect.probe, "ok", values[effect.probe])))
            state, effects = step(playbooks, state, events[-1])
    return playbooks, events, state


def test_back_takes_the_last_answer_away_and_shows_the_prompt_again() -> None:
    playbooks, events, state = events_up_to_first_offer()
    assert state.prompt is not None
    first = state.prompt.id
    events.append(Answered(first, "no"))
    after, _ = step(playbooks, state, events[-1])
    assert after.prompt is not None
    assert after.prompt.id != first
    again = replay(playbooks, rewound([*events, WentBack()]))
    assert again.as_data() == state.as_data()
    assert [e.prompt for e in outstanding(playbooks, again) if isinstance(e, Offer)] == [first]


def test_resume_with_a_changed_playbook_keeps_answers_and_measures_again() -> None:
    playbooks, events, _ = events_up_to_first_offer()
    again = rewound([*events, Resumed(("t.two",), {"lights": "on"}, 99.0)])
    state = replay(playbooks, again)
    assert state.prompt is None
    assert state.kept_answers == {"lights": "on"}
    assert all(call.status == "running" for call in state.calls.values())


def test_step_never_changes_the_state_it_was_given() -> None:
    playbooks, _, state = events_up_to_first_offer()
    before = dict(state.as_data())
    assert state.prompt is not None
    step(playbooks, state, Answered(state.prompt.id, "yes"))
    assert dict(state.as_data()) == before


def test_what_the_person_typed_is_disclosed_only_with_consent() -> None:
    playbook = book(
        "t.disclose",
        [fact("a"), fact("second", params={"name": "$name"}, discloses=("name",))],
        [CausesNode("find", ("bad",), "none"), EndNode("none", "inconclusive")],
        [cause("bad", "second.bad", fixes=[instruct("x")])],
        inputs=[InputSpec("name", "hostname", "example.com")],
    )
    playbooks = {playbook.id: playbook}
    state, effects = step(playbooks, State(), Started(playbook.id, inputs={"name": "mine.test"}, disclose=False))
    assert [e.probe for e in effects if isinstance(e, RunProbe)] == ["test.a"]
    assert state.prompt is not None
    assert state.prompt.kind == "disclose"
    refused, _ = step(playbooks, state, Answered("disclose", "no"))
    assert refused.not_judged == {"t.disclose.bad": "second: you did not want it sent"}
    _, effects = step(playbooks, state, Answered("disclose", "yes"))
    assert [e.params for e in effects if isinstance(e, RunProbe)] == [{"name": "mine.test"}]
    batch = Started(playbook.id, inputs={"name": "mine.test"}, disclose=False, batch=True)
    _, effects = step(playbooks, State(), batch)
    assert {"name": "example.com"} in [e.params for e in effects if isinstance(e, RunProbe)]


def test_a_cause_that_is_gone_although_the_trouble_stays_was_helped() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": True}, "sys": BAD}
    answers = {"look_a": "no", "look_b": "no"}
    result = walk(two_causes(), facts, answers=answers, after={"mend_a": {"a": {"bad": False}}}).diagnosis
    assert [fix.result for fix in result.findings[0].fixes] == ["declined", "helped"]
    assert (result.end, result.cause) == ("declined", "t.two.first")


def test_what_was_done_before_the_session_is_not_counted_as_applied() -> None:
    facts = {"a": {"bad": True}, "b": {"bad": False}, "sys": BAD}
    result = walk(two_causes(), facts, answers={"look_a": "already", "mend_a": "no"}).diagnosis
    assert result.fixes_applied == ()
    assert result.findings[0].fixes[0].result == "no_help"
    assert (result.end, result.exit_code) == ("escalated", 3)
