"""`techdoctor bundle`: the redacted file for a ticket."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, print_json
from techdoctor.messages import say
from techdoctor.text import clean_line

app = new_app("The redacted file for a ticket.")

SessionId = Annotated[str, typer.Option("--session", metavar="ID", help="Session id or 'last'.")]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="File or folder to write to.")]
Unasked = Annotated[bool, typer.Option("--batch", help="Ask nothing.")]


@app.command(short_help="Pack a session into one file; nothing is sent.")
def create(session: SessionId = "last", output: Output = None, batch: Unasked = False, json_: Json = False) -> int:
    """Pack a session into one file; names and secrets are taken out, nothing is sent."""
    from techdoctor.cli.bundling import write_bundle
    from techdoctor.console.opening import open_dialogue
    from techdoctor.engine.journal import read_journal
    from techdoctor.session.past import report_of

    context = Context()
    row = context.store.find(session)
    recorded = read_journal(row.path)
    playbooks = context.library.with_callees(str(recorded.header.get("playbook")))
    result = report_of(playbooks, recorded, row.id)
    if not (batch or json_):
        why = say("diagnose.offer_bundle_why")
        if open_dialogue(context.terminal).confirm(say("bundle.create", session=row.id), why) != "yes":
            print(say("bundle.not_written"), file=sys.stderr)
            return 0
    written = write_bundle(context, result, output, row.created_at.timestamp())
    if json_:
        print_json({"path": str(written.path), "members": written.members, "redactions": written.redactions})
        return 0
    for warning in written.warnings:
        print(clean_line(warning), file=sys.stderr)
    print(say("bundle.written", path=written.path, n=len(written.members), hidden=sum(written.redactions.values())))
    return 0


@app.command()
def show(path: Path, json_: Json = False) -> None:
    """What is in a bundle, and the text for the ticket."""
    from techdoctor.bundle.show import show_bundle

    listing = show_bundle(path)
    if json_:
        print_json(listing.to_json())
        return
    print(say("bundle.head", session=listing.session, created=listing.created, version=listing.techdoctor))
    for name, size, _ in listing.members:
        print(f"  {str(size).rjust(9)}  {name}")
    print(f"\n{listing.summary}")
