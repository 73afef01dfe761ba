"""`techdoctor print add`: which printers there are, which one is wanted, and making its queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from techdoctor.cli.context import Context
from techdoctor.errors import UsageError
from techdoctor.events import YES
from techdoctor.messages import say
from techdoctor.model import Value
from techdoctor.text import clean_line

if TYPE_CHECKING:
    from techdoctor.console.conversation import Conversation

# So many lines fit on one screen; an office with more printers gives them by address.
_MOST_SHOWN = 9
ACTION = "print.add_queue"


def add_printer(context: Context, talk: Conversation, *, ask: bool) -> str:
    """Finds, lets choose and adds a printer.

    Returns:
        The name of the new queue; empty when the person did not want one.

    Raises:
        UsageError: None is found, several are and nobody can be asked, or the queue cannot be made.
    """
    from techdoctor.actions import registry

    context.terminal.progress(say("print.looking"))
    chosen = _chosen(_near(context), talk, ask=ask)
    if not chosen:
        return ""
    host = context.local_host(may_prompt=ask)
    params = {"uri": chosen["uri"], "name": chosen["name"]}
    preview = host.preview(ACTION, params)
    if preview.problem:
        raise UsageError(f"{say('print.not_added')}: {preview.problem}", say("print.add_hint"))
    for command in preview.commands:
        context.terminal.progress("  " + command)
    if ask and talk.confirm(say("print.add", printer=chosen["name"]), registry.get(ACTION).doc) != YES:
        return ""
    outcome = host.apply(ACTION, params)
    if not outcome.ok:
        raise UsageError(f"{say('print.not_added')}: {outcome.text}", say("print.add_hint"))
    print(outcome.text)
    return str((outcome.undo_token or {}).get("printer", ""))


def _near(context: Context) -> list[dict[str, str]]:
    """Name and address of each printer that announces itself.

    Raises:
        UsageError: Nobody could be asked, or none answers.
    """
    from techdoctor.probes.measure import measure_here

    fact = measure_here("printer.near", {}, settings=context.probe_settings())
    if not fact.ok:
        raise UsageError(f"{say('print.nobody_asked')}: {clean_line(fact.reason or fact.status)}")
    service = measure_here("mdns.service", {}, settings=context.probe_settings())
    by_name = bool(service.ok and service.data.get("names") and service.data.get("runs"))
    rows = fact.data["printers"]
    found = [_row(row, by_name) for row in rows if isinstance(row, Mapping)] if isinstance(rows, Sequence) else []
    if not found:
        raise UsageError(say("print.none_near"), say("print.none_near_hint"))
    return found


def _row(row: Mapping[str, Value], by_name: bool) -> dict[str, str]:
    uri = str(row["uri"] if by_name else row["address_uri"])
    return {"name": str(row["name"]), "model": str(row["model"]), "uri": uri}


def _chosen(found: Sequence[dict[str, str]], talk: Conversation, *, ask: bool) -> dict[str, str] | None:
    if not ask:
        if len(found) > 1:
            names = ", ".join(clean_line(row["name"]) for row in found[:_MOST_SHOWN])
            raise UsageError(say("print.several_near", names=names), say("print.several_near_hint"))
        return found[0]
    from techdoctor.console.prompt import Choice

    labels = [clean_line(f"{row['name']} ({row['model']})" if row["model"] else row["name"]) for row in found]
    choices = [Choice(str(index), label) for index, label in enumerate(labels[:_MOST_SHOWN])]
    answer = talk.question(say("print.which"), (*choices, Choice("none", say("print.none_of_these"))))
    return found[int(answer)] if answer.isdigit() else None
