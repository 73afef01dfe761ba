"""The JSON Schema for editors says of every file what the loader's field table says."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from techdoctor.playbooks.check import check
from techdoctor.playbooks.checked import examine
from techdoctor.playbooks.schema import json_schema
from techdoctor.playbooks.strict_yaml import Document, parse
from tests.playbooks.sample import DNS, SMALL
from tests.playbooks.test_mistakes import ASKING

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
GOOD = {"design example": DNS, "small": SMALL, "asking": ASKING}
# Not put in as mutations: where an integer is asked for, JSON Schema takes 1.0 as one.
VALUES: list[Any] = [None, 7, -1, "x", "", " ", True, False, [], ["x"], {}, {"x": 1}, "4s", "a.b", "1.2.3"]


def tree_of(text: str) -> Any:
    return parse(text.encode(), "x").tree


def accepted_by_table(tree: Any) -> bool:
    document = Document("x", tree)
    check(document)
    return not document.problems


def test_it_is_a_draft_07_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("name", GOOD)
def test_both_accept_good_files(name: str) -> None:
    assert VALIDATOR.is_valid(tree_of(GOOD[name]))
    assert accepted_by_table(tree_of(GOOD[name]))


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield from _paths(value, (*path, key))


def _mutated(tree: Any, path: tuple[Any, ...], change: Any) -> Any:
    changed = copy.deepcopy(tree)
    owner = changed
    for key in path[:-1]:
        owner = owner[key]
    change(owner, path[-1])
    return changed


def _mutants(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every third of: each value replaced, each key taken away and renamed, one at a time."""
    return itertools.islice(_all_mutants(tree), 0, None, 3)


def _all_mutants(tree: Any) -> Iterator[tuple[str, Any]]:
    for path in list(_paths(tree))[1:]:
        for value in VALUES:
            yield f"{path} = {value!r}", _mutated(tree, path, lambda owner, key, v=value: owner.__setitem__(key, v))
        yield f"{path} gone", _mutated(tree, path, lambda owner, key: owner.__delitem__(key))
        if isinstance(path[-1], str):
            for name in ("Bad Name", "then", "why", "end"):
                change = f"{path} renamed to {name}"
                yield change, _mutated(tree, path, lambda owner, key, n=name: owner.update({n: owner.pop(key)}))


@pytest.mark.parametrize("name", GOOD)
def test_both_say_the_same_of_every_small_change(name: str) -> None:
    refused = 0
    for change, mutant in _mutants(tree_of(GOOD[name])):
        by_schema, by_table = VALIDATOR.is_valid(mutant), accepted_by_table(mutant)
        assert by_schema == by_table, f"{change}: the schema says {by_schema}, the table {by_table}"
        refused += not by_schema
    assert refused >= 50


@pytest.mark.parametrize("name", GOOD)
def test_no_small_change_makes_the_loader_stumble(name: str) -> None:
    for change, mutant in _mutants(tree_of(GOOD[name])):
        document, _ = examine(json.dumps(mutant).encode(), "x.yaml")
        if not accepted_by_table(mutant):
            assert document.problems, change
        assert all(problem.line >= 1 and problem.message for problem in document.problems)


def test_every_key_tells_the_editor_what_it_means() -> None:
    kinds = [SCHEMA, *SCHEMA["definitions"].values()]
    keys = [(key, schema) for kind in kinds for key, schema in kind.get("properties", {}).items()]
    assert len(keys) > 60
    assert all(schema["description"] for _, schema in keys)
