"""A timer of the user's own systemd.

Source: systemd.timer(5), systemd.time(7), systemd.service(5) "COMMAND LINES".
"""

from __future__ import annotations

from techdoctor.monitor.schedule.plan import HOURLY, NAME, WEEKLY, Installation, Plan, Written

_FOLDER = "~/.config/systemd/user/"
_SERVICE = """[Unit]
Description=Check-up of this computer by techdoctor

[Service]
Type=oneshot
ExecStart={command}
# 1: a problem was found, 3: it could not tell; both are results, not failures of the service.
SuccessExitStatus=1 3
Nice=10
IOSchedulingClass=idle
"""
_TIMER = """[Unit]
Description=Check-up of this computer by techdoctor, {every}

[Timer]
OnCalendar={when}
RandomizedDelaySec=5min
# Made up for when the computer was off at that time.
Persistent=true

[Install]
WantedBy=timers.target
"""


def installation(plan: Plan) -> Installation:
    """Service, timer, and the commands that switch them on."""
    when = {
        HOURLY: f"*-*-* *:{plan.minute:02d}:00",
        WEEKLY: f"Mon *-*-* {plan.hour:02d}:{plan.minute:02d}:00",
    }.get(plan.every, f"*-*-* {plan.hour:02d}:{plan.minute:02d}:00")
    command = " ".join(_quoted(word) for word in plan.command)
    files = (
        Written(f"{_FOLDER}{NAME}.service", _SERVICE.format(command=command)),
        Written(f"{_FOLDER}{NAME}.timer", _TIMER.format(every=plan.every, when=when)),
    )
    reload = ("systemctl", "--user", "daemon-reload")
    enable = ("systemctl", "--user", "enable", "--now", f"{NAME}.timer")
    return Installation(
        files, (reload, enable), undo=(("systemctl", "--user", "disable", "--now", f"{NAME}.timer"), reload)
    )


def _quoted(word: str) -> str:
    """A word as systemd reads it: specifiers and variables are switched off, quotes are escaped."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if not word or any(sign in word for sign in " \t\"'\\;") else escaped
