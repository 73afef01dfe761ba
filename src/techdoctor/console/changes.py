"""What changed since an earlier check-up, in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from techdoctor.console.check import severity_word
from techdoctor.console.paragraphs import Paragraph
from techdoctor.messages import say
from techdoctor.model import SEVERITIES
from techdoctor.text import clean_line

_MOST_NAMED = 6


class ChangeLike(Protocol):
    """One change; monitor.changes.Change has these attributes."""

    @property
    def kind(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...


class ChangesLike(Protocol):
    """What changed; monitor.changes.Changes has these attributes."""

    @property
    def since_s(self) -> float: ...
    @property
    def findings(self) -> Sequence[ChangeLike]: ...
    @property
    def packages(self) -> Sequence[ChangeLike]: ...
    @property
    def drivers(self) -> Sequence[ChangeLike]: ...
    @property
    def settings(self) -> Sequence[ChangeLike]: ...
    @property
    def settings_gone(self) -> int: ...
    @property
    def compared(self) -> bool: ...
    @property
    def any(self) -> bool: ...


def change_texts(changes: ChangesLike, most: int = _MOST_NAMED) -> list[str]:
    """One line for each changed finding, one for each kind of thing that was installed or set differently."""
    texts = [_finding(change) for change in changes.findings]
    texts += _counted("changes.packages", changes.packages, _package, most)
    texts += _counted("changes.drivers", changes.drivers, _named, most)
    texts += _counted("changes.settings", changes.settings, _named, most)
    if changes.settings_gone:
        texts.append(say("changes.settings_gone", n=changes.settings_gone))
    return texts


def changes_heading(changes: ChangesLike) -> str:
    """Since when, and whether anything changed."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(changes.since_s))
    return say("changes.since", when=when) if changes.any else say("changes.none", when=when)


def changes_paragraphs(changes: ChangesLike) -> list[Paragraph]:
    """What changed, as a part of the report on screen."""
    paragraphs = [Paragraph(changes_heading(changes), gap=True)]
    paragraphs += [Paragraph(text, 1) for text in change_texts(changes)]
    if not changes.compared:
        paragraphs.append(Paragraph(say("changes.not_compared"), 1))
    return paragraphs


def _finding(change: ChangeLike) -> str:
    title = clean_line(change.what).rstrip(".")
    before, after = _severity(change.before), _severity(change.after)
    return {
        "new": say("changes.new", title=title, severity=after),
        "gone": say("changes.gone", title=title),
        "worse": say("changes.worse", title=title, before=before, after=after),
    }.get(change.kind, say("changes.better", title=title, before=before, after=after))


def _severity(severity: str) -> str:
    return severity_word(severity).lower() if severity in SEVERITIES else ""


def _counted(key: str, changes: Sequence[ChangeLike], shown: Callable[[ChangeLike], str], most: int) -> list[str]:
    if not changes:
        return []
    names = ", ".join(shown(change) for change in changes[:most])
    if len(changes) > most:
        names += ", ..."
    return [say(key, n=len(changes), names=names)]


def _named(change: ChangeLike) -> str:
    sign = {"added": "+", "removed": "-"}.get(change.kind, "")
    return sign + clean_line(change.what, 80)


def _package(change: ChangeLike) -> str:
    name, before, after = (clean_line(text, 60) for text in (change.what, change.before, change.after))
    if change.kind == "added":
        return f"+{name} {after}"
    return f"-{name}" if change.kind == "removed" else f"{name} {before} -> {after}"
