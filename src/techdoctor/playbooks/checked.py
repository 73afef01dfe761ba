"""From a file's bytes to a checked tree, with everything that is wrong with it."""

from __future__ import annotations

from typing import Any

from techdoctor.errors import PlaybookError
from techdoctor.model import Value
from techdoctor.playbooks.check import check
from techdoctor.playbooks.crosscheck import cross_check
from techdoctor.playbooks.declared import Declared, Registered
from techdoctor.playbooks.index import Entry
from techdoctor.playbooks.problem import Problem
from techdoctor.playbooks.strict_yaml import Document, parse


def examine(content: bytes, file: str, declared: Declared | None = None) -> tuple[Document, dict[str, Any]]:
    """Reads and checks a playbook.

    Args:
        content: The file's bytes.
        file: Its name for messages.
        declared: Probes and actions; those of this program when not given.

    Returns:
        The document with all its problems, and the sound part of its tree: the whole of it when
        there are no problems.
    """
    document = parse(content, file)
    if document.tree is None and document.problems:
        return document, {}
    sound = check(document)
    cross_check(document, sound, declared or Registered())
    return document, sound


def checked_tree(
    content: bytes, file: str, declared: Declared | None = None
) -> tuple[dict[str, Value] | None, list[Problem]]:
    """The tree of a playbook with the probes' defaults filled in (None when it cannot be used), and all problems."""
    document, sound = examine(content, file, declared)
    if document.problems:
        return None, document.problems
    return fill_in(sound, declared or Registered()), []


def head_of(content: bytes, file: str) -> Entry:
    """The index entry of a file; only what the entry needs must be right.

    Raises:
        PlaybookError: The file is not YAML, or its head has no usable id and title.
    """
    document = parse(content, file)
    if not document.problems:
        entry = Entry.from_json(document.tree)
        if entry is not None:
            return entry
        check(document)
    raise PlaybookError("\n".join(str(problem) for problem in document.problems))


def fill_in(tree: dict[str, Any], declared: Declared) -> dict[str, Any]:
    """Writes what the probes declare into each fact that is silent about it."""
    for fact in tree["facts"].values():
        probe = declared.probe(fact["probe"])
        if probe is not None:
            fact.setdefault("cost", probe.cost)
            fact.setdefault("alone", probe.alone)
            fact["network"] = probe.network
            fact["timeout_s"] = probe.timeout_s
    return tree
