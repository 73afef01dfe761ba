"""The nodes of a playbook as a graph: what leads where, and whether a person's answer is needed to get there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Raw = Mapping[str, Any]


def successors(node: Raw) -> list[str]:
    """Ids of the nodes that can follow a raw node, in reading order."""
    return list(dict.fromkeys(_targets(node)))


def _targets(node: Raw) -> Iterator[str]:
    for entry in node.get("branch", ()):
        yield from (entry[key] for key in ("goto", "then") if key in entry)
    if "ask" in node:
        yield from node["ask"]["on"].values()
    if "then" in node:
        yield node["then"]


def reachable(start: str, nodes: Mapping[str, Raw]) -> set[str]:
    """All nodes that a walk can come to."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in found:
            found.add(name)
            waiting += successors(nodes[name])
    return found


def circle_without_answer(nodes: Mapping[str, Raw]) -> list[str]:
    """A circle of nodes that no answer of a person interrupts: such a walk would never end.

    Returns:
        The nodes of the first such circle in walking order; empty when there is none.
    """
    going = {name: [n for n in successors(node) if n in nodes] for name, node in nodes.items() if "ask" not in node}
    # Nodes that lead nowhere are in no circle; what remains when they are gone leads round for ever.
    ending = [name for name in going if not going[name]]
    before: dict[str, list[str]] = {}
    for name, following in going.items():
        for target in following:
            before.setdefault(target, []).append(name)
    left = {name: len(following) for name, following in going.items()}
    ending += [name for name in before if name not in going]
    while ending:
        for name in before.get(ending.pop(), ()):
            left[name] -= 1
            if not left[name]:
                ending.append(name)
    name = next((name for name in going if left[name]), "")
    trail: list[str] = []
    while name and name not in trail:
        trail.append(name)
        name = next(n for n in going[name] if left.get(n))
    return trail[trail.index(name) :] if name else []
