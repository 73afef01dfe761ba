"""A line of the user's own cron table. Source: crontab(5), crontab(1)."""

from __future__ import annotations

import shlex

from techdoctor.monitor.schedule.plan import HOURLY, NAME, WEEKLY, Installation, Plan

# Marks our line, so that it can be found and taken out again.
MARK = f"# {NAME}"


def installation(plan: Plan) -> Installation:
    """The line; `with_line` and `without_line` make the table."""
    when = {
        HOURLY: f"{plan.minute} * * * *",
        WEEKLY: f"{plan.minute} {plan.hour} * * 1",
    }.get(plan.every, f"{plan.minute} {plan.hour} * * *")
    # A percent sign ends a line of cron's; output would be sent by mail.
    command = shlex.join(plan.command).replace("%", "\\%")
    return Installation(
        line=f"{when} {command} >/dev/null 2>&1 {MARK}", commands=(("crontab", "-"),), undo=(("crontab", "-"),)
    )


def without_line(table: str) -> str:
    """A cron table without our line; all else stays as it is."""
    return "".join(line for line in table.splitlines(keepends=True) if not line.rstrip().endswith(MARK))


def with_line(table: str, line: str) -> str:
    """A cron table with our line once, at its end."""
    kept = without_line(table)
    return kept + ("" if not kept or kept.endswith("\n") else "\n") + line + "\n"
