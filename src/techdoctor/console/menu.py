"""Choosing before a session begins: a menu of troubles, three hits of the search, a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from techdoctor.console.prompt import Choice, choice_lines, pick, standard_choices
from techdoctor.console.terminal import Terminal
from techdoctor.events import BACK, STOP
from techdoctor.messages import say
from techdoctor.text import clean_line

# In the order of the menu: what people come with most often stands first.
_AREAS = {
    "net": "area.net",
    "wifi": "area.wifi",
    "web": "area.web",
    "perf": "area.perf",
    "disk": "area.disk",
    "file": "area.file",
    "fs": "area.fs",
    "print": "area.print",
    "sound": "area.sound",
    "mail": "area.mail",
    "app": "area.app",
    "display": "area.display",
    "cam": "area.cam",
    "bt": "area.bt",
    "input": "area.input",
    "sys": "area.sys",
    "power": "area.power",
    "acct": "area.acct",
    "backup": "area.backup",
    "sec": "area.sec",
}


class Titled(Protocol):
    """A playbook in a list: an entry of the index or a hit of the search."""

    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str: ...


def menu(terminal: Terminal, playbooks: Iterable[Titled]) -> str:
    """Asks for the area, then for the trouble.

    Returns:
        A playbook's id; the words of a person who typed what hurts instead; "" when the person stopped.

    Raises:
        NoAnswer: Standard input is closed.
    """
    areas: dict[str, list[Titled]] = {area: [] for area in _AREAS}
    for playbook in playbooks:
        areas.setdefault(playbook.id.partition(".")[0], []).append(playbook)
    filled = {area: found for area, found in areas.items() if found}
    stop = standard_choices(why=False)[1:]
    while True:
        named = [Choice(area, _area(area)) for area in filled]
        area = _pick(terminal, say("ask.trouble"), (*named, *stop), _are_words)
        if area == STOP:
            return ""
        if area not in filled:
            return area
        if len(filled[area]) == 1:
            return filled[area][0].id
        titles = [Choice(playbook.id, _title(playbook)) for playbook in filled[area]]
        text = say("ask.area", area=_area(area))
        chosen = _pick(terminal, text, (*titles, *standard_choices(why=False)))
        if chosen != BACK:
            return "" if chosen == STOP else chosen


def choose(terminal: Terminal, hits: Sequence[Titled], most: int = 3) -> str:
    """Asks which of the best hits is meant; returns its id, or "" for "none of these" and stop.

    Raises:
        NoAnswer: Standard input is closed.
    """
    choices = [Choice(hit.id, _title(hit)) for hit in hits[:most]]
    none = Choice("", say("ask.none_of_these"))
    chosen = _pick(terminal, say("ask.which"), (*choices, none, *standard_choices(why=False)[1:]))
    return "" if chosen == STOP else chosen


def ask_input(terminal: Terminal, text: str, default: str = "") -> str:
    """Asks for a value; just Enter gives the default.

    Raises:
        NoAnswer: Standard input is closed.
    """
    question = clean_line(text, 500)
    if default:
        question = say("ask.default", text=question, default=clean_line(default))
    lines = terminal.wrapped(question)
    for line in lines[:-1]:
        terminal.talk(line)
    terminal.talk(lines[-1] + " ", end="")
    return terminal.read_line() or default


def _are_words(line: str) -> bool:
    """True for something a person would say, as against a slip of the finger."""
    return len(line) > 2 and any(char.isalpha() for char in line)


def _pick(terminal: Terminal, text: str, choices: Sequence[Choice], words: Callable[[str], bool] | None = None) -> str:
    if not terminal.plain:
        terminal.talk()
    for line in [*terminal.wrapped(text), *choice_lines(terminal, choices)]:
        terminal.talk(line)
    return pick(terminal, choices, words=words)


def _area(area: str) -> str:
    return say(_AREAS[area]) if area in _AREAS else clean_line(area)


def _title(playbook: Titled) -> str:
    return clean_line(playbook.title)
