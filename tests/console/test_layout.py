"""Measuring, cutting and wrapping text on a grid of cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.console.layout import cells, cut, fit, pad, wrap

WORDS = st.text(alphabet="ab \u4e2d\u0301\u05d0", max_size=60)


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("\u4e2d\u6587", 4), ("e\u0301", 1), ("\u05d0\u05d1", 2), ("", 0)]
)
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width


def test_cut_never_splits_a_wide_character() -> None:
    assert cut("\u4e2d\u6587", 3) == "\u4e2d"
    assert fit("\u4e2d\u6587\u4e2d", 5) == "\u4e2d\u6587\u2026"


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 5, "short"),
        ("too long", 6, "too l\u2026"),
        ("too  long", 5, "too\u2026"),
        ("abc", 1, "a"),
        ("abc", 0, ""),
    ],
)
def test_fit(text: str, width: int, shown: str) -> None:
    assert fit(text, width) == shown


def test_fit_with_a_three_letter_ellipsis() -> None:
    assert fit("too long by far", 10, "...") == "too lon..."
    assert fit("too long by far", 3, "...") == "too"


def test_pad() -> None:
    assert pad("\u4e2d", 4) + "|" == "\u4e2d  |"
    assert pad("long", 2) == "long"


def test_wrap_breaks_between_words_and_within_long_ones() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("/usr/lib/systemd/systemd x", 10, "- ", "  ") == ["- /usr/lib", "  /systemd", "  /systemd", "  x"]
    assert wrap("", 10, "  ") == ["  "]


def test_wrap_gives_up_its_indent_where_there_is_no_room() -> None:
    assert wrap("one two", 5, "    ") == ["one", "two"]


@given(WORDS, st.integers(4, 30), st.integers(0, 30))
def test_wrap_keeps_every_letter_within_the_width(text: str, width: int, indent: int) -> None:
    lines = wrap(text, width, " " * indent)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(WORDS, st.integers(0, 30))
def test_fit_keeps_within_the_width(text: str, width: int) -> None:
    assert cells(fit(text, width)) <= width
