"""`techdoctor self-check`: what can be seen here, and what is missing for which playbook."""

from __future__ import annotations

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, print_json
from techdoctor.messages import say
from techdoctor.settings import cache_folder
from techdoctor.text import clean_line

app = new_app("What techdoctor can see here.")


@app.command()
def self_check(json_: Json = False) -> None:
    """Rights, tools, packages, folders, and what is missing for which playbook."""
    from techdoctor.session.selfcheck import self_check as look

    context = Context()
    playbooks = [context.library.load(name) for name in context.library.ids()]
    folders = {"state": context.state_folder, "cache": cache_folder(context.settings)}
    seen = look(playbooks, folders)
    if json_:
        print_json({"schema": "techdoctor.selfcheck/1", "seen": [entry.to_json() for entry in seen]})
        return
    area = ""
    for entry in seen:
        if entry.area != area:
            area = entry.area
            print(f"\n{say('selfcheck.' + area)}")
        word = say("selfcheck.ok") if entry.ok else say("selfcheck.missing")
        print(f"  {word.ljust(8)} {entry.name.ljust(18)} {clean_line(entry.text)}")
