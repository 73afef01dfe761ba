"""What smartctl, nvme, macOS and Windows say of a disk's own health, made into one record. CPython 3.9 syntax."""

from __future__ import annotations

import json
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.model import Value
from techdoctor.text import clean_line

# The attributes that foretell failures. Source: yearly failure rates by AnalogJ/scrutiny from Backblaze's data.
_ATA = {5: "reallocated", 187: "reported", 197: "pending", 198: "uncorrectable", 199: "crc_errors", 9: "hours"}
# Attributes whose normalised value counts down from 100 as an SSD wears. Source: smartmontools drivedb.h.
_WEAR = (
    *("SSD_Life_Left", "Percent_Lifetime_Remain", "Wear_Leveling_Count", "Media_Wearout_Indicator"),
    *("Remaining_Lifetime_Perc", "SSD_Life_Left_Perc", "Perc_Rated_Life_Remain", "Drive_Life_Remaining%"),
)
# Counts are 0 where the disk has nothing to count, or does not count it.
EMPTY: Dict[str, Value] = {
    "disk": "",
    "model": "",
    "kind": "",
    "passed": None,
    "reallocated": 0,
    "pending": 0,
    "uncorrectable": 0,
    "reported": 0,
    "crc_errors": 0,
    "failing": "",
    "used_percent": 0,
    "spare_percent": 100,
    "spare_limit_percent": 0,
    "critical_warning": 0,
    "media_errors": 0,
    "temperature_celsius": None,
    "hours": None,
}


def tree_of(out: str) -> Mapping[str, Value]:
    """JSON output as a mapping; empty when it is none."""
    try:
        tree = json.loads(out)
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}


