"""Backups that are planned: systemd's units and timers, and lines of cron. CPython 3.9 syntax."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.text import clean_line

_WORDS = (
    *("backup", "back-up", "borg", "borgmatic", "restic", "rsnapshot", "duplicity", "deja-dup", "kopia", "timeshift"),
    *("rclone", "rdiff", "backintime", "urbackup", "bareos", "bacula", "veeam", "autorestic", "snapraid"),
)
_NAMED = re.compile("|".join(map(re.escape, _WORDS)), re.IGNORECASE)
# Copies that packages keep of their own lists, and services that restore or clean up.
_NOT = re.compile(
    r"dpkg|apt-|pg_|systemd-|netplan|grub|fwupd|etckeeper|restore|cleanup|prune|alternatives", re.IGNORECASE
)
_PROPERTIES = "Id,Description,LoadState,ActiveState,Result,ExecMainStatus,ExecMainExitTimestampMonotonic,ExecStart,Unit"
_ASK_S = 2.0


@dataclass(frozen=True)
class Job:
    """A planned backup.

    Attributes:
        name: Unit, or crontab.
        failed: Why its last run failed; empty when it did not.
        age_s: Seconds since its last run ended; None when it has not run since the start of the computer.
    """

    name: str
    failed: str = ""
    age_s: Optional[float] = None


def parse_shown(out: str) -> List[Dict[str, str]]:
    """Blocks of `systemctl show`."""
    blocks = [
        dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line) for block in out.split("\n\n")
    ]
    return [block for block in blocks if block.get("Id")]


def is_backup(unit: Mapping[str, str]) -> bool:
    """True for a unit that makes backups, by its name, description or command."""
    said = " ".join(unit.get(key, "") for key in ("Id", "Description", "ExecStart"))
    return bool(_NAMED.search(said)) and not _NOT.search(unit.get("Id", ""))


def job_of(unit: Mapping[str, str], uptime_s: float) -> Job:
    """What systemd says of the last run of a unit."""
    ended = unit.get("ExecMainExitTimestampMonotonic", "0")
    age = uptime_s - int(ended) / 1e6 if ended.isdigit() and int(ended) else None
    result = unit.get("Result", "success")
    failed = ""
    if unit.get("ActiveState") == "failed" or result not in ("success", ""):
        failed = f"{result}, exit status {unit.get('ExecMainStatus', '?')}"
    return Job(unit.get("Id", ""), failed, None if age is None else max(0.0, age))


def units(uptime_s: float, timeout_s: float = _ASK_S) -> List[Job]:
    """Services of systemd that make backups: by their own names, and whatever a timer starts."""
    found: Dict[str, Job] = {}
    for scope in ((), ("--user",)):
        if scope and not os.environ.get("XDG_RUNTIME_DIR"):
            continue  # nobody is signed in: no manager of their own
        argv = ("systemctl", *scope, "show", "-p", _PROPERTIES)
        timers = parse_shown(system.run([*argv, "*.timer"], timeout_s).out)
        started = [timer["Unit"] for timer in timers if timer.get("Unit", "").endswith(".service")]
        patterns = [f"*{word}*.service" for word in _WORDS]
        for unit in parse_shown(system.run([*argv, *patterns, *started], timeout_s).out):
            if unit["Id"].endswith(".service") and unit.get("LoadState") == "loaded" and is_backup(unit):
                found[unit["Id"]] = job_of(unit, uptime_s)
    return list(found.values())


def parse_crontab(table: str) -> bool:
    """True when a line of a crontab makes backups."""
    lines = [line for line in table.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return any(_NAMED.search(line) and not _NOT.search(line) for line in lines)


def crontabs(root: str = "") -> List[Job]:
    """Tables of cron with a line for backups, and scripts for every hour, day, week or month named so."""
    found = []
    tables: Sequence[str] = [
        f"{root}/etc/crontab",
        f"{root}/etc/anacrontab",
        *glob.glob(f"{root}/etc/cron.d/*"),
        *glob.glob(f"{root}/var/spool/cron/crontabs/*"),
        *glob.glob(f"{root}/var/spool/cron/*"),
    ]
    for path in tables:
        try:
            if os.path.isfile(path) and parse_crontab(system.read_text(path, 1 << 16)):
                found.append(Job(path))
        except CannotMeasure:
            continue  # other users' tables are theirs
    names = {path: os.path.basename(path) for path in glob.glob(f"{root}/etc/cron.*ly/*")}
    found += [Job(path) for path, name in names.items() if _NAMED.search(name) and not _NOT.search(name)]
    return found


def last_line(unit: str, timeout_s: float) -> str:
    """What a unit last wrote to the journal, without systemd's own lines."""
    argv = ["journalctl", "-q", "--no-pager", "-o", "cat", "-n", "20", f"UNIT={unit}", "+", f"_SYSTEMD_UNIT={unit}"]
    ran = system.run(argv, timeout_s)
    own = re.compile(r"^(Start|Finish|Stopp|Fail)(ing|ed) |: (Main process exited|Failed with|Deactivated|Consumed)")
    lines = [line for line in ran.out.splitlines() if line.strip() and not own.search(line)]
    return clean_line(lines[-1], 160) if lines else ""
