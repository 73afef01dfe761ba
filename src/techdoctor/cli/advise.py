"""`techdoctor advise`: what would be worth buying or having mended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, Offline, Plain, print_json
from techdoctor.errors import EXIT_OK
from techdoctor.messages import say
from techdoctor.text import clean_line

if TYPE_CHECKING:
    from techdoctor.console.terminal import Terminal
    from techdoctor.monitor.advise import Advised
    from techdoctor.monitor.kept import Kept

app = new_app("What would be worth buying or having mended.")
# A forecast or a habit needs more than a few days; less is said to be too little.
_LEAST_CHECK_UPS, _LEAST_DAYS = 3, 2

NoCheck = Annotated[bool, typer.Option("--no-check", help="Use the kept check-ups only, measure nothing now.")]


@app.command()
def advise(no_check: NoCheck = False, offline: Offline = None, plain: Plain = None, json_: Json = False) -> int:
    """What would be worth buying or having mended, from kept check-ups and one more now.

    Each advice has its evidence and what it costs to do nothing. Where nothing speaks for it, nothing is advised.
    """
    from techdoctor.monitor import advise as advising

    context = Context(offline, plain)
    result = advising.advise(_history(context, no_check, quiet=json_))
    if json_:
        print_json(result.to_json())
    else:
        _show(context.terminal, result)
    return EXIT_OK


def _history(context: Context, no_check: bool, quiet: bool) -> list[Kept]:
    """The kept check-ups and, unless that is not wanted, the state of now."""
    from techdoctor.errors import StateError
    from techdoctor.monitor.kept import KeptCheckUps

    try:
        history = KeptCheckUps(context.state_folder).history()
    except StateError as error:
        context.terminal.progress(error.message)
        history = []
    if no_check:
        return history
    from techdoctor.cli.checking import check_now

    if not quiet:
        context.terminal.progress(say("advise.looking"))
    return [*history, check_now(context)]


def _show(terminal: Terminal, result: Advised) -> None:
    from techdoctor.console.paragraphs import Paragraph, show

    urgencies = {"now": say("advise.now"), "soon": say("advise.soon"), "later": say("advise.later")}
    paragraphs: list[Paragraph] = []
    for entry in result.advice:
        title = say("advise.item", urgency=urgencies[entry.urgency], title=clean_line(entry.title))
        paragraphs.append(Paragraph(title, style="bold", gap=bool(paragraphs)))
        paragraphs += [Paragraph(say("advise.because", text=clean_line(text)), 1) for text in entry.evidence]
        paragraphs.append(Paragraph(say("advise.cost", text=entry.cost_of_nothing), 1))
    few = result.check_ups < _LEAST_CHECK_UPS or result.days < _LEAST_DAYS
    if result.advice:
        paragraphs.append(Paragraph(say("advise.rests_on", n=result.check_ups), gap=True))
    elif few:
        paragraphs.append(Paragraph(say("advise.too_little", n=result.check_ups)))
    else:
        since = time.strftime("%Y-%m-%d", time.localtime(result.since_s))
        paragraphs.append(Paragraph(say("advise.nothing", n=result.check_ups, since=since)))
    show(terminal, paragraphs)
