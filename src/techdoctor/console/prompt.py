"""Asking: numbered choices read as one line. Works over SSH, serial lines, screen readers and Windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from techdoctor.console.terminal import Terminal
from techdoctor.events import BACK, STOP, UNKNOWN
from techdoctor.messages import say
from techdoctor.text import clean_line

WHY = "why"


@dataclass(frozen=True)
class Choice:
    """One choice of a prompt.

    Attributes:
        key: What the prompt returns, e.g. "yes".
        label: What the person reads.
        words: Further words that mean it, separated by spaces, e.g. "yes y".
        letter: The letter to type instead of a number; empty for numbered choices.
    """

    key: str
    label: str
    words: str = ""
    letter: str = ""


def standard_choices(why: bool) -> tuple[Choice, ...]:
    """The lettered choices every prompt of a session has: back, why (where asked for), stop."""
    back = Choice(BACK, say("ask.back"), say("ask.words_back"), "b")
    stop = Choice(STOP, say("ask.stop"), say("ask.words_stop"), "s")
    reason = Choice(WHY, say("ask.why"), say("ask.words_why"), "w")
    return (back, reason, stop) if why else (back, stop)


def marks(choices: Sequence[Choice]) -> list[str]:
    """What to type for each choice: "1", "2", ... for numbered ones, else their letter."""
    shown, number = [], 0
    for choice in choices:
        if not choice.letter:
            number += 1
        shown.append(choice.letter or str(number))
    return shown


def choice_lines(terminal: Terminal, choices: Sequence[Choice]) -> list[str]:
    """The choices as numbered lines, wrapped for the terminal."""
    lines = []
    for mark, choice in zip(marks(choices), choices, strict=True):
        label = clean_line(choice.label)
        if terminal.plain:
            lines += terminal.wrapped(say("ask.plain_choice", mark=mark, label=label))
        else:
            lines += terminal.wrapped(label, f"  {mark}  ", " " * (4 + len(mark)))
    return lines


def match(given: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice meant by what was typed: its number or letter, key, label, a word, or how a label begins.

    Returns:
        The choice, or None when nothing or more than one fits.
    """
    typed = " ".join(given.casefold().split()).rstrip(".!)")
    if not typed:
        return None
    for mark, choice in zip(marks(choices), choices, strict=True):
        if typed == mark:
            return choice
    for choice in choices:
        label = clean_line(choice.label).casefold().rstrip(".!")
        if typed in (choice.key.casefold(), label) or typed in choice.words.split():
            return choice
    begun = [c for c in choices if len(typed) > 1 and clean_line(c.label).casefold().startswith(typed)]
    return begun[0] if len(begun) == 1 else None


def pick(
    terminal: Terminal,
    choices: Sequence[Choice],
    explain: Callable[[], None] | None = None,
    words: Callable[[str], bool] | None = None,
) -> str:
    """Reads lines until one of them is a choice. The question itself has been shown by the caller.

    Args:
        terminal: Where to read and show.
        choices: In the order shown.
        explain: Shows the reason and the question again; called for "why".
        words: Takes a line that is no choice; when it returns True the line itself is the answer.

    Raises:
        NoAnswer: Standard input is closed.
    """
    while True:
        terminal.talk(say("ask.number"), end="")
        given = terminal.read_line()
        choice = match(given, choices)
        if choice is None and explain is not None and match(given, standard_choices(why=True)) == _why():
            choice = _why()
        if choice is None and words is not None and words(given):
            return given
        if choice is None:
            for line in terminal.wrapped(_hint(given, choices), "" if terminal.plain else "  "):
                terminal.talk(line)
        elif choice.key == WHY and explain is not None:
            explain()
        else:
            return choice.key


def _why() -> Choice:
    return Choice(WHY, say("ask.why"), say("ask.words_why"), "w")


def _hint(given: str, choices: Sequence[Choice]) -> str:
    last = sum(1 for choice in choices if not choice.letter)
    letters = [choice.letter for choice in choices if choice.letter]
    shown = clean_line(given, 40)
    if not letters:
        return say("ask.invalid_numbers", given=shown, last=last) if shown else say("ask.empty_numbers", last=last)
    named = f" {say('ask.or')} ".join([", ".join(letters[:-1]), letters[-1]] if letters[1:] else letters)
    if not shown:
        return say("ask.empty", last=last, letters=named)
    return say("ask.invalid", given=shown, last=last, letters=named)


def unknown_choice() -> Choice:
    """The "I don't know" of a question."""
    return Choice(UNKNOWN, say("ask.unknown"), say("ask.words_unknown"))
