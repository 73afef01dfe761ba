"""Foreign text made harmless, sizes and durations in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor import text


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x1bPq...\x1b\\b", "ab"),
        ("tab\there", "tab    here"),
        ("bell\x07 nul\x00", "bell? nul?"),
        ("\u202eabc", "?abc"),
        ("zero\u200bwidth", "zero?width"),
        ("\x9b31m", "?31m"),
        ("naïve 日本", "naïve 日本"),
        ("\ud800", "?"),
    ],
)
def test_clean_shows_text_and_nothing_else(foreign: str, shown: str) -> None:
    assert text.clean(foreign) == shown


@given(st.text())
def test_clean_never_lets_a_control_character_through(foreign: str) -> None:
    shown = text.clean(foreign)
    assert all(c == "\n" or (ord(c) >= 32 and not 0x7F <= ord(c) <= 0x9F) for c in shown)
    line = text.clean_line(foreign, 50)
    assert "\n" not in line
    assert len(line) <= 50


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (5 * 2**30, "5.0 GiB"),
        (3 * 2**50, "3072 TiB"),
        (-2048, "-2.0 KiB"),
    ],
)
def test_size(count: float, shown: str) -> None:
    assert text.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0123, "12 ms"), (2.34, "2.3 s"), (75, "1 min 15 s"), (90000, "1 d 1 h"), (-5, "-5.0 s"), (3600, "1 h")],
)
def test_duration(seconds: float, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "", "unknown"),
        (True, "", "yes"),
        (2048, "bytes", "2.0 KiB"),
        (90, "s", "1 min 30 s"),
        (12.50, "percent", "12.5 %"),
        (20, "ms", "20 ms"),
        (["a", "\x1bb"], "", "a, "),
        ([], "", "none"),
        ("x\ny", "", "x y"),
        (3, "count", "3"),
    ],
)
def test_quantity(value: object, unit: str, shown: str) -> None:
    assert text.quantity(value, unit).startswith(shown)
