"""The renderer for a terminal: aligned rows in the order they finish, one transient last line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from techdoctor.console.conversation import Conversation
from techdoctor.console.layout import cells, fit, pad, wrap
from techdoctor.console.progress import longest
from techdoctor.console.ticker import Ticker
from techdoctor.console.wording import Row
from techdoctor.messages import say

# Four updates a second at most; one while the processors are sampled, so as not to be part of the sample.
_REDRAW_S = 0.25
_REDRAW_WHILE_SAMPLING_S = 0.9
_WIDE, _NARROW = 60, 30
_STATUS, _TITLE, _TOOK = 9, 22, 8
_MOST_TEXT_LINES = 3

Spans = list[tuple[str, str]]


class NormalDialogue(Conversation):
    """See `Conversation`; this one moves only its last line, by carriage return."""

    _last_draw = float("-inf")

    def _section(self) -> None:
        self.terminal.talk()

    def _heading(self, text: str) -> None:
        self.terminal.progress(text)

    def _statement(self, text: str, style: str = "") -> None:
        for line in self.terminal.wrapped(text):
            self.terminal.talk([(line, style)])

    def _detail(self, text: str) -> None:
        for line in self.terminal.wrapped(text, "  "):
            self.terminal.talk(line)

    def _commands(self, label: str, commands: Sequence[str]) -> None:
        if len(commands) == 1 and 4 + cells(label) + cells(commands[0]) <= self.terminal.width:
            self.terminal.talk([(f"  {label}  ", ""), (commands[0], "bold")])
            return
        self._detail(label)
        for command in commands:  # never broken by us: it can be copied, and nothing of it hides
            self.terminal.talk([("    ", ""), (command, "bold")])

    def _row(self, row: Row) -> None:
        for spans in row_lines(row, self.terminal.width, self.terminal.ellipsis):
            self.terminal.progress(spans)

    def _outcome_row(self, ok: bool, text: str, seconds: str) -> None:
        status = say("status.done") if ok else say("status.failed")
        for spans in outcome_lines(status, "good" if ok else "bad", text, seconds, self.terminal.width):
            self.terminal.progress(spans)

    def _pulse(self, text: str, seconds: float) -> Ticker | None:
        def tick() -> None:
            waited = int(self.terminal.clock() - self._fix_since)
            self._transient_row(say("session.running", name=text, seconds=waited))

        tick()
        return Ticker(0.5, tick)

    def waiting(self, names: Mapping[str, float]) -> None:
        """Redraws the last line: how many are done and what is waited for; title to seconds waited."""
        self._show_heading()
        now = self.terminal.clock()
        pause = _REDRAW_WHILE_SAMPLING_S if self._progress.cpu_sample_out() else _REDRAW_S
        if now - self._last_draw < pause:
            return
        self._last_draw = now
        if not names:
            self._transient_row(say("session.pausing"))
            return
        name, seconds, others = longest(names)
        done, total = self._progress.done, self._progress.total
        if self.terminal.width < _WIDE:
            text = say("session.waiting_short", done=done, total=total, name=name, seconds=seconds)
        elif others:
            text = say("session.waiting_more", done=done, total=total, name=name, seconds=seconds, n=others)
        else:
            text = say("session.waiting", done=done, total=total, name=name, seconds=seconds)
        self._transient_row(text)

    def _transient_row(self, text: str) -> None:
        self.terminal.transient(f"  {pad('...', _STATUS) if self.terminal.width >= _NARROW else '... '}{text}")


def row_lines(row: Row, width: int, ellipsis: str) -> list[Spans]:
    """A probe's row for so many columns: one aligned line, two lines, or short wrapped ones.

    A measurement is cut to its place; a reason why there is none is told whole, on more lines.
    """
    if width < _NARROW:
        return _tiny(f"{row.status}: {row.title}", row.text, width)
    status = pad(row.status, _STATUS)
    if width < _WIDE:
        title_width = width - 2 - _STATUS - _TOOK
        head: Spans = [
            ("  ", ""),
            (status, row.style),
            (pad(fit(row.title, title_width, ellipsis), title_width), ""),
            (row.seconds.rjust(_TOOK), "dim"),
        ]
        text = _lines_of(row, width - 4, ellipsis)
        return [head, *([(" " * 4 + line, "")] for line in text)]
    text_width = width - 2 - _STATUS - _TITLE - _TOOK
    text = _lines_of(row, text_width, ellipsis) or [""]
    lines: list[Spans] = [
        [
            ("  ", ""),
            (status, row.style),
            (pad(fit(row.title, _TITLE - 1, ellipsis), _TITLE), ""),
            (pad(text[0], text_width), ""),
            (row.seconds.rjust(_TOOK), "dim"),
        ]
    ]
    lines += [[(" " * (2 + _STATUS + _TITLE) + line, "")] for line in text[1:]]
    return lines


def _lines_of(row: Row, width: int, ellipsis: str) -> list[str]:
    if not row.text:
        return []
    if row.measured:
        return [fit(row.text, width, ellipsis)]
    lines = wrap(row.text, width)
    if len(lines) > _MOST_TEXT_LINES:
        lines = [*lines[: _MOST_TEXT_LINES - 1], fit(" ".join(lines[_MOST_TEXT_LINES - 1 :]), width, ellipsis)]
    return lines


def _tiny(head: str, text: str, width: int) -> list[Spans]:
    lines = wrap(head, width, "", "  ") + (wrap(text, width, "  ") if text else [])
    return [[(line, "")] for line in lines]


def outcome_lines(status: str, style: str, text: str, seconds: str, width: int) -> list[Spans]:
    """The row of a fix that ran: its outcome in words, whole, with the seconds where there is room."""
    if width < _NARROW:
        return _tiny(f"{status}: {text}", "", width)
    text_width = width - 2 - _STATUS - _TOOK
    first, *rest = wrap(text, text_width)
    lines: list[Spans] = [
        [("  ", ""), (pad(status, _STATUS), style), (pad(first, text_width), ""), (seconds.rjust(_TOOK), "dim")]
    ]
    return lines + [[(" " * (2 + _STATUS) + line, "")] for line in rest]
