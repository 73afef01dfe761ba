"""Building the list of trusted certificate issuers again. CPython 3.9 syntax."""

from __future__ import annotations

import shutil
from typing import Tuple

from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview
from techdoctor.system import command_environment

_TITLE = "Build the list of trusted issuers again"
# Program and its arguments, by what the distribution brings. Source: update-ca-certificates(8), update-ca-trust(8)
_TOOLS = (("update-ca-certificates", "--fresh"), ("update-ca-trust", "extract"))


def _command(acting: Acting) -> Tuple[str, ...]:
    path = command_environment().get("PATH")
    return next((acting.elevated(argv) for argv in _TOOLS if shutil.which(argv[0], path=path)), ())


def _preview(acting: Acting) -> ActionPreview:
    command = _command(acting)
    if not command:
        return ActionPreview(_TITLE, problem="neither update-ca-certificates nor update-ca-trust is installed")
    return ActionPreview(_TITLE, (shown(command),), needs_admin=True, undo="not needed")


def _apply(acting: Acting) -> ActionOutcome:
    command = _command(acting)
    if not command:
        return ActionOutcome(False, "neither update-ca-certificates nor update-ca-trust is installed")
    return outcome_of(acting.run(command), "the list of trusted issuers is built again")


ACTIONS = (
    Action(
        name="web.repair_ca_store",
        title=_TITLE,
        doc="update-ca-certificates --fresh (Debian, Ubuntu, SUSE) or update-ca-trust extract (Fedora), from what the "
        "package ca-certificates and the administrator have put in place.",
        preview=_preview,
        apply=_apply,
        touches=("web.*",),
        platforms=("linux",),
    ),
)
