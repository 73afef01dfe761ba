"""The playbook of design.md 5.1, to be broken in many ways."""

from __future__ import annotations

from pathlib import Path

from techdoctor.playbooks.checked import examine
from techdoctor.playbooks.problem import Problem

DNS = (Path(__file__).parent / "cases" / "net.dns.yaml").read_text(encoding="utf-8")

# Everything a playbook needs, and nothing else.
SMALL = """\
schema: techdoctor.playbook/1
id: net.small
version: 1.0.0
title: A small playbook
facts: {link: {probe: net.link}}
start: ending
nodes: {ending: {end: escalate}}
"""


def edited(*edits: tuple[str, str], text: str = DNS) -> bytes:
    """The sample with each (old, new) put in once; the old text must be there."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


def problems(content: bytes) -> list[Problem]:
    """All problems of a file called x.yaml."""
    return examine(content, "x.yaml")[0].problems


def messages(content: bytes) -> list[str]:
    return [str(problem) for problem in problems(content)]
