"""Strict YAML: plain data with YAML 1.2 scalars, and the line and column of every path.

`no` and `12:30` are text; duplicate keys, aliases, anchors, tags, a second document, oversized files and
deep nesting are refused. The parser's events are read one by one, so a bomb costs nothing: aliases are
never followed, and reading stops where the nesting becomes too deep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from techdoctor.model import Value
from techdoctor.playbooks.forms import MAX_FILE_BYTES
from techdoctor.playbooks.problem import Path, Problem, shown

MAX_DEPTH = 20
# More mistakes than these help nobody; reading stops.
MAX_PROBLEMS = 200

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# YAML 1.2.2, section 10.3.2 (core schema); 18 digits stay exact in every JSON reader's 64 bits.
_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_OCTAL_OR_HEX = re.compile(r"0(?:o[0-7]{1,18}|x[0-9a-fA-F]{1,15})\Z")
_FLOAT = re.compile(r"[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]{1,2})?|[0-9]+[eE][-+]?[0-9]{1,2})\Z")
_NUMERIC_START = frozenset("0123456789+-.")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Mark:
    """Where a value stands.

    Attributes:
        line: 1-based.
        column: 1-based, of the value's first character (of the quote, if quoted).
        lead: Characters between `column` and the value's first character.
        exact: True when the n-th character of the value stands n columns further.
    """

    line: int
    column: int
    lead: int = 0
    exact: bool = False


@dataclass
class Document:
    """A file as plain data.

    Attributes:
        file: The file's name for messages.
        tree: Mappings, lists and scalars; None when nothing could be read.
        values: Path to the parser's event of its value.
        keys: Path of a mapping's entry to the parser's event of its key.
        problems: Everything that was refused.
        unread: Paths, as shown, whose value was refused and stands as None in the tree.
    """

    file: str
    tree: Value = None
    values: dict[Path, Any] = field(default_factory=dict)
    keys: dict[Path, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def mark(self, path: Path, *, at_key: bool = False) -> Mark | None:
        """Where the value, or the key, of a path stands; None when the path is not in the file."""
        event = (self.keys if at_key else self.values).get(path)
        return None if event is None else _mark_of(event)

    def problem(self, path: Path, message: str, *, at_key: bool = False, offset: int = 0, level: str = "error") -> None:
        """Notes a problem at a path, or at the nearest place above it that is in the file.

        Args:
            path: Where in the tree.
            message: What is wrong.
            at_key: True to point at the entry's key, not at its value.
            offset: Characters into the value, where that can be told.
            level: problem.ERROR or problem.WARNING.
        """
        place = path
        mark = self.mark(place, at_key=at_key)
        while mark is None and place:
            place, offset = place[:-1], 0
            mark = self.mark(place)
        mark = mark or Mark(1, 1)
        column = mark.column + (mark.lead + offset if mark.exact and offset else 0)
        self.problems.append(Problem(self.file, mark.line, column, shown(path), message, level))


def parse(content: bytes, file: str) -> Document:
    """Reads a file's content. Never raises: what is refused stands in `problems`."""
    document = Document(file)
    if len(content) > MAX_FILE_BYTES:
        document.problem((), f"the file is larger than {MAX_FILE_BYTES} bytes")
        return document
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        document.problems.append(Problem(file, line, column, "", "not UTF-8 text"))
        return document
    try:
        document.tree = _Reader(document).read(text)
    except yaml.YAMLError as error:
        document.problems.append(_syntax_problem(document, text, error))
    return document


class _Stop(Exception):
    """Reading further makes no sense; the problem is noted."""


