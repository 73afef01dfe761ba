"""The end of a session: the history row, and a bundle offered where the trouble stays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from techdoctor.cli.context import Context
from techdoctor.errors import LeakFound, NoAnswer, StateError
from techdoctor.messages import say

if TYPE_CHECKING:
    from techdoctor.console.conversation import Conversation
    from techdoctor.engine.result import Diagnosis

# Ends after which somebody else has to help.
UNSOLVED = ("escalated", "inconclusive", "declined", "referred", "found")


def closed(context: Context, result: Diagnosis, platform: str) -> None:
    """Writes the history row, removes sessions past their retention, remembers printers; a failure costs only that."""
    from techdoctor.records.history import PastSession
    from techdoctor.records.printers import KnownPrinters

    if not result.session or result.playbook is None:
        return
    row = PastSession(
        session=result.session,
        created_at=time.time() - result.duration_ms / 1000,
        playbook=result.playbook,
        platform=platform,
        end=result.end,
        cause=result.cause or "",
        fixes=result.fixes_applied,
        duration_ms=result.duration_ms,
    )
    store, days, printers = context.store, context.settings.retention_days, KnownPrinters(context.state_folder)
    for keep in (
        lambda: store.history.record(row),
        lambda: store.sweep(days),
        lambda: printers.learn(result.facts.values()),
    ):
        try:
            keep()
        except StateError as error:
            context.terminal.progress(say("session.no_history", reason=error.message))


def afterwards(context: Context, conversation: Conversation, result: Diagnosis) -> Diagnosis:
    """Offers a bundle at an unsolved end; returns the result with its path when it was written."""
    if result.end not in UNSOLVED or not result.session or not result.saved:
        return result
    try:
        if conversation.confirm(say("diagnose.offer_bundle"), say("diagnose.offer_bundle_why")) != "yes":
            return result
    except NoAnswer:
        return result
    from techdoctor.cli.bundling import write_bundle

    try:
        written = write_bundle(context, result)
    except (StateError, LeakFound) as error:
        context.terminal.progress(say("diagnose.no_bundle", reason=error.message))
        return result
    return result.with_bundle(str(written.path))
