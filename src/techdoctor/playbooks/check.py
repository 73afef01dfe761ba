"""Checks a raw tree against the field table: every mistake at once, each at its place."""

from __future__ import annotations

import re

from techdoctor.model import Value
from techdoctor.playbooks.fields import KINDS, LIST, MAP, Choice, Key, Kind
from techdoctor.playbooks.forms import DOTTED, FORMS, ID, described
from techdoctor.playbooks.problem import Path, nearest
from techdoctor.playbooks.strict_yaml import Document

# Form of a MAP's keys.
NAME_PATTERNS = {"id": ID, "parameter": ID, "fact key": rf"(?:{DOTTED}:)?{ID}"}
_NAME_WORDS = "a name is small letters, digits and _, beginning with a letter"


def check(document: Document) -> None:
    """Notes every deviation from the field table in the document's problems."""
    if not isinstance(document.tree, dict):
        document.problem((), f"a playbook is a mapping, not {described(document.tree)}")
        return
    _Checker(document).mapping(document.tree, "playbook", ())


class _Checker:
    def __init__(self, document: Document) -> None:
        self._document = document

    def mapping(self, value: Value, kind_name: str, path: Path) -> None:
        kind = KINDS[kind_name]
        if not isinstance(value, dict):
            self._document.problem(path, f"{kind.title} is a mapping, not {described(value)}")
            return
        if isinstance(kind, Choice):
            told = [key for key in kind.kinds if key in value]
            if len(told) != 1:
                self._document.problem(path, _not_told(kind, value, told))
                return
            self.mapping(value, kind.kinds[told[0]], path)
            return
        self._keys(value, kind, path)
        for name, inner in value.items():
            if name in kind.keys:
                self._entry(inner, kind.keys[name], (*path, name))

    def _keys(self, value: dict[str, Value], kind: Kind, path: Path) -> None:
        for name in value:
            if name not in kind.keys:
                message = f"{kind.title} has no key '{name[:60]}'{nearest(name, kind.keys)}"
                self._document.problem((*path, name), message, at_key=True)
        for name, key in kind.keys.items():
            if key.required and name not in value:
                self._document.problem(path, f"'{name}' is missing: {key.doc[0].lower()}{key.doc[1:]}")
        for group in kind.one_of:
            given = [name for name in group if name in value]
            if len(given) != 1:
                wanted = " or ".join(f"'{name}'" for name in group)
                self._document.problem(path, f"{kind.title} needs exactly one of {wanted}")

    def _entry(self, value: Value, key: Key, path: Path) -> None:
        if key.shape == LIST:
            if not isinstance(value, list):
                self._document.problem(path, f"needs a list, not {described(value)}")
                return
            for index, item in enumerate(value):
                self._single(item, key, (*path, index))
        elif key.shape == MAP:
            if not isinstance(value, dict):
                self._document.problem(path, f"needs a mapping, not {described(value)}")
                return
            for name, item in value.items():
                if not re.fullmatch(NAME_PATTERNS[key.names], name):
                    self._document.problem((*path, name), f"'{name[:60]}' is not a name; {_NAME_WORDS}", at_key=True)
                self._single(item, key, (*path, name))
        else:
            self._single(value, key, path)

    def _single(self, value: Value, key: Key, path: Path) -> None:
        if key.type in KINDS:
            self.mapping(value, key.type, path)
            return
        form = FORMS[key.type]
        objection = form.objection(value)
        if not objection and key.type == "true" and value is not True:
            objection = f"needs true, not {described(value)}"
        if not objection and key.type == "times" and not (isinstance(value, int) and 1 <= value <= 20):
            objection = f"needs {form.words}, not {described(value)}"
        if not objection and key.enum and value not in key.enum:
            objection = f"{described(value)} is not one of {', '.join(key.enum)}{_meant(str(value), key.enum)}"
        if objection:
            self._document.problem(path, objection)


def _meant(word: str, options: tuple[str, ...]) -> str:
    suggestion = nearest(word, options)
    return suggestion if "did you mean" in suggestion else ""


def _not_told(kind: Choice, value: dict[str, Value], told: list[str]) -> str:
    options = ", ".join(kind.kinds)
    if told:
        return f"{kind.title} has only one of {options}; this one has {', '.join(told)}"
    near = next((hint for name in value if "did you mean" in (hint := nearest(name, kind.kinds))), "")
    return f"{kind.title} needs one of {options}{near}"
