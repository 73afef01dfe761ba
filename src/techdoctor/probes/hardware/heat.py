"""Probe heat.sensors: how hot the processor is, whether it slows itself down, whether fans turn. CPython 3.9 syntax."""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    Params,
    Probe,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    number,
    parsed,
    records,
    text,
    unsupported,
)
from techdoctor.text import clean_line

_HWMON = "/sys/class/hwmon/hwmon*/"
_ZONES = "/sys/class/thermal/thermal_zone*/"
_COUNTS = "/sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_count"
_WINDOW_S = 1.0
_MOST_SENSORS = 12
# Drivers that report the processor's own temperature. Source: kernel documentation, hwmon/.
_PROCESSOR_CHIPS = ("coretemp", "k10temp", "k8temp", "zenpower", "cpu_thermal", "via_cputemp", "soc_thermal")
_PROCESSOR_ZONES = ("x86_pkg_temp", "cpu-thermal", "cpu_thermal", "soc-thermal", "soc_thermal")
# A disk or a network card that is hot slows itself down, not the processor.
_OTHER_CHIPS = ("nvme", "drivetemp", "iwlwifi", "amdgpu", "nouveau", "mlx5")
_PLAUSIBLE = (-40.0, 150.0)
_LIMITS = re.compile(r"CPU_Speed_Limit\s*=\s*(\d+)")


def sources(params: Params) -> Sequence[Source]:
    """The sensors, and the counters of slowing down at both ends of one second."""
    return [
        Source("names", path=_HWMON + "name", cap_bytes=256),
        Source("labels", path=_HWMON + "temp*_label", cap_bytes=256),
        Source("temps", path=_HWMON + "temp*_input", cap_bytes=64),
        Source("highs", path=_HWMON + "temp*_max", cap_bytes=64),
        Source("crits", path=_HWMON + "temp*_crit", cap_bytes=64),
        Source("fans", path=_HWMON + "fan*_input", cap_bytes=64),
        Source("zone_types", path=_ZONES + "type", cap_bytes=256),
        Source("zone_temps", path=_ZONES + "temp", cap_bytes=64),
        Source("counts", path=_COUNTS, cap_bytes=64),
        Source("counts_after", path=_COUNTS, cap_bytes=64, at_s=_WINDOW_S),
    ]


def parse(raws: Raws, params: Params) -> Reading:
    """Makes the fields of what sysfs shows.

    Raises:
        CannotMeasure: The machine shows neither a temperature nor a counter (most virtual ones).
    """
    sensors = _sensors(raws) or _zones(raws)
    before, after = _counts(raws["counts"].files), _counts(raws["counts_after"].files)
    if not sensors and not after:
        raise CannotMeasure(NOT_APPLICABLE, "this machine shows no temperatures (often a virtual one)")
    gaps: Dict[str, str] = {}
    grew: Optional[int] = None
    if after:
        grew = sum(max(0, count - before.get(path, count)) for path, count in after.items())
    else:
        gaps["throttled"] = "this processor does not count how often it slows itself down"
    hottest = _hottest(sensors)
    fans = _fans(raws["fans"].files)
    data: Dict[str, Value] = {
        "throttled": None if grew is None else grew > 0,
        "throttled_times": grew,
        "throttle_count": sum(after.values()) if after else None,
        "speed_limit_percent": None,
        **_hottest_fields(hottest),
        "fan_count": len(fans),
        "fan_stopped": bool(fans) and not any(fans) if hottest else None,
        "sensors": list(sensors[:_MOST_SENSORS]),
    }
    gaps["speed_limit_percent"] = "only macOS tells it"
    return Reading(data, gaps)


def _hottest_fields(hottest: Mapping[str, Value]) -> Dict[str, Value]:
    temperature, high = hottest.get("celsius"), hottest.get("high_celsius")
    known = isinstance(temperature, float) and isinstance(high, float) and high > 0
    return {
        "hottest_name": hottest.get("name") or "",
        "hottest_celsius": temperature,
        "high_celsius": high if known else None,
        "over_high": temperature >= high
        if known and isinstance(temperature, float) and isinstance(high, float)
        else None,
    }


def _hottest(sensors: Sequence[Mapping[str, Value]]) -> Mapping[str, Value]:
    """The processor's sensor that is nearest to its limit, else the hottest of any; empty without one."""
    own = [sensor for sensor in sensors if sensor["processor"]] or list(sensors)
    return max(own, key=_closeness, default={})


def _closeness(sensor: Mapping[str, Value]) -> float:
    temperature, high = sensor.get("celsius"), sensor.get("high_celsius")
    return (float(str(temperature)) / float(str(high))) if high else float(str(temperature)) / 1000


def _sensors(raws: Raws) -> List[Dict[str, Value]]:
    """Temperatures of hwmon chips. Source: kernel documentation, hwmon/sysfs-interface.rst."""
    found: List[Dict[str, Value]] = []
    names = {path.rpartition("/")[0]: body.strip() for path, body in raws["names"].files.items()}
    for path, body in sorted(raws["temps"].files.items()):
        folder, stem = path.rpartition("/")[0], path[: -len("_input")]
        chip, celsius = names.get(folder, ""), _celsius(body)
        if celsius is None or chip.startswith(_OTHER_CHIPS):
            continue
        label = raws["labels"].files.get(stem + "_label", "").strip()
        high = _celsius(raws["highs"].files.get(stem + "_max", "")) or _celsius(
            raws["crits"].files.get(stem + "_crit", "")
        )
        name = clean_line(f"{chip} {label}".strip(), 60)
        found.append(_record(name, celsius, high, chip.startswith(_PROCESSOR_CHIPS)))
    return found


