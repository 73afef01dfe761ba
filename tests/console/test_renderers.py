"""How the renderers move: rates, heartbeats, order, and what comes from foreign hands."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace

import pytest

from techdoctor.console.check import CheckProgress
from techdoctor.console.normal import NormalDialogue
from techdoctor.console.opening import open_dialogue
from techdoctor.console.plain import PlainDialogue
from techdoctor.console.report import show_outcome
from techdoctor.console.terminal import Terminal
from techdoctor.engine.dialogue import Dialogue
from techdoctor.events import Announce, Ask
from techdoctor.model import ActionOutcome, ActionPreview, Evidence, Fact, Finding
from tests.console.reported import SOLVED
from tests.console.samples import FINDING, OFFER, PREVIEW, ROWS, measure, opened, run_of, summarise
from tests.console.stage import ENVIRON, Stage, Stream

HOSTILE = (
    "\x1b[2J\x1b]52;c;aGk=\x07[eth0] [/usr/sbin/x] \u202elive\u2066 \r\n\x9b31m"
    + "\u4e2d" * 300
    + " :smile: "
    + "x" * 500
)


def test_both_renderers_are_dialogues_chosen_by_the_terminal() -> None:
    normal: Dialogue = open_dialogue(Stage().terminal)
    plain: Dialogue = open_dialogue(Stage(plain=True).terminal)
    assert isinstance(normal, NormalDialogue)
    assert isinstance(plain, PlainDialogue)


def test_rows_stand_in_the_order_they_finish() -> None:
    stage = Stage()
    conversation = opened(stage.terminal)
    for fact, probe, title, _ in ROWS:
        conversation.probe_started(run_of(fact, probe), title)
    for fact, probe, title, known in reversed(ROWS):
        conversation.probe_ended(run_of(fact, probe), title, known)
    titles = [title for line in stage.text.splitlines() for _, _, title, _ in ROWS if f" {title} " in line]
    assert titles == [title for _, _, title, _ in reversed(ROWS)]


def test_what_two_playbooks_measure_alike_is_told_once_a_round_and_always_to_a_technician() -> None:
    fact, probe, title, known = ROWS[0]
    for technician, told in ((False, 2), (True, 4)):
        stage = Stage()
        conversation = opened(stage.terminal, technician)
        for _ in range(2):
            for number in (1, 2):
                conversation.probe_started(run_of(fact, probe, number), title)
            for number in (1, 2):
                conversation.probe_ended(run_of(fact, probe, number), title, known)
            conversation.announce(Announce("measuring_again"), None)
        assert stage.text.count(f" {title} ") == told


def test_the_end_says_what_to_do_next() -> None:
    ends = {
        "techdoctor watch --for 10m": replace(SOLVED, end="not_reproduced", findings=()),
        "techdoctor diagnose WORDS": replace(SOLVED, user_said="no"),
        f"techdoctor session undo {SOLVED.session}": SOLVED,
        "may fit: net.a, net.b, net.c\n": replace(SOLVED, candidates=("net.a", "net.b", "net.c", "net.d")),
    }
    for expected, result in ends.items():
        stage = Stage()
        show_outcome(stage.terminal, result, opened(stage.terminal))
        assert expected in stage.text


def test_the_waiting_line_is_drawn_four_times_a_second_at_most() -> None:
    stage = Stage()
    conversation = opened(stage.terminal)
    conversation.probe_started(run_of("clock", "time.offset"), "Clock")
    before = len(stage.screen.written)
    for step in range(200):  # two seconds
        stage.clock.now += 0.01
        conversation.waiting({"Clock": step * 0.01, "Router": 9 + step * 0.01})
    drawn = stage.screen.written[before:].count("\r")
    assert 2 <= drawn <= 8
    assert "  ...      0 of 1 done, waiting for Router (10 s) and 1 more" in stage.text


def test_the_screen_is_nearly_still_while_the_processors_are_sampled() -> None:
    stage = Stage()
    conversation = opened(stage.terminal)
    conversation.probe_started(run_of("cpu", "cpu.load"), "Processor")
    before = len(stage.screen.written)
    for step in range(300):  # three seconds
        stage.clock.now += 0.01
        conversation.waiting({"Processor": step * 0.01})
    assert stage.screen.written[before:].count("\r") <= 4


def test_plain_mode_never_stays_silent_for_five_seconds() -> None:
    stage = Stage(plain=True)
    conversation = opened(stage.terminal)
    conversation.probe_started(run_of("clock", "time.offset"), "Clock")
    spoke = [stage.clock.now]
    for step in range(4 * 21):
        before = len(stage.screen.written)
        stage.clock.now += 0.25
        conversation.waiting({"Clock": step * 0.25})
        if len(stage.screen.written) > before:
            spoke.append(stage.clock.now)
    assert max(b - a for a, b in itertools.pairwise(spoke)) <= 5
    assert len(spoke) <= 8
    assert "still checking: Clock, 9 s" in stage.text
    assert "\r" not in stage.screen.written


@pytest.mark.parametrize("plain", [False, True])
def test_a_pause_is_told(plain: bool) -> None:
    stage = Stage(plain=plain)
    conversation = open_dialogue(stage.terminal)
    conversation.waiting({})
    assert "waiting a moment before measuring again" in stage.text


def test_a_running_fix_shows_that_it_runs() -> None:
    stage = Stage()
    conversation = open_dialogue(stage.terminal)
    conversation.fix_started(OFFER, PREVIEW)
    assert "running Get new settings from the network (0 s)" in stage.text
    stage.clock.now += 3
    deadline = time.monotonic() + 5
    while "(3 s)" not in stage.text and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "(3 s)" in stage.text
    conversation.fix_ended(OFFER, ActionOutcome(False, "exit code 2\nmore"))
    assert stage.text == "  failed   exit code 2 more                                               3.0 s\n"
    assert not [thread for thread in threading.enumerate() if thread.name == "ticker"]


def test_nothing_is_drawn_where_sudo_may_ask_for_a_password() -> None:
    stage = Stage()
    conversation = open_dialogue(stage.terminal)
    conversation.fix_started(OFFER, replace(PREVIEW, commands=("sudo dhclient -1 wlan0",)))
    assert stage.screen.written == "Running now: Get new settings from the network\n"
    conversation.fix_ended(OFFER, ActionOutcome(True))
    assert stage.text.splitlines()[1].startswith("  done     The first name server in the list")


def test_plain_mode_says_when_a_fix_ended() -> None:
    stage = Stage(plain=True)
    conversation = open_dialogue(stage.terminal)
    conversation.fix_started(OFFER, PREVIEW)
    stage.clock.now += 2
    conversation.fix_ended(OFFER, ActionOutcome(False))
    assert stage.text == "Running now: Get new settings from the network\nFailed: it gave no reason.\n"


def test_a_second_round_has_its_own_heading() -> None:
    stage = Stage()
    conversation = opened(stage.terminal)
    measure(conversation)
    conversation.announce(Announce("note", text="Now the slow ones."), None)
    conversation.probe_started(run_of("speed", "net.speed"), "Speed")
    conversation.probe_ended(run_of("speed", "net.speed"), "Speed", Fact("net.speed", "crashed"))
    assert "Now the slow ones.\n\nChecking 1 more thing\n  unknown  Speed " in stage.text
    assert "the check itself failed" in stage.text


def test_an_unknown_announcement_says_nothing() -> None:
    stage = Stage()
    open_dialogue(stage.terminal).announce(Announce("fix_failed", "x"), None)
    assert stage.text == ""


def test_what_cannot_be_saved_is_told() -> None:
    stage = Stage()
    open_dialogue(stage.terminal).not_saved("no space left on the disk")
    assert stage.text == "This session is not being saved: no space left on the disk\n"


def test_technicians_see_comparisons_and_ids() -> None:
    stage = Stage()
    conversation = opened(stage.terminal, technician=True)
    measure(conversation)
    conversation.announce(Announce("suspected", FINDING.id, "resolv.conf, line 1"), FINDING)
    for shown in ("Possible cause, not certain:", "Measured: system.ms is 5000 ms", FINDING.id, "resolv.conf, line 1"):
        assert shown in stage.text


def test_evidence_of_a_fact_that_was_not_shown_is_told_by_its_field() -> None:
    stage = Stage()
    evidence = (
        Evidence("net.dns:each_server", "first_dead", True, "", ""),
        Evidence("procs", "top", [{"name": "x"}, {"name": "y"}], "", ""),
    )
    opened(stage.terminal).announce(Announce("found", "a.b.c"), Finding("a.b.c", "T", "problem", True, evidence))
    assert "each server: first dead: yes" in stage.text
    assert "procs: top: 2" in stage.text


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("columns", [80, 20])
def test_foreign_text_is_shown_as_text(plain: bool, columns: int) -> None:
    stage = Stage("1\n1\n", columns, plain=plain, environ={"TERM": "xterm", "NO_COLOR": "1", "LANG": "C.UTF-8"})
    conversation = open_dialogue(stage.terminal, summarise, technician=True)
    conversation.chosen(HOSTILE, HOSTILE, HOSTILE)
    conversation.probe_started(run_of("a", "x.a"), HOSTILE)
    conversation.waiting({HOSTILE: 1.0})
    conversation.probe_ended(run_of("a", "x.a"), HOSTILE, Fact("x.a", "ok", {"text": HOSTILE}))
    conversation.probe_ended(run_of("b", "x.b"), HOSTILE, Fact("x.b", "denied", reason=HOSTILE))
    finding = Finding(HOSTILE, HOSTILE, "problem", True, (Evidence("a", "f", HOSTILE, "", HOSTILE),))
    conversation.announce(Announce("found", HOSTILE, HOSTILE), finding)
    conversation.ask(Ask("q", HOSTILE, {"a": HOSTILE}, HOSTILE))
    conversation.offer(replace(OFFER, instruct=HOSTILE), ActionPreview(HOSTILE, (HOSTILE,), undo=HOSTILE))
    conversation.not_saved(HOSTILE)
    result = replace(SOLVED, say=HOSTILE, findings=(finding,), session=HOSTILE, candidates=(HOSTILE,))
    show_outcome(stage.terminal, result, conversation, HOSTILE)
    written = stage.screen.written
    assert not set("\x1b\x9b\u202e\u2066\x07") & set(written)
    assert "[eth0]" in written
    assert ":smile:" in written


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
@pytest.mark.parametrize("plain", [False, True])
def test_any_encoding_can_show_a_session(encoding: str, plain: bool) -> None:
    stage = Stage("1\n", encoding=encoding, plain=plain)
    conversation = opened(stage.terminal)
    measure(conversation)
    name = "B\u00fcro \u4e2d\u6587 " + "\u00e9" * 100
    conversation.probe_ended(run_of("a", "x.a"), name, Fact("x.a", "ok", {"text": name}))
    conversation.ask(Ask("q", "Caf\u00e9 \u2013 \u201cw\u00e4hlen\u201d\u2026", {"a": "\u2022 ja"}))
    assert "Caf" in stage.text
    assert '"w' in stage.text


@pytest.mark.parametrize("plain", [False, True])
def test_a_check_up_shows_its_progress(plain: bool) -> None:
    stage = Stage(plain=plain)
    with CheckProgress(stage.terminal, 4) as progress:
        progress.ended("a")
        progress.ended("b")
        deadline = time.monotonic() + 5
        while not plain and "2 of 4 done" not in stage.text and time.monotonic() < deadline:
            time.sleep(0.05)
        assert plain or "2 of 4 done" in stage.text
    assert stage.text == ""


def test_a_session_shown_again_has_the_titles_of_its_probes() -> None:
    stage = Stage()
    conversation = open_dialogue(stage.terminal, summarise, probe_title=lambda probe: f"Title of {probe}")
    show_outcome(stage.terminal, SOLVED, conversation)
    assert "Title of dns.lookup: 192.0.2.53 gave no answer within 5 s" in stage.text


def test_a_finding_told_in_the_session_is_told_again_only_elsewhere() -> None:
    stage = Stage()
    conversation = opened(stage.terminal)
    conversation.announce(Announce("found", FINDING.id), FINDING)
    show_outcome(stage.terminal, SOLVED, conversation)
    assert stage.text.count("Found: The first name server") == 1
    out, err = Stream(tty=False), Stream()
    piped = Terminal(None, out, err, ENVIRON)
    conversation = opened(piped)
    conversation.announce(Announce("found", FINDING.id), FINDING)
    show_outcome(piped, SOLVED, conversation)
    assert out.written.startswith("Found: The first name server")
    assert out.written.endswith("1 fix applied. 14 s. Exit code 0.\n")
