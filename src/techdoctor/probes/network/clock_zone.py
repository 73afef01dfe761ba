"""clock.zone: which time zone this computer shows, and who sets it. No packet is sent. CPython 3.9 syntax."""

from __future__ import annotations

import datetime
import os
import re
import time
from typing import Dict, Mapping, Optional, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import Parameter, Probe, Probing, Reading, boolean, integer, portable, text

_LOCALTIME = "/etc/localtime"
_ZONES = "/usr/share/zoneinfo"
_POSIX = re.compile(r"(<[+\-\w]+>|[A-Za-z]{3,})([+-]?\d{1,3}(:\d{2}){0,2})?.*")  # POSIX.1, section 8.3 "TZ"
_UTC_NAMES = ("UTC", "UCT", "GMT", "ZULU", "UNIVERSAL", "ETC/UTC", "ETC/GMT")


def _measure(probing: Probing) -> Reading:
    now = datetime.datetime.now().astimezone()
    offset = now.utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset is not None else 0
    name, set_by, valid = _set_zone(probing.platform)
    wanted = probing.text("expected")
    matches, why = _compare(wanted, now)
    data: Dict[str, Value] = {
        "name": name or time.strftime("%Z"),
        "set_by": set_by,
        "is_set": bool(set_by),
        "valid": valid,
        "utc": minutes == 0 and (not name or name.upper() in _UTC_NAMES or time.strftime("%Z") in ("UTC", "GMT")),
        "offset_min": minutes,
        "local_time": now.strftime("%H:%M"),
        "local_date": now.strftime("%A, %d %B %Y"),
        "expected": wanted,
        "matches": matches,
    }
    gaps = {field: reason for field, reason in (("matches", why), ("valid", _VALID_GAP)) if data[field] is None}
    return Reading(data, gaps)


_VALID_GAP = "the names of time zones are not kept in files here"


def _set_zone(platform: str) -> Tuple[str, str, Optional[bool]]:
    """Name of the zone, what sets it (TZ or a path; empty when nothing does), and whether it is one."""
    variable = os.environ.get("TZ")
    if variable is not None:
        return variable, "TZ", _is_zone(variable)
    if platform == "windows":
        return "", "system", None
    if not os.path.exists(_LOCALTIME):
        return "", "", os.path.islink(_LOCALTIME) is False
    path = os.path.realpath(_LOCALTIME)
    return (path.rpartition("zoneinfo/")[2] if "zoneinfo/" in path else ""), _LOCALTIME, True


def _is_zone(variable: str) -> Optional[bool]:
    """True for a zone by name or by rule; what is neither means UTC to the C library, without a word."""
    name = variable.lstrip(":")
    if not name or not os.path.isdir(_ZONES):
        return True if not name else None
    path = name if name.startswith("/") else os.path.join(_ZONES, name)
    rule = _POSIX.fullmatch(name)
    return os.path.isfile(path) or bool(rule and rule.group(2)) or name.upper() in _UTC_NAMES


def _compare(wanted: str, now: datetime.datetime) -> Tuple[Optional[bool], str]:
    """Whether the zone that is wanted shows the same time now, and why that is not known."""
    if not wanted:
        return None, "nobody said which zone it should be"
    try:
        from zoneinfo import ZoneInfo

        return now.astimezone(ZoneInfo(wanted)).utcoffset() == now.utcoffset(), ""
    except (ImportError, KeyError, ValueError, OSError):
        return None, "there is no time zone of that name"


def _summary(data: Mapping[str, Value]) -> str:
    return f"{data['local_time']} ({data['name'] or 'unset'})"


PROBES = (
    Probe(
        name="clock.zone",
        title="Time zone",
        doc="The time zone in use: the variable TZ, else /etc/localtime (Linux, macOS), else the system's (Windows); "
        "whether it exists; and, when a zone is wanted, whether it shows the same time now.",
        parameters={"expected": Parameter("text", "The zone it should be, e.g. Europe/Berlin.")},
        fields={
            "name": text("Name of the zone, e.g. Europe/Berlin, or its abbreviation."),
            "set_by": text("TZ, a path or system; empty when nothing sets it, which means UTC."),
            "is_set": boolean("Something sets it."),
            "valid": boolean("False when what is set is no zone, which means UTC without a word."),
            "utc": boolean("The time shown is UTC."),
            "offset_min": integer("Minutes that local time is ahead of UTC; negative when behind."),
            "local_time": text("Hours and minutes as shown now."),
            "local_date": text("The date as shown now."),
            "expected": text("The zone that is wanted."),
            "matches": boolean("The zone that is wanted shows the same time now."),
        },
        methods=portable(_measure),
        timeout_s=2.0,
        summary=_summary,
    ),
)
