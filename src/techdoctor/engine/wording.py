"""Filling a playbook's texts with measured values, and a judgement in words."""

from __future__ import annotations

import re

from techdoctor.engine.facts import Surroundings
from techdoctor.model import Value
from techdoctor.playbooks.condition import Operand, Verdict
from techdoctor.text import clean, clean_line, quantity

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?\}")


def fill(template: str, surroundings: Surroundings) -> str:
    """Replaces {input}, {fact.field} and {limits.name}; what is not known reads "unknown".

    Values come from the machine or the network: they are cleaned, so that no control character
    reaches a terminal.
    """

    def value_of(match: re.Match[str]) -> str:
        owner, field = match.group(1), match.group(2)
        look = surroundings.look(owner, field) if field else surroundings.look("inputs", owner)
        return clean_line(quantity(look.value, look.unit)) if look.state == "known" else "unknown"

    return clean(PLACEHOLDER.sub(value_of, template), 4000)


def shown_value(value: Value, unit: str) -> str:
    """A value in a judgement; a list of records by its length."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return f"{len(value)} entries"
    return quantity(value, unit)


def operand_text(operand: Operand) -> str:
    return f"{operand.owner}.{operand.field} is {shown_value(operand.value, operand.unit)}"


def explain(verdict: Verdict, text: str) -> str:
    """Why a condition came out as it did: its text and the values it looked at."""
    seen = [operand_text(o) for o in verdict.operands if o.owner != "limits"]
    return f"{text} ({'; '.join(seen)})" if seen else text
