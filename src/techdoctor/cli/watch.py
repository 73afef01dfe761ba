"""`techdoctor watch`: look for a while at what comes and goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.options import Json, Offline, Plain, Technician

app = new_app("Look for a while at what comes and goes.")

Areas = Annotated[list[str] | None, typer.Argument(metavar="[AREA]...", help="Only perf, disk or net.")]
For = Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 30s, 10m, 2h.")]
Every = Annotated[str, typer.Option("--every", metavar="TIME", help="Time between two looks; chosen by itself.")]
Diagnose = Annotated[bool, typer.Option("--diagnose/--no-diagnose", help="Look into trouble as soon as it shows.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write the report there: a page (.html) or JSON (.json)."),
]


@app.command()
def watch(
    areas: Areas = None,
    for_: For = "10m",
    every: Every = "",
    diagnose: Diagnose = True,
    output: Output = None,
    offline: Offline = None,
    technician: Technician = None,
    plain: Plain = None,
    json_: Json = False,
) -> int:
    """Looks at the machine for a while: memory that leaks, logs that flood, links that flap, packets lost, heat.

    Ctrl-C ends it and gives the report so far. The exit code is 1 when a problem showed, else 0.

    Examples:

      techdoctor watch --for 10m

      techdoctor watch net --for 1h --output evening.html
    """
    from techdoctor.cli.context import Context
    from techdoctor.cli.watching import Wish, run

    wish = Wish(tuple(areas or ()), for_, every, diagnose, output, json_)
    return run(Context(offline, plain, technician), wish)
