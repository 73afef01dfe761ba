"""`techdoctor playbook`: the author's tools."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, print_json
from techdoctor.errors import EXIT_FOUND, EXIT_USAGE, UsageError
from techdoctor.messages import say
from techdoctor.text import clean

app = new_app("List, show, search, check and test playbooks.")

Paths = Annotated[list[Path] | None, typer.Argument(metavar="[FILE|FOLDER]...", help="Default: the shipped playbooks.")]
Orders = Annotated[int, typer.Option("--orders", min=0, max=10_000, help="Shuffled orders of arrival per test.")]


@app.command("list")
def list_(json_: Json = False) -> None:
    """All playbooks with their titles."""
    context = Context()
    entries = context.library.index()
    if json_:
        print_json({"playbooks": [_entry_json(entry) for entry in entries]})
        return
    from techdoctor.console.tables import playbook_table, show_table

    show_table(context.terminal, playbook_table(entries))


def _entry_json(entry: object) -> dict[str, object]:
    names = ("id", "title", "symptoms", "signatures", "platforms", "audience")
    return {n: list(v) if isinstance(v := getattr(entry, n), tuple) else v for n in names}


@app.command()
def show(playbook: str, json_: Json = False) -> None:
    """One playbook: what it measures and which causes it tells apart."""
    found = Context().library.load(playbook)
    causes = [{"id": found.cause_id(c.id), "title": c.title, "severity": c.severity} for c in found.causes.values()]
    facts = [{"name": f.name, "probe": f.probe, "cost": f.cost} for f in found.facts.values()]
    if json_:
        print_json(
            {"id": found.id, "title": found.title, "version": found.version, "path": found.path,
             "symptoms": list(found.symptoms), "facts": facts, "causes": causes}
        )  # fmt: skip
        return
    print(f"{found.id} {found.version}: {clean(found.title)}\n{found.path}\n\n{say('playbook.measures')}")
    for fact in facts:
        print(f"  {fact['name']}: {fact['probe']}")
    print(f"\n{say('playbook.causes')}")
    for cause in causes:
        print(f"  {cause['id']}: {clean(cause['title'])}")


@app.command()
def search(words: list[str], json_: Json = False) -> int:
    """Which playbooks fit these words, best first."""
    from techdoctor.playbooks.requests import is_request
    from techdoctor.playbooks.search import search as find

    hits = find(Context().library.index(), " ".join(words))
    if json_:
        print_json({"results": [{"id": h.id, "title": h.title, "score": h.score, "why": h.why} for h in hits]})
    else:
        for hit in hits:
            print(f"{hit.score:7.2f}  {hit.id}: {clean(hit.title)}  ({clean(hit.why)})")
        if not hits:
            told = "diagnose.request" if is_request(" ".join(words)) else "diagnose.no_hit"
            print(say(told), file=sys.stderr)
    return 0


@app.command(short_help="Check playbooks: every mistake with file and line.")
def lint(paths: Paths = None, json_: Json = False) -> int:
    """Check playbooks: every mistake with file, line, column and what to do."""
    from techdoctor.authoring.run_tests import playbook_files
    from techdoctor.playbooks.lint import lint_files

    context = Context()
    files = playbook_files(_existing(paths or _shipped()))
    problems = lint_files(files, context.library)
    errors = sum(problem.level == "error" for problem in problems)
    if json_:
        print_json({"files": len(files), "problems": [dict(vars(problem)) for problem in problems]})
    else:
        for problem in problems:
            print(clean(str(problem), 4000))
        print(say("playbook.linted", n=len(files), errors=errors, warnings=len(problems) - errors), file=sys.stderr)
    return EXIT_USAGE if errors else 0


@app.command("test", short_help="Run the tests that stand in playbooks.")
def run_tests(paths: Paths = None, orders: Orders = 20, json_: Json = False) -> int:
    """Run the tests that stand in playbooks, each in many orders of arrival."""
    from techdoctor.authoring.run_tests import playbook_files

    files = playbook_files(_existing(paths or _shipped()))
    results = list(_tested(files, orders))
    failed = [outcome for outcome in results if outcome["problems"]]
    if json_:
        print_json({"tests": results})
    else:
        for outcome in failed:
            for problem in outcome["problems"]:  # type: ignore[attr-defined] # a list of texts
                print(clean(f"FAILED {outcome['playbook']}: {outcome['test']}: {problem}", 2000))
        print(f"{len(results) - len(failed)} passed, {len(failed)} failed ({orders} orders of arrival each)")
    return EXIT_FOUND if failed else 0


def _tested(files: Sequence[Path], orders: int) -> Iterator[dict[str, object]]:
    """Outcomes of all tests, over as many processes as there are cores."""
    with ProcessPoolExecutor(max_workers=max(1, min(len(files), os.cpu_count() or 1))) as pool:
        # The largest first, so that no core is left with it at the end; told in the order of the files.
        largest_first = sorted(files, key=lambda path: -path.stat().st_size)
        running = {path: pool.submit(_test_file, path, orders) for path in largest_first}
        for path in files:
            yield from running[path].result()


def _test_file(path: Path, orders: int) -> list[dict[str, object]]:
    from techdoctor.authoring.run_tests import run_playbook
    from techdoctor.playbooks.library import callees

    library = Context().library.with_folder(path.parent)
    playbook = library.load_file(path)
    playbooks = {playbook.id: playbook}
    for callee in callees(playbook):
        playbooks = {**library.with_callees(callee), **playbooks}
    return [
        {"playbook": o.playbook, "test": o.test, "problems": list(o.problems), "orders": o.orders}
        for o in run_playbook(playbooks, playbook, orders)
    ]


@app.command(short_help="Print the JSON Schema for editors.")
def schema() -> None:
    """Print the JSON Schema (draft-07) for editors such as yaml-language-server."""
    from techdoctor.playbooks.schema import json_schema

    print_json(json_schema())


def _shipped() -> list[Path]:
    from techdoctor.playbooks.library import shipped_folder

    return [shipped_folder()]


def _existing(paths: Sequence[Path]) -> list[Path]:
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    return list(paths)
