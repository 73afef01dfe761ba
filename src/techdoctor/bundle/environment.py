"""The machine in six lines. Nothing here names it or its user, and nothing asks the network."""

from __future__ import annotations

import os
import platform
import time
from datetime import datetime

from techdoctor import system
from techdoctor.messages import say
from techdoctor.text import clean_line, duration, size


def environment(now_s: float | None = None) -> list[str]:
    """System, kernel, hardware, uptime, rights and clock, one line each.

    Args:
        now_s: Seconds since 1970-01-01 UTC; the current time when None.
    """
    import psutil

    now = time.time() if now_s is None else now_s
    uname = platform.uname()
    rights = say("ticket.rights_admin" if system.is_admin() else "ticket.rights_user")
    return [
        say("ticket.system", name=_system_name()),
        say("ticket.kernel", release=clean_line(uname.release), machine=clean_line(uname.machine)),
        say("ticket.hardware", cpus=os.cpu_count() or "?", memory=size(psutil.virtual_memory().total)),
        say("ticket.uptime", duration=duration(max(0.0, now - psutil.boot_time()))),
        say("ticket.rights", rights=rights),
        say("ticket.clock", time=datetime.fromtimestamp(now).astimezone().isoformat(timespec="seconds")),
    ]


def _system_name() -> str:
    if platform.system() == "Linux":
        try:
            return clean_line(platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"))
        except OSError:
            return "Linux"
    if platform.system() == "Darwin":
        return clean_line(f"macOS {platform.mac_ver()[0]}")
    return clean_line(f"{platform.system()} {platform.release()} {platform.version()}")
