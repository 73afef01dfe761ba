"""What is said in a session, before any renderer lays it out: rows, evidence, fix cards. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from techdoctor.console.prompt import Choice, standard_choices, unknown_choice
from techdoctor.events import ALREADY, NO, UNKNOWN, YES, Ask, Offer
from techdoctor.messages import say
from techdoctor.model import (
    CRASHED,
    DENIED,
    MISSING_TOOL,
    NOT_APPLICABLE,
    OK,
    SKIPPED,
    TIMEOUT,
    ActionPreview,
    Evidence,
    Fact,
    Finding,
    Value,
)
from techdoctor.text import clean, clean_line, quantity

# (probe name, data) -> one short line for a person, empty when there is none; see Probe.summary.
Summarise = Callable[[str, Mapping[str, Value]], str]

MOST_EVIDENCE = 3
# A command is shown whole before consent, however long: nobody may agree to half of it.
_COMMAND_LIMIT = 8000


@dataclass(frozen=True)
class Row:
    """A finished probe for the screen.

    Attributes:
        status: "ok", "unknown", "skipped" or "not here", in the person's language.
        style: A style of the terminal.
        title: Of the probe.
        text: What was measured, or why nothing was.
        measured: True when there is a measurement.
        seconds: Wall time, one decimal.
    """

    status: str
    style: str
    title: str
    text: str
    measured: bool
    seconds: str


def row_of(title: str, fact: Fact, summarise: Summarise) -> Row:
    """The row of a fact. It says what was seen and never judges it."""
    return Row(
        status=status_word(fact.status),
        style={OK: "good", SKIPPED: "dim", NOT_APPLICABLE: "dim"}.get(fact.status, "unsure"),
        title=clean_line(title),
        text=fact_text(fact, summarise),
        measured=fact.ok,
        seconds=say("session.took", seconds=f"{fact.duration_ms / 1000:.1f}"),
    )


def status_word(status: str) -> str:
    """A fact's status as a row shows it; what could not be measured is one word with its reason beside it."""
    if status == OK:
        return say("status.ok")
    if status == SKIPPED:
        return say("status.skipped")
    return say("status.not_here") if status == NOT_APPLICABLE else say("status.unknown")


def fact_text(fact: Fact, summarise: Summarise) -> str:
    """What a fact says in one line: the summary of its data, or the reason why there is none."""
    if fact.ok:
        return clean_line(summarise(fact.probe, fact.data))
    return clean_line(fact.reason) or _REASONS[fact.status]()


_REASONS: Mapping[str, Callable[[], str]] = {
    TIMEOUT: lambda: say("status.timeout"),
    DENIED: lambda: say("status.denied"),
    MISSING_TOOL: lambda: say("status.missing_tool"),
    NOT_APPLICABLE: lambda: say("status.not_applicable"),
    SKIPPED: lambda: say("status.was_skipped"),
    CRASHED: lambda: say("status.crashed"),
}


@dataclass(frozen=True)
class Seen:
    """A fact as the session showed it: the title of its probe beside it."""

    title: str
    fact: Fact


# Key of a fact to what was shown for it, None when nothing was.
Look = Callable[[str], "Seen | None"]


def evidence_lines(finding: Finding, seen: Look, summarise: Summarise, technician: bool) -> list[str]:
    """What speaks for a finding: up to three lines in plain words; for a technician every comparison too.

    Args:
        finding: The finding.
        seen: Gives what was shown for a fact's key.
        summarise: Words for a probe's data.
        technician: Adds exact comparisons and the global id.
    """
    counted = [item for item in finding.evidence if not _measured_anew(finding, item, seen)]
    lines = list(dict.fromkeys(_plain_evidence(item, seen, summarise) for item in counted))[:MOST_EVIDENCE]
    if technician:
        lines += [say("session.comparison", text=clean_line(item.text)) for item in finding.evidence if item.text]
        lines.append(say("session.cause_id", id=clean_line(finding.id)))
    return lines


def _measured_anew(finding: Finding, item: Evidence, seen: Look) -> bool:
    """True when a fix was tried and the fact says something else now: its words would contradict the finding."""
    known = seen(item.fact)
    tried = any(fix.result for fix in finding.fixes)
    if not tried or known is None or not known.fact.ok:
        return False
    return item.field in known.fact.data and known.fact.data[item.field] != item.value


def _plain_evidence(item: Evidence, seen: Look, summarise: Summarise) -> str:
    known = seen(item.fact)
    if known is not None and known.fact.ok:
        text = fact_text(known.fact, summarise)
        if text:
            return say("session.evidence", title=clean_line(known.title), text=text)
    return say(
        "session.evidence_field",
        title=clean_line(known.title) if known else key_words(item.fact),
        field=_words(item.field),
        value=_value(item),
    )


def _value(item: Evidence) -> str:
    if isinstance(item.value, list) and any(isinstance(entry, dict) for entry in item.value):
        return quantity(len(item.value), "count")
    return clean_line(quantity(item.value, item.unit))


