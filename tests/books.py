"""Small playbooks for engine tests, built without files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from techdoctor.authoring.simulate import Simulated, simulate
from techdoctor.playbooks.condition import Condition, compile_condition
from techdoctor.playbooks.tree import (
    AskNode,
    BranchEntry,
    BranchNode,
    CallNode,
    Cause,
    CausesNode,
    EndNode,
    FactSpec,
    Fix,
    InputSpec,
    Node,
    Playbook,
    Question,
    Test,
    Verify,
)


def when(text: str | None) -> Condition | None:
    return None if text is None else compile_condition(text)


def fact(name: str, **more: Any) -> FactSpec:
    return FactSpec(name, more.pop("probe", f"test.{name}"), **more)


def branch(name: str, *entries: tuple[str | None, str]) -> BranchNode:
    """Entries are (condition or None, "node" or "call:playbook" or "call:playbook>node")."""
    made = []
    for condition, target in entries:
        if target.startswith("call:"):
            callee, _, then = target[5:].partition(">")
            made.append(BranchEntry(when(condition), call=callee, then=then))
        else:
            made.append(BranchEntry(when(condition), goto=target))
    return BranchNode(name, tuple(made))


def cause(name: str, confirm: str, **more: Any) -> Cause:
    fixes = tuple(more.pop("fixes", ()))
    rule_out = when(more.pop("rule_out", None))
    return Cause(name, f"title of {name}", compile_condition(confirm), rule_out=rule_out, fixes=fixes, **more)


def instruct(name: str, **more: Any) -> Fix:
    return Fix(name, instruct=f"do {name}", when=when(more.pop("when", None)), **{"risk": "none", **more})


def book(
    name: str,
    facts: Sequence[FactSpec],
    nodes: Sequence[Node],
    causes: Sequence[Cause] = (),
    verify: Verify | None = None,
    inputs: Sequence[InputSpec] = (),
) -> Playbook:
    return Playbook(
        id=name,
        version="1.0.0",
        title=f"title of {name}",
        path=f"{name}.yaml",
        sha256="0" * 64,
        start=nodes[0].id,
        facts={f.name: f for f in facts},
        nodes={n.id: n for n in nodes},
        causes={c.id: c for c in causes},
        verify=verify,
        inputs={i.name: i for i in inputs},
    )


def world(facts: Mapping[str, Any], **more: Any) -> Test:
    return Test("made up", facts, **more)


def walk(books: Playbook | list[Playbook], facts: dict[str, Any], **more: Any) -> Simulated:
    """Walks the first playbook over made-up facts; `more` is for `world`, `shuffle` the order of arrival."""
    listed = books if isinstance(books, list) else [books]
    shuffle = more.pop("shuffle", None)
    return simulate({b.id: b for b in listed}, listed[0].id, world(facts, **more), shuffle)


__all__ = [
    "AskNode", "CallNode", "CausesNode", "EndNode", "Fix", "InputSpec", "Question", "Verify",
    "book", "branch", "cause", "fact", "instruct", "walk", "when", "world",
]  # fmt: skip
