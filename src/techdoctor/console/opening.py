"""The first line of a session, on screen before anything slow is imported."""

from __future__ import annotations

from techdoctor.console.conversation import Conversation, no_summary
from techdoctor.console.normal import NormalDialogue
from techdoctor.console.plain import PlainDialogue
from techdoctor.console.terminal import Terminal
from techdoctor.console.wording import Summarise
from techdoctor.messages import say


def greet(terminal: Terminal) -> None:
    """Says what will happen, and that nothing is changed without asking."""
    for line in terminal.wrapped(say("session.hello")):
        terminal.progress(line)


def open_dialogue(terminal: Terminal, summarise: Summarise = no_summary, technician: bool = False) -> Conversation:
    """The renderer that fits the terminal.

    Args:
        terminal: Where to show and read.
        summarise: Words for a probe's data, see Probe.summary.
        technician: Adds exact comparisons, global ids and the detail of causes.
    """
    kind = PlainDialogue if terminal.plain else NormalDialogue
    return kind(terminal, summarise, technician)
