"""docs/playbooks.md is true to the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.playbooks.fields import KINDS, Kind
from techdoctor.playbooks.forms import FORMS
from techdoctor.playbooks.reference import reference_page, with_reference
from tests.playbooks.sample import DNS

PAGE = Path(__file__).parents[2] / "docs" / "playbooks.md"
KINDS_WITH_KEYS = {name: kind for name, kind in KINDS.items() if isinstance(kind, Kind)}


def test_the_page_is_not_stale() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_reference(text) == text, "run: python -m techdoctor.playbooks.reference"


def test_its_example_is_the_one_that_is_tested() -> None:
    assert f"```yaml\n{DNS}```" in PAGE.read_text(encoding="utf-8")


def test_every_key_of_every_kind_is_in_it() -> None:
    page = reference_page()
    for name, kind in KINDS_WITH_KEYS.items():
        section = page.partition(f"### {name}\n")[2].partition("\n### ")[0]
        for key in kind.keys:
            assert f"| `{key}` |" in section, f"{name}: {key}"


def test_every_key_has_a_form_or_kind_a_sentence_and_an_example() -> None:
    for name, kind in KINDS_WITH_KEYS.items():
        for key_name, key in kind.keys.items():
            assert key.type in FORMS or key.type in KINDS, (name, key_name)
            assert key.doc.endswith("."), (name, key_name)
            assert key.example, (name, key_name)


def test_markers_must_be_there() -> None:
    with pytest.raises(ValueError, match="the page needs the lines"):
        with_reference("# nothing here")
