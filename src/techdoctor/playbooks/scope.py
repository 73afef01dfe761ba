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
    """The names of a playbook.

    Args:
        sound: The part of the file that has passed check.py.
        written: The whole tree as written. A name that stands there, but not in `sound`, is known
            and can be anything: its own mistake is reported already.
        declared: The probes there are.

    Attributes:
        facts: Fact name to its probe; None when that is not known.
        inputs, limits, nodes, causes: As in the file; None for what is not sound.
        answers: Question id to its choices; empty when not known.
    """

    def __init__(self, sound: Mapping[str, Any], written: object, declared: Declared) -> None:
        self.inputs = _named(sound, written, "inputs")
        self.limits = _named(sound, written, "limits")
        self.nodes = _named(sound, written, "nodes")
        self.causes = _named(sound, written, "causes")
        self.facts: dict[str, Probe | None] = {
            name: declared.probe(fact["probe"]) if fact and "probe" in fact else None
            for name, fact in _named(sound, written, "facts").items()
        }
        self.answers = {name: tuple(question.get("choices", ())) for name, question in questions(sound)}
        for name, _ in questions(written):
            self.answers.setdefault(name, ())
        self.fixes = list(fix_ids(written))

    def look(self, owner: str, field: str) -> Sort | Unknown:
        """What `owner.field` is, or why it is nothing; with field "" the fact itself."""
        if owner == "inputs":
            return self.input(field)
        if owner == "limits":
            if field in self.limits:
                limit = self.limits[field]
                return sort_of_value(limit["value"]) if limit and "value" in limit else Sort(ANY)
            return Unknown(f"no limit {field}{nearest(field, self.limits)}", True)
        if owner == "answers":
            if field in self.answers:
                return Sort(TEXT, texts=self.answers[field])
            return Unknown(f"no question {field}{nearest(field, self.answers)}", True)
        return self._fact(owner, field)

    def input(self, name: str) -> Sort | Unknown:
        if name not in self.inputs:
            return Unknown(f"no input {name}{nearest(name, self.inputs)}", True)
        entry = self.inputs[name]
        return Sort(_OF_INPUT.get(entry.get("type", "text"), TEXT)) if entry else Sort(ANY)

    def _fact(self, owner: str, field: str) -> Sort | Unknown:
        if owner not in self.facts:
            return Unknown(f"no fact {owner}{nearest(owner, (*self.facts, *RESERVED[:3]))}")
        probe = self.facts[owner]
        if probe is None or not field:
            return Sort(ANY)
        if field not in probe.fields:
            return Unknown(f"no field {field} in {probe.name}{nearest(field, probe.fields)}", True)
        return sort_of_field(probe.fields[field])


def _named(sound: Mapping[str, Any], written: object, part: str) -> dict[str, Mapping[str, Any] | None]:
    return {name: sound.get(part, {}).get(name) for name, _ in _entries(written, part)}


def _entries(tree: object, part: str) -> Iterator[tuple[str, Any]]:
    """Name and value of each entry of a part, however wrong the tree is."""
    entries = tree.get(part) if isinstance(tree, Mapping) else None
    if isinstance(entries, Mapping):
        yield from entries.items()


def questions(tree: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every question with its id."""
    for part in ("nodes", "causes"):
        for name, entry in _entries(tree, part):
            ask = entry.get("ask") if isinstance(entry, Mapping) else None
            if isinstance(ask, Mapping):
                yield str(ask.get("id", name)), ask


def fix_ids(tree: object) -> Iterator[str]:
    """The ids of all fixes of all causes."""
    for _, cause in _entries(tree, "causes"):
        fixes = cause.get("fix") if isinstance(cause, Mapping) else None
        for fix in fixes if isinstance(fixes, list) else ():
            if isinstance(fix, Mapping) and isinstance(fix.get("id"), str):
                yield fix["id"]