def key_words(fact: str) -> str:
    """The key of a fact in words: "net.dns:first_server" -> "first server"."""
    return _words(fact.rpartition(":")[2])


def _words(name: str) -> str:
    return clean_line(name.replace("_", " "))


@dataclass(frozen=True)
class Card:
    """An offered fix, ready to be laid out.

    Attributes:
        heading: "Fix 1 of 2 - ...".
        before: Lines between heading and commands.
        command_label: "It will run, as administrator:"; empty without commands.
        commands: Exact commands, whole.
        after: Risk, undo and what else must be known before consent.
        question: What is asked.
        choices: What may be answered.
    """

    heading: str
    before: tuple[str, ...]
    command_label: str
    commands: tuple[str, ...]
    after: tuple[str, ...]
    question: str
    choices: tuple[Choice, ...]


def fix_title(offer: Offer, preview: ActionPreview | None) -> str:
    """What a fix is, in the words of its instruction or its action."""
    if preview is not None:
        return clean_line(preview.title) or clean_line(offer.action)
    return clean(offer.instruct).strip() or clean_line(offer.title)


def card_of(offer: Offer, preview: ActionPreview | None) -> Card:
    """The card of an offer; `preview` is None for instructions."""
    title = fix_title(offer, preview)
    before = [] if offer.confirmed else [say("session.fix_suspected")]
    commands: tuple[str, ...] = ()
    after: list[str] = []
    label = ""
    if preview is not None:
        commands = tuple(clean(command, _COMMAND_LIMIT).strip() for command in preview.commands)
        label = say("session.will_run_admin") if preview.needs_admin else say("session.will_run")
        if preview.problem:
            after.append(say("session.cannot_run", text=clean_line(preview.problem)))
        if preview.discloses:
            after.append(say("session.sends", text=clean_line(preview.discloses)))
    elif offer.needs == "admin":
        after.append(say("session.needs_admin"))
    if not offer.referral:
        after.append(say("session.risk", risk=_risk(offer.risk), undo=_undo(offer, preview)))
    return Card(
        heading=say("session.fix", number=offer.number, total=offer.total, title=title),
        before=tuple(before),
        command_label=label if commands else "",
        commands=commands,
        after=tuple(after),
        question=_question(offer, preview),
        choices=offer_choices(offer, preview),
    )


def _question(offer: Offer, preview: ActionPreview | None) -> str:
    if offer.referral:
        return say("ask.refer")
    return say("ask.instruct") if preview is None else say("ask.apply")


def _risk(risk: str) -> str:
    return {
        "none": say("session.risk_none"),
        "low": say("session.risk_low"),
        "medium": say("session.risk_medium"),
        "high": say("session.risk_high"),
    }.get(risk, clean_line(risk))


def _undo(offer: Offer, preview: ActionPreview | None) -> str:
    if offer.undo == "none_needed" or (not offer.action and offer.risk == "none"):
        return say("session.undo_not_needed")
    if preview is not None and preview.undo:
        return clean_line(preview.undo).rstrip(".")
    if offer.irreversible or (preview is not None and not offer.undo):
        return say("session.undo_impossible")
    return say("session.undo_by_hand")


def offer_choices(offer: Offer, preview: ActionPreview | None) -> tuple[Choice, ...]:
    """1 yes (or done now), 2 no/next, 3 I already did that, 4 I don't know / why, b back, s stop."""
    label = say("ask.yes")
    if offer.referral:
        label = say("ask.will_ask_them")
    elif preview is None:
        label = say("ask.done_now")
    elif preview.problem:
        label = say("ask.yes_anyway")
    return (
        Choice(YES, label, say("ask.words_yes")),
        Choice(NO, say("ask.no_next"), say("ask.words_no")),
        Choice(ALREADY, say("ask.already"), say("ask.words_already")),
        Choice(UNKNOWN, say("ask.unsure"), say("ask.words_unknown")),
        *standard_choices(why=False),
    )


def question_choices(question: Ask) -> tuple[Choice, ...]:
    """The question's own choices, then "I don't know", b back, w why, s stop."""
    own = [Choice(key, clean_line(label), _usual_words(key)) for key, label in question.choices.items()]
    unsure = [] if UNKNOWN in question.choices else [unknown_choice()]
    return (*own, *unsure, *standard_choices(why=True))


def _usual_words(key: str) -> str:
    return {YES: say("ask.words_yes"), NO: say("ask.words_no")}.get(key, "")


def why_offer(offer: Offer, finding: Finding | None) -> list[str]:
    """Why a fix is offered and what its risk means, without the evidence."""
    title = clean_line(finding.title if finding is not None else offer.title)
    sure = offer.confirmed
    lines = [say("session.why_confirmed", title=title) if sure else say("session.why_suspected", title=title)]
    risk = {
        "none": say("session.why_risk_none"),
        "low": say("session.why_risk_low"),
        "medium": say("session.why_risk_medium"),
        "high": say("session.why_risk_high"),
    }.get(offer.risk)
    return [*lines, risk] if risk and not offer.referral else lines
