"""What `check` does once its options are read: measure, compare, keep, show."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from techdoctor.cli.context import Context
from techdoctor.cli.diagnosing import summary_of
from techdoctor.cli.options import json_text
from techdoctor.errors import PlaybookError, StateError, UsageError
from techdoctor.messages import say

if TYPE_CHECKING:
    from techdoctor.engine.facts import Playbooks
    from techdoctor.hosts.shared import SharedHost
    from techdoctor.monitor.changes import Changes
    from techdoctor.monitor.inventory import Seen
    from techdoctor.monitor.kept import Kept
    from techdoctor.session.check import CheckUp

FORMATS = ("text", "json", "nagios", "prometheus", "html")
_SINCE = re.compile(r"(\d{1,4})([hdw])")
_UNIT_S = {"h": 3600.0, "d": 86400.0, "w": 604800.0}


@dataclass(frozen=True)
class Wish:
    """The options of `check`, as given."""

    areas: tuple[str, ...] = ()
    format: str = "text"
    since: str = ""
    baseline: bool = False
    output: Path | None = None


def run(context: Context, wish: Wish) -> int:
    """Runs the check-up; returns the exit code, which with the nagios format is the plugin's."""
    if wish.format not in FORMATS:
        raise UsageError(say("check.bad_format", format=wish.format), ", ".join(FORMATS))
    since_s = _since(wish.since) if wish.since else None
    wanted = playbooks_of(context, wish.areas)
    from techdoctor import system

    if wish.format == "text":
        context.terminal.progress(say("cli.check_begins", n=len(wanted)))
    try:
        result, seen = _measured(context, wish, wanted)
    finally:
        system.end_children()
    changes, notes = _compared(context, wish, result, seen, since_s)
    return _Showing(context, wish, result, changes, notes).show()


def check_now(context: Context) -> Kept:
    """A whole check-up in silence, kept in the history where that can be written."""
    from techdoctor import system
    from techdoctor.monitor.kept import KeptCheckUps, kept_of

    try:
        result, _ = _measured(context, Wish(format="json"), playbooks_of(context, ()))
    finally:
        system.end_children()
    kept = kept_of(result)
    with suppress(StateError):
        KeptCheckUps(context.state_folder).add(kept)
    return kept


def _measured(context: Context, wish: Wish, wanted: Sequence[str]) -> tuple[CheckUp, Seen | None]:
    from techdoctor.hosts.shared import SharedHost
    from techdoctor.records.printers import KnownPrinters
    from techdoctor.session.ahead import remember, remembered, settled
    from techdoctor.settings import cache_folder

    begun = time.monotonic()
    cache = cache_folder(context.settings)
    shared = SharedHost(context.local_host(), routine=True, settled=settled(cache))
    whole = not wish.areas
    if whole:  # while the playbooks are read, the second that the samples need begins already
        shared.ahead(remembered(cache))
    taking = None
    if wish.baseline:
        from techdoctor.monitor.inventory import Taking

        taking = Taking()
    walks, unusable = _walks(context, wanted, wish.areas)
    result = _walked(context, wish, walks, shared, unusable)
    result = replace(result, duration_ms=(time.monotonic() - begun) * 1000)  # what began ahead of the walks counts
    if whole:
        remember(cache, result.asked)
        with suppress(StateError):
            KnownPrinters(context.state_folder).learn(fact for _, fact in result.asked)
    return result, taking.result() if taking is not None else None


def _walked(
    context: Context, wish: Wish, walks: dict[str, Playbooks], shared: SharedHost, unusable: dict[str, str]
) -> CheckUp:
    from techdoctor.session.check import check_up

    if wish.format != "text":
        return check_up(walks, shared, context.settings.limits, unusable)
    from techdoctor.console.check import CheckProgress

    with CheckProgress(context.terminal, len(walks)) as progress:
        return check_up(walks, shared, context.settings.limits, unusable, progress.ended)


def _compared(
    context: Context, wish: Wish, result: CheckUp, seen: Seen | None, since_s: float | None
) -> tuple[Changes | None, list[str]]:
    """What changed, as far as that was asked for, and what must be said about keeping."""
    from techdoctor.monitor.changes import changes_between
    from techdoctor.monitor.kept import KeptCheckUps, kept_of, since

    kept = kept_of(result, seen.inventory if seen is not None else None)
    store = KeptCheckUps(context.state_folder)
    judged = sorted({*result.titles})
    earlier, notes = None, []
    try:
        if since_s is not None:
            earlier = since(store.history(), since_s)
        elif wish.baseline:
            earlier = store.baseline()
        if wish.baseline and not wish.areas:
            store.keep_baseline(kept)
            notes.append(say("changes.kept"))
        if not wish.areas:
            store.add(kept_of(result))
    except StateError as error:
        notes.append(say("changes.not_kept", reason=error.message))
    if since_s is None and not wish.baseline:
        return None, [note for note in notes if wish.baseline]
    if earlier is None:
        return None, [say("changes.no_earlier"), *notes]
    return changes_between(earlier, kept, seen, judged), notes


