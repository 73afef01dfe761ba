"""Which facts, inputs and limits a playbook really uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from techdoctor.playbooks.calls import placeholders, reference
from techdoctor.playbooks.condition import Condition, compile_condition

_TEXTS = ("say", "why", "text", "title", "detail", "instruct")
_CONDITIONS = ("when", "confirm", "rule_out", "until")


def used_names(tree: Mapping[str, Any]) -> set[tuple[str, str]]:
    """("facts" | "inputs" | "limits", name) for every name that something in a sound tree looks at."""
    used = {("facts", tree["verify"]["fact"])} if "verify" in tree else set()
    for part in ("nodes", "causes", "verify"):
        used.update(_in_rules(tree.get(part, {})))
    for fact in tree["facts"].values():
        used.update(("facts", name) for name in fact.get("after", ()))
        used.update(_in_parameters(fact))
    return used


def _in_rules(value: Any) -> Iterator[tuple[str, str]]:
    """Everything named in a part of the tree, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from _in_rules(item)
    if not isinstance(value, Mapping):
        return
    yield from _in_parameters(value)
    for key, inner in value.items():
        if key in _CONDITIONS and isinstance(inner, str):
            yield from _in_condition(compile_condition(inner))
        elif key in _TEXTS and isinstance(inner, str):
            yield from (_use(*named) for named in placeholders(inner))
        else:
            yield from _in_rules(inner)


def _in_condition(condition: Condition) -> Iterator[tuple[str, str]]:
    return (_use(name.owner, name.field) for name in condition.names if not name.element)


def _in_parameters(call: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = call.get("with")
    for value in given.values() if isinstance(given, Mapping) else ():
        named = reference(value) if isinstance(value, str) else None
        if named is not None:
            yield _use(*named)


def _use(owner: str, field: str) -> tuple[str, str]:
    return (owner, field) if owner in ("inputs", "limits") else ("facts", owner)
