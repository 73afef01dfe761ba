"""A made-up check-up."""

from __future__ import annotations

from techdoctor.model import Evidence, Fact, Finding, FixOutcome, NotJudged
from techdoctor.session.check import CheckUp

FOREIGN = 'a "b" \\ <script>alert(1)</script> | \x1b[31mred\n'
MEMORY = Fact("mem.usage", "ok", {"available_percent": 3.5, "available_bytes": 123456, "biggest_name": FOREIGN})
LEFT = Fact("disk.filesystems", "timeout", reason="no answer within 4 s")


def finding(gid: str, severity: str = "problem", title: str = "Memory is used up") -> Finding:
    evidence = Evidence("mem", "available_percent", 3.5, "percent", "mem.available_percent (3.5 %) < 5")
    fixes = (FixOutcome("close", "do", "none", text=f"Close {FOREIGN}"),)
    return Finding(gid, title, severity, True, (evidence,), fixes)


def check_up(*findings: Finding, healthy: tuple[str, ...] = ("net.dns",)) -> CheckUp:
    return CheckUp(
        findings=findings,
        healthy=healthy,
        not_judged=(NotJudged("disk.full", f"no answer {FOREIGN}"),),
        facts={"perf.mem:mem": MEMORY, "disk.full:fs": LEFT},
        titles={"perf.mem": "Not enough memory", "net.dns": "Names are not found", "disk.full": "The disk is full"},
        begun_s=1_790_000_000.0,
        duration_ms=1234.5,
    )
