"""Summaries name failures in words."""

from __future__ import annotations

import pytest

from techdoctor.probes.names.failure_words import in_words
from techdoctor.probes.registry import get


@pytest.mark.parametrize(
    ("error", "words"),
    [("refused_port", "refuses the connection"), ("name_silent", "could not be looked up"), ("odd_one", "odd one")],
)
def test_a_short_name_becomes_words(error: str, words: str) -> None:
    assert words in in_words(error)


@pytest.mark.parametrize(
    ("offset_s", "method", "shown"),
    [
        (0.004, "ntp", "right within 0.1 s"),
        (0, "http_date", "right within 1 s"),
        (149.999, "ntp", "2 min 30 s ahead"),
        (-0.4, "ntp", "0.4 s behind"),
    ],
)
def test_the_clock_in_words(offset_s: float, method: str, shown: str) -> None:
    summary = get("clock.offset").summary
    assert summary is not None
    assert summary({"offset_s": offset_s, "method": method}) == shown
