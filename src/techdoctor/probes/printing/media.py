"""Paper sizes by their many names. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Iterable, Mapping, Optional, Tuple

# Short names that drivers and people use -> width and height in mm.
# Source: PWG 5101.1-2013 (Media Standardized Names), sections 5.1 and 5.2, with the older names of its table.
_SIZES_MM: Mapping[str, Tuple[float, float]] = {
    "a3": (297, 420),
    "a4": (210, 297),
    "a5": (148, 210),
    "a6": (105, 148),
    "b5": (176, 250),
    "jisb5": (182, 257),
    "letter": (215.9, 279.4),
    "legal": (215.9, 355.6),
    "executive": (184.15, 266.7),
    "tabloid": (279.4, 431.8),
    "ledger": (279.4, 431.8),
    "statement": (139.7, 215.9),
    "dl": (110, 220),
    "envdl": (110, 220),
    "c5": (162, 229),
    "envc5": (162, 229),
    "env10": (104.775, 241.3),
}
_INCH_MM = 25.4
# A self-describing name ends in its size (PWG 5101.1, section 3): iso_a4_210x297mm, na_letter_8.5x11in.
_SELF_DESCRIBING = re.compile(r"_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)(?:_|$)")
# Sizes that differ by less are the same sheet: printers round (PWG 5100.7, media-size in 1/100 mm).
_SAME_MM = 2.0


def dimensions_mm(name: str) -> Optional[Tuple[float, float]]:
    """Width and height of a named size; None for trays, types and names we do not know."""
    found = _SELF_DESCRIBING.search(name)
    if found:
        factor = _INCH_MM if found.group(3) == "in" else 1.0
        return float(found.group(1)) * factor, float(found.group(2)) * factor
    return _SIZES_MM.get(name.partition(".")[0].lower())


def size_of(names: Iterable[str]) -> str:
    """The first paper size among keywords, in one spelling for all its names; empty when there is none.

    "A4", "iso_a4_210x297mm" and "A4.Borderless" all give "A4 (210 x 297 mm)".
    """
    for name in names:
        size = dimensions_mm(name)
        if size is not None:
            return _spelt(*size)
    return ""


def _spelt(width: float, height: float) -> str:
    for name, (known_width, known_height) in _SIZES_MM.items():
        if abs(width - known_width) < _SAME_MM and abs(height - known_height) < _SAME_MM:
            return f"{name.upper() if len(name) < 3 else name.capitalize()} ({known_width:.0f} x {known_height:.0f} mm)"
    return f"{width:.0f} x {height:.0f} mm"
