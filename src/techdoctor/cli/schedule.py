"""`techdoctor schedule`: have check-ups run by themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, print_json
from techdoctor.errors import EXIT_FOUND, EXIT_OK
from techdoctor.messages import say
from techdoctor.text import clean_line

if TYPE_CHECKING:
    from techdoctor.monitor.schedule.plan import Plan

app = new_app("Have check-ups run by themselves.")

Areas = Annotated[
    list[str] | None, typer.Argument(metavar="[AREA]...", help="First part of a playbook id: net, disk ...")
]
Every = Annotated[str, typer.Option("--every", metavar="RHYTHM", help="hourly, daily or weekly.")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="Time of day, e.g. 09:30.")]
By = Annotated[str, typer.Option("--by", metavar="SCHEDULER", help="systemd, cron, launchd or windows.")]
PrintOnly = Annotated[bool, typer.Option("--print", help="Show what would be installed, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command(short_help="Have a check-up run by itself; installs only with consent.")
def add(
    areas: Areas = None,
    every: Every = "daily",
    at: At = "09:00",
    by: By = "",
    print_only: PrintOnly = False,
    yes: Yes = False,
) -> int:
    """Show what is needed to have a check-up run by itself, and install it when you agree.

    Examples:

      techdoctor schedule add --every daily --at 09:30

      techdoctor schedule add --by windows --print
    """
    from techdoctor.monitor.schedule import installing

    context = Context()
    plan = _plan(context, areas or [], every, at)
    scheduler = installing.chosen(by)
    wanted = installing.installation(plan, scheduler)
    for file in wanted.files:
        print(say("schedule.file", path=file.path))
        print(file.text)
    if wanted.line:
        print(say("schedule.line"))
        print(wanted.line)
    print(say("schedule.commands"))
    for command in wanted.commands:
        print("  " + " ".join(command))
    if print_only or not _agreed(context, say("schedule.ask"), yes):
        print(say("schedule.nothing_done"))
        return EXIT_OK
    problem = installing.install(plan, scheduler)
    if problem:
        print(say("schedule.failed", reason=clean_line(problem, 500)), file=sys.stderr)
        return EXIT_FOUND
    print(say("schedule.installed", scheduler=scheduler, path=_result_file(context)))
    return EXIT_OK


@app.command("list")
def list_(json_: Json = False) -> int:
    """The check-ups that are scheduled."""
    from techdoctor.monitor.schedule import installing

    found = installing.installed(_plan(Context(), [], "daily", "09:00"))
    if json_:
        print_json({"scheduled": [{"scheduler": entry.scheduler, "where": entry.where} for entry in found]})
        return EXIT_OK
    for entry in found:
        print(say("schedule.found", scheduler=entry.scheduler, where=clean_line(entry.where, 500)))
    if not found:
        print(say("schedule.none"))
    return EXIT_OK


@app.command()
def remove(yes: Yes = False) -> int:
    """Take the scheduled check-up away again."""
    from techdoctor.monitor.schedule import installing

    context = Context()
    plan = _plan(context, [], "daily", "09:00")
    found = installing.installed(plan)
    if not found:
        print(say("schedule.none"))
    code = EXIT_OK
    for entry in found:
        print(say("schedule.found", scheduler=entry.scheduler, where=clean_line(entry.where, 500)))
        if not _agreed(context, say("schedule.ask_remove"), yes):
            continue
        problem = installing.remove(plan, entry.scheduler)
        if problem:
            print(say("schedule.failed", reason=clean_line(problem, 500)), file=sys.stderr)
            code = EXIT_FOUND
        else:
            print(say("schedule.removed", scheduler=entry.scheduler))
    return code


def _agreed(context: Context, question: str, yes: bool) -> bool:
    if yes:
        return True
    from techdoctor.console.opening import open_dialogue

    return open_dialogue(context.terminal).confirm(question) == "yes"


def _plan(context: Context, areas: list[str], every: str, at: str) -> Plan:
    """A check-up by this very program, whose newest result is a page in the state folder."""
    from techdoctor.cli.checking import playbooks_of
    from techdoctor.monitor.schedule.plan import plan_of

    playbooks_of(context, areas)  # an area that does not exist is said now, not every morning
    result = ["--baseline", "--format", "html", "--output", str(_result_file(context))]
    return plan_of([sys.executable, "-m", "techdoctor", "check", *areas, *result], every, at)


def _result_file(context: Context) -> Path:
    return context.state_folder / "checks" / "newest.html"
