"""Probe updates.settings: how old the lists of updates are, and whether updates come by themselves.

CPython 3.9 syntax.
"""

from __future__ import annotations

import glob
import os
import re
import time
from typing import Dict, Iterable, List, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, measured, number, text, texts, unsupported
from techdoctor.probes.services import systemd
from techdoctor.probes.services.systemd import Manager, Properties
from techdoctor.probes.updates import pending
from techdoctor.text import clean_line, duration

# What an update of the lists writes, by package manager. apt gives its lists the times of the server: the newest
# counts, for security updates and the like come out every few days. partial/ and lock are touched by failed attempts.
LISTS: Mapping[str, Sequence[str]] = {
    "apt": (
        "/var/lib/apt/lists/*Release",
        "/var/lib/apt/lists/*_Packages*",
        "/var/lib/apt/periodic/update-success-stamp",
    ),
    "dnf": ("/var/cache/dnf/*/repodata/repomd.xml", "/var/cache/libdnf5/*/repodata/repomd.xml"),
    "yum": ("/var/cache/yum/*/*/*/repomd.xml",),
    "zypper": ("/var/cache/zypp/raw/*/repodata/repomd.xml", "/var/cache/zypp/solv/*/solv"),
    "pacman": ("/var/lib/pacman/sync/*.db",),
}
_OFTEN = ("security", "-updates")
TIMERS: Mapping[str, Sequence[str]] = {
    "apt": ("apt-daily.timer", "apt-daily-upgrade.timer"),
    "dnf": ("dnf-automatic.timer", "dnf5-automatic.timer", "dnf-automatic-install.timer"),
}
_UPGRADER = "/usr/bin/unattended-upgrade"
_PERIODIC = re.compile(r'^APT::Periodic::(?P<key>[\w-]+) "(?P<value>[^"]*)";$', re.MULTILINE)
_OFF_TIMER = ("masked", "masked-runtime", "disabled")


def lists_written_s(manager: str, root: str = "") -> Optional[float]:
    """When the lists were last written, seconds since 1970; None when there are none."""
    patterns = [root + pattern for pattern in LISTS.get(manager, ())]
    paths = [path for pattern in patterns for path in glob.glob(pattern)]
    if manager == "apt" and not any(path.endswith("Release") or "_Packages" in path for path in paths):
        return None
    if manager == "apt" and not any(word in path for path in paths for word in _OFTEN):
        paths.append(f"{root}/var/lib/apt/lists")  # lists that stay the same for months: when the last one came
    times = []
    for path in paths:
        try:
            times.append(os.stat(path).st_mtime)
        except OSError:
            continue  # replaced meanwhile
    return max(times) if times else None


def parse_periodic(dump: str) -> Dict[str, str]:
    """Parses `apt-config dump APT::Periodic`."""
    return {match["key"]: match["value"] for match in _PERIODIC.finditer(dump)}


def apt_reading(settings: Mapping[str, str], upgrader: bool, timers: Iterable[Properties]) -> Dict[str, Value]:
    """What is told of apt's own automatic updates (apt.conf(5), /usr/lib/apt/apt.systemd.daily).

    Args:
        settings: APT::Periodic.
        upgrader: True when unattended-upgrades is installed.
        timers: systemd's properties of apt's timers.
    """
    wanted = ("Enable", "Update-Package-Lists", "Unattended-Upgrade")
    off = [f'APT::Periodic::{key} "0"' for key in wanted if settings.get(key) in ("0", "")]
    set_up = any(settings.get(key) not in (None, "0", "") for key in wanted[1:]) or upgrader
    idle = [
        f"{unit.get('Id')} ({unit.get('UnitFileState') or unit.get('ActiveState')})"
        for unit in timers
        if unit.get("LoadState") in ("loaded", "masked")
        and (unit.get("UnitFileState") in _OFF_TIMER or unit.get("ActiveState") == "inactive")
    ]
    return {
        "set_up": set_up and not off,
        "switched_off": bool(off) or (set_up and bool(idle)),
        "timers_off": list(idle),
        "off_timer": idle[0].split()[0] if idle else "",
        "off_why": ", ".join([*off, *idle]),
        "upgrader": upgrader,
    }


