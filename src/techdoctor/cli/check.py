"""`techdoctor check`: the routine check-up."""

from __future__ import annotations

from typing import Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, Offline, Plain, Technician, print_json
from techdoctor.errors import UsageError
from techdoctor.messages import say

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
    if not json_:
        terminal.progress(say("check.begins", n=len(wanted)))
    walks = {name: context.library.with_callees(name) for name in wanted}
    try:
        result = check_up(walks, context.local_host(), context.settings.limits)
    finally:
        system.end_children()
    if json_:
        print_json(result.to_json())
    else:
        from techdoctor.console.check import show_check

        show_check(terminal, result, context.settings.technician)
    return result.exit_code


def _playbooks(context: Context, areas: list[str]) -> list[str]:
    """Ids of the playbooks of these areas, all when none is named.

    Raises:
        UsageError: There is no such area.
    """
    ids = context.library.ids()
    known = sorted({name.split(".")[0] for name in ids})
    for area in areas:
        if area not in known and area not in ids:
            raise UsageError(say("check.no_area", area=area), say("check.areas", areas=", ".join(known)))
    return [name for name in ids if not areas or name.split(".")[0] in areas or name in areas]
