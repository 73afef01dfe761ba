"""Checks a raw tree against the field table: every mistake at once, each at its place."""

from __future__ import annotations

import re
from typing import Any

from techdoctor.model import Value
from techdoctor.playbooks.fields import KINDS, LIST, MAP, Choice, Key, Kind
from techdoctor.playbooks.forms import DOTTED, FORMS, ID, described
from techdoctor.playbooks.problem import Path, nearest
from techdoctor.playbooks.strict_yaml import Document

# Form of a MAP's keys.
NAME_PATTERNS = {"id": ID, "parameter": ID, "fact key": rf"(?:{DOTTED}:)?{ID}"}
_NAME_WORDS = "a name is small letters, digits and _, beginning with a letter"


def check(document: Document) -> dict[str, Any]:
    """Notes every deviation from the field table in the document's problems.

    Returns:
        The sound part of the tree, so that what stands in it can be checked further: a value of the
        wrong form is left out, a wrong list item is None. Required keys can be missing.
    """
    if not isinstance(document.tree, dict):
        if document.tree is not None or not document.problems:
            document.problem((), f"a playbook is a mapping, not {described(document.tree)}")
        return {}
    before = len(document.problems)
    sound = _Checker(document).mapping(document.tree, "playbook", ())
    # What the YAML reader refused has no value: saying that it has the wrong form helps nobody.
    document.problems[before:] = [p for p in document.problems[before:] if p.path not in document.unread]
    return sound if isinstance(sound, dict) else {}


class _Unsound:
    """Stands for a value that cannot be checked further."""


_UNSOUND = _Unsound()


class _Checker:
    def __init__(self, document: Document) -> None:
        self._document = document

    def mapping(self, value: Value, kind_name: str, path: Path) -> Any:
        kind = KINDS[kind_name]
        if not isinstance(value, dict):
            self._document.problem(path, f"{kind.title} is a mapping, not {described(value)}")
            return _UNSOUND
        if isinstance(kind, Choice):
            told = [key for key in kind.kinds if key in value]
            if len(told) != 1:
                self._document.problem(path, _not_told(kind, value, told))
                return _UNSOUND
            return self.mapping(value, kind.kinds[told[0]], path)
        self._keys(value, kind, path)
        sound: dict[str, Any] = {}
        for name, inner in value.items():
            if name in kind.keys:
                checked = self._entry(inner, kind.keys[name], (*path, name))
                if checked is not _UNSOUND:
                    sound[name] = checked
        return sound

    def _keys(self, value: dict[str, Value], kind: Kind, path: Path) -> None:
        """Reports keys that are unknown or missing."""
        for name in value:
            if name not in kind.keys:
                broken = any(sign in name for sign in "()[]=<>'\"")
                hint = "; a value with a comma or a brace needs quotes" if broken else nearest(name, kind.keys)
                message = f"{kind.title} has no key '{name[:60]}'{hint}"
                self._document.problem((*path, name), message, at_key=True)
        for name, key in kind.keys.items():
            if key.required and name not in value:
                self._document.problem(path, f"'{name}' is missing: {key.doc[0].lower()}{key.doc[1:]}")
        for group in kind.one_of:
            given = [name for name in group if name in value]
            if len(given) != 1:
                wanted = " or ".join(f"'{name}'" for name in group)
                self._document.problem(path, f"{kind.title} needs exactly one of {wanted}")

    def _entry(self, value: Value, key: Key, path: Path) -> Any:
        if key.shape == LIST:
            if not isinstance(value, list):
                self._document.problem(path, f"needs a list, not {described(value)}")
                return _UNSOUND
            items = [self._single(item, key, (*path, index)) for index, item in enumerate(value)]
            return [None if item is _UNSOUND else item for item in items]
        if key.shape == MAP:
            return self._map(value, key, path)
        return self._single(value, key, path)

    def _map(self, value: Value, key: Key, path: Path) -> Any:
        if not isinstance(value, dict):
            self._document.problem(path, f"needs a mapping, not {described(value)}")
            return _UNSOUND
        sound: dict[str, Any] = {}
        for name, item in value.items():
            if not re.fullmatch(NAME_PATTERNS[key.names], name):
                self._document.problem((*path, name), f"'{name[:60]}' is not a name; {_NAME_WORDS}", at_key=True)
            checked = self._single(item, key, (*path, name))
            if checked is not _UNSOUND:
                sound[name] = checked
        return sound

    def _single(self, value: Value, key: Key, path: Path) -> Any:
        if key.type in KINDS:
            return self.mapping(value, key.type, path)
        form = FORMS[key.type]
        objection = form.objection(value)
        if not objection and key.type == "true" and value is not True:
            objection = f"needs true, not {described(value)}"
        if not objection and key.type == "times" and not (isinstance(value, int) and 1 <= value <= 20):
            objection = f"needs {form.words}, not {described(value)}"
        if objection:
            self._document.problem(path, objection)
            return _UNSOUND
        if key.enum and value not in key.enum:
            message = f"{described(value)} is not one of {', '.join(key.enum)}{_meant(str(value), key.enum)}"
            self._document.problem(path, message)
        return value


def _meant(word: str, options: tuple[str, ...]) -> str:
    suggestion = nearest(word, options)
    return suggestion if "did you mean" in suggestion else ""


def _not_told(kind: Choice, value: dict[str, Value], told: list[str]) -> str:
    options = ", ".join(kind.kinds)
    if told:
        return f"{kind.title} has only one of {options}; this one has {', '.join(told)}"
    near = next((hint for name in value if "did you mean" in (hint := nearest(name, kind.kinds))), "")
    return f"{kind.title} needs one of {options}{near}"
