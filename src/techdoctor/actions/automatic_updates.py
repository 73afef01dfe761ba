"""Switching apt's automatic updates on. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import List, Mapping, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.actions.text_file import shown_change
from techdoctor.errors import CannotMeasure
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.services import systemd
from techdoctor.probes.services.systemd import Manager
from techdoctor.probes.updates.automatic import TIMERS
from techdoctor.text import clean_line

_TITLE = "Switch automatic updates on"
_FOLDER = "/etc/apt/apt.conf.d"
# Read after every other file there, so that what was switched off elsewhere is on again, and that file stays as it is.
_FILE = f"{_FOLDER}/zz-techdoctor-automatic-updates"
_UPGRADER = "/usr/bin/unattended-upgrade"
_CONTENT = (
    'APT::Periodic::Enable "1";\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n'
)


def _problem() -> str:
    if not os.path.isdir(_FOLDER):
        return "apt does not keep the packages here"
    if not os.path.exists(_UPGRADER):
        return "install it first: sudo apt-get install unattended-upgrades"
    return ""


def _timer_states() -> List[Tuple[str, str]]:
    """Apt's timers and how they start: enabled, disabled, masked; none where no systemd runs."""
    try:
        systemd.need_systemd()
        units = systemd.show(Manager(), TIMERS["apt"], ("Id", "LoadState", "UnitFileState"), 5.0)
    except CannotMeasure:
        return []
    return [(u.get("Id", ""), u.get("UnitFileState", "")) for u in units if u.get("LoadState") != "not-found"]


def _switch_on(states: List[Tuple[str, str]]) -> List[Tuple[str, ...]]:
    masked = [name for name, state in states if state.startswith("masked")]
    names = [name for name, _ in states]
    words: List[Tuple[str, ...]] = [("systemctl", "unmask", *masked)] if masked else []
    return [*words, ("systemctl", "enable", "--now", *names)] if names else words


def _before() -> str:
    try:
        return system.read_text(_FILE)
    except CannotMeasure:
        return ""


def _preview(acting: Acting) -> ActionPreview:
    commands = [shown(acting.elevated(argv)) for argv in _switch_on(_timer_states())]
    return ActionPreview(
        _TITLE,
        (*shown_change(_FILE, _before(), _CONTENT), *commands),
        not system.is_admin(),
        "The file is removed, and the timers are as they were.",
        "From then on this computer asks its package servers every day.",
        _problem(),
    )


def _apply(acting: Acting) -> ActionOutcome:
    problem = _problem()
    if problem:
        return ActionOutcome(False, problem)
    states = _timer_states()
    token: Mapping[str, Value] = {"content": _before(), "states": [f"{name} {state}" for name, state in states]}
    outcome = outcome_of(acting.run(acting.elevated(("tee", _FILE)), stdin=_CONTENT), "automatic updates are on", token)
    for argv in _switch_on(states):
        if outcome.ok:
            outcome = outcome_of(acting.run(acting.elevated(argv)), outcome.text, token)
    return outcome


def _undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    content = str(token.get("content") or "")
    argv = acting.elevated(("tee", _FILE) if content else ("rm", "-f", _FILE))
    outcome = outcome_of(acting.run(argv, stdin=content), "automatic updates are as before")
    states = token.get("states")
    for entry in states if isinstance(states, list) else []:
        name, _, state = str(entry).partition(" ")
        verb = "mask" if state.startswith("masked") else "disable"
        if outcome.ok and name in TIMERS["apt"] and state != "enabled":
            outcome = outcome_of(
                acting.run(acting.elevated(("systemctl", verb, "--now", name))), clean_line(outcome.text)
            )
    return outcome


ACTIONS = (
    Action(
        name="updates.switch_on",
        title=_TITLE,
        doc="Writes APT::Periodic settings into a file of its own that is read last, and enables apt's timers. The"
        " package unattended-upgrades must be there.",
        preview=_preview,
        apply=_apply,
        touches=("updates.*", "service.*"),
        undo_name="updates.put_back",
        undo=_undo,
        platforms=("linux",),
    ),
)
