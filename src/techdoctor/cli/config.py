"""`techdoctor config`: the settings and where each comes from."""

from __future__ import annotations

import os

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, print_json
from techdoctor.messages import say
from techdoctor.settings import site_file, user_file
from techdoctor.text import clean_line

app = new_app("The settings.")


@app.callback()
def group() -> None:
    """Show the settings and where each comes from."""


@app.command()
def show(json_: Json = False) -> None:
    """Every setting with its value, its origin and what it means."""
    settings = Context().settings
    rows = settings.rows()
    if json_:
        print_json({"settings": [{"key": r.key, "value": r.value, "origin": r.origin, "doc": r.doc} for r in rows]})
        return
    print(say("config.files", user=user_file(os.environ), site=site_file(os.environ)))
    for row in rows:
        value = "" if row.value is None else clean_line(str(row.value))
        print(f"\n{row.key} = {value}\n  {say('config.origin', origin=clean_line(row.origin))}\n  {row.doc}")
