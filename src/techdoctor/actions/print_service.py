"""Starting the print service, and choosing the default printer of this user. CPython 3.9 syntax."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import Mapping, Optional, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.actions.printing import subject_of
from techdoctor.actions.services import keeper
from techdoctor.actions.text_file import shown_change
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.printing.cups_scheduler import peer_pid
from techdoctor.probes.printing.cups_server import chosen_server, local_socket, read_optional, user_folder
from techdoctor.text import clean_line

_START = "Start the print service"
_LAUNCHD_LABEL = "org.cups.cupsd"
_UP_WITHIN_S = 5.0


def _name(acting: Acting) -> str:
    return _LAUNCHD_LABEL if acting.platform == "macos" else "cups"


def start_command(acting: Acting) -> Tuple[Tuple[str, ...], str]:
    """How the print service is started here.

    Returns:
        The command and an empty text, or an empty command and why it cannot be started.
    """
    server = chosen_server(acting.platform, os.environ)
    if server.elsewhere or (server.endpoint.unix and server.endpoint.unix != local_socket(acting.platform)):
        return (), f"{clean_line(server.setting)} names {clean_line(server.shown)}, which is not kept by this system"
    found = keeper(acting.platform, _name(acting))
    if found is not None:
        return acting.elevated(found.start), ""
    program = shutil.which("cupsd", path=system.command_environment().get("PATH"))
    return (acting.elevated((program,)), "") if program else ((), "the print service (cupsd) is not installed")


def _preview_start(acting: Acting) -> ActionPreview:
    argv, problem = start_command(acting)
    if problem:
        return ActionPreview(_START, problem=problem)
    return ActionPreview(_START, (shown(argv),), not system.is_admin(), "The print service is stopped again.")


def _apply_start(acting: Acting) -> ActionOutcome:
    argv, problem = start_command(acting)
    if problem:
        return ActionOutcome(False, problem)
    outcome = outcome_of(acting.run(argv), "the print service was started", {})
    until = time.monotonic() + _UP_WITHIN_S
    while outcome.ok and not os.path.exists(local_socket(acting.platform)) and time.monotonic() < until:
        time.sleep(0.05)
    return outcome


def _undo_start(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    found = keeper(acting.platform, _name(acting))
    if found is not None:
        return outcome_of(acting.run(acting.elevated(found.stop)), "the print service was stopped again")
    pid = peer_pid(local_socket(acting.platform))
    if pid is None:
        return ActionOutcome(False, "the print service is not running any more")
    try:
        os.kill(pid, signal.SIGTERM)
    except OSError as error:
        return ActionOutcome(False, f"the print service could not be stopped: {error.strerror}")
    return ActionOutcome(True, "the print service was stopped again")


def with_default(lpoptions: str, queue: str) -> str:
    """An lpoptions file that makes a queue the default; the options kept in it stay."""
    others, options = [], []
    for line in lpoptions.splitlines():
        words = line.split(None, 2)
        kind = words[0].lower() if len(words) >= 2 else ""
        if kind in ("dest", "default") and words[1] == queue:
            options = words[2:]
        elif kind == "default":
            others += [f"Dest {words[1]} {words[2]}"] if len(words) == 3 else []
        else:
            others.append(line)
    return "\n".join([" ".join(["Default", queue, *options]), *others]) + "\n"


def _settings_file() -> Optional[str]:
    folder = user_folder(os.environ)
    return os.path.join(folder, "lpoptions") if folder else None


def _preview_default(acting: Acting) -> ActionPreview:
    queue, problem = subject_of(acting)
    path = _settings_file()
    title = f"Make {clean_line(queue)} the default printer of this user"
    if problem or path is None:
        return ActionPreview("Choose the default printer", problem=problem or "this user has no home folder")
    before = read_optional(path)
    return ActionPreview(title, shown_change(path, before, with_default(before, queue)), False, "The file is put back.")


def _apply_default(acting: Acting) -> ActionOutcome:
    queue, problem = subject_of(acting)
    path = _settings_file()
    if problem or path is None:
        return ActionOutcome(False, problem or "this user has no home folder")
    before: Value = read_optional(path) if os.path.exists(path) else None
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(with_default(str(before or ""), queue))
    except OSError as error:
        return ActionOutcome(False, f"{path} could not be written: {error.strerror}")
    return ActionOutcome(True, f"{clean_line(queue)} is the default printer", {"path": path, "before": before})


def _undo_default(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    path, before = str(token.get("path", "")), token.get("before")
    try:
        if before is None:
            os.unlink(path)
        else:
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(str(before))
    except OSError as error:
        return ActionOutcome(False, f"{path} could not be put back: {error.strerror}")
    return ActionOutcome(True, "the default printer is as before")


ACTIONS = (
    Action(
        name="print.set_default",
        title="Choose the default printer",
        doc="Writes the Default line of ~/.cups/lpoptions, which wins over the server's default (lpoptions(1)).",
        preview=_preview_default,
        apply=_apply_default,
        parameters={"printer": Parameter("text", "Name of the printer queue.", required=True)},
        touches=("cups.*", "printer.*", "print.*"),
        undo_name="print.restore_default",
        undo=_undo_default,
        platforms=("linux", "macos"),
    ),
    Action(
        name="print.start_service",
        title=_START,
        doc="By systemctl, service(8) or launchctl, whichever keeps it here, else cupsd itself.",
        preview=_preview_start,
        apply=_apply_start,
        touches=("cups.*", "printer.*", "print.*", "service.*"),
        undo_name="print.stop_service_again",
        undo=_undo_start,
        platforms=("linux", "macos"),
    ),
)
