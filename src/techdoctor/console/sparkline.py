"""Figures over time in one line of text, and as a drawing in a page."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from techdoctor.console.page import shown

_BLOCKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_ASCII = "_.-=^"
_WIDTH, _HEIGHT = 600.0, 120.0


def sparkline(values: Sequence[float], width: int, ascii_only: bool = False) -> str:
    """`values` as a row of at most `width` signs; all on the lowest sign when they are equal."""
    signs = _ASCII if ascii_only else _BLOCKS
    squeezed = _squeezed(values, max(1, width))
    low, high = min(squeezed, default=0.0), max(squeezed, default=0.0)
    span = high - low
    if span <= 0:
        return signs[0] * len(squeezed)
    return "".join(signs[min(len(signs) - 1, int((value - low) / span * len(signs)))] for value in squeezed)


def _squeezed(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values; of neighbours the highest, so that a short peak stays visible."""
    if len(values) <= width:
        return list(values)
    edges = [round(index * len(values) / width) for index in range(width + 1)]
    return [max(values[a:b]) for a, b in itertools.pairwise(edges) if b > a]


def plot(
    points: Sequence[tuple[float, float]],
    marks: Sequence[float],
    title: str,
    labels: tuple[str, str],
    whole: tuple[float, float] | None = None,
) -> list[str]:
    """Points (seconds, value) as inline SVG: attributes only, no style, no script.

    Args:
        points: In order of time.
        marks: Moments at which trouble showed.
        title: Read out in place of the drawing.
        labels: Of the lowest and the highest value.
        whole: Values at the bottom and the top; None takes the lowest and the highest of the points.
    """
    begun, ended = points[0][0], points[-1][0]
    values = [value for _, value in points]
    least, most = whole or (min(values), max(values))
    span, length = (most - least) or 1.0, (ended - begun) or 1.0

    def place(at: float, value: float) -> str:
        return f"{(at - begun) / length * _WIDTH:.1f},{_HEIGHT - 4 - (value - least) / span * (_HEIGHT - 20):.1f}"

    line = " ".join(place(at, value) for at, value in points)
    dots = [
        f'<circle class="mark" cx="{(mark - begun) / length * _WIDTH:.1f}" cy="{_HEIGHT - 4:.0f}" r="4"/>'
        for mark in marks
        if begun <= mark <= ended
    ]
    return [
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" preserveAspectRatio="none">',
        f"<title>{shown(title)}</title>",
        f'<line class="axis" x1="0" y1="{_HEIGHT - 4:.0f}" x2="{_WIDTH:.0f}" y2="{_HEIGHT - 4:.0f}"/>',
        f'<polyline class="plot" points="{line}"/>',
        f'<text x="2" y="11">{shown(labels[1])}</text><text x="2" y="{_HEIGHT - 7:.0f}">{shown(labels[0])}</text>',
        *dots,
        "</svg>",
    ]
