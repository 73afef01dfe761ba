"""The words every part shares: facts, findings, fixes and how a session ends.

Standard library only and CPython 3.9 syntax: this module travels to remote hosts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Optional, Tuple, Union

# A value as JSON knows it. Field values, answers and inputs are never anything else.
Value = Union[None, bool, int, float, str, List["Value"], Dict[str, "Value"]]

OK = "ok"
TIMEOUT = "timeout"
DENIED = "denied"
MISSING_TOOL = "missing_tool"
NOT_APPLICABLE = "not_applicable"
SKIPPED = "skipped"
CRASHED = "crashed"
STATUSES = (OK, TIMEOUT, DENIED, MISSING_TOOL, NOT_APPLICABLE, SKIPPED, CRASHED)

PLATFORMS = ("linux", "macos", "windows")
SEVERITIES = ("note", "warning", "problem", "danger")  # ascending
LIKELIHOODS = ("very_rare", "rare", "occasional", "common")  # ascending
EFFORTS = ("probe", "look", "ask", "do", "replace")  # ascending
RISKS = ("none", "low", "medium", "high")  # ascending
ENDS = (
    "solved",
    "not_reproduced",
    "referred",
    "handed_on",
    "escalated",
    "inconclusive",
    "declined",
    "aborted",
    "found",
)


@dataclass(frozen=True)
class Fact:
    """The outcome of one probe call.

    Attributes:
        probe: Name of the probe, e.g. "dns.lookup".
        status: One of STATUSES.
        data: Field name to value, as the probe declares them; empty unless status is ok.
        reason: Why the status is not ok, in words for a person; empty when ok.
        gaps: Field name to the reason why that single field could not be measured although
            the rest could. Such a field is None in `data`.
        duration_ms: Wall time of the call in milliseconds.
        at_s: When the call ended, seconds since 1970-01-01 UTC.
    """

    probe: str
    status: str
    data: Mapping[str, Value] = field(default_factory=dict)
    reason: str = ""
    gaps: Mapping[str, str] = field(default_factory=dict)
    duration_ms: float = 0.0
    at_s: float = 0.0

    @property
    def ok(self) -> bool:
        """True when the probe could measure."""
        return self.status == OK

    def to_json(self) -> Dict[str, Value]:
        """Returns the fact as design.md 5.4 "Facts in JSON" shows it, plus gaps and time."""
        return {
            "probe": self.probe,
            "status": self.status,
            "reason": self.reason,
            "duration_ms": round(self.duration_ms, 1),
            "data": dict(self.data),
            "gaps": dict(self.gaps),
            "at_s": self.at_s,
        }

    @staticmethod
    def from_json(tree: Mapping[str, Value]) -> Fact:
        """Rebuilds a fact written by `to_json`.

        Raises:
            ValueError: The tree is not a fact.
        """
        probe, status, data = tree.get("probe"), tree.get("status"), tree.get("data")
        gaps = tree.get("gaps")
        if not isinstance(probe, str) or status not in STATUSES or not isinstance(data, dict):
            raise ValueError("not a fact: needs probe, status and data")
        return Fact(
            probe=probe,
            status=str(status),
            data=data,
            reason=str(tree.get("reason") or ""),
            gaps={str(k): str(v) for k, v in gaps.items()} if isinstance(gaps, dict) else {},
            duration_ms=_number(tree.get("duration_ms")),
            at_s=_number(tree.get("at_s")),
        )


def _number(value: Value) -> float:
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e18 else 0.0


@dataclass(frozen=True)
class Evidence:
    """One measured value that speaks for a finding.

    Attributes:
        fact: Key of the fact, e.g. "system" or "net.connection:link" for a called playbook's.
        field: Field of that fact.
        value: The measured value.
        unit: Unit of the field, empty when it has none.
        text: The comparison in words, e.g. "system.ms (5020) > 300".
    """

    fact: str
    field: str
    value: Value
    unit: str
    text: str

    def to_json(self) -> Dict[str, Value]:
        return {"fact": self.fact, "field": self.field, "value": self.value, "unit": self.unit, "text": self.text}


@dataclass(frozen=True)
class FixOutcome:
    """A fix as a finding reports it.

    Attributes:
        id: The fix's id within its cause.
        effort: One of EFFORTS.
        risk: One of RISKS.
        applied: True when it ran, or when the person did it in this session.
        result: "" (not tried), "declined", "failed", "no_help", "helped" (its cause is gone,
            the trouble is not), "solved", "undone", "referred" or
            "interrupted" (the program ended while it ran).
        text: The instruction or the action's title, in plain words.
        commands: The exact commands, when an action has been previewed.
        action: Name of the action that techdoctor can apply; empty for an instruction.
    """

    id: str
    effort: str
    risk: str
    applied: bool = False
    result: str = ""
    text: str = ""
    commands: Tuple[str, ...] = ()
    action: str = ""

    def to_json(self) -> Dict[str, Value]:
        return {
            "id": self.id,
            "effort": self.effort,
            "risk": self.risk,
            "applied": self.applied,
            "result": self.result,
            "text": self.text,
            "commands": list(self.commands),
            "action": self.action or None,
        }


@dataclass(frozen=True)
class Finding:
    """A confirmed or suspected cause, as it is reported.

    Attributes:
        id: Global cause id, e.g. "net.dns.dead_server".
        title: The cause in plain words.
        severity: One of SEVERITIES.
        confirmed: True only when the cause's `confirm` is true.
        evidence: What was measured.
        fixes: All fixes of the cause with what became of them.
        caused_by: Global id of the confirmed cause that explains this one; empty for a root.
    """

    id: str
    title: str
    severity: str
    confirmed: bool
    evidence: Tuple[Evidence, ...] = ()
    fixes: Tuple[FixOutcome, ...] = ()
    caused_by: str = ""

    def to_json(self) -> Dict[str, Value]:
        return {
            "id": self.id,
            "title": self.title,
            "severity": self.severity,
            "confirmed": self.confirmed,
            "evidence": [e.to_json() for e in self.evidence],
            "fixes": [f.to_json() for f in self.fixes],
            "caused_by": self.caused_by,
        }


@dataclass(frozen=True)
class NotJudged:
    """A cause that could not be judged, with the reason."""

    cause: str
    reason: str

    def to_json(self) -> Dict[str, Value]:
        return {"cause": self.cause, "reason": self.reason}


@dataclass(frozen=True)
class ActionPreview:
    """What an action would do, shown before consent.

    Attributes:
        title: One line in plain words, e.g. "Start the print service".
        commands: Exact commands or file changes, one a line, as they will run.
        needs_admin: True when it must run elevated here.
        undo: How it is undone in words; empty when it cannot be undone.
        discloses: What leaves this machine and to whom; empty when nothing does.
        problem: Why the action cannot run here; empty when it can.
    """

    title: str
    commands: Tuple[str, ...] = ()
    needs_admin: bool = False
    undo: str = ""
    discloses: str = ""
    problem: str = ""


@dataclass(frozen=True)
class ActionOutcome:
    """What became of an applied or undone action.

    Attributes:
        ok: True when it ran to its end. That does not mean that the trouble is gone.
        text: One line for a person; on failure, why.
        undo_token: What its undo needs (plain data for the journal); None when nothing to undo.
    """

    ok: bool
    text: str = ""
    undo_token: Optional[Dict[str, Value]] = None
