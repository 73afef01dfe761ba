"""Lists of probes, playbooks and sessions: rich tables on a terminal, a sentence a row in plain mode."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from techdoctor.console.terminal import Terminal
from techdoctor.messages import say
from techdoctor.text import clean_line

# Below this width columns would be a few letters wide: rows are sentences then.
_NARROW = 60


@dataclass(frozen=True)
class Table:
    """Rows under headings; the first column names the row."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def show_table(terminal: Terminal, table: Table) -> None:
    """Prints a table to standard output."""
    if not table.rows:
        terminal.result(say("table.empty"))
        return
    if terminal.plain_result or terminal.width < _NARROW:
        for row in plain_lines(table):
            for line in terminal.wrapped_result(row, hanging="  "):
                terminal.result(line)
        return
    for line in drawn_lines(terminal, table):
        terminal.result(line)


def plain_lines(table: Table) -> list[str]:
    """A row as one self-contained line: "net.link; Title: Network card; Linux: run here"."""
    lines = []
    for first, *rest in table.rows:
        named = zip(table.headings[1:], rest, strict=True)
        told = [say("table.cell", heading=heading, text=clean_line(text)) for heading, text in named if text]
        lines.append("; ".join([clean_line(first), *told]))
    return lines


def drawn_lines(terminal: Terminal, table: Table) -> list[str]:
    """Aligned columns for the terminal's width, wrapped within their column; foreign text is never markup."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    page = io.StringIO()
    console = Console(file=page, width=terminal.width, markup=False, emoji=False, highlight=False, color_system=None)
    drawn = RichTable(box=None, pad_edge=False, header_style="")
    for position, heading in enumerate(table.headings):
        drawn.add_column(Text(heading), no_wrap=position == 0, overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(clean_line(cell)) for cell in row))
    console.print(drawn)
    return [line.rstrip() for line in page.getvalue().splitlines()]


class Listed(Protocol):
    """A playbook in a list; playbooks.index.Entry has these attributes."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...


class PastWalk(Protocol):
    """A session in a list; records.sessions.SessionRow has these attributes."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def playbook(self) -> str: ...
    @property
    def end(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def open(self) -> bool: ...


def playbook_table(playbooks: Iterable[Listed]) -> Table:
    """Playbooks by id and title."""
    return Table((say("table.playbook"), say("table.title")), [(entry.id, entry.title) for entry in playbooks])


def session_table(sessions: Iterable[PastWalk]) -> Table:
    """Past sessions: id, local time, playbook, how they ended and the cause."""
    headings = (
        say("table.session"),
        say("table.when"),
        say("table.playbook"),
        say("table.end"),
        say("table.cause"),
    )
    rows = [
        (
            row.id,
            row.created_at.astimezone().strftime("%Y-%m-%d %H:%M"),
            row.playbook,
            say("table.still_open") if row.open else row.end,
            row.cause,
        )
        for row in sessions
    ]
    return Table(headings, rows)


def probe_table(probes: Iterable[tuple[str, str, Mapping[str, str]]]) -> Table:
    """Probes with their support level per platform.

    Args:
        probes: (name, title, platform to support level), platforms as in model.PLATFORMS.
    """
    platforms = {"linux": say("table.linux"), "macos": say("table.macos"), "windows": say("table.windows")}
    headings = (say("table.name"), say("table.title"), *platforms.values())
    rows = [(name, title, *(levels.get(platform, "") for platform in platforms)) for name, title, levels in probes]
    return Table(headings, rows)
