"""Every choice, by number, letter, word and label; invalid input, why, back, stop, and the end of input."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techdoctor.console.menu import ask_input, choose, menu
from techdoctor.console.opening import open_dialogue
from techdoctor.console.prompt import Choice, match
from techdoctor.errors import EXIT_USAGE, NoAnswer
from techdoctor.events import ALREADY, BACK, NO, STOP, UNKNOWN, YES, Announce, Ask
from techdoctor.model import ActionPreview
from tests.console.reported import LISTED, Listed
from tests.console.samples import FINDING, INSTRUCTION, OFFER, PREVIEW, QUESTION, opened
from tests.console.stage import Stage

MODES = [False, True]


@pytest.mark.parametrize("plain", MODES)
@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("1", "in"),
        ("2", "out"),
        ("3", UNKNOWN),
        ("in", "in"),
        ("OUT", "out"),
        ("Yes, at both ends", "in"),
        ("no, it", "out"),
        ("I don't know", UNKNOWN),
        ("unknown", UNKNOWN),
        ("b", BACK),
        ("Back", BACK),
        ("s", STOP),
        ("stop.", STOP),
        ("quit", STOP),
    ],
)
def test_every_choice_of_a_question(typed: str, choice: str, plain: bool) -> None:
    stage = Stage(typed + "\n", plain=plain)
    assert open_dialogue(stage.terminal).ask(QUESTION) == choice


@pytest.mark.parametrize("plain", MODES)
@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("1", YES),
        ("y", YES),
        ("YES", YES),
        ("2", NO),
        ("n", NO),
        ("next", NO),
        ("3", ALREADY),
        ("already", ALREADY),
        ("I already did that", ALREADY),
        ("4\n4", UNKNOWN),
        ("b", BACK),
        ("s", STOP),
    ],
)
def test_every_choice_of_an_offer(typed: str, choice: str, plain: bool) -> None:
    stage = Stage(typed + "\n", plain=plain)
    assert open_dialogue(stage.terminal).offer(OFFER, PREVIEW) == choice


@pytest.mark.parametrize(("typed", "choice"), [("y", YES), ("no", NO), ("3", UNKNOWN), ("b", BACK), ("s", STOP)])
def test_the_persons_own_word(typed: str, choice: str) -> None:
    stage = Stage(f"w\n{typed}\n")
    assert open_dialogue(stage.terminal).did_it_help() == choice
    assert "only you can say" in stage.text
    assert stage.text.count("Did this solve it for you?") == 2


def test_why_gives_the_reason_and_asks_again() -> None:
    stage = Stage("w\n?\nwhy\n1\n")
    assert open_dialogue(stage.terminal).ask(QUESTION) == "in"
    assert stage.text.count(QUESTION.why) == 3
    assert stage.text.count(QUESTION.text) == 4


def test_a_question_without_a_reason_has_one() -> None:
    stage = Stage("why\n1\n")
    open_dialogue(stage.terminal).ask(Ask("q", "Which?", {"a": "A"}))
    assert "The answer decides what is looked at next" in stage.text


def test_why_of_an_offer_names_finding_evidence_and_risk() -> None:
    stage = Stage("why\n2\n")
    conversation = opened(stage.terminal)
    conversation.announce(Announce("found", FINDING.id), FINDING)
    assert conversation.offer(OFFER, PREVIEW) == NO
    assert "Because this was measured: The first name server in the list" in stage.text
    assert "Low risk:" in stage.text


@pytest.mark.parametrize("typed", ["9", "0", "-1", "1.5", "yes no", "\x1b[A", "2 3", "\u0661"])
def test_invalid_input_is_asked_again_with_a_hint(typed: str) -> None:
    stage = Stage(f"{typed}\n\n2\n")
    assert open_dialogue(stage.terminal).ask(QUESTION) == "out"
    told = " ".join(stage.text.split())
    assert told.count("Type a number from 1 to 3, or b, w or s, then Enter.") == 2
    assert "\x1b" not in stage.screen.written


@pytest.mark.parametrize("plain", MODES)
def test_the_end_of_input_is_no_answer(plain: bool) -> None:
    stage = Stage("hm\n", plain=plain)
    conversation = open_dialogue(stage.terminal)
    with pytest.raises(NoAnswer) as raised:
        conversation.offer(OFFER, PREVIEW)
    assert raised.value.exit_code == EXIT_USAGE
    assert "--batch" in raised.value.hint


def test_an_instruction_is_confirmed_when_done() -> None:
    stage = Stage("I have done it now\n")
    assert open_dialogue(stage.terminal).offer(INSTRUCTION, None) == YES
    assert "It will run" not in stage.text
    assert "1  I have done it now" in stage.text


def test_a_referral_names_who_can_help() -> None:
    stage = Stage("1\n")
    referral = replace(INSTRUCTION, instruct="Call your internet provider.", referral=True)
    assert open_dialogue(stage.terminal).offer(referral, None) == YES
    assert "Who can help\n  Call your internet provider." in stage.text
    assert "1  I will ask them" in stage.text
    assert "Risk" not in stage.text


def test_what_must_be_known_before_consent_is_shown() -> None:
    stage = Stage("2\n")
    preview = ActionPreview(
        "Reset", ("a --one", "b --two"), undo="Put the file back.", discloses="the name to X", problem="no sudo"
    )
    open_dialogue(stage.terminal).offer(replace(OFFER, risk="high", undo="x.undo"), preview)
    for shown in (
        "It will run:\n    a --one\n    b --two\n",
        "It sends: the name to X",
        "It cannot run here: no sudo",
        "Risk: high. Undo: Put the file back.",
        "1  yes, try it anyway",
    ):
        assert shown in stage.text


def test_what_cannot_be_undone_says_so() -> None:
    stage = Stage("2\n")
    open_dialogue(stage.terminal).offer(replace(OFFER, undo="", irreversible=True), PREVIEW)
    assert "Undo: not possible." in stage.text


def test_a_command_is_never_cut_or_broken() -> None:
    command = "tool " + " ".join(f"--option-{n}=value" for n in range(60)) + " --last"
    stage = Stage("2\n", columns=40)
    open_dialogue(stage.terminal).offer(OFFER, ActionPreview("Long", (command,)))
    assert command in stage.text


def test_an_ambiguous_beginning_is_no_choice() -> None:
    choices = [Choice("a", "Network card"), Choice("b", "Network cable")]
    assert match("network ca", choices) is None
    assert match("Network cab", choices) == choices[1]
    assert match("n", choices) is None


def test_an_unknown_among_the_choices_stands_once() -> None:
    stage = Stage("2\n")
    assert open_dialogue(stage.terminal).ask(Ask("q", "Which?", {"a": "A", UNKNOWN: "No idea"})) == UNKNOWN
    assert "I don't know" not in stage.text


MENU = [*LISTED, Listed("disk.slow", "The disk is slow")]


@pytest.mark.parametrize("plain", MODES)
def test_the_menu_goes_from_areas_to_troubles_and_back(plain: bool) -> None:
    stage = Stage("2\nb\n9\n2\n1\n", plain=plain)
    assert menu(stage.terminal, MENU) == "disk.full"
    assert "The disk is full [bold]" in stage.text
    assert stage.text.count("What is the trouble?") == 2
    assert "Internet and network" in stage.text


def test_an_area_with_one_trouble_asks_no_second_time() -> None:
    assert menu(Stage("1\n").terminal, MENU) == "net.dns"


def test_what_hurts_may_be_said_at_the_menu() -> None:
    assert menu(Stage("x\nmy computer is slow\n").terminal, MENU) == "my computer is slow"


def test_the_menu_can_be_left() -> None:
    assert menu(Stage("s\n").terminal, MENU) == ""
    assert menu(Stage("2\ns\n").terminal, MENU) == ""


def test_the_menu_names_an_area_it_does_not_know() -> None:
    stage = Stage("1\n")
    assert menu(stage.terminal, [Listed("coffee.machine", "No coffee")]) == "coffee.machine"
    assert "1  coffee" in stage.text


def test_three_hits_and_none_of_these() -> None:
    hits = [Listed(f"a.b{n}", f"Trouble {n}") for n in range(5)]
    stage = Stage("4\n")
    assert choose(stage.terminal, hits) == ""
    assert "Trouble 2" in stage.text
    assert "Trouble 3" not in stage.text
    assert choose(Stage("2\n").terminal, hits) == "a.b1"
    assert choose(Stage("s\n").terminal, hits) == ""


@pytest.mark.parametrize(("typed", "value"), [("\n", "example.com"), ("\x1b[31mwiki.org \n", "wiki.org")])
def test_a_value_is_asked_with_its_default(typed: str, value: str) -> None:
    stage = Stage(typed)
    assert ask_input(stage.terminal, "Which address does not open?", "example.com") == value
    assert stage.text.startswith("Which address does not open? [example.com]")
