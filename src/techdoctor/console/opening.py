"""The first line of a session, on screen before anything slow is imported; then the renderer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from techdoctor.console.terminal import Terminal
from techdoctor.messages import say

if TYPE_CHECKING:
    from techdoctor.console.conversation import Conversation
    from techdoctor.model import Value


def greet(terminal: Terminal) -> None:
    """Says what will happen, and that nothing is changed without asking."""
    for line in terminal.wrapped(say("session.hello")):
        terminal.progress(line)


def open_dialogue(
    terminal: Terminal,
    summarise: Callable[[str, Mapping[str, Value]], str] | None = None,
    technician: bool = False,
    probe_title: Callable[[str], str] | None = None,
) -> Conversation:
    """The renderer that fits the terminal.

    Args:
        terminal: Where to show and read.
        summarise: Words for a probe's data, see Probe.summary; None knows no words.
        technician: Adds exact comparisons, global ids and the detail of causes.
        probe_title: Titles of probes that the conversation did not show, for a session shown again.
    """
    # The dataclasses behind a conversation cost more than the first line may.
    from techdoctor.console.conversation import no_summary

    words = summarise or no_summary
    if terminal.plain:
        from techdoctor.console.plain import PlainDialogue

        return PlainDialogue(terminal, words, technician, probe_title)
    from techdoctor.console.normal import NormalDialogue

    return NormalDialogue(terminal, words, technician, probe_title)
