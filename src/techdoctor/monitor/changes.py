"""What changed between two check-ups: findings, packages, drivers, settings files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from techdoctor.model import SEVERITIES, Value
from techdoctor.monitor.inventory import Inventory, Seen
from techdoctor.monitor.kept import Kept, KeptFinding

NEW, WORSE, BETTER, GONE = "new", "worse", "better", "gone"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        kind: For findings NEW, WORSE, BETTER or GONE; else ADDED, REMOVED or CHANGED.
        what: Title of the finding, or name of the package, driver or file.
        id: Global cause id of a finding; empty for the rest.
        before: Severity or version before; empty when there was none.
        after: The same now.
    """

    kind: str
    what: str
    id: str = ""
    before: str = ""
    after: str = ""

    def to_json(self) -> dict[str, Value]:
        return {"kind": self.kind, "what": self.what, "id": self.id, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Changes:
    """What changed since a check-up; each list may be empty.

    Attributes:
        since_s: When the earlier check-up began, seconds since 1970-01-01 UTC.
        compared: False when the earlier one had no inventory: packages, drivers and settings are not judged.
        settings_gone: Settings files that are gone; only their marks are known.
    """

    since_s: float
    findings: tuple[Change, ...] = ()
    packages: tuple[Change, ...] = ()
    drivers: tuple[Change, ...] = ()
    settings: tuple[Change, ...] = ()
    settings_gone: int = 0
    compared: bool = True

    @property
    def any(self) -> bool:
        """True when anything changed."""
        return bool(self.findings or self.packages or self.drivers or self.settings or self.settings_gone)

    def to_json(self) -> dict[str, Value]:
        lists = {
            "findings": self.findings,
            "packages": self.packages,
            "drivers": self.drivers,
            "settings": self.settings,
        }
        counted: dict[str, Value] = {f"{name}_count": len(changes) for name, changes in lists.items()}
        shown: dict[str, Value] = {name: [c.to_json() for c in changes[:200]] for name, changes in lists.items()}
        more: dict[str, Value] = {"settings_gone": self.settings_gone, "inventory_compared": self.compared}
        return {"since_s": round(self.since_s, 3), **shown, **counted, **more}


def changes_between(before: Kept, now: Kept, seen: Seen | None = None, judged: Sequence[str] | None = None) -> Changes:
    """Compares two check-ups.

    Args:
        before: The earlier one.
        now: The later one.
        seen: The later one's inventory with its paths; None when it was not taken.
        judged: Playbook ids that were walked now; a finding of another is neither gone nor new.
    """
    findings = _findings(before, now, judged)
    if before.inventory is None or seen is None:
        return Changes(before.at_s, findings, compared=False)
    old, new = before.inventory, seen.inventory
    settings, gone = _settings(old, seen)
    drivers = [Change(ADDED, name) for name in new.modules if name not in old.modules]
    drivers += [Change(REMOVED, name) for name in old.modules if name not in new.modules]
    packages = _versions(old.packages, new.packages) if old.packages and new.packages else []
    return Changes(before.at_s, findings, tuple(packages), tuple(drivers), tuple(settings), gone)


def _findings(before: Kept, now: Kept, judged: Sequence[str] | None) -> tuple[Change, ...]:
    old = {entry.id: entry for entry in before.findings}
    new = {entry.id: entry for entry in now.findings}
    changes = [_finding(old.get(gid), entry) for gid, entry in new.items()]
    for gid, entry in old.items():
        playbook = gid.rpartition(".")[0]
        if gid not in new and (judged is None or playbook in judged) and _was_judged(playbook, now):
            changes.append(Change(GONE, entry.title, gid, entry.severity))
    return tuple(change for change in changes if change is not None)


def _was_judged(playbook: str, now: Kept) -> bool:
    """True when the playbook could be judged now: what could not be seen is not gone."""
    return playbook in now.healthy or any(entry.id.rpartition(".")[0] == playbook for entry in now.findings)


def _finding(old: KeptFinding | None, new: KeptFinding) -> Change | None:
    if old is None:
        return Change(NEW, new.title, new.id, "", new.severity)
    step = _rank(new.severity) - _rank(old.severity)
    if not step:
        return None
    return Change(WORSE if step > 0 else BETTER, new.title, new.id, old.severity, new.severity)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def _versions(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    changes = [Change(ADDED, name, "", "", new[name]) for name in new if name not in old]
    changes += [Change(REMOVED, name, "", old[name]) for name in old if name not in new]
    changes += [Change(CHANGED, n, "", old[n], new[n]) for n in new if n in old and old[n] != new[n]]
    return sorted(changes, key=lambda change: change.what)


def _settings(old: Inventory, seen: Seen) -> tuple[list[Change], int]:
    new = seen.inventory.settings
    changes = [Change(ADDED, seen.paths[key]) for key in new if key not in old.settings]
    changes += [
        Change(CHANGED, seen.paths[key]) for key, content in new.items() if old.settings.get(key, content) != content
    ]
    gone = 0 if seen.inventory.unseen else sum(key not in new for key in old.settings)
    return sorted(changes, key=lambda change: change.what), gone
