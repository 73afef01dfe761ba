"""What an action is: preview before consent, apply after it, undo when wanted.

An action runs exact commands or small file edits; both are shown first. CPython 3.9 syntax.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Callable, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.model import ActionOutcome, ActionPreview, Value
from techdoctor.probes.base import Parameter
from techdoctor.text import clean_line


@dataclass(frozen=True)
class Acting:
    """The surroundings of an action.

    Attributes:
        params: Declared parameters with their values.
        platform: "linux", "macos" or "windows".
        may_prompt: True when sudo may ask for a password on the terminal.
        timeout_s: Deadline of each command in seconds.
        offline: True when nothing may be sent beyond this machine.
    """

    params: Mapping[str, Value]
    platform: str
    may_prompt: bool = False
    timeout_s: float = 60.0
    offline: bool = False

    def text(self, name: str) -> str:
        """A parameter as text; empty when it is not set."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def elevated(self, argv: Sequence[str]) -> Tuple[str, ...]:
        """The command with sudo in front where this user is not an administrator."""
        if system.is_admin() or os.name != "posix":
            return tuple(argv)
        return ("sudo", *(() if self.may_prompt else ("-n",)), *argv)

    def run(self, argv: Sequence[str], stdin: str = "") -> system.Ran:
        return system.run(argv, self.timeout_s, stdin=stdin)


@dataclass(frozen=True)
class Action:
    """The declaration of an action.

    Attributes:
        name: Dotted lower case, e.g. "service.start"; never renamed.
        title: What it does, in plain words.
        doc: For a technician: how, per platform.
        preview: What would run; touches nothing.
        apply: Does it. Must not raise for anything the machine does: returns ok=False with the reason.
        parameters: Declared parameters.
        touches: Names of probes whose facts it makes stale; "cups.*" means all that begin so.
        undo_name: Name under which playbooks ask for the undo, e.g. "service.stop_again"; empty
            when there is none.
        undo: Takes back what `apply` did, given the undo token of its outcome.
        platforms: Where it can run.
        least_risk: The smallest risk that a playbook may call it (one of model.RISKS): a playbook from a
            stranger must not talk the risk gate or `--fix safe` into it.
    """

    name: str
    title: str
    doc: str
    preview: Callable[[Acting], ActionPreview]
    apply: Callable[[Acting], ActionOutcome]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    touches: Tuple[str, ...] = ()
    undo_name: str = ""
    undo: Optional[Callable[[Acting, Mapping[str, Value]], ActionOutcome]] = None
    platforms: Tuple[str, ...] = ("linux", "macos", "windows")
    least_risk: str = "low"

    def makes_stale(self, probe: str) -> bool:
        """True when a fact of this probe must be measured again after the action."""
        return any(probe == t or (t.endswith("*") and probe.startswith(t[:-1])) for t in self.touches)


def shown(argv: Sequence[str]) -> str:
    """A command as a person would type it."""
    import shlex

    return shlex.join(argv)


def outcome_of(ran: system.Ran, done: str, undo_token: Optional[Mapping[str, Value]] = None) -> ActionOutcome:
    """The outcome of a command: `done` in words when it worked, else its first error line."""
    if ran.worked:
        return ActionOutcome(True, done, dict(undo_token) if undo_token is not None else None)
    reason = {
        "timeout": "it did not end in time and was stopped",
        "missing_tool": f"the program {ran.argv[0]} is not installed",
        "denied": f"{ran.argv[0]} may not be started",
    }.get(ran.status)
    if reason is None:
        lines = (ran.err or ran.out).strip().splitlines()
        reason = clean_line(lines[0]) if lines else f"exit code {ran.exit_code}"
    return ActionOutcome(False, reason)
