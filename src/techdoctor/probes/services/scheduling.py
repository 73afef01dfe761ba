"""Probe service.schedulers: does what starts work by the clock (cron, timers) run? CPython 3.9 syntax."""

from __future__ import annotations

import glob
import json
import os
import shutil
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import psutil

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, measured, text, texts, unsupported
from techdoctor.probes.services import systemd
from techdoctor.probes.services.systemd import Manager, Properties
from techdoctor.text import clean_line

# Name of the process, names of the unit: Debian, Red Hat and SUSE, Arch (cronie), fcron, Alpine's busybox.
CRONS: Mapping[str, Tuple[str, ...]] = {
    "cron": ("cron.service",),
    "crond": ("crond.service", "cronie.service"),
    "fcron": ("fcron.service",),
}
_SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/fcron")
_FOLDERS = ("/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly")
_MOST_SHOWN = 8
_TIMER = ("Id", "LoadState", "ActiveState", "UnitFileState", "Triggers")


def entries(crontab: str) -> int:
    """Lines of a crontab that start something (crontab(5)): no comment, no variable."""
    rows = [line.strip() for line in crontab.splitlines()]
    return sum(
        1 for row in rows if row and not row.startswith("#") and "=" not in row.split()[0] and len(row.split()) > 1
    )


def jobs(root: str = "") -> Tuple[Dict[str, int], str]:
    """Crontabs with the number of their entries, and why those of users could not all be seen."""
    found: Dict[str, int] = {}
    hidden = ""
    for spool in _SPOOLS:
        folder = root + spool
        try:
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        except PermissionError:
            hidden = "the crontabs of other users may be read by administrators only (sudo)"
            continue
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not name.startswith("."):
                try:
                    found[path] = entries(system.read_text(path))
                except CannotMeasure as error:
                    hidden = error.reason
    for path in [f"{root}/etc/crontab", *sorted(glob.glob(f"{root}/etc/cron.d/[!.]*"))]:
        try:
            found[path] = entries(system.read_text(path)) if os.path.isfile(path) else 0
        except CannotMeasure:
            continue
    for folder in _FOLDERS:
        scripts = [p for p in glob.glob(f"{root}{folder}/[!.]*") if os.access(p, os.X_OK)]
        found[root + folder] = len(scripts)
    return {path: count for path, count in found.items() if count}, hidden


def cron_process() -> str:
    """Name of the running cron; empty when none runs. A program of a user that is called so is none."""
    for process in psutil.process_iter(["name", "cmdline", "uids"]):
        if process.info["uids"] is not None and process.info["uids"].real != 0:
            continue
        name = str(process.info["name"] or "")
        words = process.info["cmdline"] or []
        if name in CRONS or (name == "busybox" and "crond" in words[:2]):
            return name
    return ""


def stopped_timers(unit_files: str, shown: Sequence[Properties]) -> List[str]:
    """Timers that are to start with the computer and do not run.

    Args:
        unit_files: `systemctl list-unit-files --type=timer -o json`.
        shown: Properties of those timers, as far as they are loaded.
    """
    try:
        rows = json.loads(unit_files or "[]")
    except ValueError:
        return []
    enabled = {str(r.get("unit_file")) for r in rows if isinstance(r, dict) and r.get("state") == "enabled"}
    active = {u.get("Id") for u in shown if u.get("ActiveState") in ("active", "activating")}
    return sorted(name for name in enabled if name not in active and "@." not in name)


def reading(
    found: Mapping[str, int],
    hidden: str,
    process: str,
    unit: Optional[Properties],
    installed: str,
    timers: Sequence[str],
) -> Reading:
    """The fields.

    Args:
        found: Crontab or folder to number of entries.
        hidden: Why not all crontabs could be seen, or empty.
        process: The running cron, or empty.
        unit: Properties of its unit, if systemd knows one.
        installed: Path of an installed cron, or empty.
        timers: Timers that should run and do not.
    """
    by_people = [p for p in found if "/spool/" in p]
    here: List[Value] = [clean_line(p) for p in sorted(found, key=lambda p: ("/spool/" not in p, p))]
    name = unit.get("Id", "") if unit else ""
    gaps = {"user_jobs": hidden} if hidden else {}
    return Reading(
        {
            "cron_installed": bool(installed),
            "cron_running": bool(process),
            "cron_unit": name or os.path.basename(installed),
            "cron_enabled": unit.get("UnitFileState", "") if unit else "",
            "jobs": sum(found.values()),
            "user_jobs": None if hidden else len(by_people),
            "where": here[:_MOST_SHOWN],
            "first_where": here[0] if here else "",
            "cron_needed": bool(installed) and bool(found),
            "stopped_timers": [clean_line(t, 120) for t in timers[:_MOST_SHOWN]],
            "stopped_timer": clean_line(timers[0], 120) if timers else "",
            "stopped_timer_count": len(timers),
        },
        gaps,
    )


def _measure(probing: Probing) -> Reading:
    systemd.need_systemd()
    installed = next((p for p in map(_where, CRONS) if p), "")
    names = [unit for units in CRONS.values() for unit in units]
    listing = system.run(("systemctl", "list-unit-files", "--type=timer", "--no-pager", "-o", "json"), probing.left_s())
    if listing.status != "ok":
        raise CannotMeasure(NOT_APPLICABLE, "systemd could not be asked for its timers")
    shown = systemd.show(Manager(), (*names, "*.timer"), _TIMER, probing.left_s())
    unit = next((u for u in shown if u.get("Id") in names and u.get("LoadState") in ("loaded", "masked")), None)
    found, hidden = jobs()
    return reading(found, hidden, cron_process(), unit, installed, stopped_timers(listing.out, shown))


def _where(program: str) -> str:
    return shutil.which(program, path=system.command_environment().get("PATH")) or ""


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("cron_needed") and not data.get("cron_running"):
        return f"cron does not run; {data.get('jobs')} jobs wait for it"
    if data.get("stopped_timer_count"):
        return clean_line(f"timers that do not run: {data.get('stopped_timer')}")
    return "cron and timers run" if data.get("cron_running") else "timers run, no cron is needed"


PROBES = (
    Probe(
        name="service.schedulers",
        title="Scheduled work",
        doc="Whether cron runs where crontabs exist, and enabled systemd timers that are not active.",
        fields={
            "cron_installed": boolean("True when a cron is installed."),
            "cron_running": boolean("True when a cron process runs."),
            "cron_needed": boolean("True when it is installed and there is work for it."),
            "cron_unit": text("Its unit, e.g. cron.service."),
            "cron_enabled": text("Whether it starts with the computer: enabled, disabled, masked."),
            "jobs": integer("Entries of crontabs and scripts in /etc/cron.*.", "count"),
            "user_jobs": integer("Crontabs of users.", "count"),
            "where": texts("Crontabs and folders with work, those of users first; at most 8.", private="path"),
            "first_where": text("The first of these.", private="path"),
            "stopped_timers": texts("Enabled timers that are not active; at most 8."),
            "stopped_timer": text("The first of these; empty when none."),
            "stopped_timer_count": integer("How many.", "count"),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("launchd itself starts scheduled work on macOS and cannot be stopped"),
            "windows": unsupported("the Task Scheduler of Windows cannot be stopped by its users"),
        },
        timeout_s=10.0,
        summary=_summary,
    ),
)
