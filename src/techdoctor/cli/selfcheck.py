"""`techdoctor self-check`: what can be seen here, and what is missing for which playbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, print_json
from techdoctor.errors import PlaybookError
from techdoctor.messages import say
from techdoctor.settings import cache_folder
from techdoctor.text import clean_line

if TYPE_CHECKING:
    from techdoctor.playbooks.tree import Playbook
    from techdoctor.session.selfcheck import Seen

app = new_app("What techdoctor can see here.")


@app.command()
def self_check(json_: Json = False) -> None:
    """Rights, tools, packages, folders, and what is missing for which playbook."""
    from techdoctor.session.selfcheck import self_check as look

    context = Context()
    playbooks, broken = _playbooks(context)
    folders = {"state": context.state_folder, "cache": cache_folder(context.settings)}
    seen = look(playbooks, folders) + broken
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


def _playbooks(context: Context) -> tuple[list[Playbook], list[Seen]]:
    """The playbooks that load, and what is wrong with the others."""
    from techdoctor.session.selfcheck import Seen

    loaded, broken = [], []
    for name in context.library.ids():
        try:
            loaded.append(context.library.load(name))
        except PlaybookError as error:
            broken.append(Seen("playbooks", name, False, error.message))
    return loaded, broken
