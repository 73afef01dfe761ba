"""Text on a grid of cells: measuring, cutting, padding and wrapping. Pure functions.

East Asian wide characters take two cells, combining marks none (Unicode UAX 11).
"""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"


def cells(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def cut(text: str, width: int) -> str:
    """The longest beginning of `text` that fits into `width` cells."""
    if text.isascii():
        return text[:width]
    used = 0
    for position, char in enumerate(text):
        used += _cell(char)
        if used > width:
            return text[:position]
    return text


def fit(text: str, width: int, ellipsis: str = ELLIPSIS) -> str:
    """`text` shortened to `width` cells, with an ellipsis where something was cut off."""
    if cells(text) <= width:
        return text
    if width <= len(ellipsis):
        return cut(text, width)
    return cut(text, width - len(ellipsis)).rstrip() + ellipsis


def pad(text: str, width: int) -> str:
    """`text` followed by spaces up to `width` cells."""
    return text + " " * max(0, width - cells(text))


def wrap(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """Breaks `text` between words into lines of at most `width` cells.

    Args:
        text: One paragraph; a word longer than a line is broken.
        width: Cells of a line, indent included.
        indent: Before the first line.
        hanging: Before every further line; the same as `indent` when None.
    """
    hanging = indent if hanging is None else hanging
    if width - max(cells(indent), cells(hanging)) < 4:  # no room to indent: text comes first
        indent = hanging = ""
    lines: list[str] = []
    line, empty = indent, True
    for word in text.split():
        if not empty and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line, empty = hanging, True
        line += word if empty else " " + word
        empty = False
        while cells(line) > width:
            head = cut(line, width)
            lines.append(head)
            line = hanging + line[len(head) :]
    if not empty or not lines:
        lines.append(line)
    return lines
