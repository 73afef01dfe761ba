"""The driver over real threads: hung probes, crashed actions, prompts, interruption, resume after kill -9."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.books import AskNode, CausesNode, EndNode, Fix, Verify, book, branch, cause, fact, instruct, when

from techdoctor.engine.driver import Driver
from techdoctor.engine.journal import Journal, read_journal
from techdoctor.errors import NoAnswer
from techdoctor.events import (
    BACK,
    STOP,
    Announce,
    Answered,
    Ask,
    Event,
    FixEnded,
    FixStarted,
    Offer,
    Resumed,
    RunProbe,
    Started,
)
from techdoctor.model import ActionOutcome, ActionPreview, Fact, Finding, Value
from techdoctor.playbooks.tree import Playbook
from techdoctor.probes.runner import Call


class Machine:
    """A host whose probes answer, hang or change as the test says."""

    name, platform, can_apply = "made up", "linux", True

    def __init__(self, data: Mapping[str, Mapping[str, Value]], hang: str = "") -> None:
        self.data = {name: dict(fields) for name, fields in data.items()}
        self.hang = hang
        self.mends: Mapping[str, Mapping[str, Value]] = {}
        self.applied: list[str] = []
        self.undone: list[str] = []
        self.outcome = ActionOutcome(True, "done", {"was": "bad"})

    def measure(self, call: Call, cancelled: threading.Event) -> Fact:
        if call.probe == self.hang:
            cancelled.wait(20)
        return Fact(call.probe, "ok", dict(self.data[call.probe]), at_s=time.time())

    def preview(self, action: str, params: Mapping[str, Value]) -> ActionPreview:
        return ActionPreview(action, ("mend --now",))

    def apply(self, action: str, params: Mapping[str, Value]) -> ActionOutcome:
        self.applied.append(action)
        for name, fields in self.mends.items():
            self.data[name].update(fields)
        return self.outcome

    def undo(self, action: str, params: Mapping[str, Value], token: Mapping[str, Value]) -> ActionOutcome:
        self.undone.append(str(token["was"]))
        return ActionOutcome(True, "as before")


class Script:
    """A dialogue that answers from a list."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.shown: list[str] = []

    def probe_started(self, effect: RunProbe, title: str) -> None:
        self.shown.append(f"start {title}")

    def probe_ended(self, effect: RunProbe, title: str, fact: Fact) -> None:
        self.shown.append(f"{fact.status} {title}")

    def waiting(self, names: Mapping[str, float]) -> None:
        self.shown.append("waiting")

    def announce(self, note: Announce, finding: Finding | None) -> None:
        self.shown.append(f"{note.kind} {finding.id if finding else note.text}")

    def ask(self, question: Ask) -> str:
        return self._next(question.prompt)

    def offer(self, offer: Offer, preview: ActionPreview | None) -> str:
        return self._next(offer.fix)

    def _next(self, prompt: str) -> str:
        self.shown.append(f"prompt {prompt}")
        if not self.answers:
            raise NoAnswer("closed")
        return self.answers.pop(0)

    def fix_started(self, offer: Offer, preview: ActionPreview | None) -> None:
        self.shown.append(f"running {preview.commands[0] if preview else ''}")

    def fix_ended(self, offer: Offer, outcome: ActionOutcome) -> None:
        self.shown.append(f"ended {outcome.ok}")

    def not_saved(self, reason: str) -> None:
        self.shown.append("not saved")


BROKEN: dict[str, dict[str, Value]] = {"test.a": {"bad": True}, "test.sys": {"ok": False}}


def playbook() -> Playbook:
    return book(
        "t.drive",
        [fact("a", timeout_s=0.3), fact("sys", timeout_s=0.3)],
        [
            branch("triage", ("sys.ok", "fine"), (None, "find")),
            CausesNode("find", ("broken",), "unexplained"),
            EndNode("fine", "not_reproduced"),
            EndNode("unexplained", "escalated"),
        ],
        [cause("broken", "a.bad", fixes=[instruct("look"), Fix("mend", action="test.mend", risk="low")])],
        Verify("sys", when("sys.ok")),  # type: ignore[arg-type] # never None
    )


def driven(machine: Machine, script: Script, path: Path | None = None) -> Driver:
    chosen = playbook()
    new = path is not None and not path.exists()
    journal = Journal(path)
    if new:
        journal.begin({"session": "s1"})
    return Driver({chosen.id: chosen}, machine, script, journal, session="s1", patience_s=5)


def test_a_fix_is_applied_verified_and_reported(tmp_path: Path) -> None:
    machine, script = Machine(BROKEN), Script("no", "yes")
    machine.mends = {"test.sys": {"ok": True}}
    result = driven(machine, script, tmp_path / "j").run(Started("t.drive"))
    assert (result.end, result.cause, result.exit_code) == ("solved", "t.drive.broken", 0)
    assert "running mend --now" in script.shown
    assert "verified t.drive.broken" in script.shown
    kinds = [type(event) for event in read_journal(tmp_path / "j").events]
    assert kinds.index(FixStarted) < kinds.index(FixEnded)


def test_a_hung_probe_costs_its_own_deadline_only() -> None:
    begun = time.monotonic()
    result = driven(Machine(BROKEN, hang="test.a"), Script()).run(Started("t.drive"))
    assert time.monotonic() - begun < 2
    assert result.end == "escalated"
    assert result.facts["a"].status == "timeout"
    assert result.not_judged[0].cause == "t.drive.broken"


def test_a_failed_action_is_an_event_like_any_other() -> None:
    machine = Machine(BROKEN)
    machine.outcome = ActionOutcome(False, "no such unit")
    result = driven(machine, Script("no", "yes")).run(Started("t.drive"))
    assert result.end == "escalated"
    assert result.findings[0].fixes[1].result == "failed"
    assert result.fixes_applied == ()


