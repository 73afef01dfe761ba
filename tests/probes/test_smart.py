"""Disks' own health: recorded outputs of real disks, and what is said when a disk does not tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from techdoctor import system
from techdoctor.model import DENIED, NOT_APPLICABLE, Value
from techdoctor.probes.disks import smart, smart_parse
from techdoctor.probes.measure import measure_here
from techdoctor.system import Ran

CASES = Path(__file__).parent / "cases" / "disk.smart"

# system_profiler SPStorageDataType SPNVMeDataType SPSerialATADataType -json on an Apple-Silicon Mac, from Tr3kkR/Yuzu
# bde1caf, tests/unit/test_hardware_disks_macos.cpp (kRealFixture); the serial number is left out.
MAC = """{"SPNVMeDataType": [{"_items": [{"_name": "APPLE SSD AP0256Z", "bsd_name": "disk0", "detachable_drive": "no",
 "device_model": "APPLE SSD AP0256Z", "device_revision": "561.100.", "size": "251 GB", "size_in_bytes": 251000193024,
 "smart_status": "Verified", "spnvme_trim_support": "Yes", "volumes": []}],
 "_name": "Apple SSD Controller"}], "SPSerialATADataType": []}"""


def record(case: str) -> dict[str, Value]:
    return smart_parse.parse_smartctl((CASES / f"{case}.json").read_text(), "/dev/sda")


@pytest.mark.parametrize(
    ("case", "kind", "expected"),
    [
        ("failed-hard-disk", "hard disk", {"passed": False, "reallocated": 1975, "pending": 8}),
        ("reallocated-304", "hard disk", {"passed": True, "reallocated": 304, "pending": 0}),
        ("reported-1", "hard disk", {"passed": True, "reported": 1}),
        ("crc-3118119", "hard disk", {"passed": True, "crc_errors": 3118119}),
        ("sound-hard-disk", "hard disk", {"passed": True, "reallocated": 0, "pending": 0, "failing": ""}),
        ("sound-ssd", "ssd", {"passed": True, "used_percent": 1, "reported": 0}),
        ("sound-nvme", "nvme", {"passed": True, "critical_warning": 0, "used_percent": 0, "spare_percent": 100}),
        ("nvme-media-errors", "nvme", {"passed": True, "media_errors": 7, "used_percent": 3}),
        ("nvme-warning-16", "nvme", {"passed": False, "critical_warning": 16}),
        ("no-verdict", "", {"passed": None, "pending": 0}),
        ("scsi", "hard disk", {"passed": True}),
    ],
)
def test_recorded_disks(case: str, kind: str, expected: dict[str, Value]) -> None:
    found = record(case)
    assert found["kind"] == kind
    assert {key: found[key] for key in expected} == expected
    assert smart.tells(found)


def test_attribute_below_its_limit_is_named() -> None:
    assert "Reallocated_Sector_Ct" in str(record("failed-hard-disk")["failing"])


def test_most_harmed_disk_is_named_first() -> None:
    names = ("sound-nvme", "reported-1", "crc-3118119", "failed-hard-disk")
    found = smart.reading([{**record(name), "disk": name} for name in names], [])
    assert found.data["worst_disk"] == "failed-hard-disk"
    assert found.data["cable_disk"] == "crc-3118119"
    assert found.data["error_count"] == 1 + 3118119 + 1975 + 8
    assert [one["disk"] for one in _list(found.data["disks"])][:2] == ["failed-hard-disk", "reported-1"]


def _list(value: Value) -> list[dict[str, Any]]:
    assert isinstance(value, list)
    return [one for one in value if isinstance(one, dict)]


def test_nvme_cli_gives_kelvin_and_other_names() -> None:
    # Names of nvme-cli's `smart-log -o json`, nvme-print-json.c.
    out = json.dumps(
        {"critical_warning": 0, "temperature": 311, "avail_spare": 100, "spare_thresh": 10, "percent_used": 94}
    )
    found = smart_parse.parse_nvme_cli(out, "/dev/nvme0")
    assert (found["passed"], found["used_percent"], found["temperature_celsius"]) == (True, 94, 38)


def test_mac_gives_its_word_only() -> None:
    (found,) = smart_parse.parse_profiler(MAC)
    assert (found["disk"], found["passed"], found["kind"]) == ("disk0", True, "nvme")
    (failing,) = smart_parse.parse_profiler(MAC.replace("Verified", "Failing"))
    assert failing["passed"] is False


@pytest.mark.parametrize("out", ["", "{", "[]", "null", '{"devices": 7}', '{"ata_smart_attributes": {"table": [3]}}'])
def test_nonsense_tells_nothing(out: str) -> None:
    assert not smart.tells(smart_parse.parse_smartctl(out, "/dev/sda"))
    assert smart_parse.parse_profiler(out) == []


def test_closed_disk_is_no_sound_disk() -> None:
    message = {"smartctl": {"messages": [{"string": "Smartctl open device: /dev/sda failed: Permission denied"}]}}
    status, reason = smart.why_silent(Ran(["smartctl"], "ok", 2, json.dumps(message)))
    assert status == DENIED
    assert "administrator" in reason
    assert smart.why_silent(Ran(["smartctl"], "ok", 2, (CASES / "usb-box.json").read_text()))[0] == NOT_APPLICABLE


def _answering(argv: object, *more: object, **named: object) -> Ran:
    words = [str(word) for word in argv] if isinstance(argv, (list, tuple)) else []
    if "--scan" in words:
        devices = [{"name": "/dev/sda", "type": "sat"}, {"name": "/dev/sdb", "type": "scsi"}]
        return Ran(words, "ok", 0, json.dumps({"devices": devices}))
    return Ran(
        words,
        "ok",
        216,
        (CASES / ("failed-hard-disk" if "/dev/sda" in words else "usb-box")).with_suffix(".json").read_text(),
    )


def test_one_disk_tells_and_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "run", _answering)
    monkeypatch.setattr(system, "platform_name", lambda: "linux")
    fact = measure_here("disk.smart", {})
    assert (fact.status, fact.data["worst_passed"], fact.data["silent_count"]) == ("ok", False, 1)
    assert str(fact.data["silent_reason"]).startswith("/dev/sdb: ")


def test_missing_tool_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "run", lambda argv, *more, **named: Ran(argv, "missing_tool"))
    monkeypatch.setattr(system, "platform_name", lambda: "linux")
    fact = measure_here("disk.smart", {})
    assert fact.status in ("missing_tool", "not_applicable")
    assert "smartctl" in fact.reason
