"""Check-ups kept in the state folder: the last ones, so that the next can say what changed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from techdoctor.model import Fact, Value
from techdoctor.monitor.inventory import Inventory
from techdoctor.probes import registry
from techdoctor.records.storage import PRIVATE_FILE, guarded, private_folder
from techdoctor.session.check import CheckUp
from techdoctor.system import read_regular

SCHEMA = "techdoctor.kept/1"
# A check-up a day for a year; about 3 KiB each.
MOST_KEPT = 400
MOST_BYTES = 16 << 20
# Figures of a check-up that are kept: those with a unit.
MOST_FIGURES = 600
# Those of which the history keeps the course, for advice.
TRENDS = (
    "disk.filesystems.worst_avail_bytes",
    "disk.filesystems.worst_total_bytes",
    "heat.sensors.hottest_celsius",
    "heat.sensors.throttle_count",
    "mem.usage.available_percent",
    "mem.usage.total_bytes",
    "power.battery.cycles",
    "power.battery.health_percent",
)


@dataclass(frozen=True)
class KeptFinding:
    """A finding of a kept check-up: severity is one of model.SEVERITIES."""

    id: str
    severity: str
    title: str


@dataclass(frozen=True)
class Kept:
    """One kept check-up.

    Attributes:
        at_s: When it began, seconds since 1970-01-01 UTC.
        findings: Its confirmed findings.
        healthy: Playbook ids without a finding.
        figures: "<probe>.<field>" to number, for fields with a unit.
        inventory: What was installed and set then; None when it was not taken.
    """

    at_s: float
    findings: tuple[KeptFinding, ...] = ()
    healthy: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    inventory: Inventory | None = None

    def to_json(self) -> dict[str, Value]:
        return {
            "schema": SCHEMA,
            "at_s": round(self.at_s, 3),
            "findings": [[entry.id, entry.severity, entry.title] for entry in self.findings],
            "healthy": list(self.healthy),
            "figures": dict(self.figures),
            "inventory": self.inventory.to_json() if self.inventory is not None else None,
        }

    @staticmethod
    def from_json(tree: object) -> Kept | None:
        """A kept check-up; None when the tree is none (an older or damaged file)."""
        if not isinstance(tree, dict) or tree.get("schema") != SCHEMA or not isinstance(tree.get("at_s"), int | float):
            return None
        rows = tree.get("findings")
        found = [KeptFinding(*map(str, row)) for row in rows if len(row) == 3] if isinstance(rows, list) else []
        figures = tree.get("figures")
        numbers = {str(k): float(v) for k, v in figures.items()} if isinstance(figures, dict) else {}
        healthy = tree.get("healthy")
        return Kept(
            float(tree["at_s"]),
            tuple(found),
            tuple(map(str, healthy)) if isinstance(healthy, list) else (),
            numbers,
            Inventory.from_json(tree.get("inventory")),
        )


def kept_of(result: CheckUp, inventory: Inventory | None = None) -> Kept:
    """What is kept of a check-up."""
    found = tuple(KeptFinding(f.id, f.severity, f.title) for f in result.findings)
    return Kept(result.begun_s, found, tuple(result.healthy), figures_of(result.facts), inventory)


def figures_of(facts: Mapping[str, Fact]) -> dict[str, float]:
    """The measured numbers that have a unit, by "<probe>.<field>", each once."""
    figures: dict[str, float] = {}
    for fact in facts.values():
        if not fact.ok or fact.probe not in registry.MODULES:
            continue
        for name, declared in registry.get(fact.probe).fields.items():
            value = fact.data.get(name)
            key = f"{fact.probe}.{name}"
            if declared.unit and isinstance(value, int | float) and not isinstance(value, bool):
                figures.setdefault(key, round(float(value), 3))
    return dict(sorted(figures.items())[:MOST_FIGURES])


class KeptCheckUps:
    """The kept check-ups below `<state>/checks`: the baseline whole, the others without inventory.

    Args:
        state: The state folder; made when first written to.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state / "checks"
        self._baseline = self._folder / "baseline.json"
        self._history = self._folder / "history.jsonl"

    def baseline(self) -> Kept | None:
        """The check-up that was kept by `--baseline` last; None when there is none.

        Raises:
            StateError: It cannot be read.
        """
        text = guarded("the last check-up cannot be read", lambda: _read(self._baseline))
        with suppress(ValueError, TypeError, RecursionError):
            return Kept.from_json(json.loads(text)) if text else None
        return None

    def keep_baseline(self, kept: Kept) -> None:
        """Keeps a check-up as the one that the next is compared with.

        Raises:
            StateError: It cannot be written.
        """
        text = json.dumps(kept.to_json())
        guarded("the check-up cannot be kept", lambda: _write(self._baseline, text))

    def history(self) -> list[Kept]:
        """The kept check-ups, oldest first; lines that are damaged are left out.

        Raises:
            StateError: They cannot be read.
        """
        text = guarded("past check-ups cannot be read", lambda: _read(self._history))
        found = []
        for line in text.splitlines():
            with suppress(ValueError, TypeError, RecursionError):
                kept = Kept.from_json(json.loads(line))
                if kept is not None:
                    found.append(kept)
        return sorted(found, key=lambda kept: kept.at_s)

    def add(self, kept: Kept) -> None:
        """Adds a check-up to the history and lets the oldest go.

        Raises:
            StateError: It cannot be written.
        """
        figures = {name: value for name, value in kept.figures.items() if name in TRENDS}
        line = json.dumps(replace(kept, figures=figures, inventory=None).to_json())

        def work() -> None:
            lines = _read(self._history).splitlines()[-MOST_KEPT + 1 :]
            _write(self._history, "\n".join([*lines, line]) + "\n")

        guarded("the check-up cannot be kept", work)


def since(history: Sequence[Kept], at_s: float) -> Kept | None:
    """The kept check-up that was the last at a moment, else the first after it; None without any."""
    before = [kept for kept in history if kept.at_s <= at_s]
    return before[-1] if before else next(iter(history), None)


def _read(path: Path) -> str:
    try:
        return read_regular(str(path), MOST_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    private_folder(path.parent)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(beside, PRIVATE_FILE)
        os.replace(beside, path)
    except OSError:
        with suppress(OSError):
            os.unlink(beside)
        raise
