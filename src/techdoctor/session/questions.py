"""The questions and fixes a walk may come to: a blank answers file, and checking a filled one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from techdoctor.engine.batch import ANSWERS_FOR_FIXES
from techdoctor.errors import UsageError
from techdoctor.messages import say
from techdoctor.playbooks.tree import GONE, AskNode, Playbook


@dataclass(frozen=True)
class Possible:
    """A question or fix that may come up.

    Attributes:
        id: Its short id, the key in an answers file.
        names: Every key under which it may be answered.
        text: The question, or what the fix does.
        choices: Keys that may be answered.
    """

    id: str
    names: tuple[str, ...]
    text: str
    choices: tuple[str, ...]


def possible(playbooks: Mapping[str, Playbook]) -> Iterator[Possible]:
    """All questions and fixes of these playbooks, in the order of the files."""
    yield Possible(GONE, (GONE,), say("ask.gone_meaning"), ("yes", "no", "unknown"))
    for playbook in playbooks.values():
        for node in playbook.nodes.values():
            if isinstance(node, AskNode):
                yield Possible(node.question, (node.question,), node.text, (*node.choices, "unknown"))
        for cause in playbook.causes.values():
            if cause.ask is not None:
                yield Possible(cause.ask.id, (cause.ask.id,), cause.ask.text, (*cause.ask.choices, "unknown"))
            for fix in cause.fixes:
                names = (fix.id, f"{cause.id}.{fix.id}", f"{playbook.cause_id(cause.id)}/{fix.id}")
                yield Possible(fix.id, names, fix.instruct or f"{cause.title}: {fix.action}", ANSWERS_FOR_FIXES)


def check_answers(playbooks: Mapping[str, Playbook], answers: Mapping[str, str]) -> None:
    """Checks an answers file's content.

    Raises:
        UsageError: A key that no question or fix has, or a choice it does not offer; all at once.
    """
    choices: dict[str, set[str]] = {}
    for entry in possible(playbooks):
        for name in entry.names:
            choices.setdefault(name, set()).update(entry.choices)
    errors = []
    for name, choice in answers.items():
        if name not in choices:
            near = difflib.get_close_matches(name, choices, n=1)
            errors.append(
                f"answers: there is no question or fix '{name}'" + (f"; did you mean {near[0]}?" if near else "")
            )
        elif choice not in choices[name]:
            errors.append(f"answers: {name}: '{choice}' is not a choice; choose " + ", ".join(sorted(choices[name])))
    if errors:
        raise UsageError("\n".join(errors), "a blank file: techdoctor diagnose ... --print-questions")


def blank_answers(playbooks: Mapping[str, Playbook]) -> str:
    """A YAML file with every question and fix, all answered "unknown" or "skip"."""
    lines = ["# Answers for techdoctor diagnose --answers FILE. Fixes are applied only where you write yes."]
    seen: set[str] = set()
    for entry in possible(playbooks):
        if entry.id in seen:
            continue
        seen.add(entry.id)
        lines.append(f"# {' '.join(entry.text.split())} ({' | '.join(entry.choices)})")
        lines.append(f"{entry.id}: {'skip' if 'skip' in entry.choices else 'unknown'}")
    return "\n".join(lines) + "\n"
