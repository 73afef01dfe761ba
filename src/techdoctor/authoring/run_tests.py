"""Running the tests that stand in playbooks, each also with shuffled orders of arrival."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from techdoctor.authoring.simulate import Simulated, simulate
from techdoctor.engine.facts import Playbooks
from techdoctor.engine.journal import rewound
from techdoctor.engine.step import replay
from techdoctor.events import event_from_json, event_to_json
from techdoctor.model import Value
from techdoctor.playbooks.tree import Playbook, Test

DEFAULT_ORDERS = 20


@dataclass(frozen=True)
class Outcome:
    """One test of one playbook; `problems` is empty when it passed."""

    playbook: str
    test: str
    problems: tuple[str, ...]
    orders: int

    @property
    def passed(self) -> bool:
        return not self.problems


def run_playbook(playbooks: Playbooks, playbook: Playbook, orders: int = DEFAULT_ORDERS) -> list[Outcome]:
    """Runs all tests of a playbook.

    Args:
        playbooks: The playbook and all it may call.
        playbook: The one whose tests run.
        orders: How many shuffled orders of arrival each test is walked in; all must end alike.
    """
    return [_run_test(playbooks, playbook, test, orders) for test in playbook.tests]


def _run_test(playbooks: Playbooks, playbook: Playbook, test: Test, orders: int) -> Outcome:
    try:
        plain = simulate(playbooks, playbook.id, test)
        problems = _differences(playbook, test, plain)
        if _replayed(playbooks, plain) is not True:
            problems.append("replaying its journal gives another state")
        expected = _essence(plain)
        for seed in range(orders):
            shuffled = simulate(playbooks, playbook.id, test, random.Random(seed))  # noqa: S311 - not for secrets
            other = _essence(shuffled)
            problems += [
                f"order of arrival {seed}: {k} is {other[k]!r}, else {v!r}"
                for k, v in expected.items()
                if other[k] != v
            ]
            if problems:
                break
    except RuntimeError as error:
        problems = [str(error)]
    return Outcome(playbook.id, test.name, tuple(problems), orders)


def _essence(walk: Simulated) -> dict[str, object]:
    """What must not depend on the order in which facts arrive."""
    result = walk.diagnosis
    return {
        "end": result.end,
        "cause": result.cause,
        "fixes": result.fixes_applied,
        "path": result.path,
        "findings": tuple(finding.id for finding in result.findings),
    }


def _replayed(playbooks: Playbooks, walk: Simulated) -> bool:
    """True when the journal, passed through JSON, replays to the same report."""
    lines = [json.dumps(event_to_json(event)) for event in walk.events]
    events = [event_from_json(json.loads(line)) for line in lines]
    again = replay(playbooks, rewound(events))
    return again.as_data() == replay(playbooks, walk.events).as_data() and again.end == walk.diagnosis.end


def _differences(playbook: Playbook, test: Test, walk: Simulated) -> list[str]:
    result = walk.diagnosis
    expect = test.expect
    seen: dict[str, Value] = {
        "end": result.end,
        "cause": result.cause,
        "fixes": [ref.rpartition("/")[2] for ref in result.fixes_applied],
        "findings": [finding.id for finding in result.findings],
        "questions": [question for question, _ in result.questions],
        "path": [node for node, _ in result.path],
        "not_judged": [entry.cause for entry in result.not_judged],
    }
    problems = []
    for key, wanted in expect.items():
        if key not in seen:
            problems.append(f"expects '{key}', which no test can see; known: {', '.join(seen)}")
        elif _globally(playbook, key, wanted) != seen[key]:
            problems.append(f"{key}: expected {wanted!r}, got {seen[key]!r}")
    return problems


def _globally(playbook: Playbook, key: str, wanted: Value) -> Value:
    """Short cause names in an expectation as global ids; `escalate` as the end it becomes."""
    if key == "cause" and isinstance(wanted, str):
        return playbook.cause_id(wanted) if wanted in playbook.causes else wanted
    if key in ("findings", "not_judged") and isinstance(wanted, list):
        return [_globally(playbook, "cause", item) for item in wanted]
    return "escalated" if key == "end" and wanted == "escalate" else wanted


def playbook_files(paths: Sequence[Path]) -> list[Path]:
    """Playbook files named directly or found in folders, sorted."""
    found: list[Path] = []
    for path in paths:
        found += sorted(file for file in path.glob("*.yaml") if file.is_file()) if path.is_dir() else [path]
    return found
