"""What a user is told of broken printers, side by side: python -m benchmarks.printing.

`lpstat -t` and `lpinfo -v` are run. The troubleshooter of system-config-printer 1.5.18 needs a desktop; its steps
(SchedulerNotRunning, QueueRejectingJobs, QueueNotEnabled, CheckPPDSanity, PrinterStateReasons, Shrug) were read, and
what they would show is worked out from the same attributes of the queue that they ask for.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from typing import Any

from benchmarks.measure import write_table
from tests.lab.printing.bench import Bench
from tests.lab.printing.faults import CONTROLS, FAULTS

SHOWN = (
    "stopped", "paused", "rejecting", "held", "stuck", "filter_missing", "paper_out", "paper_jam", "cover_open",
    "toner_empty", "taken_offline", "hangs", "gone", "wrong_path", "password", "denied", "thrown_away", "no_default",
)  # fmt: skip
HEALTHY = ("idle", "stale_jam")
_LIMIT_S = 20.0


def peer(bench: Bench, *argv: str) -> tuple[str, float]:
    """What a program says, in one line, and its wall time."""
    begun = time.monotonic()
    try:
        ran = subprocess.run(argv, env=bench.cups.env, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"nothing within {_LIMIT_S:.0f} s", _LIMIT_S
    told = [line.strip() for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]
    return f"{'; '.join(told)} (exit {ran.returncode})", time.monotonic() - begun


def lpstat_says(text: str) -> str:
    """The part of `lpstat -t` that is about the queue's state."""
    dull = re.compile(r"^(device for|system default|scheduler is running|office accepting)")
    parts = [part for part in text.split("; ") if not dull.match(part)]
    plain = re.sub(r"(enabled|disabled) since .*? -?\s*", r"\1 ", "; ".join(parts))
    return re.sub(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) .*?(UTC|20\d\d)\b", "", plain)[:110].replace("|", "/")


def troubleshooter_says(bench: Bench) -> str:
    """What the troubleshooter's steps come to, by the queue's attributes."""
    fact = bench.probe("cups.queue")
    queue: dict[str, Any] = fact["data"]
    if fact["status"] != "ok":
        alive = bench.probe("cups.scheduler")["data"]["alive"]
        return "asks to choose a printer" if alive else "CUPS Service Stopped"
    if not queue.get("exists"):
        return "asks to choose a printer"
    if queue["accepting"] is False:
        return "Queue Rejecting Jobs"
    if queue["state"] == "stopped":
        return "Queue Not Enabled"
    if queue["filter_missing"]:
        return "Missing Printer Driver"
    reasons = [reason for reason in queue["reasons"] if reason != "none"]
    return f"Status Messages: {', '.join(reasons)}"[:70] if reasons else "Sorry! There is no obvious solution"


def row(name: str) -> str:
    """One line of the table."""
    cause, breaks = FAULTS.get(name) or ("(healthy)", CONTROLS[name])
    with Bench() as bench:
        breaks(bench)
        found = bench.diagnose()
        lpstat, lpstat_s = peer(bench, "lpstat", "-t")
        _, lpinfo_s = peer(bench, "lpinfo", "-v")
        named = found.cause or found.report["end"]
        measured = max((fact["duration_ms"] for fact in found.report["facts"].values()), default=0.0) / 1000
        reader = troubleshooter_says(bench)
    times = f"{found.seconds:.2f} ({measured:.2f})"
    return (
        f"| {name} ({cause}) | {named} | {times} | {lpstat_says(lpstat)} | {lpstat_s:.2f} | {lpinfo_s:.2f} | {reader} |"
    )


def main() -> None:
    heads = ("broken (cause)", "techdoctor says", "s (longest measurement)", "`lpstat -t` says", "s", "`lpinfo -v` s")
    heads = (*heads, "troubleshooter")
    lines = [f"| {' | '.join(heads)} |", "| --- |" + " --- |" * 6]
    for name in (*SHOWN, *HEALTHY):
        lines.append(row(name))
        print(json.dumps(lines[-1]))
    write_table("printing", lines)


if __name__ == "__main__":
    main()
