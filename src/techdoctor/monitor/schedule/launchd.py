"""An agent of the user's own launchd. Source: launchd.plist(5), launchctl(1)."""

from __future__ import annotations

import plistlib

from techdoctor.monitor.schedule.plan import HOURLY, WEEKLY, Installation, Plan, Written

LABEL = "org.techdoctor.check"
_PATH = f"~/Library/LaunchAgents/{LABEL}.plist"


def installation(plan: Plan, user: int) -> Installation:
    """The property list, and the commands that load it into the session of the user with that number."""
    when = {"Minute": plan.minute}
    if plan.every != HOURLY:
        when["Hour"] = plan.hour
    if plan.every == WEEKLY:
        when["Weekday"] = 1
    agent = {
        "Label": LABEL,
        "ProgramArguments": list(plan.command),
        "StartCalendarInterval": when,
        "ProcessType": "Background",
        "LowPriorityIO": True,
    }
    text = plistlib.dumps(agent).decode()
    load = ("launchctl", "bootstrap", f"gui/{user}", _PATH)
    return Installation((Written(_PATH, text),), (load,), undo=(("launchctl", "bootout", f"gui/{user}/{LABEL}"),))
