"""The plain renderer: append-only sentences for screen readers, dumb terminals, logs and pipes.

No boxes, columns, colours or cursor movement; each line can be understood by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from techdoctor.console.conversation import Conversation
from techdoctor.console.progress import longest
from techdoctor.console.ticker import Ticker
from techdoctor.console.wording import Row
from techdoctor.messages import say

# A heartbeat at least every 5 s (style.md); `waiting` comes up to a quarter of a second late.
_HEARTBEAT_S = 4.5


class PlainDialogue(Conversation):
    """See `Conversation`; this one only ever appends."""

    _last_line_s = float("-inf")

    def _section(self) -> None:
        self._last_line_s = self.terminal.clock()

    def _heading(self, text: str) -> None:
        self._append(text + ".")

    def _statement(self, text: str, style: str = "") -> None:
        for line in self.terminal.wrapped(text):
            self.terminal.talk(line)
        self._last_line_s = self.terminal.clock()

    def _detail(self, text: str) -> None:
        self._statement(text)

    def _commands(self, label: str, commands: Sequence[str]) -> None:
        for position, command in enumerate(commands):
            self.terminal.talk(f"{label if not position else say('session.and_then')} {command}")

    def _row(self, row: Row) -> None:
        if row.text:
            text = row.text.rstrip(".")
            self._append(say("session.row", title=row.title, status=row.status, text=text, took=row.seconds))
        else:
            self._append(say("session.row_bare", title=row.title, status=row.status, took=row.seconds))

    def _outcome_row(self, ok: bool, text: str, seconds: str) -> None:
        text = text.rstrip(".")
        self._append(say("session.fix_done", text=text, took=seconds) if ok else say("session.fix_failed", text=text))

    def _pulse(self, text: str, seconds: float) -> Ticker | None:
        self._append(say("session.working", text=text))

        def tick() -> None:
            waited = int(self.terminal.clock() - self._fix_since)
            self._append(say("session.still_running", name=text, seconds=waited))

        return Ticker(_HEARTBEAT_S, tick)

    def waiting(self, names: Mapping[str, float]) -> None:
        """Appends a heartbeat when nothing was said for almost 5 s; title to seconds waited."""
        self._show_heading()
        if self.terminal.clock() - self._last_line_s < _HEARTBEAT_S:
            return
        if not names:
            self._append(say("session.pausing"))
            return
        name, seconds, others = longest(names)
        if others:
            self._append(say("session.still_checking_more", name=name, seconds=seconds, n=others))
        else:
            self._append(say("session.still_checking", name=name, seconds=seconds))

    def _append(self, text: str) -> None:
        for line in self.terminal.wrapped(text):
            self.terminal.progress(line)
        self._last_line_s = self.terminal.clock()
