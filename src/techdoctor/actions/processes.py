"""Changes to a running program: end it, or let a paused one go on. CPython 3.9 syntax.

A process is named by its id and its start time, so that another one that got the same id is never hit.
"""

from __future__ import annotations

import os
import signal
import time
from typing import List, Mapping, Optional, Sequence, Tuple, Union

import psutil

from techdoctor import system
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.probes.load import procfs
from techdoctor.probes.load.processes import why_kept
from techdoctor.text import clean_line, duration

GRACE_S = 5.0  # between asking a program to end and ending it
_KILL_WAIT_S = 3.0
# A process id is not given out twice within this time; clocks of start times differ by less.
_SAME_START_S = 2.0
_END, _CONTINUE = "End the program", "Let the paused program go on"


def find(acting: Acting) -> Tuple[Optional[psutil.Process], str]:
    """The process that is meant, or None and why it cannot be changed."""
    pid, started_s = acting.params.get("pid"), acting.params.get("started_s")
    if not isinstance(pid, int) or not isinstance(started_s, (int, float)) or pid <= 0:
        return None, "no program was named"
    try:
        process = psutil.Process(pid)
        created_s = process.create_time()
        kept = why_kept(pid, _in_kernel(process), {parent.pid for parent in psutil.Process().parents()})
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None, f"process {pid} has ended already"
    except (psutil.Error, OSError) as error:
        return None, f"process {pid} may not be looked at: {clean_line(str(error))}"
    if abs(created_s - started_s) > _SAME_START_S:
        return None, f"process {pid} has ended; its number belongs to another program now"
    if pid == os.getpid():
        return None, "that is techdoctor itself"
    return process, kept


def _in_kernel(process: psutil.Process) -> bool:
    """True for Linux' kernel threads, told by their flag: in a container process 2 is an ordinary one."""
    line = procfs.read_bytes(f"/proc/{process.pid}/stat", 1024) if system.platform_name() == "linux" else None
    stat = procfs.parse_table({process.pid: line}).get(process.pid) if line else None
    return stat is not None and stat.kernel


def describe(process: psutil.Process) -> str:
    """Name, id, user, age and command of a process in one clean line."""
    words: List[str] = []
    try:
        words.append(f"{clean_line(process.name(), 60)} (process {process.pid})")
        words.append(f"run by {clean_line(process.username(), 40)}")
        words.append(f"for {duration(max(0.0, time.time() - process.create_time()))}")
        command = clean_line(" ".join(process.cmdline()), 120)
        if command:
            words.append(f"command: {command}")
    except (psutil.Error, OSError, KeyError):
        pass  # what may be seen of a program of someone else is shown
    return ", ".join(words) or f"process {process.pid}"


def _elevate(acting: Acting, process: psutil.Process) -> bool:
    """True when the process belongs to someone else and this user is no administrator."""
    if system.is_admin() or os.name != "posix":
        return False
    return bool(process.uids().real != os.getuid())


def _command(acting: Acting, process: psutil.Process, name: str) -> Sequence[str]:
    if os.name != "posix":
        return ("taskkill", "/F", "/PID", str(process.pid))
    argv = ("kill", f"-{name}", str(process.pid))
    return acting.elevated(argv) if _elevate(acting, process) else argv


def _send(acting: Acting, process: psutil.Process, name: str) -> ActionOutcome:
    """Sends one signal; psutil looks at the start time once more right before it does."""
    try:
        if _elevate(acting, process):
            return outcome_of(acting.run(_command(acting, process, name)), "")
        if os.name == "posix":
            process.send_signal(getattr(signal, f"SIG{name}"))
        else:
            process.terminate()
    except (psutil.NoSuchProcess, ProcessLookupError):
        return ActionOutcome(True)
    except (psutil.Error, OSError) as error:
        return ActionOutcome(False, f"the system refused: {clean_line(str(error))}")
    return ActionOutcome(True)


def _gone(process: psutil.Process, within_s: float) -> bool:
    """True once it has ended; one that its parent has not taken note of has ended too."""
    until = time.monotonic() + within_s
    while True:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except (psutil.NoSuchProcess, ProcessLookupError):
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)


def _preview(acting: Acting, title: str, names: Sequence[str], undo: str) -> ActionPreview:
    process, problem = find(acting)
    if process is None:
        return ActionPreview(title, problem=problem)
    try:
        lines = [shown(_command(acting, process, name)) for name in names]
        elevated = _elevate(acting, process)
    except (psutil.Error, OSError):
        return ActionPreview(title, problem=f"process {process.pid} has ended already")
    if len(lines) > 1 and os.name == "posix":
        lines[1] += f"  # if it is still there after {GRACE_S:g} s"
    return ActionPreview(f"{title}: {describe(process)}", tuple(dict.fromkeys(lines)), elevated, undo, problem=problem)


def _preview_end(acting: Acting) -> ActionPreview:
    return _preview(acting, _END, ("TERM", "KILL"), "")


def _end(acting: Acting) -> ActionOutcome:
    process, problem = find(acting)
    if process is None or problem:
        return ActionOutcome(False, problem)
    name = f"process {process.pid}"
    for word, wait_s, done in (("TERM", GRACE_S, f"{name} has ended"), ("KILL", _KILL_WAIT_S, f"{name} was ended")):
        sent = _send(acting, process, word)
        if not sent.ok:
            return sent
        if _gone(process, wait_s):
            return ActionOutcome(True, done)
    return ActionOutcome(False, f"{name} does not end: it waits inside the kernel, usually for a device")


def _preview_continue(acting: Acting) -> ActionPreview:
    return _preview(acting, _CONTINUE, ("CONT",), "The program is paused again.")


def _continue(acting: Acting) -> ActionOutcome:
    return _signal_once(acting, "CONT", "the program goes on", {"stopped": True})


def _stop_again(acting: Acting, token: Mapping[str, Value]) -> ActionOutcome:
    return _signal_once(acting, "STOP", "the program is paused again", None)


def _signal_once(acting: Acting, name: str, done: str, undo_token: Union[Mapping[str, Value], None]) -> ActionOutcome:
    process, problem = find(acting)
    if process is None or problem:
        return ActionOutcome(False, problem)
    sent = _send(acting, process, name)
    return ActionOutcome(True, done, dict(undo_token) if undo_token else None) if sent.ok else sent


_WHICH = {
    "pid": Parameter("int", "Process id.", required=True),
    "started_s": Parameter("float", "When it was started, seconds since 1970; must match.", required=True),
}
_TOUCHES = ("proc.*", "cpu.*", "mem.*", "cgroup.*")
ACTIONS = (
    Action(
        name="process.continue",
        title=_CONTINUE,
        doc="Sends SIGCONT to a process in state T. Source: signal(7).",
        preview=_preview_continue,
        apply=_continue,
        parameters=_WHICH,
        touches=_TOUCHES,
        undo_name="process.stop_again",
        undo=_stop_again,
        platforms=("linux", "macos"),
    ),
    Action(
        name="process.end",
        least_risk="medium",
        title=_END,
        doc=f"Sends SIGTERM, and SIGKILL when it is still there after {GRACE_S:g} s; TerminateProcess on Windows.",
        preview=_preview_end,
        apply=_end,
        parameters=_WHICH,
        touches=_TOUCHES,
    ),
)
