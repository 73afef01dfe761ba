"""Probe disk.smart: what the disks say of their own health. CPython 3.9 syntax."""

from __future__ import annotations

import os
import threading
from typing import Callable, Dict, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, MISSING_TOOL, NOT_APPLICABLE, TIMEOUT, Value
from techdoctor.probes.base import (
    RECORDED,
    RUN_HERE,
    UNTRIED,
    Field,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
)
from techdoctor.probes.disks import smart_parse
from techdoctor.text import clean_line

_SHOWN = 8
_MOST_DISKS = 24
_ASK_S = 4.0
_PROFILER_S = 6.0
_POWERSHELL = (
    "@(Get-PhysicalDisk | ForEach-Object { $c = $_ | Get-StorageReliabilityCounter; [pscustomobject]@{"
    "DeviceId=$_.DeviceId; FriendlyName=$_.FriendlyName; MediaType=[string]$_.MediaType;"
    " HealthStatus=[string]$_.HealthStatus; Wear=$c.Wear; Temperature=$c.Temperature; PowerOnHours=$c.PowerOnHours;"
    " ReadErrorsUncorrected=$c.ReadErrorsUncorrected} }) | ConvertTo-Json -Depth 4 -Compress"
)
_RECORD: Dict[str, Field] = {
    "disk": text("The disk, e.g. /dev/sda."),
    "model": text("Its model."),
    "kind": text("hard disk, ssd or nvme; empty when it does not say."),
    "passed": boolean("It judges itself sound (SMART overall health)."),
    "reallocated": integer("Sectors that had to be replaced (attribute 5, grown defects).", "count"),
    "pending": integer("Sectors that could not be read and wait to be replaced (attribute 197).", "count"),
    "uncorrectable": integer("Sectors or reads that could not be corrected (attribute 198).", "count"),
    "reported": integer("Errors it could not correct and reported (attribute 187).", "count"),
    "crc_errors": integer("Transfers spoilt on the cable (attribute 199), since the disk was made.", "count"),
    "failing": text("Attributes that are below the maker's limit now; empty for none."),
    "used_percent": integer("How much of its life it has used; may exceed 100.", "percent"),
    "spare_percent": integer("Spare room left (NVMe).", "percent"),
    "spare_limit_percent": integer("Below this the maker warns (NVMe).", "percent"),
    "critical_warning": integer("Warnings the disk gives now, as bits (NVMe); 0 for none.", "count"),
    "media_errors": integer("Data it could not give back whole (NVMe).", "count"),
    "temperature_celsius": integer("Its temperature.", "celsius"),
    "hours": integer("Hours it has run.", "count"),
}
_HARM = (
    "disk",
    "model",
    "passed",
    "reallocated",
    "pending",
    "uncorrectable",
    "reported",
    "failing",
    "media_errors",
    "used_percent",
)
_WORN = ("disk", "model", "used_percent", "spare_percent", "spare_limit_percent")
_FIELDS: Dict[str, Field] = {
    "disks": records("The disks that tell, the most harmed first.", **_RECORD),
    "disk_count": integer("How many tell.", "count"),
    "silent_count": integer("Disks that do not tell (virtual ones, some USB boxes) or sleep.", "count"),
    "silent_reason": text("Why the first of those does not; empty when all tell."),
    **{f"worst_{key}": _RECORD[key] for key in _HARM},
    **{f"worn_{key}": _RECORD[key] for key in _WORN},
    "error_count": integer("Errors and replaced sectors that all disks count together, spoilt transfers too.", "count"),
    "cable_disk": text("The disk with the most transfers spoilt on its cable; empty for none."),
    "cable_errors": integer("How many.", "count"),
    "hottest_celsius": number("The highest temperature of all.", "celsius"),
}