@dataclass(frozen=True)
class _Showing:
    """The result on its way out."""

    context: Context
    wish: Wish
    result: CheckUp
    changes: Changes | None
    notes: list[str]

    def show(self) -> int:
        """Writes the result; returns the exit code."""
        code = self.result.exit_code
        if self.wish.format == "text" and self.wish.output is None:
            self._on_screen()
            return code
        text = self._text()
        if self.wish.format == "nagios":
            from techdoctor.monitor.formats.nagios import code_of

            code = code_of(self.result)
        if self.wish.output is None:
            print(text, end="")
            return code
        write_whole(self.wish.output, text)
        if self.wish.format == "text":
            self.context.terminal.progress(say("check.written", path=self.wish.output))
        return code

    def _text(self) -> str:
        if self.wish.format == "json":
            document = self.result.to_json()
            if self.changes is not None:
                document["changes"] = self.changes.to_json()
            return json_text(document) + "\n"
        if self.wish.format == "nagios":
            from techdoctor.monitor.formats.nagios import nagios

            return nagios(self.result)
        if self.wish.format == "prometheus":
            from techdoctor.monitor.formats.prometheus import prometheus

            return prometheus(self.result)
        if self.wish.format == "html":
            import platform

            from techdoctor.console.check_page import check_page

            return check_page(self.result, platform.node(), self.result.begun_s, summary_of, self.changes)
        return self._plain_text()

    def _plain_text(self) -> str:
        """The report as it would stand on a screen, for a file."""
        import io

        from techdoctor.console.terminal import Terminal

        paper = io.StringIO()
        terminal = Terminal(None, paper, None, {"PYTHONUTF8": "1"}, plain=True)
        self._on_screen(terminal)
        return paper.getvalue()

    def _on_screen(self, terminal: object = None) -> None:
        from techdoctor.console.changes import changes_paragraphs
        from techdoctor.console.check import show_check
        from techdoctor.console.paragraphs import Paragraph
        from techdoctor.console.terminal import Terminal

        after = changes_paragraphs(self.changes) if self.changes is not None else []
        after += [Paragraph(note) for note in self.notes]
        where = terminal if isinstance(terminal, Terminal) else self.context.terminal
        show_check(where, self.result, self.context.settings.technician, summary_of, after)


def write_whole(path: Path, text: str) -> None:
    """Writes beside and renames, so that nobody reads half a file (a textfile collector least of all).

    Raises:
        UsageError: It cannot be written.
    """
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            os.chmod(beside, 0o644)  # other programs are meant to read it
            os.replace(beside, path)
        except OSError:
            with suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise UsageError(say("check.not_written", path=path, reason=error.strerror)) from None


def _since(text: str) -> float:
    """Seconds since 1970 of "7d", "12h", "2w" ago or of a date.

    Raises:
        UsageError: It is neither.
    """
    ago = _SINCE.fullmatch(text)
    if ago:
        return time.time() - int(ago[1]) * _UNIT_S[ago[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise UsageError(say("changes.bad_since", text=text), say("changes.bad_since_hint")) from None


def _walks(
    context: Context, wanted: Sequence[str], areas: Sequence[str]
) -> tuple[dict[str, Playbooks], dict[str, str]]:
    """The playbooks to walk with all they may call, and why others cannot be used.

    What is mostly questions tells a check-up nothing, so it is left out unless its id is named.
    """
    walks: dict[str, Playbooks] = {}
    unusable: dict[str, str] = {}
    for name in wanted:
        try:
            if name in areas or context.library.load(name).routine:
                walks[name] = context.library.with_callees(name)
        except PlaybookError as error:
            unusable[name] = error.message
    return walks, unusable


def playbooks_of(context: Context, areas: Sequence[str]) -> list[str]:
    """Ids of the playbooks of these areas, all when none is named.

    Raises:
        UsageError: There is no such area.
    """
    ids = context.library.ids()
    known = sorted({name.split(".")[0] for name in ids})
    for area in areas:
        if area not in known and area not in ids:
            raise UsageError(say("cli.no_area", area=area), say("cli.areas", areas=", ".join(known)))
    return [name for name in ids if not areas or name.split(".")[0] in areas or name in areas]
