"""Adding a printer that needs no driver: a queue of IPP Everywhere, made and tried. CPython 3.9 syntax."""

from __future__ import annotations

import re
import time
from typing import Dict, List, Mapping, Tuple

from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.actions.print_queues import has_driver_soon, is_network_address, lpadmin, needs_rights
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter, Probing
from techdoctor.probes.printing.cups_queues import PrintService
from techdoctor.text import clean_line

_ANSWER_S = 10.0
_LONGEST_NAME = 40


def queue_name(wanted: str, taken: Tuple[str, ...]) -> str:
    """A name for a queue: CUPS allows no spaces, no / and no # in it (lpadmin(8)); a number where it is taken."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", wanted).strip("_-.")[:_LONGEST_NAME] or "printer"
    names = [plain, *(f"{plain}-{number}" for number in range(2, 100))]
    return next((name for name in names if name not in taken), plain)


def _queues(acting: Acting) -> Tuple[str, ...]:
    """Names of the queues there are.

    Raises:
        CannotMeasure: The print service gives no answer.
    """
    return tuple(PrintService(Probing({}, acting.platform, time.monotonic() + _ANSWER_S)).queues())


def _planned(acting: Acting) -> Tuple[str, List[Tuple[str, ...]], str]:
    """Name of the new queue, the commands that make it, and what is in the way."""
    uri = acting.text("uri")
    if not is_network_address(uri):
        return "", [], f"'{clean_line(uri)}' is not the address of a network printer"
    if not lpadmin(acting):
        return "", [], "the program lpadmin is not installed"
    try:
        taken = _queues(acting)
    except CannotMeasure as error:
        return "", [], error.reason
    name = queue_name(acting.text("name"), taken)
    described = ("-D", clean_line(acting.text("name"))) if acting.text("name") else ()
    made = lpadmin(acting, "-p", name, "-E", "-v", uri, *described, "-m", "everywhere")
    return name, [made, *([] if taken else [lpadmin(acting, "-d", name)])], ""


def _preview(acting: Acting) -> ActionPreview:
    name, commands, problem = _planned(acting)
    title = "Add a printer that needs no driver"
    if problem:
        return ActionPreview(title, problem=problem)
    return ActionPreview(
        f"{title}: {name}", tuple(map(shown, commands)), needs_rights(acting), "The new queue is deleted."
    )


def _apply(acting: Acting) -> ActionOutcome:
    name, commands, problem = _planned(acting)
    if problem:
        return ActionOutcome(False, problem)
    token: Dict[str, Value] = {"printer": name}
    for argv in commands:
        outcome = outcome_of(acting.run(argv), "")
        if not outcome.ok:
            _undo(acting, token)
            return outcome
    if not has_driver_soon(acting, name):
        _undo(acting, token)
        return ActionOutcome(False, "the printer did not say what it can do; no queue was added")
    return ActionOutcome(True, f"{name} is added", token)


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    name = str(token["printer"])
    return outcome_of(acting.run(lpadmin(acting, "-x", name)), f"{name} is deleted again")


ACTIONS = (
    Action(
        name="print.add_queue",
        title="Add a printer that needs no driver",
        doc="lpadmin -p NAME -E -v URI -m everywhere, and -d NAME for the first queue (lpadmin(8)). lpadmin ends "
        "well for dead printers too, so the printer description that CUPS makes is waited for.",
        preview=_preview,
        apply=_apply,
        parameters={
            "uri": Parameter("text", "Address of the printer.", required=True),
            "name": Parameter("text", "What it is called; default: printer.", ""),
        },
        touches=("cups.*", "printer.*", "print.*"),
        undo_name="print.delete_queue",
        undo=_undo,
        platforms=("linux", "macos"),
    ),
)
