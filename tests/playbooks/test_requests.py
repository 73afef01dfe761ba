"""Requests to people are told from faults."""

from __future__ import annotations

import pytest

from techdoctor.playbooks.library import Library, shipped_folder
from techdoctor.playbooks.requests import is_request
from techdoctor.playbooks.search import clear_winner, search
from techdoctor.playbooks.words import mend

SHIPPED = list(Library([shipped_folder()]).index())
CATALOGUE = 46


@pytest.mark.parametrize(
    "words",
    [
        "I need a new badge",
        "please order another laptop",
        "give Anna access to the finance folder",
        "who is our director?",
    ],
)
def test_a_wish_starts_nothing(words: str) -> None:
    assert is_request(words)
    assert clear_winner(search(SHIPPED, words)) is None


@pytest.mark.parametrize(
    "words",
    [
        "I need a new laptop because this one is slow",
        "the badge printer does not print",
        "how do I set up a new printer",
        "I want to install a new program",
        "I cannot book a meeting: the website does not load",
        "give me access, it says permission denied",
        "my colleague sees a black screen",
        "nothing works since the training",
    ],
)
def test_a_fault_is_no_wish(words: str) -> None:
    assert not is_request(words)
    assert search(SHIPPED, words)


def test_all_playbooks_of_the_catalogue_are_there() -> None:
    assert len(SHIPPED) >= CATALOGUE
    assert all(len(entry.symptoms) >= 10 for entry in SHIPPED)


def test_a_word_is_mended_before_phrases_are_put_together() -> None:
    known = frozenset(["screen", "second", "blue", "drive"])
    assert mend("my secind scren", known) == ("my second screen", {"second": "secind", "screen": "scren"})
    assert mend("a hard drve", known)[0] == "a hard drive"
    assert search(SHIPPED, "blue scren")[0].id == "sys.crash"
    assert search(SHIPPED, "my computter is slow")[0].id == "perf.slow"
