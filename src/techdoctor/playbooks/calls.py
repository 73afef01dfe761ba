"""Checks what is handed to probes and actions, and what texts refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from techdoctor.playbooks.forms import ID, described
from techdoctor.playbooks.problem import nearest
from techdoctor.playbooks.scope import ANY, LIST, NUMBER, TEXT, TRUTH, Scope, Sort, Unknown, sort_of_value
from techdoctor.probes.base import Parameter

_REFERENCE = re.compile(rf"\$({ID})(?:\.({ID}))?")
# {input}, {fact.field}, {limits.name}, and slips of them; `{}` and `{print $1}` in a shown command are text.
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][\w.]*)\}")
_PLACE = re.compile(rf"({ID})(?:\.({ID}))?")
_OF_PARAMETER = {"int": NUMBER, "float": NUMBER, "bool": TRUTH, "list": LIST}


def reference(text: str) -> tuple[str, str] | None:
    """Owner and field of "$fact.field", ("inputs", name) of "$name"; None for a literal.

    Raises:
        ValueError: It begins with $ and is neither.
    """
    if not text.startswith("$"):
        return None
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f"{described(text)} is not a reference; write $input or $fact.field")
    return (match.group(1), match.group(2)) if match.group(2) else ("inputs", match.group(1))


def check_parameters(
    given: Mapping[str, Any],
    declared: Mapping[str, Parameter],
    callee: str,
    scope: Scope,
    report: Callable[[str, str], None],
) -> None:
    """Checks the `with:` of a fact or a fix.

    Args:
        given: Parameter name to literal or reference.
        declared: What the probe or action takes.
        callee: Its name, for messages.
        scope: What references mean.
        report: Called with the parameter's name ("" for the whole call) and the message.
    """
    for name, value in given.items():
        if name not in declared:
            report(name, f"no parameter {name} in {callee}{nearest(name, declared)}")
            continue
        message = _objection(value, declared[name], scope)
        if message:
            report(name, message)
    for name, parameter in declared.items():
        if parameter.required and name not in given:
            report("", f"{callee} needs the parameter '{name}': {parameter.doc}")


def _objection(value: Any, parameter: Parameter, scope: Scope) -> str:
    wanted = _OF_PARAMETER.get(parameter.type, TEXT)
    sort: Sort | Unknown = sort_of_value(value)
    if isinstance(value, str):
        try:
            named = reference(value)
        except ValueError as error:
            return str(error)
        if named is not None:
            sort = scope.look(*named)
        elif parameter.choices and value not in parameter.choices:
            return f"{described(value)} is not one of {', '.join(parameter.choices)}"
    if isinstance(sort, Unknown):
        return sort.message
    if sort.word not in (wanted, ANY):
        return f"needs {wanted}, not {sort.word}"
    if parameter.type == "int" and isinstance(value, float):
        return f"needs a whole number, not {described(value)}"
    return ""


def placeholders(text: str) -> list[tuple[str, str]]:
    """Owner and field of every {fact.field} in a text, ("inputs", name) of every {name}."""
    places = (_PLACE.fullmatch(match.group(1)) for match in _PLACEHOLDER.finditer(text))
    return [(p.group(1), p.group(2)) if p.group(2) else ("inputs", p.group(1)) for p in places if p]


def check_text(text: str, scope: Scope, report: Callable[[str, int], None]) -> None:
    """Checks the {placeholders} of a text; `report` gets the message and the column within the text."""
    for match in _PLACEHOLDER.finditer(text):
        place = _PLACE.fullmatch(match.group(1))
        if place is None:
            report(f"'{match.group(0)}' is not a placeholder; write {{input}} or {{fact.field}}", match.start())
            continue
        owner, field = place.groups()
        found = scope.look(owner, field) if field else scope.input(owner)
        if isinstance(found, Unknown):
            hint = f"; write a field, like {{{owner}.ok}}" if not field and owner in scope.facts else ""
            report(f"{found.message}{hint}", match.start() + 1)
