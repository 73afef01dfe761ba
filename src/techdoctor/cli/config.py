"""`techdoctor config`: the settings and where each comes from."""

from __future__ import annotations

import json
import os

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, print_json
from techdoctor.messages import say
from techdoctor.model import Value
from techdoctor.settings import Row, site_file, user_file
from techdoctor.text import clean_line

app = new_app("The settings.")


@app.callback()
def group() -> None:
    """Show the settings and where each comes from."""


@app.command()
def show(json_: Json = False) -> None:
    """Every setting with its value, its origin and what it means."""
    from techdoctor.probes.asked import asked

    settings = Context().settings
    rows = [row for row in settings.rows() if not row.key.startswith("targets.")]
    for name, places in asked(settings.targets).items():
        listed: list[Value] = list(places)
        rows.append(Row(f"targets.{name}", listed, settings.origin(f"targets.{name}"), say("config.target")))
    if json_:
        print_json({"settings": [{"key": r.key, "value": r.value, "origin": r.origin, "doc": r.doc} for r in rows]})
        return
    print(say("config.files", user=user_file(os.environ), site=site_file(os.environ)))
    for row in rows:
        value = clean_line(_toml(row.value), 1000)
        print(f"\n{row.key} = {value}\n  {say('config.origin', origin=clean_line(row.origin))}\n  {row.doc}")


def _toml(value: Value) -> str:
    """A value as it would stand in a settings file."""
    return json.dumps("" if value is None else value, ensure_ascii=False)
