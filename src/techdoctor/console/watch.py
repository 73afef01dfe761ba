"""A watch on screen: one moving line while it runs, and the report with sparklines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from techdoctor.console.page import card, listed, page, paragraph, shown
from techdoctor.console.paragraphs import Paragraph, show, show_end_line
from techdoctor.console.sparkline import plot, sparkline
from techdoctor.console.terminal import Terminal
from techdoctor.messages import say
from techdoctor.model import Finding
from techdoctor.text import clean_line, duration, quantity

_LIVE = ("cpu_percent", "memory_percent", "celsius")
_LIVE_WIDTH, _REPORT_WIDTH = 12, 32
_HEARTBEAT_S = 30.0


class SeriesLike(Protocol):
    """monitor.watch.series.Series."""

    unit: str
    low: float
    high: float
    last: float

    def values(self) -> list[float]: ...
    def all_points(self) -> list[tuple[float, float, float]]: ...


class TroubleLike(Protocol):
    """monitor.watch.trouble.Trouble."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def since_s(self) -> float: ...
    @property
    def playbook(self) -> str: ...


class DiagnosedLike(Protocol):
    """monitor.watch.watching.Diagnosed."""

    @property
    def playbook(self) -> str: ...
    @property
    def findings(self) -> Sequence[Finding]: ...


class WatchedLike(Protocol):
    """monitor.watch.watching.Watched."""

    seconds: float
    looks: int
    interrupted: bool

    @property
    def figures(self) -> Mapping[str, SeriesLike]: ...
    @property
    def troubles(self) -> Sequence[TroubleLike]: ...
    @property
    def diagnoses(self) -> Sequence[DiagnosedLike]: ...
    @property
    def unseen(self) -> Sequence[str]: ...
    @property
    def exit_code(self) -> int: ...


class WatchProgress:
    """Shows how a watch goes: a moving line with sparklines, or a line now and then in plain mode."""

    def __init__(self, terminal: Terminal, seconds: float) -> None:
        self._terminal, self._seconds, self._told_s = terminal, seconds, 0.0
        terminal.progress(say("watch.begins", time=duration(seconds)))

    def looked(self, result: WatchedLike) -> None:
        """One more look was taken."""
        if self._terminal.plain:
            if result.seconds - self._told_s >= _HEARTBEAT_S:
                self._told_s = result.seconds
                self._terminal.progress(self._state(result, sparks=False))
        else:
            self._terminal.transient("  " + self._state(result, sparks=True))

    def showed(self, trouble: TroubleLike) -> None:
        """A trouble showed for the first time."""
        self._terminal.progress(_trouble_text(trouble))

    def _state(self, result: WatchedLike, sparks: bool) -> str:
        parts = []
        for name in _LIVE:
            series = result.figures.get(name)
            if series is not None and series.values():
                line = sparkline(series.values(), _LIVE_WIDTH, not self._terminal.draws_blocks) + " " if sparks else ""
                parts.append(f"{_name(name)} {line}{_amount(series.last, series.unit)}")
        past, whole = duration(result.seconds), duration(self._seconds)
        return say("watch.state", past=past, whole=whole, figures=", ".join(parts))


def show_watched(terminal: Terminal, result: WatchedLike, wide: bool = False) -> None:
    """Prints the report; the last line says the outcome and the exit code.

    Args:
        terminal: Where to.
        result: What was seen.
        wide: True adds what could not be watched.
    """
    plain = terminal.plain_result
    paragraphs = [Paragraph(_figure_line(n, s, plain, terminal.draws_blocks)) for n, s in result.figures.items()]
    for trouble in result.troubles:
        paragraphs.append(
            Paragraph(_trouble_text(trouble), style="bad" if trouble.severity != "note" else "", gap=True)
        )
        paragraphs += [Paragraph(text, 1) for text in _after(trouble, result)]
    if wide or result.looks <= 1:
        paragraphs += [Paragraph(say("watch.unseen", what=clean_line(what))) for what in result.unseen]
    show(terminal, paragraphs)
    show_end_line(terminal, end_line(result), "good" if result.exit_code == 0 else "bold", result.exit_code)


def end_line(result: WatchedLike) -> str:
    """The outcome in one line."""
    time = duration(result.seconds)
    ended = say("watch.interrupted", time=time) + " " if result.interrupted else ""
    if result.troubles:
        return ended + say("watch.found", n=len(result.troubles), time=time)
    if result.looks <= 1:
        return ended + say("watch.too_short", n=result.looks)
    return ended + say("watch.nothing", time=time, n=result.looks)


def _after(trouble: TroubleLike, result: WatchedLike) -> list[str]:
    """What the diagnosis found that was started when the trouble showed, and what to do next."""
    texts = []
    for diagnosed in result.diagnoses:
        if diagnosed.playbook == trouble.playbook:
            found = [say("watch.diagnosed", title=clean_line(f.title).rstrip(".")) for f in diagnosed.findings[:2]]
            texts += found or [say("watch.not_confirmed")]
    return [*texts, say("watch.next", playbook=clean_line(trouble.playbook))]


def _trouble_text(trouble: TroubleLike) -> str:
    title, detail = clean_line(trouble.title).rstrip("."), clean_line(trouble.detail, 300)
    return say("watch.trouble", time=duration(trouble.since_s), title=title, detail=detail)


def _figure_line(name: str, series: SeriesLike, plain: bool, blocks: bool) -> str:
    words = _figure_words(name, series)
    return words if plain else f"{sparkline(series.values(), _REPORT_WIDTH, not blocks)}  {words}"


def _figure_words(name: str, series: SeriesLike) -> str:
    low, high, last = (_amount(value, series.unit) for value in (series.low, series.high, series.last))
    return say("watch.figure", name=_name(name), low=low, high=high, last=last)


def _amount(value: float, unit: str) -> str:
    if unit == "bytes_per_s":
        return quantity(value, "bytes") + "/s"
    return quantity(round(value), unit) if unit in ("percent", "celsius") else quantity(value, unit)


def _name(name: str) -> str:
    return say("watch." + name)


def watch_page(result: WatchedLike, host: str) -> str:
    """The report as a page of one HTML file, with plots."""
    title = say("watch.page_title", host=host)
    body = ["<header>", f"<h1>{shown(title)}</h1>", paragraph(end_line(result)), "</header>", "<main>"]
    if result.troubles:
        body.append(f"<h2>{shown(say('watch.page_troubles'))}</h2>")
    for trouble in result.troubles:
        inside = [paragraph(clean_line(trouble.detail, 300)), *listed(_after(trouble, result))]
        body += card(trouble.severity, duration(trouble.since_s), clean_line(trouble.title), inside)
    body.append(f"<h2>{shown(say('watch.page_figures'))}</h2>")
    marks = [trouble.since_s for trouble in result.troubles]
    for name, series in result.figures.items():
        points = [(at, highest) for at, _, highest in series.all_points()]
        if points:
            words = _figure_words(name, series)
            # Shares of all there is are drawn as such: from 99 to 100 % is no mountain.
            low, high = (0.0, 100.0) if series.unit == "percent" else (series.low, series.high)
            labels = (_amount(low, series.unit), _amount(high, series.unit))
            drawn = plot(points, marks, words, labels, (low, high))
            body += ["<figure>", f"<figcaption>{shown(words)}</figcaption>", *drawn, "</figure>"]
    body += [paragraph(say("watch.unseen", what=what), "dim") for what in result.unseen]
    body += ["</main>", f"<footer>{paragraph(say('page.made_by'), 'dim')}</footer>"]
    return page(title, "en", body)
