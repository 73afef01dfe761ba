"""The check-up on screen: its progress, and a report with the worst first that fits one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from techdoctor.console.conversation import no_summary
from techdoctor.console.paragraphs import Paragraph, show, show_end_line
from techdoctor.console.report import not_judged_paragraphs
from techdoctor.console.terminal import Terminal
from techdoctor.console.ticker import Ticker
from techdoctor.console.wording import Summarise, fact_text
from techdoctor.messages import say
from techdoctor.model import SEVERITIES, Fact, Finding, NotJudged
from techdoctor.text import clean_line, duration

# With three lines each, this many findings leave room for the rest on a screen of 24 lines.
_MOST_FINDINGS = 5
_HEARTBEAT_S = 4.5
_REDRAW_S = 0.5


class CheckUpLike(Protocol):
    """What is reported of a check-up; session.check.CheckUp has these attributes."""

    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def healthy(self) -> Sequence[str]: ...
    @property
    def not_judged(self) -> Sequence[NotJudged]: ...
    @property
    def titles(self) -> Mapping[str, str]: ...
    @property
    def facts(self) -> Mapping[str, Fact]: ...
    @property
    def duration_ms(self) -> float: ...
    @property
    def exit_code(self) -> int: ...


class CheckProgress:
    """Shows how far a check-up is; a context manager. `ended` may be called from any thread.

    Args:
        terminal: Where to show it (standard error).
        total: How many playbooks are walked.
    """

    def __init__(self, terminal: Terminal, total: int) -> None:
        self._terminal, self._total = terminal, total
        self._ended: list[str] = []  # appended to by many threads
        self._since = terminal.clock()
        self._ticker: Ticker | None = None

    def __enter__(self) -> CheckProgress:
        self._ticker = Ticker(_HEARTBEAT_S if self._terminal.plain else _REDRAW_S, self._draw)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._ticker is not None:
            self._ticker.stop()
        self._terminal.clear_transient()

    def ended(self, title: str) -> None:
        """One more walk ended."""
        self._ended.append(title)

    def _draw(self) -> None:
        seconds = int(self._terminal.clock() - self._since)
        text = say("check.progress", done=len(self._ended), total=self._total, seconds=seconds)
        if self._terminal.plain:
            self._terminal.progress(text)
        else:
            self._terminal.transient("  ...  " + text)


def show_check(
    terminal: Terminal, result: CheckUpLike, technician: bool = False, summarise: Summarise = no_summary
) -> None:
    """Prints the report of a check-up to standard output; the last line says the outcome and the exit code.

    Args:
        terminal: Where to.
        result: What the check-up found.
        technician: Adds exact comparisons and ids.
        summarise: Words for a probe's data, see Probe.summary.
    """
    show(terminal, check_paragraphs(result, technician, summarise))
    style = "good" if result.exit_code == 0 else "bold"
    show_end_line(terminal, check_end_line(result), style, result.exit_code)


def check_paragraphs(result: CheckUpLike, technician: bool, summarise: Summarise) -> list[Paragraph]:
    """Findings, worst first, then what is healthy and what could not be judged."""
    worst_first = sorted(result.findings, key=lambda finding: -SEVERITIES.index(finding.severity))
    shown = worst_first if technician else worst_first[:_MOST_FINDINGS]
    paragraphs: list[Paragraph] = []
    for finding in shown:
        paragraphs += _finding(finding, result.facts, technician, summarise)
    if len(shown) < len(worst_first):
        paragraphs.append(Paragraph(say("check.more", n=len(worst_first) - len(shown))))
    if result.healthy:
        titles = "; ".join(clean_line(result.titles.get(name, name)).rstrip(".") for name in result.healthy)
        paragraphs.append(Paragraph(say("check.healthy", titles=titles)))
    whole = [entry for entry in result.not_judged if entry.cause in result.titles]
    for entry in whole:
        title, reason = clean_line(result.titles[entry.cause]).rstrip("."), clean_line(entry.reason, 300)
        paragraphs.append(Paragraph(say("check.not_judged", title=title, reason=reason)))
    causes = [entry for entry in result.not_judged if entry.cause not in result.titles]
    return paragraphs + not_judged_paragraphs(causes, technician)


def _finding(finding: Finding, facts: Mapping[str, Fact], technician: bool, summarise: Summarise) -> list[Paragraph]:
    style = {"danger": "bad", "problem": "bad", "warning": "unsure"}.get(finding.severity, "")
    title = clean_line(finding.title).rstrip(".")
    paragraphs = [Paragraph(say("check.finding", severity=_severity(finding.severity), title=title), style=style)]
    playbook = clean_line(finding.id.rpartition(".")[0])
    seen = [facts.get(item.fact) or facts.get(f"{playbook}:{item.fact}") for item in finding.evidence]
    told = [text for fact in seen if fact is not None and fact.ok and (text := fact_text(fact, summarise))]
    paragraphs += [Paragraph(text, 1) for text in told[:1]]
    if technician:
        paragraphs.append(Paragraph(say("session.cause_id", id=clean_line(finding.id)), 1))
        texts = [clean_line(item.text) for item in finding.evidence if item.text]
        paragraphs += [Paragraph(say("session.comparison", text=text), 1) for text in texts]
    if finding.severity != "note":
        paragraphs.append(Paragraph(say("check.mend", playbook=playbook), 1))
    return paragraphs


def _severity(severity: str) -> str:
    return {
        "danger": say("check.danger"),
        "problem": say("check.problem"),
        "warning": say("check.warning"),
        "note": say("check.note"),
    }[severity]


def check_end_line(result: CheckUpLike) -> str:
    """The outcome in one line: "Found: 1 problem, 2 notes. 3.2 s."."""
    counted = {severity: sum(f.severity == severity for f in result.findings) for severity in reversed(SEVERITIES)}
    counts = [_count(severity, n) for severity, n in counted.items() if n]
    if counts:
        outcome = say("check.found", counts=", ".join(counts))
    else:
        outcome = say("check.all_well") if result.healthy else say("check.nothing_judged")
    return f"{outcome} {say('report.took', duration=duration(result.duration_ms / 1000))}"


def _count(severity: str, n: int) -> str:
    return {
        "danger": say("check.count_danger", n=n),
        "problem": say("check.count_problem", n=n),
        "warning": say("check.count_warning", n=n),
        "note": say("check.count_note", n=n),
    }[severity]
