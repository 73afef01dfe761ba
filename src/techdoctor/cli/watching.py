"""What `watch` does once its options are read: look, judge, show."""

from __future__ import annotations

import platform
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from techdoctor.cli.checking import write_whole
from techdoctor.cli.context import Context
from techdoctor.cli.options import json_text
from techdoctor.errors import PlaybookError, UsageError
from techdoctor.messages import say

if TYPE_CHECKING:
    from techdoctor.console.watch import WatchProgress
    from techdoctor.model import Finding
    from techdoctor.monitor.watch.watching import Watch, Watched

_TIME = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?")
_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_LONGEST_S = 7 * 86400.0


@dataclass(frozen=True)
class Wish:
    """The options of `watch`, as given."""

    areas: tuple[str, ...] = ()
    seconds: str = "10m"
    every: str = ""
    diagnose: bool = True
    output: Path | None = None
    json: bool = False


def run(context: Context, wish: Wish) -> int:
    """Watches; returns the exit code."""
    from techdoctor import system
    from techdoctor.monitor.watch.trouble import PLAYBOOKS
    from techdoctor.monitor.watch.watching import Watch, interval_for

    seconds = _seconds(wish.seconds, "for")
    every = _seconds(wish.every, "every") if wish.every else interval_for(seconds)
    known = sorted({name.split(".")[0] for name in PLAYBOOKS.values()})
    for area in wish.areas:
        if area not in known and area not in PLAYBOOKS.values():
            raise UsageError(say("cli.no_area", area=area), say("cli.areas", areas=", ".join(known)))
    watch = Watch(wish.areas, _diagnosis(context) if wish.diagnose else None)
    try:
        result = _watched(context, wish, watch, seconds, every)
    finally:
        system.end_children()
    return _show(context, wish, result)


def _watched(context: Context, wish: Wish, watch: Watch, seconds: float, every: float) -> Watched:
    from techdoctor.monitor.watch.look import look

    progress = None if wish.json else _progress(context, seconds)
    begun = time.monotonic()
    pause = threading.Event()  # unlike time.sleep it can be left at once on every platform
    try:
        while True:
            for trouble in watch.take(look()):
                if progress is not None:
                    progress.showed(trouble)
            if progress is not None:
                progress.looked(watch.result(patience_s=0.0))
            left = begun + seconds - time.monotonic()
            if left <= 0:
                return watch.result()
            pause.wait(min(every, left))
    except KeyboardInterrupt:
        return watch.result(interrupted=True, patience_s=0.5)


def _progress(context: Context, seconds: float) -> WatchProgress:
    from techdoctor.console.watch import WatchProgress

    return WatchProgress(context.terminal, seconds)


def _diagnosis(context: Context) -> Callable[[str], Sequence[Finding]]:
    """Walks a playbook without questions and returns what it confirmed; nothing when there is no such playbook."""

    def diagnose(playbook: str) -> Sequence[Finding]:
        from techdoctor.hosts.shared import SharedHost
        from techdoctor.session.check import check_up

        if playbook not in context.library.ids():
            return ()
        try:
            walks = {playbook: context.library.with_callees(playbook)}
        except PlaybookError:
            return ()  # `playbook lint` says what is wrong with it; the watch goes on
        return check_up(walks, SharedHost(context.local_host()), context.settings.limits).findings

    return diagnose


def _show(context: Context, wish: Wish, result: Watched) -> int:
    from techdoctor.console.watch import show_watched, watch_page

    if wish.output is not None:
        html = wish.output.suffix.lower() in (".html", ".htm")
        text = watch_page(result, platform.node()) if html else json_text(result.to_json()) + "\n"
        write_whole(wish.output, text)
    if wish.json:
        print(json_text(result.to_json()))
    else:
        context.terminal.clear_transient()
        show_watched(context.terminal, result, context.settings.technician)
        if wish.output is not None:
            context.terminal.progress(say("check.written", path=wish.output))
    return result.exit_code


def _seconds(text: str, option: str) -> float:
    """Seconds of "30s", "10m", "2h".

    Raises:
        UsageError: It is no time, or nothing, or longer than a week.
    """
    found = _TIME.fullmatch(text.strip())
    seconds = float(found[1]) * _UNIT_S[found[2]] if found else 0.0
    if not 0 < seconds <= _LONGEST_S:
        raise UsageError(say("watch.bad_time", option=option, text=text), say("watch.bad_time_hint"))
    return seconds
