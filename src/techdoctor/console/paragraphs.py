"""What a report is made of: paragraphs with a level and a style, laid out by the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from techdoctor.console.layout import cells
from techdoctor.console.terminal import Terminal
from techdoctor.messages import say


@dataclass(frozen=True)
class Paragraph:
    """One statement of a report.

    Attributes:
        text: What it says, on one line; clean already.
        level: How far it is indented: 0 a statement, 1 what belongs to it.
        style: A style of the terminal.
        gap: True when an empty line stands before it (not in plain mode).
    """

    text: str
    level: int = 0
    style: str = ""
    gap: bool = False


def show(terminal: Terminal, paragraphs: Iterable[Paragraph], nested: bool = False) -> None:
    """Writes paragraphs to standard output, wrapped.

    Args:
        terminal: Where to.
        paragraphs: In order.
        nested: True when the levels carry meaning: then plain mode keeps them too.
    """
    for paragraph in paragraphs:
        plain = terminal.plain_result
        if paragraph.gap and not plain:
            terminal.result()
        indent = "  " * paragraph.level if nested or not plain else ""
        for line in terminal.wrapped_result(paragraph.text, indent):
            terminal.result([(line, paragraph.style)])


def show_end_line(terminal: Terminal, outcome: str, style: str, code: int) -> None:
    """The last line: the outcome, and the exit code at the right margin where there is room."""
    if terminal.plain_result:
        show(terminal, [Paragraph(f"{outcome} {say('report.exit_plain', code=code)}")])
        return
    terminal.result()
    *lines, last = terminal.wrapped_result(outcome)
    for line in lines:
        terminal.result([(line, style)])
    exit_text = say("report.exit", code=code)
    room = terminal.width - cells(last) - cells(exit_text)
    if room > 0:
        terminal.result([(last, style), (" " * room + exit_text, "dim")])
    else:
        terminal.result([(last, style)])
        terminal.result([(exit_text.rjust(terminal.width), "dim")])
