"""Results, made up: what reports and lists are shown of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from techdoctor.model import Fact, Finding, FixOutcome, NotJudged
from tests.console.samples import EVIDENCE, FINDING, ROWS


@dataclass(frozen=True)
class Result:
    """A session's result as the console knows it (console.report.Outcome)."""

    session: str = "20261122-081500-ab12"
    end: str = "solved"
    say: str = ""
    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[str, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    path: tuple[tuple[str, str], ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    duration_ms: float = 14_000
    candidates: tuple[str, ...] = ()
    bundle: str | None = None
    saved: bool = True
    user_said: str = ""
    exit_code: int = 0


FACTS = {name: fact for name, _, _, fact in ROWS}
SOLVED = Result(findings=(FINDING,), facts=FACTS, ruled_out=("net.dns.refuses",), user_said="yes")
SUSPECT = Finding(
    "net.dns.slow_server",
    "The name server is slow",
    "warning",
    False,
    EVIDENCE[1:2],
    (FixOutcome("prefer", "do", "low", True, "no_help", "Ask the faster server first", action="dns.prefer_server"),),
)
ESCALATED = Result(
    end="escalated",
    say="Name lookup fails and none of the known causes fits.",
    findings=(
        replace(
            FINDING,
            fixes=(FixOutcome("renew", "do", "low", False, "failed", "Get new settings", action="net.renew_lease"),),
        ),
        SUSPECT,
    ),
    ruled_out=("net.dns.refuses", "net.dns.loop"),
    not_judged=(
        NotJudged("net.dns.filtered", "needs administrator rights (sudo)"),
        NotJudged("net.dns.stale", "needs administrator rights (sudo)"),
        NotJudged("net.dns.clock", "no answer within 6 s"),
    ),
    path=(("triage", "known(system.ok)"), ("find_cause", ""), ("unexplained", "")),
    questions=(("cable", "in"),),
    facts=FACTS,
    candidates=("net.connection",),
    bundle="/home/someone/techdoctor-20261122.zip",
    exit_code=4,
)


@dataclass(frozen=True)
class CheckResult:
    """A check-up's result as the console knows it (console.check.CheckUpLike)."""

    findings: tuple[Finding, ...]
    healthy: tuple[str, ...] = ("disk.full", "perf.mem")
    not_judged: tuple[NotJudged, ...] = ()
    not_here: tuple[NotJudged, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    titles: Mapping[str, str] = field(
        default_factory=lambda: {
            "disk.full": "The disk is full",
            "perf.mem": "Memory runs out.",
            "net.dns": "Names cannot be found",
        }
    )
    duration_ms: float = 3210
    exit_code: int = 1

    def with_findings(self, count: int) -> CheckResult:
        return replace(self, findings=tuple(replace(FINDING, id=f"net.dns.c{n}") for n in range(count)))

    def with_not_judged(self, lost: tuple[NotJudged, ...]) -> CheckResult:
        return replace(self, not_judged=lost)


CHECK_UP = CheckResult(
    (
        Finding("print.printing.paper", "The printer has no paper", "note", True),
        FINDING,
        Finding("disk.health.failing", "The disk is failing", "danger", True),
        Finding("perf.slow.hot", "The computer is too hot", "warning", True),
    ),
    not_judged=(
        NotJudged("disk.health.worn_out", "smartctl is not installed"),
        NotJudged("net.dns", "The lookup itself could not be run."),
    ),
    facts={f"net.dns:{name}": fact for name, fact in FACTS.items()},
)


@dataclass(frozen=True)
class DeclaredField:
    unit: str = ""
    fields: Mapping[str, DeclaredField] = field(default_factory=dict)


FIELDS = {
    "ms": DeclaredField("ms"),
    "free": DeclaredField("bytes"),
    "servers": DeclaredField(fields={"ms": DeclaredField("ms")}),
}
MEASURED = {
    "dns.each_server": Fact(
        "dns.each_server",
        "ok",
        {
            "ok": True,
            "ms": 12.5,
            "free": 123456789,
            "servers": [{"address": "192.0.2.53", "ms": 12}, {"address": "192.0.2.54", "ms": None}],
            "owner": {"name": "systemd-resolved", "pid": 77},
            "search": ["example.com", "example.org"],
            "none": [],
            "signal": None,
        },
        gaps={"signal": "needs administrator rights"},
        duration_ms=13,
    ),
    "time.offset": Fact("time.offset", "timeout", reason="no answer within 6 s", duration_ms=6000),
}


@dataclass(frozen=True)
class Listed:
    id: str
    title: str


@dataclass(frozen=True)
class Past:
    id: str
    created_at: datetime
    playbook: str
    end: str
    cause: str
    open: bool


LISTED = (
    Listed("net.dns", "Web addresses cannot be found, or are slow to be found"),
    Listed("disk.full", "The disk is full [bold]"),
    Listed("print.printing", "Nothing comes out of the printer"),
)
# Noon UTC on a day far from a change of clocks; the screens are compared in UTC (see conftest).
PAST = (
    Past("20260701-120000-ab12", datetime(2026, 7, 1, 12, tzinfo=UTC), "net.dns", "solved", "net.dns.dead", False),
    Past("20260702-120000-cd34", datetime(2026, 7, 2, 12, tzinfo=UTC), "disk.full", "", "", True),
)
PROBES = (
    ("dns.lookup", "Name lookup (DNS)", {"linux": "run here", "macos": "recorded output only", "windows": "no"}),
    ("net.link", "Network card", {"linux": "run here", "macos": "not supported", "windows": "exercised under Wine"}),
)
