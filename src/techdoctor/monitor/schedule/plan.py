"""What is to run when, and what an installation of it writes and runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from techdoctor.errors import UsageError
from techdoctor.messages import say
from techdoctor.text import clean_line

NAME = "techdoctor-check"
HOURLY, DAILY, WEEKLY = "hourly", "daily", "weekly"
EVERY = (HOURLY, DAILY, WEEKLY)
_AT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Plan:
    """One scheduled check-up.

    Attributes:
        command: Program and arguments, the program with its whole path.
        every: HOURLY, DAILY or WEEKLY (on Mondays).
        hour, minute: When; only the minute counts for HOURLY.
    """

    command: tuple[str, ...]
    every: str = DAILY
    hour: int = 9
    minute: int = 0


@dataclass(frozen=True)
class Written:
    """A file of an installation; `path` may begin with "~/"."""

    path: str
    text: str
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Installation:
    """What a scheduler needs.

    Attributes:
        files: Written first.
        commands: Run then, in turn.
        line: For cron: the line that goes into the table of the user; empty else.
        undo: Commands that take it back; the files are deleted before them.
    """

    files: tuple[Written, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    line: str = ""
    undo: tuple[tuple[str, ...], ...] = ()


def plan_of(command: Sequence[str], every: str, at: str) -> Plan:
    """The plan of what a person typed.

    Raises:
        UsageError: `every` or `at` is none of the known forms.
    """
    found = _AT.fullmatch(at)
    if every not in EVERY:
        raise UsageError(say("schedule.bad_every", text=every), ", ".join(EVERY))
    if not found:
        raise UsageError(say("schedule.bad_at", text=at), say("schedule.bad_at_hint"))
    broken = next((word for word in command if not word.isprintable()), "")
    if broken:  # a line break would begin a line of its own in a cron table or a unit
        raise UsageError(say("schedule.bad_word", text=clean_line(broken)))
    return Plan(tuple(command), every, int(found[1]), int(found[2]))
