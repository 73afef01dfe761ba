"""Probe antivirus.state: is a virus scanner here, does it run, and how old is what it knows? CPython 3.9 syntax."""

from __future__ import annotations

import calendar
import os
import re
import time
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    measured,
    number,
    parsed,
    text,
)
from techdoctor.probes.services import systemd
from techdoctor.probes.services.systemd import Manager, Properties
from techdoctor.probes.updates.windows_update import parse_objects
from techdoctor.text import clean_line, duration

_FOLDERS = ("/var/lib/clamav", "/opt/homebrew/var/lib/clamav", "/usr/local/var/lib/clamav")
_PROGRAMS = ("/usr/bin/freshclam", "/usr/bin/clamscan", "/usr/sbin/clamd", "/usr/bin/clamdscan")
_FILES = ("daily.cvd", "daily.cld", "main.cvd", "main.cld", "bytecode.cvd", "bytecode.cld")
_HEADER_BYTES = 512
_HEADER = re.compile(
    r"^ClamAV-VDB:(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) (?P<hour>\d\d)-(?P<minute>\d\d)"
    r" (?P<zone>[+-]\d{4}):"
)
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
UPDATERS = ("clamav-freshclam.service", "clamav-freshclam-once.timer", "freshclam.service")
SCANNERS = ("clamav-daemon.service", "clamd@scan.service", "clamd.service")
_UNIT = ("Id", "LoadState", "ActiveState", "UnitFileState")
_NEVER = 4294967295  # Defender says so of a scan or update that never was


class Database(NamedTuple):
    """A signature database: its file, and when it was built, seconds since 1970."""

    path: str
    built_s: float


def parse_header(header: str) -> Optional[float]:
    """When a database was built, from `ClamAV-VDB:16 Sep 2024 04-29 -0400:...` (cvd_header of libclamav)."""
    match = _HEADER.match(header)
    if not match or match["month"] not in _MONTHS:
        return None
    month = _MONTHS[match["month"]]
    day = (int(match["year"]), month, int(match["day"]), int(match["hour"]), int(match["minute"]), 0)
    zone_s = (int(match["zone"][1:3]) * 60 + int(match["zone"][3:])) * 60
    return calendar.timegm(day) - (zone_s if match["zone"][0] == "+" else -zone_s)


def databases(folders: Sequence[str] = _FOLDERS) -> List[Database]:
    """All databases here, the daily one first."""
    found = []
    for folder in folders:
        for name in _FILES:
            path = os.path.join(folder, name)
            try:
                built_s = parse_header(system.read_text(path, _HEADER_BYTES))
            except CannotMeasure:
                continue  # not there, or hidden; the folder's state is told by the others
            if built_s is not None:
                found.append(Database(path, built_s))
    return found


def reading(found: Sequence[Database], units: Sequence[Properties], installed: bool, now_s: float) -> Reading:
    """The fields.

    Args:
        found: Databases, the daily one first.
        units: Properties of UPDATERS and SCANNERS, as far as systemd knows them.
        installed: True when programs of the scanner are there.
        now_s: Seconds since 1970.
    """
    known = [unit for unit in units if unit.get("LoadState") in ("loaded", "masked")]
    updater = next((unit for unit in known if unit.get("Id") in UPDATERS), None)
    scanner = next((unit for unit in known if unit.get("Id") in SCANNERS), None)
    data: Dict[str, Value] = {"product": "ClamAV", "database": found[0].path if found else "", "stale": False}
    data["known"] = bool(found)
    if found:
        data["age_s"] = max(0.0, round(now_s - found[0].built_s))
        data["built"] = time.strftime("%Y-%m-%d", time.gmtime(found[0].built_s))
    if not (found or installed or known):
        raise CannotMeasure(NOT_APPLICABLE, "no virus scanner that is known is installed (ClamAV)")
    data.update(
        {
            "updater": updater.get("Id", "") if updater else "",
            "updater_stopped": updater is not None and updater.get("ActiveState") not in ("active", "activating"),
            "scanner": scanner.get("Id", "") if scanner else "",
            "off": scanner is not None and scanner.get("ActiveState") not in ("active", "activating"),
            "scanner_enabled": scanner.get("UnitFileState", "") if scanner else "",
        }
    )
    gaps = {} if found else {"age_s": "there is no database with a readable date"}
    return Reading(data, gaps)


