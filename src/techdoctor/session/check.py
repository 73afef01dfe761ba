"""The check-up: every playbook is walked without questions, over measurements taken once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from techdoctor.engine.batch import Batch
from techdoctor.engine.dialogue import Dialogue
from techdoctor.engine.driver import Driver
from techdoctor.engine.facts import Playbooks
from techdoctor.engine.journal import Journal
from techdoctor.engine.result import Diagnosis
from techdoctor.errors import EXIT_CANNOT_TELL, EXIT_FOUND, EXIT_OK
from techdoctor.events import Started
from techdoctor.hosts.base import Host
from techdoctor.hosts.shared import SharedHost, SharedRunner
from techdoctor.messages import say
from techdoctor.model import NOT_APPLICABLE, SEVERITIES, SKIPPED, Fact, Finding, NotJudged, Value
from techdoctor.probes.measure import OFFLINE_REASON
from techdoctor.probes.runner import Call

SCHEMA = "techdoctor.check/1"
# Reasons that are the same for every fact that was left out.
_LEFT_OUT = (OFFLINE_REASON, say("check.not_routine"))


@dataclass(frozen=True)
class CheckUp:
    """What a check-up found.

    Attributes:
        findings: Confirmed causes, worst first.
        healthy: Ids of playbooks whose complaint does not measure as present.
        not_judged: What could not be judged, with reasons.
        not_here: Playbooks about what this machine does not have (a battery, a VPN), with reasons.
        facts: "<playbook>:<fact>" to fact.
        titles: Playbook id to its title.
        asked: The measurements that were asked for, each with what it gave.
        begun_s: When it began, seconds since 1970-01-01 UTC.
    """

    findings: tuple[Finding, ...] = ()
    healthy: tuple[str, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    not_here: tuple[NotJudged, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    asked: Sequence[tuple[Call, Fact]] = ()
    begun_s: float = 0.0
    duration_ms: float = 0.0

    @property
    def exit_code(self) -> int:
        """1 for a problem or danger; 3 when nothing at all could be judged; else 0."""
        if any(f.severity in ("problem", "danger") for f in self.findings):
            return EXIT_FOUND
        return EXIT_OK if self.findings or self.healthy else EXIT_CANNOT_TELL  # what is not here tells nothing

    def to_json(self) -> dict[str, Value]:
        """The document of `check --json`."""
        return {
            "schema": SCHEMA,
            "findings": [finding.to_json() for finding in self.findings],
            "healthy": list(self.healthy),
            "not_judged": [entry.to_json() for entry in self.not_judged],
            "not_here": [entry.to_json() for entry in self.not_here],
            "facts": {name: fact.to_json() for name, fact in self.facts.items()},
            "duration_ms": round(self.duration_ms, 1),
            "exit_code": self.exit_code,
        }


def check_up(
    walks: Mapping[str, Playbooks],
    host: Host,
    limits: Mapping[str, Value],
    unusable: Mapping[str, str] | None = None,
    ended: Callable[[str], None] | None = None,
    *,
    patience_s: float = 30.0,
) -> CheckUp:
    """Walks all playbooks side by side.

    Args:
        walks: Playbook id to the playbook and all it may call.
        host: Where to look; a shared one may have begun to measure already (SharedHost.ahead).
        limits: Overridden limits.
        unusable: Playbook id to why it cannot be walked at all; it is reported as not judged.
        ended: Called with a playbook's title when its walk has ended.
        patience_s: Seconds after which measurements still out count as timed out.
    """
    begun, begun_s = time.monotonic(), time.time()
    shared = host if isinstance(host, SharedHost) else SharedHost(host, routine=True)
    results: dict[str, Diagnosis] = {}
    failures: dict[str, str] = dict(unusable or {})

    def walk(chosen: str, playbooks: Playbooks) -> None:
        nobody: Dialogue = Batch({}, "never", lambda: False)
        driver = Driver(playbooks, shared, nobody, Journal(None), patience_s=patience_s, runner=SharedRunner(shared))
        started = Started(chosen, platform=host.platform, batch=True, fix="never", limits=limits, at_s=time.time())
        try:
            results[chosen] = driver.run(started)
        except Exception as error:  # noqa: BLE001 - one broken walk must not take the others with it
            failures[chosen] = f"the check itself failed: {type(error).__name__}: {error}"
        if ended is not None:
            ended(playbooks[chosen].title)

    threads = [threading.Thread(target=walk, args=item, daemon=True) for item in walks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():  # a plain join would hold Ctrl-C back on some platforms
            thread.join(0.1)
    shared.stop()
    ordered = [results[chosen] for chosen in walks if chosen in results]
    titles = {chosen: playbooks[chosen].title for chosen, playbooks in walks.items()}
    lost = [NotJudged(chosen, reason) for chosen, reason in failures.items()]
    merged = _merged(ordered, lost, titles)
    return replace(merged, asked=shared.asked, begun_s=begun_s, duration_ms=(time.monotonic() - begun) * 1000)


def _merged(results: Sequence[Diagnosis], lost: Sequence[NotJudged], titles: Mapping[str, str]) -> CheckUp:
    findings: dict[str, Finding] = {}
    facts: dict[str, Fact] = {}
    not_judged: dict[str, NotJudged] = {entry.cause: entry for entry in lost}
    not_here: list[NotJudged] = []
    for result in results:
        for finding in result.findings:
            if finding.confirmed:
                findings.setdefault(finding.id, finding)
        for name, fact in result.facts.items():
            facts[name if ":" in name else f"{result.playbook}:{name}"] = fact
        if not result.playbook:
            continue
        if result.end in ("inconclusive", "escalated") and not result.cause:
            why, missing = _why_not(result)
            if missing:
                not_here.append(NotJudged(result.playbook, why))
                continue
            not_judged.setdefault(result.playbook, NotJudged(result.playbook, why))
        for entry in result.not_judged:
            not_judged.setdefault(entry.cause, entry)
    worst_first = sorted(findings.values(), key=lambda f: -SEVERITIES.index(f.severity))
    return CheckUp(
        findings=tuple(worst_first),
        healthy=tuple(r.playbook for r in results if r.playbook and r.end == "not_reproduced"),
        not_judged=tuple(entry for cause, entry in not_judged.items() if cause not in findings),
        not_here=tuple(not_here),
        facts=facts,
        titles=titles,
    )


def _why_not(result: Diagnosis) -> tuple[str, bool]:
    """Why a playbook could not be judged, and whether that is because there is no such thing here.

    Where facts were left out (offline, too long for a check-up), that is the reason, the same for all of them.
    """
    own = [fact for name, fact in result.facts.items() if ":" not in name and not fact.ok]
    left_out = [fact.reason for fact in own if fact.status == SKIPPED and fact.reason in _LEFT_OUT]
    if left_out:
        return left_out[0], False
    missing = [fact for fact in own if fact.status == NOT_APPLICABLE]
    if missing and all(fact.status in (NOT_APPLICABLE, SKIPPED) for fact in own):
        return missing[0].reason, True
    return result.say, False
