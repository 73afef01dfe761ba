"""`techdoctor check`: the routine check-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.diagnosing import summary_of
from techdoctor.cli.options import Json, Offline, Plain, Technician, print_json
from techdoctor.errors import PlaybookError, UsageError
from techdoctor.messages import say

if TYPE_CHECKING:
    from techdoctor.engine.facts import Playbooks

app = new_app("The routine check-up.")

Areas = Annotated[
    list[str] | None, typer.Argument(metavar="[AREA]...", help="First part of a playbook id: net, disk ...")
]


@app.command()
def check(
    areas: Areas = None,
    offline: Offline = None,
    technician: Technician = None,
    plain: Plain = None,
    json_: Json = False,
) -> int:
    """All routine checks, nothing asked, nothing changed.

    Examples:

      techdoctor check

      techdoctor check disk net --json
    """
    context = Context(offline, plain, technician)
    wanted = _playbooks(context, areas or [])
    from techdoctor import system
    from techdoctor.session.check import check_up

    terminal = context.terminal
    walks, unusable = _walks(context, wanted)
    host, limits = context.local_host(), context.settings.limits
    try:
        if json_:
            result = check_up(walks, host, limits, unusable)
            print_json(result.to_json())
            return result.exit_code
        from techdoctor.console.check import CheckProgress, show_check

        terminal.progress(say("cli.check_begins", n=len(wanted)))
        with CheckProgress(terminal, len(walks)) as progress:
            result = check_up(walks, host, limits, unusable, progress.ended)
        show_check(terminal, result, context.settings.technician, summary_of)
    finally:
        system.end_children()
    return result.exit_code


def _walks(context: Context, wanted: list[str]) -> tuple[dict[str, Playbooks], dict[str, str]]:
    """The playbooks to walk with all they may call, and why others cannot be used."""
    walks: dict[str, Playbooks] = {}
    unusable: dict[str, str] = {}
    for name in wanted:
        try:
            walks[name] = context.library.with_callees(name)
        except PlaybookError as error:
            unusable[name] = error.message
    return walks, unusable


def _playbooks(context: Context, areas: list[str]) -> list[str]:
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
