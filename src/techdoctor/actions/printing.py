"""Changes to print queues and jobs, each with the command that a person would type. CPython 3.9 syntax.

The tools of CUPS are used where they are installed; without them the same IPP operation is sent to the
print service directly, so that a queue can be resumed on any machine that has one.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.printing.cups_server import PrintServer, chosen_server
from techdoctor.probes.printing.ipp_client import (
    CANCEL_JOB,
    CUPS_ACCEPT_JOBS,
    CUPS_REJECT_JOBS,
    HOLD_JOB,
    PAUSE_PRINTER,
    RELEASE_JOB,
    RESUME_PRINTER,
    IppFailed,
    IppTarget,
    ask,
    failed,
    status_text,
)
from techdoctor.probes.printing.ipp_wire import URI, Attribute
from techdoctor.text import clean_line

# Groups whose members may manage printers without further ado: Debian and its kin, macOS.
_MANAGERS = ("lpadmin", "_lpadmin")
_IPP_S = 10.0


@dataclass(frozen=True)
class Operation:
    """One change, as a command and as the IPP operation behind it.

    Attributes:
        title: In plain words; `{}` is the queue or job.
        tool: Program of CUPS, and its arguments after the server; `{}` as above.
        code: IPP operation.
        done: What to say when it worked.
    """

    title: str
    tool: Tuple[str, ...]
    code: int
    done: str


RESUME = Operation("Resume the printer queue {}", ("cupsenable", "{}"), RESUME_PRINTER, "{} prints again")
PAUSE = Operation("Pause the printer queue {}", ("cupsdisable", "{}"), PAUSE_PRINTER, "{} is paused again")
ACCEPT = Operation("Let the printer queue {} take jobs", ("cupsaccept", "{}"), CUPS_ACCEPT_JOBS, "{} takes jobs again")
REJECT = Operation("Let the printer queue {} refuse jobs", ("cupsreject", "{}"), CUPS_REJECT_JOBS, "{} refuses jobs")
RELEASE = Operation("Release print job {}", ("lp", "-i", "{}", "-H", "resume"), RELEASE_JOB, "job {} may print now")
HOLD = Operation("Put print job {} on hold", ("lp", "-i", "{}", "-H", "hold"), HOLD_JOB, "job {} is on hold again")
CANCEL = Operation("Cancel print job {}", ("cancel", "{}"), CANCEL_JOB, "job {} is gone")


def may_manage(server: PrintServer) -> bool:
    """True when this user may change queues there without becoming administrator."""
    if system.is_admin():
        return True
    try:
        if server.endpoint.unix and os.stat(server.endpoint.unix).st_uid == os.getuid():
            return True  # a print service of this user's own
    except OSError:
        return False
    try:
        import grp
    except ImportError:  # Windows has no such groups
        return False
    for name in _MANAGERS:
        try:
            if grp.getgrnam(name).gr_gid in os.getgroups():
                return True
        except KeyError:
            continue
    return False


def subject_of(acting: Acting) -> Tuple[str, str]:
    """The queue or job that an action is about.

    Returns:
        Its name and an empty text, or an empty name and what is wrong with it.
    """
    if "job" in acting.params:
        number = acting.text("job")
        return (number, "") if number.isdigit() and int(number) > 0 else ("", "there is no such print job")
    name = acting.text("printer")
    # printers.conf(5): no spaces, slashes or hashes; a leading dash would be read as an option.
    fit = bool(name) and len(name) <= 127 and name[0] != "-" and name.isprintable() and not set(name) & set(" /#")
    return (name, "") if fit else ("", f"'{clean_line(name)}' is not the name of a printer queue")


def command(acting: Acting, operation: Operation, subject: str) -> Tuple[str, ...]:
    """The command for an operation; empty when its tool is not installed."""
    server = chosen_server(acting.platform, os.environ)
    tool, *arguments = (part.replace("{}", subject) for part in operation.tool)
    if not shutil.which(tool, path=system.command_environment().get("PATH")):
        return ()
    # sudo drops CUPS_SERVER, so the server is named.
    where = ("-h", server.shown) if server.setting else ()
    argv = (tool, *where, *arguments)
    return argv if may_manage(server) else acting.elevated(argv)


def _ipp_words(acting: Acting, operation: Operation, subject: str) -> str:
    server = chosen_server(acting.platform, os.environ)
    return f"IPP operation 0x{operation.code:04x} for {_uri(operation, subject)} to the print service at {server.shown}"


def _uri(operation: Operation, subject: str) -> str:
    folder = "jobs" if operation.code in (CANCEL_JOB, HOLD_JOB, RELEASE_JOB) else "printers"
    return f"ipp://localhost/{folder}/{subject}"


def perform(acting: Acting, operation: Operation, subject: str) -> ActionOutcome:
    """Carries an operation out, by the tool where there is one."""
    done = operation.done.replace("{}", clean_line(subject))
    argv = command(acting, operation, subject)
    if argv:
        return outcome_of(acting.run(argv), done)
    about_job = "/jobs/" in _uri(operation, subject)
    attributes = {"job-uri" if about_job else "printer-uri": Attribute(URI, (_uri(operation, subject),))}
    server = chosen_server(acting.platform, os.environ)
    path = "/jobs/" if about_job else "/admin/"
    try:
        answer = ask(IppTarget(server.endpoint, path), operation.code, time.monotonic() + _IPP_S, attributes=attributes)
    except IppFailed as failure:
        return ActionOutcome(False, f"the print service did not do it ({failure.kind})")
    return ActionOutcome(False, clean_line(status_text(answer))) if failed(answer) else ActionOutcome(True, done)


def _preview(operation: Operation, undo: str) -> Callable[[Acting], ActionPreview]:
    def preview(acting: Acting) -> ActionPreview:
        subject, problem = subject_of(acting)
        title = operation.title.replace("{}", clean_line(subject))
        if problem:
            return ActionPreview(title.strip(), problem=problem)
        argv = command(acting, operation, subject)
        shown_as = shown(argv) if argv else _ipp_words(acting, operation, subject)
        needs = not may_manage(chosen_server(acting.platform, os.environ))
        return ActionPreview(title, (shown_as,), needs, undo)

    return preview


def _apply(operation: Operation, *, undoable: bool) -> Callable[[Acting], ActionOutcome]:
    def apply(acting: Acting) -> ActionOutcome:
        subject, problem = subject_of(acting)
        if problem:
            return ActionOutcome(False, problem)
        outcome = perform(acting, operation, subject)
        token: Optional[dict[str, Value]] = {"subject": subject} if undoable else None
        return ActionOutcome(outcome.ok, outcome.text, token if outcome.ok else None)

    return apply


def _undo(operation: Operation) -> Callable[[Acting, Mapping[str, Value]], ActionOutcome]:
    def undo(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
        return perform(acting, operation, str(token.get("subject", "")))

    return undo


_QUEUE = {"printer": Parameter("text", "Name of the printer queue.", required=True)}
_JOB = {"job": Parameter("int", "Number of the print job, e.g. 12.", required=True)}
_TOUCHES = ("cups.*", "printer.*", "print.*")
_UNIX = ("linux", "macos")
ACTIONS = (
    Action(
        name="print.resume_queue",
        title="Resume a printer queue",
        doc="cupsenable(8), else IPP Resume-Printer (RFC 8011, 4.2.8) to the print service.",
        preview=_preview(RESUME, "The queue is paused again."),
        apply=_apply(RESUME, undoable=True),
        parameters=_QUEUE,
        touches=_TOUCHES,
        undo_name="print.pause_queue_again",
        undo=_undo(PAUSE),
        platforms=_UNIX,
    ),
    Action(
        name="print.accept_jobs",
        title="Let a printer queue take jobs",
        doc="cupsaccept(8), else IPP CUPS-Accept-Jobs to the print service.",
        preview=_preview(ACCEPT, "The queue refuses jobs again."),
        apply=_apply(ACCEPT, undoable=True),
        parameters=_QUEUE,
        touches=_TOUCHES,
        undo_name="print.reject_jobs_again",
        undo=_undo(REJECT),
        platforms=_UNIX,
    ),
    Action(
        name="print.release_job",
        title="Release a print job that is on hold",
        doc="lp -i JOB -H resume, else IPP Release-Job (RFC 8011, 4.3.6).",
        preview=_preview(RELEASE, "The job is put on hold again, if it has not been printed by then."),
        apply=_apply(RELEASE, undoable=True),
        parameters=_JOB,
        touches=_TOUCHES,
        undo_name="print.hold_job_again",
        undo=_undo(HOLD),
        platforms=_UNIX,
    ),
    Action(
        name="print.cancel_job",
        least_risk="medium",
        title="Cancel a print job",
        doc="cancel(1), else IPP Cancel-Job (RFC 8011, 4.3.3). The job is lost.",
        preview=_preview(CANCEL, ""),
        apply=_apply(CANCEL, undoable=False),
        parameters=_JOB,
        touches=_TOUCHES,
        platforms=_UNIX,
    ),
)