def _count(value: Value) -> int:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def harm(record: Mapping[str, Value]) -> Tuple[bool, bool, int]:
    """Sorts the most harmed last; the judgement stands in playbooks."""
    counted = sum(_count(record[key]) for key in ("pending", "uncorrectable", "reported", "media_errors"))
    gives_up = record["passed"] is False or bool(record["failing"]) or _count(record["critical_warning"]) > 0
    return gives_up or _count(record["used_percent"]) >= 100, counted > 0, counted * 100 + _count(record["reallocated"])


def reading(found: Sequence[Mapping[str, Value]], silent: Sequence[str]) -> Reading:
    """The fields from one record a disk, and the reasons of those that do not tell."""
    ordered = sorted(found, key=harm, reverse=True)
    data: Dict[str, Value] = {
        "disks": [dict(record) for record in ordered[:_SHOWN]],
        "disk_count": len(ordered),
        "silent_count": len(silent),
        "silent_reason": silent[0] if silent else "",
        **{f"worst_{key}": ordered[0][key] for key in _HARM},
    }
    counters = ("reallocated", "pending", "uncorrectable", "reported", "media_errors", "crc_errors")
    data["error_count"] = sum(_count(record[key]) for record in ordered for key in counters)
    worn = max(ordered, key=lambda r: (_count(r["used_percent"]), -_count(r["spare_percent"])))
    data.update({f"worn_{key}": worn[key] for key in _WORN})
    cable = max(ordered, key=lambda r: _count(r["crc_errors"]))
    data["cable_errors"] = _count(cable["crc_errors"])
    data["cable_disk"] = cable["disk"] if data["cable_errors"] else ""
    heats = [float(_count(r["temperature_celsius"])) for r in ordered if r["temperature_celsius"] is not None]
    data["hottest_celsius"] = max(heats) if heats else None
    gaps = {key: "the disk does not count this" for key in _FIELDS if data.get(key) is None}
    return Reading(data, gaps)


def why_silent(ran: system.Ran) -> Tuple[str, str]:
    """Status and reason of a disk of which smartctl says nothing."""
    tree = smart_parse.tree_of(ran.out)
    said = smart_parse.inner(tree, "smartctl", "messages")
    words = " ".join(str(one.get("string")) for one in said if isinstance(one, dict)) if isinstance(said, list) else ""
    words = clean_line(words or ran.err, 120)
    if "Permission denied" in words or "Operation not permitted" in words:
        return DENIED, "disks may not be asked about their health (needs administrator rights)"
    if "STANDBY" in words or "SLEEP" in words:
        return NOT_APPLICABLE, "it sleeps and is not woken for this"
    if ran.status == TIMEOUT:
        return TIMEOUT, "it did not answer in time"
    return NOT_APPLICABLE, words or "it does not tell its health, as virtual disks do not"


def tells(record: Mapping[str, Value]) -> bool:
    """True when a record says anything of health."""
    counts = ("reallocated", "pending", "used_percent", "critical_warning", "uncorrectable", "media_errors")
    return record["passed"] is not None or record["hours"] is not None or any(_count(record[key]) for key in counts)