def _zones(raws: Raws) -> List[Dict[str, Value]]:
    """Thermal zones, for machines whose driver is no hwmon chip. Source: driver-api/thermal/sysfs-api.rst."""
    types = {path.rpartition("/")[0]: body.strip() for path, body in raws["zone_types"].files.items()}
    found = []
    for path, body in sorted(raws["zone_temps"].files.items()):
        kind, celsius = types.get(path.rpartition("/")[0], ""), _celsius(body)
        if celsius is not None:
            found.append(_record(clean_line(kind, 60), celsius, None, kind.startswith(_PROCESSOR_ZONES)))
    return found


def _record(name: str, celsius: float, high: Optional[float], processor: bool) -> Dict[str, Value]:
    return {"name": name, "celsius": celsius, "high_celsius": high, "processor": processor}


def _celsius(body: str) -> Optional[float]:
    """Thousandths of a degree as degrees; None for what no sensor would say (unconnected ones do)."""
    try:
        value = int(body.strip()) / 1000
    except ValueError:
        return None
    return round(value, 1) if _PLAUSIBLE[0] < value < _PLAUSIBLE[1] else None


def _fans(files: Mapping[str, str]) -> List[int]:
    return [int(body.strip()) for body in files.values() if body.strip().isdigit()]


def _counts(files: Mapping[str, str]) -> Dict[str, int]:
    """Counter file to its number; the package's counter is the same for every core of it.

    Source: kernel source, arch/x86/kernel/cpu/mce/therm_throt.c.
    """
    counts = {path: int(body.strip()) for path, body in files.items() if body.strip().isdigit()}
    cores = {path: count for path, count in counts.items() if "/core_" in path}
    return cores or counts


def mac_sources(params: Params) -> Sequence[Source]:
    return [Source("therm", argv=("pmset", "-g", "therm"), timeout_s=3.0, cap_bytes=16384)]


def parse_mac(raws: Raws, params: Params) -> Reading:
    """The limit that macOS puts on the processor's speed, below 100 when it is hot or lacks power.

    Raises:
        CannotMeasure: This Mac does not tell it (Apple's own processors).
    """
    found = _LIMITS.search(raws["therm"].need("the state of the processor's speed"))
    if not found:
        raise CannotMeasure(NOT_APPLICABLE, "this Mac does not tell whether it slows itself down")
    limit = int(found[1])
    data: Dict[str, Value] = {"throttled": limit < 100, "speed_limit_percent": limit, "hottest_name": "", "sensors": []}
    missing = "macOS shows temperatures to administrators only (powermetrics)"
    lost = (
        "hottest_celsius",
        "high_celsius",
        "over_high",
        "fan_count",
        "fan_stopped",
        "throttle_count",
        "throttled_times",
    )
    return Reading(data, dict.fromkeys(lost, missing))


def _summary(data: Mapping[str, Value]) -> str:
    parts: List[str] = []
    if data.get("hottest_celsius") is not None:
        limit = f" (limit {data['high_celsius']:g})" if data.get("high_celsius") else ""
        parts.append(f"{clean_line(str(data.get('hottest_name')))} {data['hottest_celsius']:g} degrees{limit}".strip())
    if data.get("throttled"):
        parts.append("the processor slows itself down")
    if data.get("fan_stopped"):
        parts.append("no fan turns")
    return ", ".join(parts) or "the processor runs at full speed"


PROBES = (
    Probe(
        name="heat.sensors",
        title="Heat",
        doc="Temperatures, fans, the processor's counters of slowing down, over 1 s. Source: hwmon/sysfs-interface.",
        fields={
            "throttled": boolean("The processor slowed itself down because of heat within the sample."),
            "throttled_times": integer("How often it did within the sample.", "count"),
            "throttle_count": integer("How often it did since the start.", "count"),
            "speed_limit_percent": integer("Speed that the system allows the processor, of its best.", "percent"),
            "hottest_name": text("Sensor that is nearest to its limit, the processor's when there is one."),
            "hottest_celsius": number("What it shows.", "celsius"),
            "high_celsius": number("Its own upper limit, as the maker set it.", "celsius"),
            "over_high": boolean("The limit is reached."),
            "fan_count": integer("Fans that are watched.", "count"),
            "fan_stopped": boolean("None of the fans turns."),
            "sensors": records(
                f"At most {_MOST_SENSORS} sensors.",
                name=text("Chip and label."),
                celsius=number("Temperature.", "celsius"),
                high_celsius=number("Its own upper limit; null when it has none.", "celsius"),
                processor=boolean("It is the processor's own."),
            ),
        },
        methods={
            "linux": parsed(sources, parse),
            "macos": parsed(
                mac_sources, parse_mac, RECORDED, "pmset -g therm, prometheus/node_exporter#2031, exelban/stats#749"
            ),
            "windows": unsupported(
                "Windows shows it only by performance counters and WMI classes that no recording was found of"
            ),
        },
        timeout_s=4.0,
        summary=_summary,
    ),
)