def test_back_shows_the_question_before_again() -> None:
    script = Script("no", BACK, "no", STOP)
    result = driven(Machine(BROKEN), script).run(Started("t.drive"))
    assert [line for line in script.shown if line.startswith("prompt")] == [
        "prompt look", "prompt mend", "prompt look", "prompt mend",
    ]  # fmt: skip
    assert (result.end, result.exit_code) == ("aborted", 130)


def test_back_at_the_first_question_says_so() -> None:
    script = Script(BACK, STOP)
    driven(Machine(BROKEN), script).run(Started("t.drive"))
    assert any(line.startswith("note There is nothing") for line in script.shown)


def two_fixes() -> Playbook:
    chosen = playbook()
    fixes = (Fix("mend", action="test.mend", risk="low"), Fix("again", action="test.mend", risk="medium"))
    causes = {"broken": cause("broken", "a.bad", fixes=fixes)}
    return book(
        "t.drive", list(chosen.facts.values()), list(chosen.nodes.values()), list(causes.values()), chosen.verify
    )


def test_back_past_an_applied_fix_offers_its_undo() -> None:
    machine, script, chosen = Machine(BROKEN), Script("yes", BACK, "yes", STOP), two_fixes()
    result = Driver({chosen.id: chosen}, machine, script, Journal(None)).run(Started("t.drive"))
    assert machine.undone == ["bad"]
    assert result.findings[0].fixes[0].result == "undone"
    assert "prompt undo" in script.shown


def test_closed_input_is_an_error_of_its_own() -> None:
    with pytest.raises(NoAnswer):
        driven(Machine(BROKEN), Script()).run(Started("t.drive"))


def test_resume_goes_on_where_the_journal_ends_and_never_reruns_an_open_fix(tmp_path: Path) -> None:
    path = tmp_path / "j"
    machine = Machine(BROKEN)
    driver = driven(machine, Script("no"), path)
    with pytest.raises(NoAnswer):
        driver.run(Started("t.drive"))
    events: list[Event] = list(read_journal(path).events)
    again = Script(STOP)
    result = driven(machine, again, path).resume(events, Resumed(at_s=time.time()))
    assert [line for line in again.shown if line.startswith("prompt")] == ["prompt mend"]
    assert result.end == "aborted"

    offer = "t.drive.broken/mend"
    events += [Answered(offer, "yes"), FixStarted(offer, "test.mend")]
    machine.data["test.sys"]["ok"] = True
    result = driven(machine, Script(), None).resume(events, Resumed(at_s=time.time()))
    assert machine.applied == []
    assert result.end == "solved"


def test_an_interrupted_walk_reports_what_is_known() -> None:
    driver = driven(Machine(BROKEN), Script())
    with pytest.raises(NoAnswer):
        driver.run(Started("t.drive"))
    result = driver.interrupted()
    assert (result.end, result.cause) == ("aborted", "t.drive.broken")


class Stuck(Machine):
    """A host on which Ctrl-C comes while the action runs."""

    def apply(self, action: str, params: Mapping[str, Value]) -> ActionOutcome:
        raise KeyboardInterrupt


def test_an_interrupted_fix_is_never_reported_as_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    driver = driven(Stuck(BROKEN), Script("no", "yes"), path)
    with pytest.raises(KeyboardInterrupt):
        driver.run(Started("t.drive"))
    result = driver.interrupted()
    fixes = {fix.id: (fix.applied, fix.result) for finding in result.findings for fix in finding.fixes}
    assert (result.end, fixes["mend"]) == ("aborted", (True, "interrupted"))


def test_a_fix_that_was_open_when_we_were_killed_counts_as_run(tmp_path: Path) -> None:
    path = tmp_path / "j"
    driver = driven(Stuck(BROKEN), Script("no", "yes"), path)
    with pytest.raises(KeyboardInterrupt):
        driver.run(Started("t.drive"))
    again = driven(Machine(BROKEN), Script(STOP), None)
    result = again.resume(list(read_journal(path).events), Resumed(at_s=time.time()))
    fixes = {fix.id: (fix.applied, fix.result) for finding in result.findings for fix in finding.fixes}
    assert fixes["mend"] == (True, "no_help")


def test_what_an_answer_asked_for_gets_its_declared_time() -> None:
    """A long watch is cut neither by the playbook's patience nor by the clock of its own answer."""
    asked = AskNode("agree", "agree", "Shall I watch?", {"yes": "Yes"}, {"yes": "look", "unknown": "well"})
    look = branch("look", ("a.bad", "well"), (None, "well"))
    walked = book("t.watch", [fact("a", timeout_s=1.2, cost="slow")], [asked, look, EndNode("well", "not_reproduced")])
    chosen = replace(walked, patience_s=0.3)
    driver = Driver({chosen.id: chosen}, Machine(BROKEN, hang="test.a"), Script("yes"), Journal(None), patience_s=60)
    assert driver.run(Started("t.watch")).facts["a"].reason == "no answer within 1.2 s"


def test_the_playbooks_patience_bounds_a_round_of_measurements() -> None:
    chosen = replace(playbook(), facts={**playbook().facts, "a": fact("a", timeout_s=60.0)}, patience_s=0.3)
    driver = Driver({chosen.id: chosen}, Machine(BROKEN, hang="test.a"), Script(), Journal(None), patience_s=60)
    begun = time.monotonic()
    result = driver.run(Started("t.drive"))
    assert time.monotonic() - begun < 3
    assert result.facts["a"].status == "timeout"
    assert "the time for the whole diagnosis was over" in result.not_judged[0].reason
