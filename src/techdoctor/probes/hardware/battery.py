"""Probe power.battery: charge, wear and charging of the batteries that drive this computer. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    UNDER_WINE,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    measured,
    number,
    parsed,
    records,
    text,
)
from techdoctor.text import clean_line

_SUPPLIES = "/sys/class/power_supply/"
_MOST = 4
# What the probe reads of a supply. Source: kernel documentation, ABI/testing/sysfs-class-power.
_FILES = (
    "type", "scope", "status", "present", "online", "capacity", "cycle_count", "model_name", "health",
    "energy_now", "energy_full", "energy_full_design", "charge_now", "charge_full", "charge_full_design",
    "charge_control_start_threshold", "charge_control_end_threshold",
)  # fmt: skip
_NO_BATTERY = "this computer has no battery"
_IOREG = re.compile(r'^\s*"(\w+)" = (\w+)\s*$', re.M)


def sources(params: Params) -> Sequence[Source]:
    return [Source(name, path=f"{_SUPPLIES}*/{name}", cap_bytes=256) for name in _FILES]


def parse(raws: Raws, params: Params) -> Reading:
    """Makes the fields of /sys/class/power_supply.

    Raises:
        CannotMeasure: No battery drives this computer.
    """
    supplies: Dict[str, Dict[str, str]] = {}
    for name in _FILES:
        for path, body in raws[name].files.items():
            supplies.setdefault(path.split("/")[-2], {})[name] = body.strip()
    batteries = [_battery(name, files) for name, files in sorted(supplies.items()) if _drives(name, files)]
    if not batteries:
        raise CannotMeasure(NOT_APPLICABLE, _NO_BATTERY)
    mains = [files.get("online") for name, files in supplies.items() if _is_mains(name, files)]
    return reading(batteries, any(online not in ("0", None) for online in mains) if mains else None)


def _drives(name: str, files: Mapping[str, str]) -> bool:
    """True for a battery of the computer itself: that of a mouse has the scope "Device"."""
    kind = files.get("type") or ("Battery" if name.upper().startswith(("BAT", "CMB")) else "")
    return kind == "Battery" and files.get("scope") != "Device" and files.get("present", "1") != "0"


def _is_mains(name: str, files: Mapping[str, str]) -> bool:
    kind = files.get("type") or ("Mains" if name.upper().startswith(("AC", "ADP")) else "")
    return kind in ("Mains", "USB") and "online" in files


def _battery(name: str, files: Mapping[str, str]) -> Dict[str, Value]:
    unit = "energy" if "energy_full" in files else "charge"
    full, design, now = (_whole(files.get(f"{unit}_{what}")) for what in ("full", "full_design", "now"))
    percent = _whole(files.get("capacity"))
    if percent is None and now is not None and full:
        percent = min(100, round(now / full * 100))
    return {
        "name": clean_line(name, 40),
        "status": clean_line(files.get("status", ""), 40).lower(),
        "percent": percent,
        # A new battery may hold a little more than its design says.
        "health_percent": round(min(1.0, full / design) * 100, 1) if full and design else None,
        "cycles": _whole(files.get("cycle_count")) or None,
        "starts_below_percent": _whole(files.get("charge_control_start_threshold")),
        "stops_at_percent": _whole(files.get("charge_control_end_threshold")),
    }


def _whole(body: Optional[str]) -> Optional[int]:
    return int(body) if body and body.lstrip("-").isdigit() else None


def reading(batteries: Sequence[Dict[str, Value]], plugged: Optional[bool]) -> Reading:
    """The fields: those of the whole computer first, the worst battery deciding."""
    gaps: Dict[str, str] = {}
    worst = min(batteries, key=lambda b: float(str(b["health_percent"])) if b["health_percent"] is not None else 1e3)
    # Two batteries are charged one after the other: one that is charged counts for both.
    charging = any(b["status"] == "charging" for b in batteries)
    lowest = min(batteries, key=lambda b: float(str(b["percent"])) if b["percent"] is not None else 1e3)
    if worst["health_percent"] is None:
        gaps["health_percent"] = "the battery does not tell what it held when it was new"
    if plugged is None:
        gaps["plugged"] = "nothing tells whether the charger is connected"
    if worst["cycles"] is None:
        gaps["cycles"] = "the battery does not count them"
    data: Dict[str, Value] = {
        "plugged": plugged,
        "charging": charging,
        "status": lowest["status"],
        "percent": lowest["percent"],
        "health_percent": worst["health_percent"],
        "cycles": worst["cycles"],
        "name": worst["name"],
        "held_back": _held_back(lowest),
        "stops_at_percent": lowest["stops_at_percent"] or 100,
        "batteries": list(batteries[:_MOST]),
    }
    return Reading(data, gaps)


def _held_back(battery: Mapping[str, Value]) -> bool:
    """True when a limit that somebody set (to spare the battery) keeps it from being charged now."""
    percent, start, stop = battery["percent"], battery["starts_below_percent"], battery["stops_at_percent"]
    if not isinstance(percent, int) or not isinstance(stop, int) or stop >= 100:
        return False
    # Without a lower limit charging begins anew a few percent below the upper one.
    return percent >= (start if isinstance(start, int) and 0 < start < stop else stop - 5)


def mac_sources(params: Params) -> Sequence[Source]:
    return [Source("ioreg", argv=("ioreg", "-rn", "AppleSmartBattery"), timeout_s=3.0, cap_bytes=1 << 18)]


def parse_mac(raws: Raws, params: Params) -> Reading:
    """Makes the fields of macOS' registry of devices.

    Raises:
        CannotMeasure: This Mac has no battery.
    """
    seen = dict(_IOREG.findall(raws["ioreg"].need("the battery")))
    if "CycleCount" not in seen and "DesignCapacity" not in seen:
        raise CannotMeasure(NOT_APPLICABLE, _NO_BATTERY)
    design = _whole(seen.get("DesignCapacity"))
    # MaxCapacity is 100 on Apple's own processors; the raw one is in mAh on all.
    full = _whole(seen.get("AppleRawMaxCapacity")) or _whole(seen.get("NominalChargeCapacity"))
    current = _whole(seen.get("AppleRawCurrentCapacity"))
    percent = _whole(seen.get("CurrentCapacity")) if seen.get("MaxCapacity") == "100" else None
    if percent is None and current is not None and full:
        percent = min(100, round(current / full * 100))
    battery: Dict[str, Value] = {
        "name": "internal",
        "status": {"Yes": "charging", "No": "not charging"}.get(seen.get("IsCharging", ""), ""),
        "percent": percent,
        "health_percent": round(min(1.0, full / design) * 100, 1) if full and design else None,
        "cycles": _whole(seen.get("CycleCount")),
        "starts_below_percent": None,
        "stops_at_percent": None,
    }
    plugged = {"Yes": True, "No": False}.get(seen.get("ExternalConnected", ""))
    return reading([battery], plugged)


def _measure_windows(probing: Probing) -> Reading:
    """Charge and charger by psutil (GetSystemPowerStatus); wear is not among what it tells."""
    import psutil

    try:
        seen = psutil.sensors_battery()
    except (AttributeError, RuntimeError, OSError, NotImplementedError):
        seen = None
    if seen is None:
        raise CannotMeasure(NOT_APPLICABLE, _NO_BATTERY)
    battery: Dict[str, Value] = {
        "name": "battery", "status": "", "percent": round(seen.percent), "health_percent": None, "cycles": None,
        "starts_below_percent": None, "stops_at_percent": None,
    }  # fmt: skip
    found = reading([battery], seen.power_plugged)
    unseen = "Windows tells it in the report of: powercfg /batteryreport"
    lost = dict.fromkeys(("health_percent", "cycles", "charging", "status", "held_back"), unseen)
    return Reading({**found.data, "charging": None, "status": None, "held_back": None}, {**found.gaps, **lost})


def _summary(data: Mapping[str, Value]) -> str:
    parts: List[str] = []
    if data.get("percent") is not None:
        parts.append(f"{data['percent']} % charged")
    if data.get("health_percent") is not None:
        parts.append(f"holds {data['health_percent']:g} % of what it did when new")
    if data.get("plugged") is not None:
        parts.append("charger connected" if data["plugged"] else "no charger")
    return ", ".join(parts)


_ONE = {
    "status": text("charging, discharging, not charging or full, as the driver says."),
    "percent": integer("Charge.", "percent"),
    "health_percent": number("What it holds when full, of what it held when new.", "percent"),
    "cycles": integer("Full charges so far.", "count"),
    "name": text("Its name."),
}
PROBES = (
    Probe(
        name="power.battery",
        title="Battery",
        doc="Charge, wear and charging. Source: ABI/testing/sysfs-class-power; ioreg AppleSmartBattery; psutil.",
        fields={
            "plugged": boolean("A charger is connected and gives power."),
            "charging": boolean("A battery is being charged."),
            **_ONE,
            "held_back": boolean("A limit that somebody set keeps it from being charged further."),
            "stops_at_percent": integer("Charge at which charging stops; 100 without such a limit.", "percent"),
            "batteries": records(
                f"At most {_MOST} batteries.",
                **_ONE,
                starts_below_percent=integer("Charging starts below this charge.", "percent"),
                stops_at_percent=integer("Charging stops at this charge.", "percent"),
            ),
        },
        methods={
            "linux": parsed(sources, parse),
            "macos": parsed(
                mac_sources, parse_mac, RECORDED, "ioreg -rn AppleSmartBattery, marknorgren/about-this-mac tests"
            ),
            "windows": measured(_measure_windows, UNDER_WINE, "psutil.sensors_battery; Wine shows no battery"),
        },
        timeout_s=4.0,
        summary=_summary,
    ),
)