def dnf_reading(config: str, timers: Iterable[Properties]) -> Dict[str, Value]:
    """The same for dnf-automatic: installed, its timer runs, and updates are applied, not only fetched."""
    known = [unit for unit in timers if unit.get("LoadState") in ("loaded", "masked")]
    running = [unit for unit in known if unit.get("ActiveState") == "active"]
    applied = re.search(r"^\s*apply_updates\s*=\s*(yes|true|1|on)\s*$", config, re.MULTILINE | re.IGNORECASE)
    idle = [f"{unit.get('Id')} ({unit.get('UnitFileState')})" for unit in known] if known and not running else []
    why = [*idle, *([] if applied or not running else ["apply_updates = no"])]
    return {
        "set_up": bool(running),
        "switched_off": bool(why),
        "timers_off": list(idle),
        "off_timer": idle[0].split()[0] if idle else "",
        "off_why": ", ".join(why),
        "upgrader": bool(known),
    }


def _timers(manager: str, probing: Probing) -> List[Properties]:
    names = TIMERS.get(manager, ())
    try:
        systemd.need_systemd()
        properties = ("Id", "LoadState", "ActiveState", "UnitFileState")
        return systemd.show(Manager(), names, properties, probing.left_s(4)) if names else []
    except CannotMeasure:
        return []  # cron starts it where no systemd runs; the settings say what is wanted


def _measure(probing: Probing) -> Reading:
    manager = pending.manager()
    if not manager:
        raise CannotMeasure(NOT_APPLICABLE, "no package manager that is known here (apt, dnf, zypper, pacman)")
    written_s = lists_written_s(manager)
    data: Dict[str, Value] = {"manager": manager, "lists_fetched": written_s is not None}
    gaps: Dict[str, str] = {}
    if written_s is None:
        gaps["lists_age_s"] = "the list of updates was never fetched on this machine"
    else:
        data["lists_age_s"] = max(0.0, round(time.time() - written_s))
    timers = _timers(manager, probing)
    if manager == "apt":
        dump = system.run(("apt-config", "dump", "APT::Periodic"), probing.left_s(4))
        data.update(apt_reading(parse_periodic(dump.out), os.path.exists(_UPGRADER), timers))
    elif manager == "dnf":
        try:
            config = system.read_text("/etc/dnf/automatic.conf")
        except CannotMeasure:
            config = ""  # not installed: nothing is set up
        data.update(dnf_reading(config, timers))
    else:
        reason = f"{manager} has no automatic updates of its own"
        gaps.update({"set_up": reason, "switched_off": reason})
    return Reading(data, gaps)


def _summary(data: Mapping[str, Value]) -> str:
    age = data.get("lists_age_s")
    lists = f"lists {duration(age)} old" if isinstance(age, (int, float)) else "no lists"
    return clean_line(f"{lists}; off: {data['off_why']}" if data.get("switched_off") else lists)


PROBES = (
    Probe(
        name="updates.settings",
        title="Automatic updates",
        doc="Age of the package lists, and whether updates come by themselves: APT::Periodic, unattended-upgrades and"
        " apt's timers; dnf-automatic. Timers count as off only where automatic updates are set up.",
        fields={
            "manager": text("apt, dnf, zypper or pacman."),
            "lists_fetched": boolean("True when there are lists."),
            "lists_age_s": number("Time since the lists were written.", "s"),
            "set_up": boolean("True when updates are to come by themselves."),
            "switched_off": boolean("True when a setting or a timer keeps them from coming."),
            "timers_off": texts("apt's or dnf's timers that are masked, disabled or stopped."),
            "off_timer": text("The first of these; empty when none."),
            "off_why": text("The settings and timers that switch it off."),
            "upgrader": boolean("True when unattended-upgrades or dnf-automatic is installed."),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("no recorded output of the defaults of com.apple.SoftwareUpdate was found"),
            "windows": unsupported("Windows 10 and 11 update by themselves; policies differ by edition"),
        },
        summary=_summary,
    ),
)
