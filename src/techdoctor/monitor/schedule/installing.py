"""Choosing the scheduler of this machine; installing, finding and removing a scheduled check-up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from techdoctor import system
from techdoctor.errors import UsageError
from techdoctor.messages import say
from techdoctor.monitor.schedule import cron, launchd, systemd, task_scheduler
from techdoctor.monitor.schedule.plan import Installation, Plan, Written

SYSTEMD, CRON, LAUNCHD, WINDOWS = "systemd", "cron", "launchd", "windows"
SCHEDULERS = (SYSTEMD, CRON, LAUNCHD, WINDOWS)
_TIMEOUT_S = 20.0
# What crontab -l says of a user who has no table: vixie-cron and cronie, busybox.
_NO_TABLE = ("no crontab", "No such file")


@dataclass(frozen=True)
class Found:
    """A scheduled check-up that is installed."""

    scheduler: str
    where: str


def chosen(wanted: str = "") -> str:
    """The scheduler of this machine: the wanted one, else what is there.

    Raises:
        UsageError: There is no such scheduler, or none on this machine.
    """
    if wanted:
        if wanted not in SCHEDULERS:
            raise UsageError(say("schedule.bad_by", text=wanted), ", ".join(SCHEDULERS))
        return wanted
    by_platform = {"windows": WINDOWS, "macos": LAUNCHD}.get(system.platform_name())
    if by_platform:
        return by_platform
    if system.run(("systemctl", "--user", "show", "--property=Version"), 3.0).worked:
        return SYSTEMD
    if shutil.which("crontab"):
        return CRON
    raise UsageError(say("schedule.none_here"), say("schedule.none_here_hint"))


def installation(plan: Plan, scheduler: str) -> Installation:
    """What that scheduler needs, with "~" replaced by the home folder."""
    if scheduler == SYSTEMD:
        found = systemd.installation(plan)
    elif scheduler == CRON:
        found = cron.installation(plan)
    elif scheduler == LAUNCHD:
        found = launchd.installation(plan, os.getuid() if hasattr(os, "getuid") else 501)
    else:
        found = task_scheduler.installation(plan)
    return replace(
        found,
        files=tuple(replace(file, path=_at_home(file.path)) for file in found.files),
        commands=tuple(tuple(_at_home(word) for word in command) for command in found.commands),
    )


def install(plan: Plan, scheduler: str) -> str:
    """Writes and runs what that scheduler needs; what went wrong in words, empty when nothing did."""
    wanted = installation(plan, scheduler)
    if scheduler == CRON:
        return _change_table(lambda table: cron.with_line(table, wanted.line))
    try:
        for file in wanted.files:
            _write(file)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return _run(wanted.commands)


def remove(plan: Plan, scheduler: str) -> str:
    """Takes a scheduled check-up back; what went wrong in words, empty when nothing did."""
    wanted = installation(plan, scheduler)
    if scheduler == CRON:
        return _change_table(cron.without_line)
    problem = _run(wanted.undo[:1])
    for file in wanted.files:
        with suppress(FileNotFoundError):
            os.unlink(file.path)
    return problem or _run(wanted.undo[1:])


def installed(plan: Plan) -> list[Found]:
    """The scheduled check-ups there are, whichever scheduler holds them."""
    found = []
    for scheduler in (SYSTEMD, LAUNCHD, WINDOWS):
        file = installation(plan, scheduler).files[-1].path
        if Path(file).exists():
            found.append(Found(scheduler, file))
    line = next((line for line in _table().splitlines() if line.rstrip().endswith(cron.MARK)), "")
    return [*found, Found(CRON, line)] if line else found


def _at_home(text: str) -> str:
    return str(Path.home() / text[2:]) if text.startswith("~/") else text


def _write(file: Written) -> None:
    path = Path(file.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file.text, encoding=file.encoding)


def _run(commands: Sequence[Sequence[str]]) -> str:
    for command in commands:
        ran = system.run(command, _TIMEOUT_S)
        if not ran.worked:
            return f"{' '.join(command)}: {ran.err.strip() or ran.status}"
    return ""


def _table() -> str:
    """The user's cron table; empty when there is none."""
    ran = system.run(("crontab", "-l"), _TIMEOUT_S)
    return ran.out if ran.worked else ""


def _change_table(change: Callable[[str], str]) -> str:
    ran = system.run(("crontab", "-l"), _TIMEOUT_S)
    if not ran.worked and not any(words in ran.err for words in _NO_TABLE):
        return f"crontab -l: {ran.err.strip() or ran.status}"  # a table that cannot be read must not be replaced
    table = change(ran.out if ran.worked else "")
    ran = system.run(("crontab", "-"), _TIMEOUT_S, stdin=table or "\n")
    return "" if ran.worked else f"crontab -: {ran.err.strip() or ran.status}"
