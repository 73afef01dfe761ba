"""`techdoctor print`: the active proof that printing works."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, Offline, Plain, print_json
from techdoctor.errors import EXIT_CANNOT_TELL, EXIT_FOUND, EXIT_OK, UsageError
from techdoctor.events import NO, YES
from techdoctor.messages import say
from techdoctor.text import clean_line

if TYPE_CHECKING:
    from techdoctor.actions.base import Acting
    from techdoctor.actions.print_test import Printed, Trial
    from techdoctor.console.conversation import Conversation
    from techdoctor.probes.printing.cups_queues import PrintService

app = new_app("Prove that printing works.")

Printer = Annotated[str, typer.Option("--printer", metavar="QUEUE", help="The queue; else the default or only one.")]
Page = Annotated[bool, typer.Option("--page", help="Print a test page as well, and ask whether it came out.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before.")]


@app.callback()
def group() -> None:
    """Prove that printing works."""


@app.command("test", short_help="Create a job and cancel it: costs no paper.")
def prove(
    printer: Printer = "",
    page: Page = False,
    yes: Yes = False,
    offline: Offline = None,
    plain: Plain = None,
    json_: Json = False,
) -> int:
    """Create a job and cancel it again, which costs no paper; with --page print one page and follow it.

    Examples:

      techdoctor print test

      techdoctor print test --printer office --page
    """
    from techdoctor.actions.print_test import in_words, try_job
    from techdoctor.console.opening import open_dialogue

    context = Context(offline, plain)
    talk = open_dialogue(context.terminal)
    acting, service, queue = _chosen(context, printer)
    if not yes and talk.confirm(say("print.try", printer=queue), say("print.try_why")) != YES:
        context.terminal.progress(say("print.not_tested"))
        return EXIT_CANNOT_TELL
    trial = try_job(service, queue)
    if not json_:
        key = "print.accepted" if trial.accepted else "print.refused"
        print(say(key, printer=queue, words=trial.words))
    printed = _page(acting, queue, talk, yes=yes) if page and trial.accepted else None
    came_out = _came_out(talk, printed, ask=not yes)
    if json_:
        document = {"schema": "techdoctor.print_test/1", "printer": queue, "trial": asdict(trial)}
        print_json({**document, "page": asdict(printed) if printed else None, "came_out": came_out})
    elif printed is not None:
        print(say("print.page_went", words=in_words(printed)))
    return _told(trial, printed, came_out, quiet=json_)


@app.command("add", short_help="Find a printer on this network and add it.")
def add(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needs exactly one printer nearby.")] = False,
    offline: Offline = None,
    plain: Plain = None,
) -> int:
    """Find printers that announce themselves, add the chosen one without a driver, and try it.

    Example: techdoctor print add
    """
    from techdoctor.cli.adding import add_printer
    from techdoctor.console.opening import open_dialogue

    context = Context(offline, plain)
    queue = add_printer(context, open_dialogue(context.terminal), ask=not yes)
    if not queue:
        return EXIT_CANNOT_TELL
    return prove(printer=queue, page=not yes, yes=yes, offline=offline, plain=plain)


@app.command("forget", short_help="A queue has got another printer on purpose.")
def forget(queue: Annotated[str, typer.Argument(metavar="QUEUE", help="The queue.")]) -> int:
    """Forget which printer stood behind a queue; the next diagnosis remembers the one that is there then.

    Example: techdoctor print forget office
    """
    from techdoctor.records.printers import KnownPrinters

    known = KnownPrinters(Context().state_folder)
    if not known.forget(queue):
        remembered = ", ".join(sorted(known.load())) or say("print.none_remembered")
        raise UsageError(say("print.not_remembered", printer=clean_line(queue)), remembered)
    print(say("print.forgotten", printer=clean_line(queue)))
    return EXIT_OK


def _chosen(context: Context, printer: str) -> tuple[Acting, PrintService, str]:
    """The surroundings of the test, the print service and the queue's name.

    Raises:
        UsageError: There is no such queue, or no print service.
    """
    import time

    from techdoctor.actions.base import Acting
    from techdoctor.errors import CannotMeasure
    from techdoctor.probes.base import Probing
    from techdoctor.probes.printing.cups_queues import chosen_existing

    platform = context.local_host().platform
    if platform == "windows":
        raise UsageError(say("print.needs_cups"))
    probing = Probing({"printer": printer}, platform, time.monotonic() + 10.0, context.probe_settings())
    try:
        service, queue, _ = chosen_existing(probing)
    except CannotMeasure as error:
        raise UsageError(f"{say('print.no_queue')}: {clean_line(error.reason)}", say("print.no_queue_hint")) from None
    return Acting({"printer": queue}, platform), service, queue


def _page(acting: Acting, queue: str, talk: Conversation, *, yes: bool) -> Printed | None:
    from techdoctor.actions.print_test import print_page

    if not yes and talk.confirm(say("print.page", printer=queue), say("print.page_why")) != YES:
        return None
    return print_page(acting, queue)


def _came_out(talk: Conversation, printed: Printed | None, *, ask: bool) -> str:
    """The person's word on the paper: "yes", "no" or "unknown"."""
    if printed is None or not printed.went_through or not ask:
        return "unknown"
    answer = talk.confirm(say("print.came_out"), say("print.came_out_why"))
    return {YES: "yes", NO: "no"}.get(answer, "unknown")


def _told(trial: Trial, printed: Printed | None, came_out: str, *, quiet: bool) -> int:
    """Says what to do next; returns the exit code."""
    good = trial.accepted and (printed is None or printed.went_through) and came_out != "no"
    if not quiet and not good:
        print(say("print.no_page" if came_out == "no" else "print.next"))
    return EXIT_OK if good else EXIT_FOUND
