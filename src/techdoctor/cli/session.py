"""`techdoctor session`: past sessions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context, help_desk_line
from techdoctor.cli.options import Json, Offline, Plain, Technician, print_json
from techdoctor.errors import EXIT_FOUND, EXIT_INTERRUPTED, EXIT_OK
from techdoctor.messages import say
from techdoctor.text import clean_line

if TYPE_CHECKING:
    from techdoctor.engine.result import Diagnosis

app = new_app("Past sessions: show, go on, explain, undo, forget.")

SessionId = Annotated[str, typer.Argument(metavar="[ID]", help="Session id, its beginning, or 'last'.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_(json_: Json = False) -> None:
    """All sessions, newest first."""
    context = Context()
    rows = context.store.sessions()
    if json_:
        print_json({"sessions": [row.to_json() for row in rows]})
        return
    from techdoctor.console.tables import session_table, show_table

    show_table(context.terminal, session_table(rows))


@app.command()
def show(session: SessionId = "last", technician: Technician = None, plain: Plain = None, json_: Json = False) -> None:
    """The report of a session again."""
    context = Context(plain=plain, technician=technician)
    result = _report(context, session)
    if json_:
        print_json(result.to_json())
        return
    from techdoctor.cli.diagnosing import probe_title, summary_of
    from techdoctor.console.opening import open_dialogue
    from techdoctor.console.report import show_outcome

    conversation = open_dialogue(context.terminal, summary_of, context.settings.technician, probe_title)
    show_outcome(context.terminal, result, conversation, help_desk_line(context))


def _report(context: Context, session: str) -> Diagnosis:
    from techdoctor.engine.journal import read_journal
    from techdoctor.session.past import report_of

    row = context.store.find(session)
    recorded = read_journal(row.path)
    playbooks = context.library.with_callees(str(recorded.header.get("playbook")))
    return report_of(playbooks, recorded, row.id)


@app.command()
def resume(
    session: SessionId = "last",
    offline: Offline = None,
    technician: Technician = None,
    plain: Plain = None,
    json_: Json = False,
) -> int:
    """Go on with an interrupted session."""
    from techdoctor.cli import diagnosing

    return diagnosing.run(diagnosing.Wish(resume=session, json=json_), offline, technician, plain)


@app.command(short_help="Why a session went as it did.")
def explain(session: SessionId = "last", json_: Json = False) -> None:
    """Why a session went as it did: the path, what decided, and the order of the causes."""
    from techdoctor.engine.journal import read_journal
    from techdoctor.session.past import changed_since, order_of

    context = Context()
    row = context.store.find(session)
    recorded = read_journal(row.path)
    playbooks = context.library.with_callees(str(recorded.header.get("playbook")))
    result = _report(context, session)
    chosen = playbooks[str(recorded.header.get("playbook"))]
    order = order_of(chosen, context.priors(chosen.id, context.local_host().platform))
    if json_:
        print_json(
            {
                "session": row.id,
                "path": [{"node": node, "why": why} for node, why in result.path],
                "order": [dict(vars(worth)) for worth in order],
                "changed": list(changed_since(playbooks, recorded.events)),
            }
        )
        return
    for name in changed_since(playbooks, recorded.events):
        print(say("session_cmd.changed", playbook=name))
    print(say("session_cmd.path"))
    for number, (node, why) in enumerate(result.path, 1):
        print(f"  {number}. {node}: {clean_line(why, 400)}")
    print(say("session_cmd.order"))
    for worth in order:
        known = worth.counts if isinstance(worth.counts, list) else []
        learned = say("session_cmd.learned", hits=known[0], sessions=known[1]) if known else ""
        print(f"  {worth.cause}: {worth.word} ({worth.likelihood:.2f}) / {worth.effort_s:.0f} s {learned}".rstrip())


@app.command()
def undo(session: SessionId = "last", yes: Yes = False) -> int:
    """Take back what a session changed, the latest first."""
    from techdoctor.engine.journal import read_journal
    from techdoctor.session import past

    context = Context()
    row = context.store.find(session)
    applied = past.applied_fixes(read_journal(row.path).events)
    undoable = [fix for fix in applied if fix.undo_token is not None]
    for fix in applied:
        if fix.undo_token is None:
            print(say("session_cmd.cannot_undo", action=clean_line(fix.action)))
    if not undoable:
        print(say("session_cmd.nothing_to_undo"))
        return EXIT_OK
    from techdoctor.console.opening import open_dialogue

    host, failed = context.local_host(may_prompt=not yes), False
    for fix in undoable:
        question = say("session_cmd.undo", action=clean_line(fix.action))
        if yes or open_dialogue(context.terminal).confirm(question) == "yes":
            try:
                outcome = past.undo(host, row.path, fix)
            except KeyboardInterrupt:
                print(say("session_cmd.undo_interrupted", action=clean_line(fix.action)), file=sys.stderr)
                return EXIT_INTERRUPTED
            failed = failed or not outcome.ok
            print(say("engine.undone" if outcome.ok else "engine.undo_failed", text=clean_line(outcome.text)))
    return EXIT_FOUND if failed else EXIT_OK


@app.command()
def forget(session: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Delete a session from this machine."""
    store = Context().store
    row = store.find(session)
    store.forget(row.id)
    print(say("session_cmd.forgotten", session=row.id))
