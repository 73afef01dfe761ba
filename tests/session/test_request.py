"""Inputs given on the command line: converted to their types, and nothing that a command could take for an option."""

from __future__ import annotations

import pytest

from techdoctor.errors import UsageError
from techdoctor.model import Value
from techdoctor.playbooks.tree import InputSpec, Playbook
from techdoctor.session.request import settle_inputs
from tests.books import EndNode, book, fact


def asking(kind: str) -> dict[str, Playbook]:
    playbook = book("t.inputs", [fact("a")], [EndNode("start", "escalated")], inputs=[InputSpec("given", kind)])
    return {"t.inputs": playbook}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "-7", -7),
        ("float", "1.5", 1.5),
        ("bool", "Yes", True),
        ("hostname", "www.müller-söhne.example.", "www.müller-söhne.example."),
        ("text", "; rm -rf /", "; rm -rf /"),
    ],
)
def test_a_text_becomes_a_value_of_its_type(kind: str, text: str, value: Value) -> None:
    assert settle_inputs(asking(kind), {"given": text}) == {"given": value}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "1.5"),
        ("int", "9" * 5000),
        ("float", "nan"),
        ("float", "-inf"),
        ("bool", "maybe"),
        ("hostname", ""),
        ("hostname", "-oProxyCommand=x"),
        ("hostname", "a..b"),
        ("hostname", "a b"),
        ("hostname", "a\x1b[31m"),
        ("hostname", "x" * 64),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, text: str) -> None:
    with pytest.raises(UsageError):
        settle_inputs(asking(kind), {"given": text})
