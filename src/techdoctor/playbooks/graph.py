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
    done: set[str] = set()
    for first in nodes:
        trail = _circle_from(first, nodes, [], done)
        if trail:
            return trail
    return []


def _circle_from(name: str, nodes: Mapping[str, Raw], trail: list[str], done: set[str]) -> list[str]:
    if name in trail:
        return trail[trail.index(name) :]
    if name in done or name not in nodes or "ask" in nodes[name]:
        return []
    for following in successors(nodes[name]):
        circle = _circle_from(following, nodes, [*trail, name], done)
        if circle:
            return circle
    done.add(name)
    return []
