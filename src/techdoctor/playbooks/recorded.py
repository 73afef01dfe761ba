"""Checks the tests in a playbook's file: recorded facts must be facts the probes can give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from techdoctor.model import OK, STATUSES
from techdoctor.playbooks.forms import described
from techdoctor.playbooks.problem import Path, nearest
from techdoctor.playbooks.scope import Scope
from techdoctor.playbooks.strict_yaml import Document
from techdoctor.playbooks.tree import GONE
from techdoctor.probes.base import Field

_PYTHON: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "text": (str,),
    "list": (list,),
    "record": (dict,),
}
_WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "list": "a list",
    "record": "a mapping",
}


def check_test(document: Document, test: Mapping[str, Any], path: Path, scope: Scope) -> None:
    """Notes every mistake in one entry of `tests:`.

    Args:
        document: Where problems are noted.
        test: The entry.
        path: Its place.
        scope: What its names mean.
    """
    _Test(document, scope).check(test, path)


class _Test:
    def __init__(self, document: Document, scope: Scope) -> None:
        self._document = document
        self._scope = scope
        self._calls = any("call" in node or _has_call(node.get("branch", ())) for node in scope.nodes.values() if node)

    def check(self, test: Mapping[str, Any], path: Path) -> None:
        self._facts(test.get("facts", {}), (*path, "facts"))
        for fix, facts in test.get("after", {}).items():
            place: Path = (*path, "after", fix)
            self._known(fix, self._scope.fixes, "fix", place)
            if isinstance(facts, dict):
                self._facts(facts, place)
            else:
                self._document.problem(place, f"needs a mapping of facts, not {described(facts)}")
        for answered in test.get("answers", {}):
            options = [*self._scope.answers, *self._scope.fixes, GONE]
            self._known(answered, options, "question or fix", (*path, "answers", answered))
        for name in test.get("inputs", {}):
            if name not in self._scope.inputs:
                message = f"no input {name}{nearest(name, self._scope.inputs)}"
                self._document.problem((*path, "inputs", name), message, at_key=True)
        self._expect(test.get("expect", {}), (*path, "expect"))

    def _known(self, name: str, options: Iterable[str], what: str, path: Path) -> None:
        """A test that walks a called playbook may name that one's fixes and questions, too."""
        if name not in set(options) and not self._calls:
            self._document.problem(path, f"no {what} {name}{nearest(name, options)}", at_key=True)

    def _facts(self, facts: Mapping[str, Any], path: Path) -> None:
        for name, data in facts.items():
            place = (*path, name)
            if ":" in name:
                continue  # a called playbook's fact: run_tests sees that playbook
            if name not in self._scope.facts:
                self._document.problem(place, f"no fact {name}{nearest(name, self._scope.facts)}", at_key=True)
            elif isinstance(data, str):
                if data not in STATUSES or data == OK:
                    self._document.problem(place, f"no status {data}{nearest(data, STATUSES[1:])}")
            elif isinstance(data, dict):
                probe = self._scope.facts[name]
                if probe is not None:
                    self._record(data, probe.fields, probe.name, place)
            else:
                self._document.problem(place, f"needs a mapping of fields or a status, not {described(data)}")

    def _record(self, data: Mapping[str, Any], fields: Mapping[str, Field], owner: str, path: Path) -> None:
        for name, value in data.items():
            if name not in fields:
                message = f"no field {name} in {owner}{nearest(name, fields)}"
                self._document.problem((*path, name), message, at_key=True)
                continue
            self._value(value, fields[name], f"{owner}.{name}", (*path, name))

    def _value(self, value: Any, field: Field, owner: str, path: Path) -> None:
        if value is None:
            return  # not measured
        fits = isinstance(value, _PYTHON.get(field.type, (object,)))
        if not fits or (isinstance(value, bool) and field.type != "bool"):
            self._document.problem(path, f"{owner} is {_WORDS.get(field.type, field.type)}, not {described(value)}")
        elif field.type == "record":
            self._record(value, field.fields, owner, path)
        elif field.type == "list":
            element = Field(field.of or "text", field.doc, fields=field.fields)
            for index, item in enumerate(value):
                self._value(item, element, owner, (*path, index))

    def _expect(self, expect: Mapping[str, Any], path: Path) -> None:
        named: list[tuple[Path, str]] = [(("cause",), expect["cause"])] if expect.get("cause") else []
        for key in ("findings", "not_judged"):
            named += [((key, index), cause) for index, cause in enumerate(expect.get(key, ()))]
        for place, cause in named:
            if cause and "." not in cause and cause not in self._scope.causes:
                self._document.problem((*path, *place), f"no cause {cause}{nearest(cause, self._scope.causes)}")
        for index, fix in enumerate(expect.get("fixes", ())):
            if fix:
                self._known(fix, self._scope.fixes, "fix", (*path, "fixes", index))
        for index, node in enumerate(expect.get("path", ())):
            if node and ":" not in node:
                self._known(node, self._scope.nodes, "node", (*path, "path", index))


def _has_call(entries: Iterable[Mapping[str, Any]]) -> bool:
    return any(entry and "call" in entry for entry in entries)
