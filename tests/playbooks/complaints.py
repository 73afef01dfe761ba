"""Everyday complaints and the playbook each is about; an index of all playbooks of the catalogue to search in.

`TRIED` was looked at while the synonyms were written, `HELD_OUT` was written before and never tuned to.
"""

from __future__ import annotations

from pathlib import Path

from techdoctor.playbooks.index import Entry


def _rows(name: str) -> list[list[str]]:
    table = (Path(__file__).parent / "cases" / f"{name}.txt").read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


INDEX = [Entry(name, title, tuple(s.strip() for s in symptoms.split(";"))) for name, title, symptoms in _rows("books")]
TRIED = [(words, name) for words, name in _rows("tried")]
HELD_OUT = [(words, name) for words, name in _rows("held_out")]
