"""summary.txt: a page that a technician can paste into a ticket. ASCII, 78 columns, 60 lines."""

from __future__ import annotations

import platform
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from techdoctor.messages import say
from techdoctor.model import OK, Value
from techdoctor.text import clean_line

WIDTH = 78
MOST_LINES = 60


@dataclass(frozen=True)
class Facts:
    """What the summary says beside the diagnosis; everything redacted before it comes here.

    Attributes:
        diagnosis: The document of `diagnose --json`.
        environment: Six lines about the machine.
        when: When the session began, for a person.
        version: Of techdoctor.
        format: Schema of the bundle.
        redactions: How many private values were hidden.
        help_desk: name, contact, hours, as far as set.
    """

    diagnosis: Mapping[str, Value]
    environment: Sequence[str] = ()
    when: str = ""
    version: str = ""
    format: str = ""
    redactions: int = 0
    help_desk: Mapping[str, str] = field(default_factory=dict)


def summary(facts: Facts) -> str:
    """The text of summary.txt, with a final line break."""
    tree = facts.diagnosis
    playbook = _text(tree, "playbook")
    lines = [
        *_subject(tree),
        *_wrapped(say("ticket.session", session=_text(tree, "session") or "-", when=facts.when), ""),
    ]
    if facts.help_desk:
        names = {name: facts.help_desk.get(name, "") for name in ("name", "contact", "hours")}
        lines += _wrapped(say("ticket.help_desk", **names), "", most=2)
    lines += ["", say("ticket.words"), *_wrapped(_text(tree, "words") or say("ticket.no_words"), "  ", most=5)]
    lines += ["", say("ticket.verdict", end=_text(tree, "end")), *_verdict(tree)]
    lines += _ruled_out(tree)
    lines += ["", say("ticket.tried"), *_tried(tree)]
    lines += _answers(tree)
    lines += ["", say("ticket.could_not"), *_could_not(tree)]
    lines += ["", say("ticket.environment"), *[line for text in facts.environment for line in _wrapped(text, most=1)]]
    versions = {"version": facts.version, "python": platform.python_version(), "format": facts.format}
    tail = ["", say("ticket.versions"), *_wrapped(say("ticket.versions_are", playbook=playbook, **versions))]
    tail += _wrapped(say("ticket.redactions", n=facts.redactions))
    return "\n".join([*lines[: MOST_LINES - len(tail)], *tail]) + "\n"


def ascii_line(text: str) -> str:
    """One harmless ASCII line: accents dropped, what has no ASCII form as `?`."""
    text = unicodedata.normalize("NFKD", clean_line(text, 1000).replace("ß", "ss"))
    return "".join(c for c in text if not unicodedata.combining(c)).encode("ascii", "replace").decode()


def _subject(tree: Mapping[str, Value]) -> list[str]:
    cause = _text(tree, "cause")
    title = next((_text(f, "title") for f in _trees(tree, "findings") if _text(f, "id") == cause), "")
    if cause:
        return _wrapped(say("ticket.subject", cause=cause, title=title), "", most=2)
    playbook, title = _text(tree, "playbook") or "-", _text(tree, "title")
    return _wrapped(say("ticket.subject_unknown", playbook=playbook, title=title), "", most=2)


def _verdict(tree: Mapping[str, Value]) -> list[str]:
    lines = _wrapped(_text(tree, "say"), most=3) if _text(tree, "say") else []
    findings = _trees(tree, "findings")
    for finding in [f for f in findings if f.get("confirmed")][:3]:
        values = {"title": _text(finding, "title"), "id": _text(finding, "id"), "severity": _text(finding, "severity")}
        lines += _wrapped(say("ticket.found", **values), most=2)
        if _text(finding, "caused_by"):
            lines += _wrapped(say("ticket.caused_by", id=_text(finding, "caused_by")), "    ", most=1)
        for evidence in _trees(finding, "evidence")[:3]:
            lines += _wrapped(say("ticket.measured", text=_text(evidence, "text")), "    ", most=2)
    if not lines:
        lines = _wrapped(say("ticket.nothing_found"))
    for finding in [f for f in findings if not f.get("confirmed")][:2]:
        lines += _wrapped(say("ticket.suspected", title=_text(finding, "title"), id=_text(finding, "id")), most=2)
    return lines


def _ruled_out(tree: Mapping[str, Value]) -> list[str]:
    ids = [str(cause) for cause in _list(tree, "ruled_out")]
    if not ids:
        return []
    return ["", say("ticket.ruled_out", n=len(ids)), *_wrapped(", ".join(ids), most=4)]


def _tried(tree: Mapping[str, Value]) -> list[str]:
    lines = []
    for finding in _trees(tree, "findings"):
        for fix in _trees(finding, "fixes"):
            if fix.get("applied") or fix.get("result"):
                result = say(f"ticket.result_{_text(fix, 'result')}")
                lines += _wrapped(say("ticket.tried_fix", text=_text(fix, "text") or _text(fix, "id"), result=result))
    return lines[:8] or _wrapped(say("ticket.nothing_tried"))


def _answers(tree: Mapping[str, Value]) -> list[str]:
    answers = [(_text(q, "id"), _text(q, "answer")) for q in _trees(tree, "questions")]
    if not answers:
        return []
    lines = [line for q, a in answers[:5] for line in _wrapped(say("ticket.answer", id=q, answer=a), most=1)]
    return ["", say("ticket.answers"), *lines]


def _could_not(tree: Mapping[str, Value]) -> list[str]:
    facts = tree.get("facts")
    failed = [
        (name, _text(fact, "reason") or _text(fact, "status"))
        for name, fact in (facts.items() if isinstance(facts, dict) else ())
        if isinstance(fact, dict) and fact.get("status") != OK
    ]
    lines = [line for n, r in failed[:8] for line in _wrapped(say("ticket.could_not_run", name=n, reason=r), most=1)]
    if len(failed) > 8:
        lines += _wrapped(say("ticket.more", n=len(failed) - 8))
    not_judged = _trees(tree, "not_judged")
    if not_judged:
        lines += _wrapped(say("ticket.not_judged", n=len(not_judged), reason=_text(not_judged[0], "reason")), most=2)
    return lines or _wrapped(say("ticket.all_ran"))


def _wrapped(text: str, indent: str = "  ", most: int = 3) -> list[str]:
    lines = textwrap.wrap(ascii_line(text), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: WIDTH - 4] + " ..."]
    return lines


def _text(tree: Mapping[str, Value], name: str) -> str:
    value = tree.get(name)
    return "" if value is None else str(value)


def _list(tree: Mapping[str, Value], name: str) -> Sequence[Value]:
    value = tree.get(name)
    return value if isinstance(value, list) else []


def _trees(tree: Mapping[str, Value], name: str) -> list[Mapping[str, Value]]:
    return [item for item in _list(tree, name) if isinstance(item, dict)]
