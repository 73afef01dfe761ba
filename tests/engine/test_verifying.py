"""Whose measurement says that the trouble is gone."""

from __future__ import annotations

from typing import Any

from tests.books import AskNode, CallNode, CausesNode, EndNode, Verify, book, branch, cause, fact, instruct, walk, when

from techdoctor.playbooks.tree import Playbook


def verify(text: str) -> Verify:
    return Verify(text.partition(".")[0], when(text))  # type: ignore[arg-type] # never None for a text


def proxy_books(callee_verify: str = "site.ok") -> list[Playbook]:
    """The internet answers; the page, which only the called playbook opens, does not."""
    caller = book(
        "t.internet",
        [fact("internet")],
        [
            branch("triage", ("internet.ok", "onward"), (None, "end")),
            CallNode("onward", "t.pages", then="end"),
            EndNode("end", "inconclusive"),
        ],
        verify=verify("internet.ok"),
    )
    callee = book(
        "t.pages",
        [fact("site"), fact("proxy")],
        [CausesNode("find", ("dead_proxy",), "none"), EndNode("none", "not_reproduced")],
        [cause("dead_proxy", "proxy.set and not proxy.answers", fixes=[instruct("unset")])],
        verify=verify(callee_verify) if callee_verify else None,
    )
    return [caller, callee]


BROKEN: dict[str, Any] = {
    "internet": {"ok": True},
    "t.pages:site": {"ok": False},
    "t.pages:proxy": {"set": True, "answers": False},
}
MENDED = {"t.pages:site": {"ok": True}, "t.pages:proxy": {"set": False, "answers": False}}


def test_a_complaint_that_was_true_before_the_fix_asks_the_called_playbook_as_well() -> None:
    nothing_changed = walk(proxy_books(), BROKEN).diagnosis
    assert (nothing_changed.end, nothing_changed.cause) == ("escalated", "t.pages.dead_proxy")
    assert walk(proxy_books(), BROKEN, after={"unset": MENDED}).diagnosis.end == "solved"


def test_the_outer_complaint_has_to_stay_true() -> None:
    worse = {**MENDED, "internet": {"ok": False}}
    assert walk(proxy_books(), BROKEN, after={"unset": worse}).diagnosis.end != "solved"


def test_where_no_complaint_sees_the_trouble_the_cause_itself_has_to_be_gone() -> None:
    for blind in ("", "proxy.set"):
        assert walk(proxy_books(blind), BROKEN).diagnosis.end == "escalated"
    mended = {"unset": {"t.pages:proxy": {"set": True, "answers": True}}}
    assert walk(proxy_books("proxy.set"), BROKEN, after=mended).diagnosis.end == "solved"


def told_book() -> Playbook:
    """What only eyes can see: a question leads to the cause."""
    return book(
        "t.paper",
        [fact("device")],
        [
            AskNode("look", "look", "How does it look?", {"faint": "Faint"}, {"faint": "find", "unknown": "none"}),
            CausesNode("find", ("dry",), "none"),
            EndNode("none", "escalated"),
        ],
        [cause("dry", "answers.look == 'faint'", fixes=[instruct("clean"), instruct("replace")])],
        verify=verify("device.ok"),
    )


def test_what_no_probe_can_measure_the_person_is_asked_after_each_fix() -> None:
    facts = {"device": {"ok": True}}
    helped = walk(told_book(), facts, answers={"look": "faint", "gone": "yes"}).diagnosis
    assert (helped.end, helped.fixes_applied) == ("solved", ("t.paper.dry/clean",))
    stays = walk(told_book(), facts, answers={"look": "faint", "gone": "no"}).diagnosis
    assert (stays.end, stays.questions) == ("escalated", (("look", "faint"), ("gone", "no"), ("gone", "no")))
    nobody = walk(told_book(), facts, answers={"look": "faint"}).diagnosis
    assert nobody.end != "solved"


def test_the_person_is_not_asked_while_a_measurement_says_that_it_is_bad() -> None:
    said = walk(told_book(), {"device": {"ok": False}}, answers={"look": "faint", "gone": "yes"}).diagnosis
    assert (said.end, said.questions) == ("escalated", (("look", "faint"),))
