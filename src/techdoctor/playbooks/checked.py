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
from techdoctor.playbooks.strict_yaml import parse


def checked_tree(
    content: bytes, file: str, declared: Declared | None = None
) -> tuple[dict[str, Value] | None, list[Problem]]:
    """Reads and checks a playbook.

    Args:
        content: The file's bytes.
        file: Its name for messages.
        declared: Probes and actions; those of this program when not given.

    Returns:
        The tree with the probes' defaults filled in (None when it cannot be used), and all problems.
    """
    document = parse(content, file)
    if document.problems:
        return None, document.problems
    check(document)
    if document.problems or not isinstance(document.tree, dict):
        return None, document.problems
    known = declared or Registered()
    cross_check(document, document.tree, known)
    if document.problems:
        return None, document.problems
    return fill_in(document.tree, known), []


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
