"""What the names of one playbook mean: facts with their fields, inputs, limits and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from techdoctor.playbooks.declared import Declared
from techdoctor.playbooks.problem import nearest
from techdoctor.probes.base import Field, Probe

TRUTH, NUMBER, TEXT, LIST, RECORD, ANY = "true or false", "a number", "text", "a list", "a record", "anything"
_OF_FIELD = {"bool": TRUTH, "int": NUMBER, "float": NUMBER, "text": TEXT, "list": LIST, "record": RECORD}
_OF_INPUT = {"int": NUMBER, "float": NUMBER, "bool": TRUTH}
# Owners in conditions that are no facts; a fact may not be called so.
RESERVED = ("answers", "inputs", "limits", "it")


@dataclass(frozen=True)
class Sort:
    """The sort of value behind a name.

    Attributes:
        word: TRUTH, NUMBER, TEXT, LIST, RECORD or ANY (not known; never objected to).
        element: For a list: what its elements are, as a field.
        texts: The only texts it can be, when not empty.
    """

    word: str
    element: Field | None = None
    texts: tuple[str, ...] = ()


def sort_of_field(field: Field) -> Sort:
    if field.type != "list":
        return Sort(_OF_FIELD.get(field.type, ANY))
    return Sort(LIST, Field(field.of or "text", field.doc, fields=field.fields))


def sort_of_value(value: object) -> Sort:
    if isinstance(value, bool):
        return Sort(TRUTH)
    if isinstance(value, (int, float)):
        return Sort(NUMBER)
    return Sort(TEXT if isinstance(value, str) else LIST if isinstance(value, list) else ANY)


@dataclass(frozen=True)
class Unknown:
    """A name that means nothing here.

    Attributes:
        message: What is wrong, with a suggestion.
        in_field: True when the part after the dot is wrong, not the owner.
    """

    message: str
    in_field: bool = False


class Scope:
    """The names of a playbook whose tree has passed check.py."""

    def __init__(self, tree: Mapping[str, Any], declared: Declared) -> None:
        self.facts: dict[str, Probe | None] = {n: declared.probe(f["probe"]) for n, f in tree["facts"].items()}
        self.probes: dict[str, str] = {name: fact["probe"] for name, fact in tree["facts"].items()}
        self.inputs: Mapping[str, Mapping[str, Any]] = tree.get("inputs", {})
        self.limits: Mapping[str, Mapping[str, Any]] = tree.get("limits", {})
        self.answers = {name: tuple(question["choices"]) for name, question in _questions(tree)}

    def look(self, owner: str, field: str) -> Sort | Unknown:
        """What `owner.field` is, or why it is nothing; with field "" the fact itself."""
        if owner == "inputs":
            return self.input(field)
        if owner == "limits":
            if field in self.limits:
                return sort_of_value(self.limits[field]["value"])
            return Unknown(f"no limit {field}{nearest(field, self.limits)}", True)
        if owner == "answers":
            if field in self.answers:
                return Sort(TEXT, texts=self.answers[field])
            return Unknown(f"no question {field}{nearest(field, self.answers)}", True)
        return self._fact(owner, field)

    def input(self, name: str) -> Sort | Unknown:
        if name not in self.inputs:
            return Unknown(f"no input {name}{nearest(name, self.inputs)}", True)
        return Sort(_OF_INPUT.get(self.inputs[name].get("type", "text"), TEXT))

    def _fact(self, owner: str, field: str) -> Sort | Unknown:
        if owner not in self.facts:
            return Unknown(f"no fact {owner}{nearest(owner, (*self.facts, *RESERVED[:3]))}")
        probe = self.facts[owner]
        if probe is None or not field:
            return Sort(ANY)
        if field not in probe.fields:
            return Unknown(f"no field {field} in {probe.name}{nearest(field, probe.fields)}", True)
        return sort_of_field(probe.fields[field])


def _questions(tree: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, node in tree["nodes"].items():
        if "ask" in node:
            yield node["ask"].get("id", name), node["ask"]
    for cause in tree.get("causes", {}).values():
        if "ask" in cause:
            yield cause["ask"]["id"], cause["ask"]
