"""`techdoctor check`: the routine check-up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.options import Json, Offline, Plain, Technician

app = new_app("The routine check-up.")

Areas = Annotated[
    list[str] | None, typer.Argument(metavar="[AREA]...", help="First part of a playbook id: net, disk ...")
]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json, nagios, prometheus or html.")]
Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="What changed since then: 12h, 7d, 2w or 2026-01-31.")
]
Baseline = Annotated[
    bool, typer.Option("--baseline", help="Say what changed since the last one kept this way, then keep this one.")
]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write the result to this file.")]


@app.command()
def check(
    areas: Areas = None,
    format_: Format = "text",
    since: Since = "",
    baseline: Baseline = False,
    output: Output = None,
    offline: Offline = None,
    technician: Technician = None,
    plain: Plain = None,
    json_: Json = False,
) -> int:
    """All routine checks, nothing asked, nothing changed.

    With --format nagios the exit codes are those of a monitoring plugin: 0 well, 1 warning, 2 problem, 3 unknown.

    Examples:

      techdoctor check

      techdoctor check disk net --json

      techdoctor check --baseline --format html --output check.html
    """
    from techdoctor.cli.checking import Wish, run
    from techdoctor.cli.context import Context

    wish = Wish(tuple(areas or ()), "json" if json_ else format_, since, baseline, output)
    return run(Context(offline, plain, technician), wish)
