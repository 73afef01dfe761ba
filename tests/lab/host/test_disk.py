"""Real full file systems: the real command line names the cause wherever it is, and none where nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.host import disk_faults
from tests.lab.host.breakage import Outcome
from tests.lab.host.disks import Machine, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path) as built:
        yield built


def _note(record: Callable[[str, object], None], fault: str, expected: str, outcome: Outcome) -> None:
    record("row", (fault, expected, (outcome.cause or "").removeprefix("disk.full."), outcome.seconds))


@pytest.mark.parametrize("fault", disk_faults.FULL)
def test_fault(disks: Machine, fault: str, record_property: Callable[[str, object], None]) -> None:
    expected, breaks = disk_faults.FULL[fault]
    breaks(disks)
    outcome = disks.diagnose()
    _note(record_property, fault, expected, outcome)
    assert outcome.cause == f"disk.full.{expected}", outcome.tree["findings"]
    assert (outcome.tree["end"], outcome.code) == ("found", 1)
    assert outcome.seconds < 12


def test_healthy(disks: Machine, record_property: Callable[[str, object], None]) -> None:
    disks.memory("roomy", "size=64m")
    outcome = disks.diagnose()
    _note(record_property, "healthy", "", outcome)
    assert (outcome.cause, outcome.findings) == (None, {})
    assert (outcome.tree["end"], outcome.code) == ("not_reproduced", 0)


def test_large_disk_with_room_is_healthy(disks: Machine) -> None:
    point = disks.image("disk", "3T", "mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,nodiscard -T largefile4")
    free = int(disks.sh(f"df -B1 --output=avail {point} | tail -1"))
    disks.sh(f"fallocate -l {free - (230 << 30)} {point}/films")
    outcome = disks.diagnose("--set", f"path={point}")
    assert outcome.fact("fs")["worst_avail_percent"] < 9
    assert outcome.cause is None


def test_image_made_full_is_healthy(disks: Machine) -> None:
    (disks.folder / "files").mkdir()
    (disks.folder / "files/data").write_bytes(bytes(range(256)) * 4096)
    disks.sh(
        f"command -v mksquashfs >/dev/null; mksquashfs {disks.folder}/files {disks.folder}/image -quiet -no-progress"
    )
    point = disks.place("image mount")
    disks.sh(f"mount -o loop '{disks.folder}/image' '{point}'")
    assert disks.diagnose().cause is None
    asked = disks.diagnose("--set", f"path={point}")
    assert (asked.cause, asked.tree["path"][-1]["node"]) == (None, "nothing_to_fill")


def test_only_the_asked_file_system_counts(disks: Machine) -> None:
    full, roomy = disks.memory("full", "size=8m"), disks.memory("roomy", "size=64m")
    disks.fill(full)
    assert disks.diagnose("--set", f"path={roomy}").cause is None
    asked = disks.diagnose("--set", f"path={full}/some/folder/that/is/missing")
    assert asked.cause == "disk.full.space_used_up"
    assert asked.fact("fs")["worst_mount"] == str(full)


def test_ordinary_user(disks: Machine) -> None:
    point = disks.memory("data", "size=16m")
    disks.fill(point)
    outcome = disks.diagnose(user=True)
    assert outcome.cause == "disk.full.space_used_up"
    disk_faults.hold_deleted(disks, disks.memory("held", "size=4m"))
    hidden = disks.diagnose(user=True)
    reasons = {entry["cause"]: entry["reason"] for entry in hidden.tree["not_judged"]}
    assert "administrator rights" in reasons["disk.full.deleted_but_open"]


def test_hung_mount_leaves_the_others(disks: Machine, record_property: Callable[[str, object], None]) -> None:
    point, full = disks.place("hung"), disks.memory("full", "size=8m")
    disks.sh(f"truncate -s 32M {disks.folder}/hung.img; mkfs.ext4 -q -F {disks.folder}/hung.img")
    disks.start("fuse2fs", "-f", f"{disks.folder}/hung.img", str(point))
    disks.sh(
        f"for i in $(seq 100); do grep -q ' {point} ' /proc/mounts && break; sleep 0.1; done; ls {point} >/dev/null"
    )
    disks.sh(
        'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = fuse2fs ] && kill -STOP ${p#/proc/} || true; done'
    )
    outcome = disks.diagnose()
    fact = outcome.tree["facts"]["fs"]
    assert (fact["status"], fact["data"]["hung_mounts"]) == ("ok", [str(point)])
    assert fact["duration_ms"] < 2000
    assert outcome.cause == "disk.health.hung_mount"
    disks.fill(full)
    outcome = disks.diagnose()
    _note(record_property, "full beside a hung mount", "space_used_up", outcome)
    assert outcome.cause == "disk.full.space_used_up"
    asked = disks.diagnose("--set", f"path={point}/x")
    assert (asked.tree["end"], asked.code) == ("inconclusive", 3)


def test_full_cache_is_mended(disks: Machine) -> None:
    cache = disks.memory("cache", "size=32m")
    keep = disks.folder / "keep"
    keep.write_text("not to be deleted")
    disks.sh(f"mkdir -p {cache}/pip/http; ln -s {disks.folder} {cache}/pip/link")
    disks.fill(cache / "pip/http")
    answers = disks.folder / "answers.yaml"
    answers.write_text("empty_caches: 'yes'\n")
    outcome = disks.diagnose("--answers", str(answers), XDG_CACHE_HOME=str(cache))
    assert outcome.cause == "disk.full.caches_and_trash"
    assert (outcome.tree["end"], outcome.code) == ("solved", 0)
    assert disks.sh(f"ls -A {cache}/pip") == ""
    assert keep.read_text() == "not to be deleted"


def test_safe_fixes_do_not_end_programs(disks: Machine) -> None:
    disk_faults.deleted(disks)
    outcome = disks.diagnose("--fix", "safe")
    assert outcome.cause == "disk.full.deleted_but_open"
    assert outcome.tree["end"] != "solved"


def test_program_with_deleted_file_is_ended(disks: Machine) -> None:
    disk_faults.deleted(disks)
    answers = disks.folder / "answers.yaml"
    answers.write_text("end_program: 'yes'\n")
    outcome = disks.diagnose("--answers", str(answers))
    assert (outcome.cause, outcome.tree["end"], outcome.code) == ("disk.full.deleted_but_open", "solved", 0)


def test_emptying_that_does_not_help_is_not_called_solved(disks: Machine) -> None:
    cache = disks.memory("cache", "size=32m")
    disks.sh(f"mkdir -p {cache}/pip")
    disks.fill(cache / "pip")
    disks.fill(disks.memory("other", "size=8m"))
    answers = disks.folder / "answers.yaml"
    answers.write_text("empty_caches: 'yes'\n")
    outcome = disks.diagnose("--answers", str(answers), XDG_CACHE_HOME=str(cache))
    assert disks.sh(f"ls -A {cache}/pip") == ""
    assert outcome.tree["end"] != "solved"
    assert outcome.code == 5
