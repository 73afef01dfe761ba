"""The end of a session in words. Pure functions from a result to paragraphs; `show_outcome` prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from techdoctor.console.conversation import Conversation
from techdoctor.console.paragraphs import Paragraph, show, show_end_line
from techdoctor.console.terminal import Terminal
from techdoctor.console.wording import Look, Seen, Summarise, evidence_lines, fact_text, status_word
from techdoctor.messages import say
from techdoctor.model import Fact, Finding, FixOutcome, NotJudged
from techdoctor.text import clean_line, duration

_MOST_REASONS = 3
_MOST_CANDIDATES = 3
_UNSOLVED = ("escalated", "inconclusive", "referred", "handed_on")


class Outcome(Protocol):
    """What is reported of a session; engine.result.Diagnosis has these attributes."""

    @property
    def session(self) -> str: ...
    @property
    def end(self) -> str: ...
    @property
    def say(self) -> str: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def ruled_out(self) -> Sequence[str]: ...
    @property
    def not_judged(self) -> Sequence[NotJudged]: ...
    @property
    def path(self) -> Sequence[tuple[str, str]]: ...
    @property
    def questions(self) -> Sequence[tuple[str, str]]: ...
    @property
    def facts(self) -> Mapping[str, Fact]: ...
    @property
    def duration_ms(self) -> float: ...
    @property
    def candidates(self) -> Sequence[str]: ...
    @property
    def bundle(self) -> str | None: ...
    @property
    def saved(self) -> bool: ...
    @property
    def user_said(self) -> str: ...
    @property
    def exit_code(self) -> int: ...


def show_outcome(terminal: Terminal, result: Outcome, conversation: Conversation, help_desk: str = "") -> None:
    """Prints the report of a session to standard output.

    Args:
        terminal: Where to.
        result: What became of the session.
        conversation: The conversation it was held in; what it has told on the same screen is not told again.
        help_desk: Contact of the help desk, shown when the trouble stays.
    """
    conversation.close()
    told = [f.id for f in result.findings if terminal.same_screen and conversation.has_told(f.id)]

    def look(key: str) -> Seen | None:
        fact = result.facts.get(key)
        return Seen(conversation.title_of(key, fact), fact) if fact is not None else None

    technician, summarise = conversation.technician, conversation.summarise
    show(terminal, finding_paragraphs(result, told, look, summarise, technician))
    show(terminal, closing_paragraphs(result, help_desk, technician))
    if technician:
        show(terminal, technician_paragraphs(result, summarise))
    style = {"solved": "good", "not_reproduced": "good"}.get(result.end, "bold")
    show_end_line(terminal, end_line(result), style, result.exit_code)
    if terminal.lost:
        terminal.progress(say("report.output_lost", reason=clean_line(terminal.lost)))


def end_line(result: Outcome) -> str:
    """The outcome in one line: "Solved: name lookup works again. 1 fix applied. 14 s."."""
    told = clean_line(result.say, 500)
    if not told and result.end in ("found", "referred", "handed_on", "declined"):
        told = clean_line(next((f.title for f in result.findings if f.confirmed), ""))
    known = next((clean_line(f.title) for f in result.findings if f.confirmed), "")
    if result.end == "solved" and result.user_said == "no":
        outcome = say("report.solved_user_no")
    elif not told and result.end == "escalated" and known:
        outcome = say("report.escalated_known", title=known.rstrip("."))
    elif told:
        outcome = _ends(told.rstrip(".")).get(result.end, told)
    else:
        outcome = _bare_ends().get(result.end, clean_line(result.end))
    parts = [outcome.rstrip(".") + "."]
    applied = len(applied_fixes(result))
    if applied:
        parts.append(say("report.fixes", n=applied))
    parts.append(took_text(result.duration_ms))
    return " ".join(parts)


def took_text(duration_ms: float) -> str:
    """How long it all took; tenths of a second below one, where milliseconds would look like one more measurement."""
    seconds = duration_ms / 1000
    return say("report.took", duration=f"{seconds:.1f} s" if seconds < 1 else duration(seconds))


def _ends(text: str) -> dict[str, str]:
    return {
        "solved": say("report.solved", say=text),
        "not_reproduced": say("report.not_reproduced", say=text),
        "found": say("report.found", say=text),
        "referred": say("report.referred", say=text),
        "handed_on": say("report.handed_on", say=text),
        "escalated": say("report.escalated", say=text),
        "inconclusive": say("report.inconclusive", say=text),
        "declined": say("report.declined", say=text),
        "aborted": say("report.aborted", say=text),
    }


def _bare_ends() -> dict[str, str]:
    return {
        "solved": say("report.solved_bare"),
        "not_reproduced": say("report.not_reproduced_bare"),
        "found": say("report.found_bare"),
        "referred": say("report.referred_bare"),
        "handed_on": say("report.handed_on_bare"),
        "escalated": say("report.escalated_bare"),
        "inconclusive": say("report.inconclusive_bare"),
        "declined": say("report.declined_bare"),
        "aborted": say("report.aborted_bare"),
    }


def applied_fixes(result: Outcome) -> list[FixOutcome]:
    """All fixes that ran, or that the person says are done, and were not taken back."""
    return [fix for finding in result.findings for fix in finding.fixes if fix.applied and fix.result != "undone"]


def finding_paragraphs(
    result: Outcome, told: Sequence[str], seen: Look, summarise: Summarise, technician: bool
) -> list[Paragraph]:
    """Findings that were not told yet, with their evidence and, where the trouble stays, what helps."""
    titles = {finding.id: clean_line(finding.title) for finding in result.findings}
    paragraphs: list[Paragraph] = []
    for finding in result.findings:
        if finding.id in told:
            continue
        title = titles[finding.id].rstrip(".")
        text = say("session.found", title=title) if finding.confirmed else say("session.suspected", title=title)
        paragraphs.append(Paragraph(text, style="bold", gap=True))
        paragraphs += [Paragraph(line, 1) for line in evidence_lines(finding, seen, summarise, technician)]
        if finding.caused_by:
            cause = titles.get(finding.caused_by, clean_line(finding.caused_by))
            paragraphs.append(Paragraph(say("report.caused_by", title=cause), 1))
        if result.end in ("found", "referred", *_UNSOLVED):
            paragraphs += [Paragraph(_help(fix), 1) for fix in finding.fixes if not fix.result]
    return paragraphs


def _help(fix: FixOutcome) -> str:
    text = clean_line(fix.text, 1000)
    if fix.action:
        return say("report.help_action", action=text)
    return say("report.help_fix", text=text)


def closing_paragraphs(result: Outcome, help_desk: str, technician: bool) -> list[Paragraph]:
    """What was changed, ruled out and not judged, who helps now, and where the details are."""
    paragraphs = _changes(result)
    if result.user_said == "no":
        paragraphs.append(Paragraph(say("report.user_no")))
    if result.ruled_out and technician:
        paragraphs.append(Paragraph(say("report.ruled_out_ids", ids=_listed(result.ruled_out))))
    elif result.ruled_out and result.end != "solved":
        paragraphs.append(Paragraph(say("report.ruled_out", n=len(result.ruled_out))))
    paragraphs += not_judged_paragraphs(result.not_judged, technician)
    shown = result.candidates if technician else result.candidates[:_MOST_CANDIDATES]
    if shown:
        paragraphs.append(Paragraph(say("report.candidates", ids=_listed(shown))))
    if result.bundle:
        paragraphs.append(Paragraph(say("report.bundle", path=clean_line(result.bundle, 1000))))
    if help_desk and (result.end in _UNSOLVED or result.user_said == "no"):
        paragraphs.append(Paragraph(say("report.help_desk", contact=clean_line(help_desk, 500))))
    paragraphs += _what_next(result)
    if not result.saved:
        paragraphs.append(Paragraph(say("report.not_saved"), style="unsure"))
    elif result.session and (technician or result.end not in ("solved", "not_reproduced")):
        paragraphs.append(Paragraph(say("report.session", id=clean_line(result.session))))
    if paragraphs:
        paragraphs[0] = Paragraph(paragraphs[0].text, paragraphs[0].level, paragraphs[0].style, gap=True)
    return paragraphs


def _changes(result: Outcome) -> list[Paragraph]:
    lines = []
    for fix in (fix for finding in result.findings for fix in finding.fixes):
        text = clean_line(fix.text, 500)
        if fix.result == "undone":
            lines.append(say("report.undone", text=text))
        elif fix.result == "failed":
            lines.append(say("report.changed_failed", text=text))
        elif fix.result == "interrupted":
            lines.append(say("report.changed_interrupted", text=text))
        elif fix.result == "no_help":
            lines.append(say("report.changed_no_help" if _changed(fix) else "report.tried_no_help", text=text))
        elif fix.applied or fix.result in ("solved", "helped"):
            lines.append(say("report.changed" if _changed(fix) else "report.tried", text=text))
    if not lines and result.end in ("aborted", "declined", *_UNSOLVED):
        lines.append(say("report.nothing_changed"))
    return [Paragraph(line) for line in lines]


def _what_next(result: Outcome) -> list[Paragraph]:
    lines = []
    if result.user_said == "no":
        lines.append(say("report.say_more"))
    if result.end == "not_reproduced":
        lines.append(say("report.comes_and_goes"))
    if result.saved and result.session and any(_changed(fix) for fix in applied_fixes(result)):
        lines.append(say("report.undo", id=clean_line(result.session)))
    return [Paragraph(line) for line in lines]


def _changed(fix: FixOutcome) -> bool:
    """True when techdoctor itself changed something."""
    return fix.applied and bool(fix.action)


def not_judged_paragraphs(not_judged: Sequence[NotJudged], technician: bool) -> list[Paragraph]:
    """What could not be judged, one line a reason: counted for a person, by name for a technician."""
    by_reason: dict[str, list[str]] = {}
    for entry in not_judged:
        by_reason.setdefault(clean_line(entry.reason, 300).rstrip("."), []).append(entry.cause)
    lines = []
    for reason, causes in by_reason.items():
        what = _listed(causes) if technician else say("report.not_judged_count", n=len(causes))
        lines.append(say("report.not_judged", what=what, reason=reason))
    if not technician and len(lines) > _MOST_REASONS:
        lines[_MOST_REASONS:] = [say("report.more_reasons", n=len(lines) - _MOST_REASONS)]
    return [Paragraph(line) for line in lines]


def technician_paragraphs(result: Outcome, summarise: Summarise) -> list[Paragraph]:
    """How the walk went: nodes with their reason, questions, every fact with its status and time."""
    steps = [
        say("report.path_step", node=clean_line(node), why=clean_line(why)) if why else clean_line(node)
        for node, why in result.path
    ]
    paragraphs = [Paragraph(say("report.path", steps=" -> ".join(steps)), gap=True)] if steps else []
    for question, answer in result.questions:
        text = say("report.question", question=clean_line(question), answer=clean_line(answer))
        paragraphs.append(Paragraph(text))
    for name, fact in result.facts.items():
        text = fact_text(fact, summarise)
        took, status = duration(fact.duration_ms / 1000), status_word(fact.status)
        shown = say("report.fact", name=clean_line(name), status=status, took=took, text=text).rstrip()
        paragraphs.append(Paragraph(shown, 1))
    return paragraphs


def _listed(names: Sequence[str]) -> str:
    return ", ".join(clean_line(name) for name in names)