def inner(tree: Mapping[str, Value], *keys: str) -> Value:
    """A value deep in a tree; None when a step is missing."""
    value: Value = dict(tree)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def whole(value: Value) -> Optional[int]:
    """A whole number, also from text such as "12 (Average 34)"; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value)
    words = value.split() if isinstance(value, str) else []
    first = words[0].rstrip("%").replace(",", "") if words else ""
    return int(first) if first.isdigit() else None


def parse_smartctl(out: str, disk: str) -> Dict[str, Value]:
    """The record of one disk from `smartctl -j -i -H -A`.

    Raw values may hold several packed counters; smartctl's own text has the first apart ("0/53416508262463").
    Source of the keys: smartmontools' JSON output (ata_smart_attributes, nvme_smart_health_information_log, scsi_*).
    """
    tree = tree_of(out)
    rotation = inner(tree, "rotation_rate")
    nvme = inner(tree, "nvme_smart_health_information_log")
    kind = "nvme" if isinstance(nvme, dict) else "ssd" if rotation == 0 else "hard disk" if rotation else ""
    passed = inner(tree, "smart_status", "passed")
    record = {
        **EMPTY,
        "disk": disk,
        "model": clean_line(str(inner(tree, "model_name") or inner(tree, "product") or ""), 60),
        "kind": kind,
        "passed": passed if isinstance(passed, bool) else None,
        "temperature_celsius": inner(tree, "temperature", "current"),
        "hours": inner(tree, "power_on_time", "hours"),
    }
    table = inner(tree, "ata_smart_attributes", "table")
    if isinstance(table, list):
        record.update(_ata(table, kind))
    if isinstance(nvme, dict):
        record.update(known(parse_nvme(nvme)))
    record.update(
        known(
            {
                "reallocated": whole(inner(tree, "scsi_grown_defect_list")),
                "uncorrectable": whole(inner(tree, "scsi_error_counter_log", "read", "total_uncorrected_errors")),
            }
        )
    )
    return record


def known(record: Mapping[str, Value]) -> Dict[str, Value]:
    """Without what was not told, so that it does not hide the default."""
    return {key: value for key, value in record.items() if value is not None}


def _ata(table: Sequence[Value], kind: str) -> Dict[str, Value]:
    found: Dict[str, Value] = {}
    failing: List[str] = []
    for row in table:
        if not isinstance(row, dict):
            continue
        name, number = str(row.get("name")), row.get("id")
        field = _ATA.get(number) if isinstance(number, int) else None
        if field:
            text = str(inner(row, "raw", "string") or "").split("/")[0]
            value = whole(text)
            found[field] = value if value is not None else whole(inner(row, "raw", "value")) or 0
        left = row.get("value")
        if name in _WEAR and kind != "hard disk" and isinstance(left, int) and 0 < left <= 100:
            found["used_percent"] = max(100 - left, whole(found.get("used_percent")) or 0)
        if row.get("when_failed") == "now" and inner(row, "flags", "prefailure") is not False:
            failing.append(name)
    found["failing"] = clean_line(", ".join(failing), 80)
    return found


def parse_nvme(log: Mapping[str, Value]) -> Dict[str, Value]:
    """The counters of an NVMe health log, by smartctl's or nvme-cli's names (NVM Express log 02h)."""

    def first(*names: str) -> Optional[int]:
        return next((found for name in names if (found := whole(log.get(name))) is not None), None)

    heat = first("temperature")
    return {
        "critical_warning": first("critical_warning"),
        "spare_percent": first("available_spare", "avail_spare"),
        "spare_limit_percent": first("available_spare_threshold", "spare_thresh"),
        "used_percent": first("percentage_used", "percent_used"),
        "media_errors": first("media_errors"),
        # nvme-cli gives kelvin, smartctl degrees Celsius.
        "temperature_celsius": heat - 273 if heat is not None and heat > 200 else heat,
        "hours": first("power_on_hours"),
    }


def parse_nvme_cli(out: str, disk: str) -> Dict[str, Value]:
    """The record of one disk from `nvme smart-log -o json`."""
    log = parse_nvme(tree_of(out))
    warned = log["critical_warning"]
    return {**EMPTY, "disk": disk, "kind": "nvme", **known(log), "passed": None if warned is None else warned == 0}


def parse_profiler(out: str) -> List[Dict[str, Value]]:
    """The disks of macOS from `system_profiler -json SPNVMeDataType SPSerialATADataType`.

    Their word is "Verified" for a sound disk and "Failing" for one that announces its failure; others do not tell.
    """
    found: List[Dict[str, Value]] = []
    waiting: List[Value] = [entry for value in tree_of(out).values() if isinstance(value, list) for entry in value]
    while waiting:
        entry = waiting.pop(0)
        if not isinstance(entry, dict):
            continue
        items = entry.get("_items")
        waiting += items if isinstance(items, list) else []
        status = str(entry.get("smart_status") or entry.get("spnvme_smart_status") or entry.get("spsata_smart_status"))
        if status in ("Verified", "Failing"):
            kind = "nvme" if "spnvme_trim_support" in entry else ""
            model = clean_line(str(entry.get("device_model") or entry.get("_name") or ""), 60)
            name = str(entry.get("bsd_name") or "")
            found.append({**EMPTY, "disk": name, "model": model, "kind": kind, "passed": status == "Verified"})
    return found


def parse_windows(out: str) -> List[Dict[str, Value]]:
    """The disks of Windows from Get-PhysicalDisk and Get-StorageReliabilityCounter, as our command joins them.

    Source: MSFT_PhysicalDisk (HealthStatus: Healthy 0, Warning 1, Unhealthy 2) and MSFT_StorageReliabilityCounter
    (Wear: 0 is new, 100 worn). Counters that a disk does not give are null.
    """
    try:
        rows = json.loads(out)
    except ValueError:
        return []
    words = {"0": "Healthy", "1": "Warning", "2": "Unhealthy"}
    found = []
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict):
            continue
        health = words.get(str(row.get("HealthStatus")), str(row.get("HealthStatus")))
        found.append(
            {
                **EMPTY,
                "disk": f"disk {row.get('DeviceId')}",
                "model": clean_line(str(row.get("FriendlyName") or ""), 60),
                "kind": {"SSD": "ssd", "HDD": "hard disk", "4": "ssd", "3": "hard disk"}.get(
                    str(row.get("MediaType")), ""
                ),
                "passed": {"Healthy": True, "Unhealthy": False}.get(health),
                "failing": "Windows warns of this disk" if health == "Warning" else "",
                "used_percent": whole(row.get("Wear")) or 0,
                "uncorrectable": whole(row.get("ReadErrorsUncorrected")) or 0,
                "temperature_celsius": whole(row.get("Temperature")),
                "hours": whole(row.get("PowerOnHours")),
            }
        )
    return found
