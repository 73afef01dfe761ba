"""macOS: services by launchctl. CPython 3.9 syntax."""

from __future__ import annotations

import signal
from typing import Dict, List, Sequence

from techdoctor.model import Value
from techdoctor.probes.base import Params, Raws, Reading, Source
from techdoctor.text import clean_line

ORIGIN = "launchctl list of macOS 10.10.5, superuser.com question 1093832; columns by launchctl(1)"
# Apple's own jobs end with all sorts of codes on a healthy Mac; they are nobody's to mend.
_APPLE = "com.apple."
_MOST_SHOWN = 10


def sources(params: Params) -> Sequence[Source]:
    return (Source("list", argv=("launchctl", "list"), timeout_s=4.0),)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def parse(raws: Raws, params: Params) -> Reading:
    """Parses lines such as `-  78  com.example.daemon`: process id, last exit code (negative: signal), label."""
    wanted = str(params.get("service") or "")
    failed: List[Value] = []
    rows = [line.split(None, 2) for line in raws["list"].need("the list of services").splitlines()[1:]]
    asked: Dict[str, Value] = {}
    for row in rows:
        if len(row) != 3 or not row[1].lstrip("-").isdigit():
            continue
        pid, code, label = row[0], int(row[1]), clean_line(row[2], 120)
        if wanted in (label, label.rpartition(".")[2]) and wanted:
            asked = {"asked": label, "asked_found": True, "asked_running": pid != "-"}
            asked["asked_well"] = pid != "-" or code == 0
        if code and pid == "-" and (not label.startswith(_APPLE) or label == wanted) and wanted in ("", label):
            ended_by = _signal_name(-code) if code < 0 else ""
            failed.append(
                {
                    "unit": label,
                    "user": "",
                    "description": "",
                    "result": "signal" if ended_by else "exit-code",
                    "exit_status": abs(code),
                    "signal": ended_by,
                    "gave_up": False,
                    "log_hidden": True,
                    "ended": ended_by not in ("", "SIGTERM", "SIGINT", "SIGHUP"),
                }
            )
    data: Dict[str, Value] = {"failed": failed[:_MOST_SHOWN], "failed_count": len(failed), "restarting": []}
    data.update({"asked": wanted, "asked_found": False, "asked_running": False, "asked_well": not wanted, **asked})
    for kind, ended in (("stopped", False), ("ended", True)):
        none: Dict[str, Value] = {"unit": "", "user": ""}
        first = next((f for f in failed if isinstance(f, dict) and f["ended"] is ended), none)
        data[f"{kind}_unit"], data[f"{kind}_user"] = first["unit"], first["user"]
        data[f"{kind}_why"] = _why(first) if first["unit"] else ""
    data["loop_unit"] = ""
    gone = "launchd keeps no count of restarts and no log lines of a job"
    return Reading(data, dict.fromkeys(("stopped_log", "ended_log", "loop_log", "loop_restarts"), gone))


def _why(entry: Dict[str, Value]) -> str:
    return (
        f"it was ended by {entry['signal']}" if entry["signal"] else f"it ended with error code {entry['exit_status']}"
    )
