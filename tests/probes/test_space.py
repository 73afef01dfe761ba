"""What takes the space: walks over real folders, places that can be spared, logs that grow."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from techdoctor import system
from techdoctor.probes.disks import cache_places, disk_activity, kernels, log_growth, reclaimable, write_test
from techdoctor.probes.disks.cache_places import CACHE, LOGS, Place
from techdoctor.probes.disks.dir_walk import telling, walk
from techdoctor.probes.disks.reclaimable import Sized
from techdoctor.probes.measure import measure_here


def _write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def _soon() -> float:
    return time.monotonic() + 20


def test_walk_counts_hard_links_once_and_follows_no_link(tmp_path: Path) -> None:
    _write(tmp_path / "a/one", 100_000)
    os.link(tmp_path / "a/one", tmp_path / "a/two")
    (tmp_path / "a/link").symlink_to("/usr")
    walked = walk(str(tmp_path), _soon())
    assert walked.complete
    assert 100_000 <= walked.total.size_bytes < 150_000
    assert walked.total.entries == 4


def test_walk_stays_out_of_mounts(tmp_path: Path) -> None:
    _write(tmp_path / "mounted/x", 50_000)
    assert walk(str(tmp_path), _soon(), {str(tmp_path / "mounted")}).total.size_bytes < 50_000


def test_walk_stops_at_its_deadline(tmp_path: Path) -> None:
    _write(tmp_path / "a/b", 10)
    walked = walk(str(tmp_path), time.monotonic() - 1)
    assert (walked.complete, walked.total.size_bytes) == (False, 0)


def test_folders_are_told_where_the_bulk_is(tmp_path: Path) -> None:
    _write(tmp_path / "var/cache/archives/big", 900_000)
    _write(tmp_path / "var/small", 10_000)
    for number in range(3):
        _write(tmp_path / f"home/films{number}/f", 200_000)
    paths = [Path(path).relative_to(tmp_path).as_posix() for path, _ in telling(walk(str(tmp_path), _soon()), 5)]
    assert paths[:2] == ["var/cache/archives", "home"]


def test_a_large_file_beside_small_folders_is_what_takes_the_space(tmp_path: Path) -> None:
    _write(tmp_path / "film", 500_000)
    _write(tmp_path / "notes/a", 5_000)
    fact = measure_here("disk.largest", {"path": str(tmp_path)})
    assert fact.data["top_path"] == str(tmp_path / "film")


def test_largest_and_crowded(tmp_path: Path) -> None:
    _write(tmp_path / "films/film", 500_000)
    for number in range(50):
        _write(tmp_path / f"mail/{number}", 1)
    largest = measure_here("disk.largest", {"path": str(tmp_path)})
    assert (largest.data["top_path"], largest.data["complete"]) == (str(tmp_path / "films"), True)
    assert largest.data["file_path"] == str(tmp_path / "films/film")
    crowded = measure_here("disk.inodes_where", {"path": str(tmp_path)})
    assert (crowded.data["top_path"], crowded.data["top_entries"]) == (str(tmp_path / "mail"), 50)
    assert measure_here("disk.largest", {"path": "/no/such/place"}).status == "not_applicable"


def test_not_counted_while_there_is_room(tmp_path: Path) -> None:
    space = os.statvfs(tmp_path)
    if not space.f_files or space.f_favail < space.f_files // 10:
        pytest.skip("needs a file system with a limit of files and room for more")
    assert (
        measure_here("disk.inodes_where", {"path": str(tmp_path), "unless_free_percent": 1}).status == "not_applicable"
    )


def test_places_follow_the_environment() -> None:
    found = {p.name: p for p in cache_places.places("linux", {"XDG_CACHE_HOME": "/c"}, "/home/u", "/mnt")}
    assert found["pip"].paths == ("/c/pip",)
    assert found["npm"].paths == ("/home/u/.npm/_cacache",)
    assert f"/mnt/.Trash-{os.getuid()}/files" in found["trash"].paths
    assert not found["logs"].spared
    relative = {p.name: p for p in cache_places.places("linux", {"XDG_CACHE_HOME": "c"}, "/home/u")}
    assert relative["pip"].paths == ("/home/u/.cache/pip",)
    assert cache_places.places("windows", {}, "C:/u") == []


def test_reclaimable_sees_only_its_own_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _write(tmp_path / "pip/http/x", 700_000)
    (tmp_path / "yarn").symlink_to(tmp_path / "pip")
    fact = measure_here("disk.reclaimable", {"path": str(tmp_path)})
    assert fact.ok
    names = fact.data["cache_names"]
    assert isinstance(names, list) and "pip" in names and "yarn" not in names
    assert isinstance(fact.data["cache_bytes"], int) and fact.data["cache_bytes"] >= 700_000


def test_sums_of_places() -> None:
    pip, logs = Place("pip", "Python packages", CACHE, ("/c",)), Place("logs", "logs", LOGS, ("/l",), spared=False)
    data = reclaimable.reading([Sized(pip, "/c", 300, True), Sized(logs, "/l", 100, True)], "/", 1000).data
    assert (data["spare_bytes"], data["cache_percent"], data["log_percent"]) == (300, 30.0, 10.0)
    assert (data["cache_names"], data["log_names"]) == (["pip"], [])
    hidden = reclaimable.reading([Sized(logs, "/l", 0, False)], "/", 1000)
    assert hidden.data["log_bytes"] is None and "/l" in hidden.gaps["log_bytes"]


def test_write_test_here(tmp_path: Path) -> None:
    fact = measure_here("disk.write_test", {"path": str(tmp_path)})
    assert fact.data["ok"] is True
    assert list(tmp_path.iterdir()) == []


def test_write_test_tells_errors_apart() -> None:
    places = {"/a": "asked", "/h": "home", "/t": "tmp"}
    data = write_test.reading(places, {"/a": {"error": "EACCES"}, "/h": {"error": "EDQUOT"}}).data
    assert (data["error"], data["failed_path"], data["quota"], data["quota_path"]) == ("EDQUOT", "/h", True, "/h")
    answers = data["places"]
    assert isinstance(answers, list) and isinstance(answers[2], dict) and answers[2]["error"] == "no answer"
    assert write_test.reading(places, {"/a": {"error": "ENOSPC"}}).data["no_space"] is True
    assert measure_here("disk.write_test", {"path": "/no/such/place"}).data["error"] == "ENOENT"


def test_journal_lines_by_service() -> None:
    lines = [{"_SYSTEMD_UNIT": "app.service", "__REALTIME_TIMESTAMP": str(n * 10000)} for n in range(40)]
    lines.append({"SYSLOG_IDENTIFIER": "cron", "__REALTIME_TIMESTAMP": "5"})
    text = "Suppressed 1234 messages from app.service"
    lines.append({"_SYSTEMD_UNIT": "systemd-journald.service", "MESSAGE": text, "__REALTIME_TIMESTAMP": "6"})
    out = "\n".join(json.dumps(line) for line in lines) + '\n{"cut'
    assert log_growth.parse_journal(out) == ("app.service", 40.0, 1234)
    assert log_growth.parse_journal("") == ("", 0.0, 0)


def test_growing_log() -> None:
    ran = system.Ran(["journalctl"], "missing_tool")
    reading = log_growth.reading({"/l/a": 10, "/l/b": 5}, {"/l/a": 1010, "/l/b": 5, "/l/c": 50}, 2.0, (5250, 3.0), ran)
    data = reading.data
    assert (data["file"], data["file_bytes_per_s"], data["all_bytes_per_s"], data["full_in_s"]) == (
        "/l/a",
        500.0,
        525.0,
        10.0,
    )
    assert reading.gaps["unit"] == "the journal cannot be read: missing tool"
    quiet = log_growth.reading({}, {}, 1.0, (1, 1.0), system.Ran(["journalctl"], "ok", 0))
    assert quiet.data["unit_lines_per_min"] == 0.0 and "full_in_s" in quiet.gaps


def test_log_writer_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    with path.open("w"):
        assert log_growth.writer_of(str(path)) == os.getpid()
    assert log_growth.writer_of(str(path)) is None


def test_kernels() -> None:
    files = {
        "vmlinuz-1": 10,
        "initrd.img-1": 40,
        "vmlinuz-2": 11,
        "initrd.img-2": 41,
        "grub": 0,
        "vmlinuz-0-rescue-x": 9,
    }
    data = kernels.reading(files, "2").data
    assert (data["count"], data["others"], data["others_bytes"]) == (2, ["1"], 50)


def test_activity_rates() -> None:
    before = disk_activity.Counters(
        0.0, {"sda": (10, 100, 0, 0, 50)}, {(7, 1.0): ("a", 0, 0), (8, 1.0): ("b", 5, 5)}, 2, {"/": 1000}
    )
    after = disk_activity.Counters(
        2.0,
        {"sda": (20, 200, 4000, 8000, 1050), "sdb": (0, 0, 0, 0, 0)},
        {(7, 1.0): ("a", 200, 600), (8, 1.0): ("b", 5, 5), (8, 9.0): ("new", 10, 0)},
        2,
        {"/": 600, "/new": 5},
    )
    data = disk_activity.compare(before, after).data
    assert (data["busiest_device"], data["busiest_busy_percent"], data["busiest_await_ms"]) == ("sda", 50.0, 10.0)
    assert (data["writer_name"], data["writer_bytes_per_s"]) == ("a", 300.0)
    assert (data["fill_mount"], data["fill_bytes_per_s"], data["fill_full_in_s"]) == ("/", 200.0, 3.0)
    programs = data["processes"]
    assert isinstance(programs, list) and [p["name"] for p in programs if isinstance(p, dict)] == ["a", "new"]
    idle = disk_activity.compare(before, disk_activity.Counters(1.0, before.disks, before.programs, 0, before.free))
    assert idle.data["busiest_await_ms"] is None and "fill_full_in_s" in idle.gaps


def test_activity_sees_a_real_writer(tmp_path: Path) -> None:
    fact = measure_here("disk.activity", {"window_s": 0.2})
    assert fact.ok, fact.reason
    assert isinstance(fact.data["window_s"], float) and fact.data["window_s"] >= 0.2