def _syntax_problem(document: Document, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    words = ": ".join(w for w in (getattr(error, "context", None), getattr(error, "problem", None)) if w)
    if mark is not None:
        return Problem(document.file, mark.line + 1, mark.column + 1, "", f"not YAML: {words}")
    position = getattr(error, "position", 0) or 0
    before = text[:position]
    reason = getattr(error, "reason", None) or str(error)
    return Problem(
        document.file, before.count("\n") + 1, position - before.rfind("\n"), "", f"not YAML: {str(reason)[:200]}"
    )


class _Reader:
    """Builds the tree from the parser's events."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._events: Any = None
        self._suspicious = False

    def read(self, text: str) -> Value:
        self._suspicious = _CONTROL.search(text) is not None
        self._events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        tree: Value = None
        documents = 0
        try:
            for event in self._events:
                if not isinstance(event, yaml.DocumentStartEvent):
                    continue
                documents += 1
                if documents > 1:
                    self._refuse(event, (), "a second document in one file is not allowed")
                    break
                tree = self._value(next(self._events), (), 0)
        except _Stop:
            return None
        return tree

    def _refuse(self, event: Any, path: Path, message: str) -> None:
        mark = event.start_mark
        problems = self._document.problems
        problems.append(Problem(self._document.file, mark.line + 1, mark.column + 1, shown(path), message))
        if len(problems) >= MAX_PROBLEMS:
            raise _Stop

    def _value(self, event: Any, path: Path, depth: int) -> Value:
        if type(event) is yaml.AliasEvent:
            self._refuse(event, path, f"aliases (*{event.anchor}) are not allowed; write the value out")
            self._document.unread.add(shown(path))
            return None
        if event.anchor is not None:
            self._refuse(event, path, f"anchors (&{event.anchor}) are not allowed")
        if event.tag is not None:
            self._refuse(event, path, f"tags ({event.tag}) are not allowed")
        self._document.values[path] = event
        if type(event) is yaml.ScalarEvent:
            return self._scalar(event, path)
        if depth >= MAX_DEPTH:
            self._refuse(event, path, f"nested more than {MAX_DEPTH} deep")
            raise _Stop
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return self._mapping(path, depth)

    def _sequence(self, path: Path, depth: int) -> Value:
        items: list[Value] = []
        for event in self._events:
            if type(event) is yaml.SequenceEndEvent:
                break
            items.append(self._value(event, (*path, len(items)), depth + 1))
        return items

    def _mapping(self, path: Path, depth: int) -> Value:
        entries: dict[str, Value] = {}
        for event in self._events:
            if type(event) is yaml.MappingEndEvent:
                break
            key = self._key(event, path, depth)
            inner = (*path, key)
            if key in entries:
                first = self._document.keys[inner].start_mark.line + 1
                self._refuse(event, inner, f"the key '{key}' stands twice; first in line {first}")
                self._value(next(self._events), (*path, f"{key} (again)"), depth + 1)
                continue
            self._document.keys[inner] = event
            entries[key] = self._value(next(self._events), inner, depth + 1)
        return entries

    def _key(self, event: Any, path: Path, depth: int) -> str:
        """A key is its text as written: `no:` and `404:` are the keys "no" and "404"."""
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, path, "a key must be plain text")
            self._value(event, (*path, "?"), depth + 1)
            return "?"
        if event.anchor is not None or event.tag is not None:
            self._refuse(event, path, "anchors and tags are not allowed")
        return str(event.value)

    def _scalar(self, event: Any, path: Path) -> Value:
        text: str = event.value
        # Raw ones are the parser's to refuse or are found in the file as a whole; escaped ones only here.
        if (self._suspicious or event.style == '"') and _CONTROL.search(text):
            self._refuse(event, path, "control characters are not allowed")
        return text if event.style else plain_scalar(text)


def plain_scalar(text: str) -> Value:
    """The value of an unquoted scalar by the core schema of YAML 1.2.

    Source: YAML 1.2.2, section 10.3.2. Infinity, not-a-number and numbers beyond 64 bits stay text:
    JSON has no place for them.
    """
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in _NUMERIC_START:
        return text
    if _INT.match(text):
        return int(text)
    if _OCTAL_OR_HEX.match(text):
        return int(text, 0)
    if len(text) <= 40 and _FLOAT.match(text):
        return float(text)
    return text


def _mark_of(event: Any) -> Mark:
    start, end = event.start_mark, event.end_mark
    if not isinstance(event, yaml.ScalarEvent) or start.line != end.line:
        return Mark(start.line + 1, start.column + 1)
    lead = 1 if event.style else 0
    exact = end.column - start.column == len(event.value) + 2 * lead
    return Mark(start.line + 1, start.column + 1, lead, exact)
