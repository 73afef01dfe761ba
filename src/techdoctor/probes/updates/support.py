"""Probe os.support: until when this version of the system gets updates. CPython 3.9 syntax."""

from __future__ import annotations

import csv
import datetime
import io
import platform
import sys
from typing import Dict, Mapping, Optional

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, integer, measured, text, under_wine, unsupported
from techdoctor.text import clean_line

_DISTRO_INFO = "/usr/share/distro-info/{}.csv"
# The last day of updates that come without a contract. Debian's long-term support comes from the same archive.
# Source: debian.csv and ubuntu.csv of distro-info-data; the life-cycle pages of the others. Used where
# distro-info-data is not installed. Fedora's os-release tells its end by itself (SUPPORT_END).
KNOWN: Mapping[str, Mapping[str, str]] = {
    "debian": {"9": "2022-06-30", "10": "2024-06-30", "11": "2026-08-31", "12": "2028-06-30", "13": "2030-06-30"},
    "ubuntu": {
        "14.04": "2019-04-25",
        "16.04": "2021-04-30",
        "18.04": "2023-05-31",
        "20.04": "2025-05-29",
        "22.04": "2027-06-01",
        "24.04": "2029-05-31",
        "24.10": "2025-07-10",
        "25.04": "2026-01-15",
    },
    "centos": {"6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31", "9": "2027-05-31"},
    "almalinux": {"8": "2029-03-01", "9": "2032-05-31"},
    "rocky": {"8": "2029-05-31", "9": "2032-05-31"},
    "opensuse-leap": {"15.3": "2022-12-31", "15.4": "2023-12-07", "15.5": "2024-12-31"},
}
# Build to the end of updates for Home and Pro. Source: learn.microsoft.com, Windows 10 and 11 release information.
WINDOWS_BUILDS: Mapping[int, str] = {
    7601: "2020-01-14",
    9600: "2023-01-10",
    18363: "2021-05-11",
    19041: "2021-12-14",
    19042: "2022-05-10",
    19043: "2022-12-13",
    19044: "2023-06-13",
    19045: "2025-10-14",
    22000: "2023-10-10",
    22621: "2024-10-08",
    22631: "2025-11-11",
    26100: "2026-10-13",
}


def parse_os_release(content: str) -> Dict[str, str]:
    """Parses os-release(5)."""
    pairs = [line.partition("=") for line in content.splitlines() if "=" in line and not line.startswith("#")]
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def end_by_distro_info(content: str, version: str) -> str:
    """The last day of free updates of a version, by a table of distro-info-data; empty when it does not tell.

    Args:
        content: debian.csv or ubuntu.csv.
        version: VERSION_ID, e.g. "12" or "22.04".
    """
    for row in csv.DictReader(io.StringIO(content)):
        if (row.get("version") or "").split()[:1] == [version]:
            # Ubuntu's eol-esm and eol-legacy need a contract; Debian's eol-lts does not.
            return (row.get("eol-lts") or row.get("eol-server") or row.get("eol") or "").strip()
    return ""


def days_left(end: str, today: datetime.date) -> Optional[int]:
    """Days until the last day of updates, negative after it."""
    try:
        return (datetime.date.fromisoformat(end) - today).days
    except ValueError:
        return None


def reading(name: str, version: str, end: str, source: str, today: datetime.date) -> Reading:
    """The fields; without an end the reason in words."""
    left = days_left(end, today)
    data: Dict[str, Value] = {"name": clean_line(name, 80), "version": clean_line(version, 40), "source": source}
    if left is None:
        why = "no end of updates is known for this version (rolling, too new, or not in the tables)"
        return Reading(data, {"ends": why, "days_left": why})
    return Reading({**data, "ends": end, "days_left": left})


def _measure(probing: Probing) -> Reading:
    content = ""
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            content = content or system.read_text(path, 65536)
        except CannotMeasure:
            continue
    release = parse_os_release(content)
    name, version = release.get("ID", ""), release.get("VERSION_ID", "")
    if not name:
        raise CannotMeasure(NOT_APPLICABLE, "this system does not say which one it is (no os-release)")
    end, source = release.get("SUPPORT_END", ""), "os-release"
    if not end:
        try:
            end, source = end_by_distro_info(system.read_text(_DISTRO_INFO.format(name)), version), "distro-info-data"
        except CannotMeasure:
            end = ""  # not installed, or another distribution
    if not end:
        known = KNOWN.get(name, {})
        end, source = known.get(version) or known.get(version.partition(".")[0], ""), "techdoctor's own table"
    return reading(release.get("PRETTY_NAME", name), version, end, source, datetime.date.today())


def windows_reading(build: int, edition: str, today: datetime.date) -> Reading:
    """The fields by build number; long-term editions (LTSC) and servers have other ends."""
    other = edition.endswith("S") or "Server" in edition or edition.startswith(("Enterprise", "Education"))
    end = "" if other else WINDOWS_BUILDS.get(build, "")
    return reading(f"Windows, build {build}", str(build), end, "Microsoft's release information", today)


def _measure_windows(probing: Probing) -> Reading:
    edition = getattr(platform, "win32_edition", lambda: "")() or ""
    build = getattr(sys, "getwindowsversion", lambda: None)()
    if build is None:
        raise CannotMeasure(NOT_APPLICABLE, "this is no Windows")
    return windows_reading(int(build.build), str(edition), datetime.date.today())


def _summary(data: Mapping[str, Value]) -> str:
    return clean_line(f"{data.get('name')}: updates until {data.get('ends') or 'an unknown day'}")


PROBES = (
    Probe(
        name="os.support",
        title="Updates for this system",
        doc="Last day of free updates of this version: SUPPORT_END of os-release(5), distro-info-data (Debian counts"
        " with its long-term support, which comes from the same archive), else a table of our own.",
        fields={
            "name": text("Name of the system."),
            "version": text("Its version or build."),
            "ends": text("Last day of updates, e.g. 2028-06-30."),
            "days_left": integer("Days until then, negative afterwards."),
            "source": text("Who says so."),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("Apple publishes no end of updates"),
            "windows": under_wine(measured(_measure_windows)),
        },
        summary=_summary,
    ),
)
