"""Facts for a person: every field with its unit, nested records as indented lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from techdoctor.console.paragraphs import Paragraph, show
from techdoctor.console.terminal import Terminal
from techdoctor.console.wording import status_word
from techdoctor.messages import say
from techdoctor.model import Fact, Value
from techdoctor.text import clean_line, duration, quantity

# Long lists are cut on screen; --json has them whole.
_MOST_ITEMS = 20


class FieldLike(Protocol):
    """A declared field; probes.base.Field has these attributes."""

    @property
    def unit(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, FieldLike]: ...


# Probe name to its declared fields; empty for a probe that is not known here.
FieldsOf = Callable[[str], Mapping[str, FieldLike]]


def show_facts(terminal: Terminal, facts: Mapping[str, Fact], fields_of: FieldsOf) -> None:
    """Prints facts to standard output.

    Args:
        terminal: Where to.
        facts: By name.
        fields_of: Declared fields of a probe.
    """
    for name, fact in facts.items():
        show(terminal, fact_paragraphs(name, fact, fields_of(fact.probe)), nested=True)


def fact_paragraphs(name: str, fact: Fact, fields: Mapping[str, FieldLike]) -> list[Paragraph]:
    """One fact: status, time and reason, then its fields; a field that could not be measured says why."""
    status, took = status_word(fact.status), duration(fact.duration_ms / 1000)
    if not fact.ok:
        reason = clean_line(fact.reason)
        return [Paragraph(say("table.reason", name=clean_line(name), status=status, took=took, reason=reason))]
    head = Paragraph(say("table.took", name=clean_line(name), status=status, took=took), style="bold")
    return [head, *_record(fact.data, fields, fact.gaps, 1)]


def _record(
    data: Mapping[str, Value], fields: Mapping[str, FieldLike], gaps: Mapping[str, str], level: int
) -> list[Paragraph]:
    paragraphs: list[Paragraph] = []
    for name, value in data.items():
        if value is None and name in gaps:
            text = say("table.gap", field=clean_line(name), reason=clean_line(gaps[name]))
            paragraphs.append(Paragraph(text, level))
        else:
            paragraphs += _field(name, value, fields.get(name), level)
    return paragraphs


def _field(name: str, value: Value, declared: FieldLike | None, level: int) -> list[Paragraph]:
    inner = declared.fields if declared is not None else {}
    title = clean_line(name)
    if isinstance(value, dict):
        return [Paragraph(say("table.field", field=title, value=""), level), *_record(value, inner, {}, level + 1)]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        paragraphs = [Paragraph(say("table.field", field=title, value=len(value)), level)]
        for item in value[:_MOST_ITEMS]:
            paragraphs += _item(item, inner, level + 1)
        if len(value) > _MOST_ITEMS:
            paragraphs.append(Paragraph(say("table.more", n=len(value) - _MOST_ITEMS), level + 1))
        return paragraphs
    shown = clean_line(quantity(value, declared.unit if declared is not None else ""), 1000)
    return [Paragraph(say("table.field", field=title, value=shown), level)]


def _item(item: Value, fields: Mapping[str, FieldLike], level: int) -> list[Paragraph]:
    """A record of a list: its first line marked with a dash."""
    if not isinstance(item, dict) or not item:
        return [Paragraph("- " + clean_line(str(item)), level)]
    lines = _record(item, fields, {}, level + 1)
    return [Paragraph("- " + lines[0].text, level), *lines[1:]]
