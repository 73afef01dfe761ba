"""Paper sizes are told by their size, whatever they are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.probes.printing.media import dimensions_mm, size_of


@pytest.mark.parametrize("name", ["A4", "a4", "iso_a4_210x297mm", "A4.Borderless", "iso_a4_210x297mm_borderless"])
def test_names_of_one_size_are_one(name: str) -> None:
    assert size_of([name]) == "A4 (210 x 297 mm)"


@pytest.mark.parametrize("name", ["na_letter_8.5x11in", "Letter", "LETTER"])
def test_inches_are_sizes_too(name: str) -> None:
    assert size_of([name]) == "Letter (216 x 279 mm)"


def test_trays_and_types_are_no_sizes() -> None:
    assert size_of(["main", "stationery", "Legal"]) == "Legal (216 x 356 mm)"
    assert size_of(["by-pass-tray"]) == ""


def test_a_size_of_ones_own() -> None:
    assert size_of(["custom_badge_54x86mm"]) == "54 x 86 mm"


@given(st.text(max_size=60))
def test_any_name_gives_a_size_or_none(name: str) -> None:
    size = dimensions_mm(name)
    assert size is None or (size[0] >= 0 and size[1] >= 0)