def _measure(probing: Probing) -> Reading:
    units: List[Properties] = []
    try:
        systemd.need_systemd()
        units = systemd.show(Manager(), (*UPDATERS, *SCANNERS), _UNIT, probing.left_s(4))
    except CannotMeasure:
        units = []  # without systemd the databases still tell their age
    return reading(databases(), units, any(os.path.exists(path) for path in _PROGRAMS), time.time())


def windows_sources(params: Params) -> Sequence[Source]:
    script = (
        "ConvertTo-Json -Compress -InputObject @(Get-MpComputerStatus | Select-Object AMServiceEnabled, "
        "AntivirusEnabled, RealTimeProtectionEnabled, AntivirusSignatureAge)"
    )
    argv = ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", script)
    other = (
        "ConvertTo-Json -Compress -InputObject @(Get-CimInstance -Namespace root/SecurityCenter2 -ClassName "
        "AntiVirusProduct | Select-Object displayName, productState)"
    )
    others = ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", other)
    return (Source("defender", argv=argv, timeout_s=8.0), Source("products", argv=others, timeout_s=8.0))


def windows_parse(raws: Raws, params: Params) -> Reading:
    """Parses Defender's own state and what the Security Center says of all products.

    productState: bits 0xF000 are 0x1000 when it is on, bits 0xF0 are 0x10 when its signatures are old.
    """
    products = parse_objects(raws["products"].text) if raws["products"].status == "ok" else []
    on = [p for p in products if _bits(p.get("productState")) & 0xF000 == 0x1000]
    others = [p for p in on if "Defender" not in str(p.get("displayName"))]
    if others:
        old = _bits(others[0].get("productState")) & 0xF0 != 0
        name = clean_line(str(others[0].get("displayName")), 80)
        gap = {"age_s": "the Security Center tells only whether signatures are current"}
        return Reading({"product": name, "known": True, "off": False, "stale": old, "updater_stopped": False}, gap)
    rows = parse_objects(raws["defender"].need("Windows Defender"))
    if not rows:
        raise CannotMeasure(NOT_APPLICABLE, "Windows Defender is not there and no other product is known")
    row = rows[0]
    days = row.get("AntivirusSignatureAge")
    off = row.get("AntivirusEnabled") is False or row.get("RealTimeProtectionEnabled") is False
    data: Dict[str, Value] = {"product": "Windows Defender", "off": off, "updater_stopped": False, "stale": False}
    data["known"] = isinstance(days, int) and days != _NEVER
    if isinstance(days, int) and days != _NEVER:
        data["age_s"] = float(days * 86400)
        return Reading(data)
    return Reading(data, {"age_s": "its signatures were never updated"})


def _bits(value: Value) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _summary(data: Mapping[str, Value]) -> str:
    age = data.get("age_s")
    words = f"signatures {duration(age)} old" if isinstance(age, (int, float)) else "age of signatures unknown"
    return clean_line(f"{data.get('product')}: {'off, ' if data.get('off') else ''}{words}")


PROBES = (
    Probe(
        name="antivirus.state",
        title="Virus protection",
        doc="ClamAV: date in the header of its databases, its updater and its daemon. Windows: Get-MpComputerStatus and"
        " the Security Center's AntiVirusProduct. macOS: ClamAV's databases where it is installed.",
        fields={
            "product": text("Name of the scanner."),
            "known": boolean("True when a database with a date is there."),
            "database": text("The database looked at.", private="path"),
            "built": text("Day it was built."),
            "age_s": number("Its age.", "s"),
            "stale": boolean("Windows: True when the Security Center calls the signatures old."),
            "updater": text("Service that fetches new signatures."),
            "updater_stopped": boolean("True when that service is there and does not run."),
            "scanner": text("Service that scans."),
            "scanner_enabled": text("Whether it starts with the computer."),
            "off": boolean("True when the scanner is there and does not run."),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, "reads ClamAV's databases; XProtect tells no age"),
            "windows": parsed(windows_sources, windows_parse, UNTRIED, "Get-MpComputerStatus, by Microsoft"),
        },
        timeout_s=10.0,
        summary=_summary,
    ),
)
