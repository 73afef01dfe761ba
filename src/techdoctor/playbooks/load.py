"""A checked tree becomes the frozen playbook that the engine walks.

Nothing is checked here: a tree comes from check.py and crosscheck.py, or from the cache of such trees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from techdoctor.playbooks import tree as made
from techdoctor.playbooks.condition import Condition, compile_condition
from techdoctor.playbooks.forms import seconds

Raw = Mapping[str, Any]


def build(raw: Raw, path: str, sha256: str) -> made.Playbook:
    """Makes a playbook of a checked tree.

    Args:
        raw: The tree, filled in by crosscheck.fill_in.
        path: The file it came from.
        sha256: Of the file's bytes.
    """
    return made.Playbook(
        id=raw["id"],
        version=raw["version"],
        title=raw["title"],
        path=path,
        sha256=sha256,
        start=raw["start"],
        facts={name: _fact(name, fact) for name, fact in raw["facts"].items()},
        nodes={name: _node(name, node) for name, node in raw["nodes"].items()},
        causes={name: _cause(name, cause, raw) for name, cause in raw.get("causes", {}).items()},
        symptoms=tuple(raw.get("symptoms", ())),
        signatures=tuple(raw.get("signatures", ())),
        description=raw.get("description", ""),
        audience=raw.get("audience", "user"),
        platforms=tuple(raw.get("platforms", ("linux", "macos", "windows"))),
        inputs={name: made.InputSpec(name, **entry) for name, entry in raw.get("inputs", {}).items()},
        limits={name: made.Limit(name, **entry) for name, entry in raw.get("limits", {}).items()},
        verify=_verify(raw["verify"]) if "verify" in raw else None,
        packed_tests=packed(raw.get("tests", ())),
        patience_s=seconds(raw["patience"]) if "patience" in raw else None,
        routine=raw.get("routine", True),
    )


def packed(tests: object) -> str:
    """The tests of a tree as text, which is quick to read back; as they stand when they are packed already."""
    return tests if isinstance(tests, str) else json.dumps(tests, separators=(",", ":"))


def _when(text: str | None) -> Condition | None:
    return None if text is None else compile_condition(text)


def _fact(name: str, raw: Raw) -> made.FactSpec:
    return made.FactSpec(
        name=name,
        probe=raw["probe"],
        params=raw.get("with", {}),
        after=tuple(raw.get("after", ())),
        timeout_s=seconds(raw["timeout"]) if "timeout" in raw else raw.get("timeout_s"),
        cost=raw.get("cost", "cheap"),
        alone=raw.get("alone", False),
        network=raw.get("network", False),
        discloses=tuple(raw.get("discloses", ())),
    )


def _node(name: str, raw: Raw) -> made.Node:
    if "branch" in raw:
        return made.BranchNode(name, tuple(_branch_entry(entry) for entry in raw["branch"]))
    if "ask" in raw:
        ask = raw["ask"]
        return made.AskNode(name, ask.get("id", name), ask["text"], ask["choices"], ask["on"], ask.get("why", ""))
    if "causes" in raw:
        return made.CausesNode(name, tuple(raw["causes"]), raw["then"])
    if "call" in raw:
        return made.CallNode(name, raw["call"], raw.get("then", ""), raw.get("why", ""))
    end = "escalated" if raw["end"] == "escalate" else raw["end"]
    return made.EndNode(name, end, raw.get("say", ""), raw.get("cause", ""), raw.get("see", ""))


def _branch_entry(raw: Raw) -> made.BranchEntry:
    return made.BranchEntry(
        when=_when(raw.get("when")),
        goto=raw.get("goto", ""),
        call=raw.get("call", ""),
        then=raw.get("then", ""),
        why=raw.get("why", ""),
    )


def _cause(name: str, raw: Raw, playbook: Raw) -> made.Cause:
    own = playbook.get("causes", {})
    ask = raw.get("ask")
    return made.Cause(
        id=name,
        title=raw["title"],
        confirm=compile_condition(raw["confirm"]),
        likelihood=raw.get("likelihood", "occasional"),
        severity=raw.get("severity", "problem"),
        rule_out=_when(raw.get("rule_out")),
        ask=made.Question(**ask) if ask else None,
        explains=tuple(f"{playbook['id']}.{cause}" if cause in own else cause for cause in raw.get("explains", ())),
        detail=raw.get("detail", ""),
        fixes=tuple(_fix(fix) for fix in raw.get("fix", ())),
    )


def _fix(raw: Raw) -> made.Fix:
    plain = {key: raw[key] for key in ("effort", "risk", "instruct", "action", "ends", "needs", "undo") if key in raw}
    return made.Fix(
        id=raw["id"],
        params=raw.get("with", {}),
        when=_when(raw.get("when")),
        irreversible=raw.get("irreversible", False),
        **plain,
    )


def _verify(raw: Raw) -> made.Verify:
    retry = raw.get("retry", {})
    return made.Verify(
        fact=raw["fact"],
        until=compile_condition(raw["until"]),
        times=retry.get("times", 1),
        wait_s=seconds(retry.get("wait", "0s")),
    )