def _ask_all(
    asks: Mapping[str, Callable[[], Tuple[Optional[Dict[str, Value]], str, str]]], probing: Probing
) -> Reading:
    found: Dict[str, Dict[str, Value]] = {}
    silent: Dict[str, Tuple[str, str]] = {}

    def one(name: str) -> None:
        record, status, reason = asks[name]()
        if record is not None:
            found[name] = record
        else:
            silent[name] = (status, reason)

    threads = [threading.Thread(target=one, args=(name,), daemon=True) for name in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(probing.left_s())
    for name in asks:
        if name not in found:
            silent.setdefault(name, (TIMEOUT, "it did not answer in time"))
    if not found:
        status, reason = next(iter(silent.values()), (NOT_APPLICABLE, "no disk here tells its health"))
        raise CannotMeasure(status, f"{next(iter(silent))}: {reason}" if silent else reason)
    return reading(list(found.values()), [f"{name}: {reason}" for name, (_, reason) in silent.items()])


def _smartctl(probing: Probing, scan: system.Ran) -> Reading:
    devices = smart_parse.inner(smart_parse.tree_of(scan.out), "devices")
    listed = [one for one in (devices if isinstance(devices, list) else []) if isinstance(one, dict)]
    names = [(str(one["name"]), str(one.get("type") or "auto")) for one in listed if one.get("name")]

    def asking(name: str, kind: str) -> Tuple[Optional[Dict[str, Value]], str, str]:
        argv = ["smartctl", "-j", "-n", "standby", "-i", "-H", "-A", "-d", kind, name]
        ran = system.run(argv, min(_ASK_S, probing.left_s()))
        record = smart_parse.parse_smartctl(ran.out, name)
        return (record, "", "") if tells(record) else (None, *why_silent(ran))

    asks = {f"{n} ({k})" if "," in k else n: _bound(asking, n, k) for n, k in names[:_MOST_DISKS]}
    return _ask_all(asks, probing)


def _bound(
    ask: Callable[[str, str], Tuple[Optional[Dict[str, Value]], str, str]], name: str, kind: str
) -> Callable[[], Tuple[Optional[Dict[str, Value]], str, str]]:
    return lambda: ask(name, kind)


def _nvme(probing: Probing) -> Reading:
    """Without smartctl: nvme-cli for what it can ask."""
    names = sorted(os.listdir("/sys/class/nvme")) if os.path.isdir("/sys/class/nvme") else []

    def asking(name: str, _: str) -> Tuple[Optional[Dict[str, Value]], str, str]:
        ran = system.run(["nvme", "smart-log", "-o", "json", f"/dev/{name}"], min(_ASK_S, probing.left_s()))
        if ran.status == MISSING_TOOL:
            return None, MISSING_TOOL, _NO_TOOL
        record = smart_parse.parse_nvme_cli(ran.out, f"/dev/{name}")
        return (record, "", "") if tells(record) else (None, *why_silent(ran))

    if not names:
        raise CannotMeasure(MISSING_TOOL, _NO_TOOL)
    return _ask_all({name: _bound(asking, name, "") for name in names[:_MOST_DISKS]}, probing)


_NO_TOOL = "the program smartctl is not installed (package smartmontools)"


def _measure(probing: Probing) -> Reading:
    scan = system.run(["smartctl", "--scan", "-j"], min(_ASK_S, probing.left_s()))
    if scan.status == "ok" and smart_parse.tree_of(scan.out):
        return _smartctl(probing, scan)
    if probing.platform == "macos":
        argv = ["system_profiler", "-json", "SPNVMeDataType", "SPSerialATADataType"]
        found = smart_parse.parse_profiler(system.run(argv, min(_PROFILER_S, probing.left_s())).out)
    elif probing.platform == "windows":
        powershell = ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", _POWERSHELL]
        found = smart_parse.parse_windows(system.run(powershell, probing.left_s()).out)
    else:
        return _nvme(probing)
    if not any(tells(record) for record in found):
        raise CannotMeasure(NOT_APPLICABLE, "no disk here tells its health")
    return reading(found, [])


def _summary(data: Mapping[str, Value]) -> str:
    bad = data.get("worst_passed") is False
    return clean_line(f"{data.get('worst_disk')} announces its failure" if bad else f"{data.get('disk_count')} asked")


PROBES = (
    Probe(
        name="disk.smart",
        title="Disks' own health",
        doc=(
            "SMART and NVMe health by smartctl (JSON), without waking a sleeping disk; without it by nvme-cli, macOS' "
            "system_profiler (its word only) or Windows' storage counters. The overall verdict alone misses many disks "
            "that fail soon, so the counters that foretell failures are read too."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure, RUN_HERE, "recordings from smartctl_exporter's and scrutiny's test data"),
            "macos": measured(_measure, RECORDED, "system_profiler's output in public test suites"),
            "windows": measured(
                _measure, UNTRIED, "MSFT_PhysicalDisk and MSFT_StorageReliabilityCounter as documented"
            ),
        },
        timeout_s=8.0,
        needs="admin",
        summary=_summary,
    ),
)
