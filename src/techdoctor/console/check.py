"""The check-up on screen: its progress, and a report with the worst first that fits one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from techdoctor.console.conversation import no_summary
from techdoctor.console.paragraphs import Paragraph, show, show_end_line
from techdoctor.console.report import not_judged_paragraphs, took_text
from techdoctor.console.terminal import Terminal
from techdoctor.console.ticker import Ticker
from techdoctor.console.wording import Summarise, fact_text
from techdoctor.messages import say
from techdoctor.model import SEVERITIES, Fact, Finding, NotJudged
from techdoctor.text import clean_line

# With three or four lines each, this many findings leave room for the rest on a screen of 24 lines.
_MOST_FINDINGS = 4
_MOST_HEADINGS = 2
_MOST_TITLES = 8
_LONGEST_STEP = 130
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
    def not_here(self) -> Sequence[NotJudged]: ...
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
    terminal: Terminal,
    result: CheckUpLike,
    technician: bool = False,
    summarise: Summarise = no_summary,
    after: Sequence[Paragraph] = (),
) -> None:
    """Prints the report of a check-up to standard output; the last line says the outcome and the exit code.

    Args:
        terminal: Where to.
        result: What the check-up found.
        technician: Adds exact comparisons and ids.
        summarise: Words for a probe's data, see Probe.summary.
        after: What else is said before the last line: what changed since the last check-up.
    """
    show(terminal, [*check_paragraphs(result, technician, summarise), *after])
    style = "good" if result.exit_code == 0 else "bold"
    show_end_line(terminal, check_end_line(result), style, result.exit_code)


def check_paragraphs(result: CheckUpLike, technician: bool, summarise: Summarise) -> list[Paragraph]:
    """Findings, worst first, then what is healthy and what could not be judged."""
    worst_first = sorted(result.findings, key=lambda finding: -SEVERITIES.index(finding.severity))
    shown = worst_first if technician else worst_first[:_MOST_FINDINGS]
    paragraphs: list[Paragraph] = []
    for finding in shown:
        paragraphs += _finding(finding, result.facts, technician, summarise)
    rest = worst_first[len(shown) :]
    paragraphs += [Paragraph(heading_of(finding)) for finding in rest[:_MOST_HEADINGS]]
    if len(rest) > _MOST_HEADINGS:
        paragraphs.append(Paragraph(say("check.more", n=len(rest) - _MOST_HEADINGS)))
    if result.healthy:
        paragraphs.append(Paragraph(healthy_text(result, technician)))
    if result.not_here:
        paragraphs.append(Paragraph(say("check.not_here", titles="; ".join(_titles(result.not_here, result.titles)))))
    whole = [entry for entry in result.not_judged if entry.cause in result.titles]
    for reason, titles in _by_reason(whole, result.titles).items():
        paragraphs.append(Paragraph(say("check.not_judged", title="; ".join(titles), reason=reason)))
    causes = [entry for entry in result.not_judged if entry.cause not in result.titles]
    return paragraphs + not_judged_paragraphs(causes, technician)


def healthy_text(result: CheckUpLike, whole: bool = False) -> str:
    """What shows no sign of trouble: by title, or how many when that would fill the screen."""
    titles = [clean_line(result.titles.get(name, name)).rstrip(".") for name in result.healthy]
    if len(titles) > _MOST_TITLES and not whole:
        areas = ", ".join(dict.fromkeys(clean_line(name).split(".")[0] for name in result.healthy))
        return say("check.healthy_count", n=len(titles), areas=areas)
    return say("check.healthy", titles="; ".join(titles))


def _titles(entries: Sequence[NotJudged], titles: Mapping[str, str]) -> list[str]:
    return [clean_line(titles.get(entry.cause, entry.cause)).rstrip(".") for entry in entries]


def _by_reason(entries: Sequence[NotJudged], titles: Mapping[str, str]) -> dict[str, list[str]]:
    """Titles of what could not be judged, by the reason."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        reason = clean_line(entry.reason, 300)
        found.setdefault(reason, []).append(clean_line(titles[entry.cause]).rstrip("."))
    return found


def heading_of(finding: Finding) -> str:
    """How bad and what: "Warning: The print service is not running."."""
    title = clean_line(finding.title).rstrip(".")
    return say("check.finding", severity=severity_word(finding.severity), title=title)


def measured_of(finding: Finding, facts: Mapping[str, Fact], summarise: Summarise) -> str:
    """What was measured, in the words of the probe that speaks for the finding; empty when there are none."""
    playbook = clean_line(finding.id.rpartition(".")[0])
    for item in finding.evidence:
        fact = facts.get(item.fact) or facts.get(f"{playbook}:{item.fact}")
        text = fact_text(fact, summarise) if fact is not None and fact.ok else ""
        if text:
            return text
    return ""


def next_step(finding: Finding) -> str:
    """What to do: the first remedy for a person in words, and the command that leads through all of them."""
    playbook = clean_line(finding.id.rpartition(".")[0])
    command = say("check.mend", playbook=playbook)
    told = clean_line(next((fix.text for fix in finding.fixes if fix.text), ""), 1000).rstrip(".")
    if len(told) > _LONGEST_STEP:
        return f"{told[:_LONGEST_STEP].rpartition(' ')[0].rstrip(',;:')} ... {command}"
    return f"{told}. {command}" if told else command


def _finding(finding: Finding, facts: Mapping[str, Fact], technician: bool, summarise: Summarise) -> list[Paragraph]:
    style = {"danger": "bad", "problem": "bad", "warning": "unsure"}.get(finding.severity, "")
    paragraphs = [Paragraph(heading_of(finding), style=style)]
    measured = measured_of(finding, facts, summarise)
    if measured:
        paragraphs.append(Paragraph(measured, 1))
    if technician:
        paragraphs.append(Paragraph(say("session.cause_id", id=clean_line(finding.id)), 1))
        texts = [clean_line(item.text) for item in finding.evidence if item.text]
        paragraphs += [Paragraph(say("session.comparison", text=text), 1) for text in texts]
    if finding.severity != "note":
        paragraphs.append(Paragraph(next_step(finding), 1))
    return paragraphs


def severity_word(severity: str) -> str:
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
    return f"{outcome} {took_text(result.duration_ms)}"


def _count(severity: str, n: int) -> str:
    return {
        "danger": say("check.count_danger", n=n),
        "problem": say("check.count_problem", n=n),
        "warning": say("check.count_warning", n=n),
        "note": say("check.count_note", n=n),
    }[severity]
