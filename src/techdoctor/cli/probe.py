"""`techdoctor probe`: single measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from techdoctor.cli.app import new_app
from techdoctor.cli.context import Context
from techdoctor.cli.options import Json, Offline, On, Plain, SetValues, pairs, print_json, refuse_other_host
from techdoctor.errors import EXIT_CANNOT_TELL, EXIT_OK, UsageError
from techdoctor.model import PLATFORMS, Fact, Value

if TYPE_CHECKING:
    from techdoctor.probes.base import Field

app = new_app("Run single measurements and show what they give.")

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Probes, e.g. net.link disk.filesystems.")]
ListThem = Annotated[bool, typer.Option("--list", help="List all probes with their support on each platform.")]


@app.command()
def probe(
    names: Names = None,
    list_: ListThem = False,
    set_values: SetValues = None,
    on: On = "",
    offline: Offline = None,
    plain: Plain = None,
    json_: Json = False,
) -> int:
    """Run probes and show their fields; --list shows which there are.

    Examples:

      techdoctor probe --list

      techdoctor probe dns.lookup --set name=www.example.org --json
    """
    refuse_other_host(on)
    context = Context(offline, plain)
    if list_ or not names:
        return _list(context, json_)
    facts = _measured(context, names, pairs(set_values or ()))
    if json_:
        print_json({"schema": "techdoctor.facts/1", "facts": {name: fact.to_json() for name, fact in facts.items()}})
    else:
        from techdoctor.console.facts import show_facts

        show_facts(context.terminal, facts, fields_of)
    return EXIT_OK if any(fact.ok for fact in facts.values()) else EXIT_CANNOT_TELL


def _measured(context: Context, names: list[str], given: Mapping[str, str]) -> dict[str, Fact]:
    """Runs the probes side by side; parameters go to those that declare them."""
    from techdoctor import system
    from techdoctor.probes import registry
    from techdoctor.probes.runner import Call, Runner
    from techdoctor.session.request import converted

    declared = [registry.get(name) for name in dict.fromkeys(names)]
    known = {parameter for found in declared for parameter in found.parameters}
    for name in given:
        if name not in known:
            raise UsageError(
                f"--set {name}: none of these probes has it", "they have: " + (", ".join(sorted(known)) or "none")
            )
    runner = Runner(context.local_host().measure)
    for found in declared:
        params = {n: converted(n, found.parameters[n].type, text) for n, text in given.items() if n in found.parameters}
        runner.start(Call(found.name, found.name, params, found.timeout_s, found.alone, found.network))
    facts: dict[str, Fact] = {}
    try:
        while len(facts) < len(declared):
            answer = runner.next(0.25)
            if answer is not None:
                facts[answer[0]] = answer[1]
    finally:
        runner.stop()
        system.end_children()
    return {found.name: facts[found.name] for found in declared}


def fields_of(probe_name: str) -> Mapping[str, Field]:
    """The declared fields of a probe."""
    from techdoctor.probes import registry

    return registry.get(probe_name).fields


def _list(context: Context, json_: bool) -> int:
    from techdoctor.probes import registry
    from techdoctor.probes.base import UNSUPPORTED, Method

    rows: list[dict[str, Value]] = []
    declared = [registry.get(name) for name in registry.names()]
    for found in declared:
        methods = {p: found.methods.get(p, Method(UNSUPPORTED, reason=f"not written for {p}")) for p in PLATFORMS}
        rows.append(
            {
                "name": found.name,
                "title": found.title,
                "doc": found.doc,
                "timeout_s": found.timeout_s,
                "needs": found.needs,
                "cost": found.cost,
                "reach": found.reach,
                "parameters": {
                    n: {"type": p.type, "default": p.default, "doc": p.doc} for n, p in found.parameters.items()
                },
                "fields": {n: {"type": f.type, "unit": f.unit, "doc": f.doc} for n, f in found.fields.items()},
                "platforms": {p: {"level": m.level, "reason": m.reason} for p, m in methods.items()},
            }
        )
    if json_:
        print_json({"schema": "techdoctor.probes/1", "probes": list(rows)})
    else:
        from techdoctor.console.tables import probe_table, show_table

        levels = [(found.name, found.title, {p: m.level for p, m in found.methods.items()}) for found in declared]
        show_table(context.terminal, probe_table(levels))
    return EXIT_OK
