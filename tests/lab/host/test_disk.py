"""Real full file systems: the real command line names the cause wherever it is, and none where nothing is wrong."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.host.breakage import Outcome
from tests.lab.host.disks import Machine, machine

pytestmark = pytest.mark.lab
_HOLD = """
import os, sys, time
held = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
try:
    while os.write(held, b"x" * 65536): pass
except OSError: pass
os.unlink(sys.argv[1])
time.sleep(100)
"""


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path) as built:
        yield built


def _hold_deleted(disks: Machine, point: Path) -> None:
    disks.start("/usr/bin/env", "python3", "-c", _HOLD, str(point / "app.log"))
    for _ in range(200):
        if disks.sh("ls -l /proc/[0-9]*/fd 2>/dev/null | grep 'app.log (deleted)' || true"):
            return
        time.sleep(0.05)
    raise AssertionError("the file was not filled and deleted in time")


def _tmpfs(disks: Machine) -> None:
    disks.fill(disks.memory("data", "size=16m"))


def _one_mebibyte(disks: Machine) -> None:
    disks.fill(disks.memory("my data", "size=1m"))


def _ext4_by_root(disks: Machine) -> None:
    disks.fill(disks.image("disk", "64M", "mkfs.ext4 -q -F"))


def _large_ext4_by_root(disks: Machine) -> None:
    disks.fill(disks.image("disk", "2G", "mkfs.ext4 -q -F"))


def _ext2_without_reserve(disks: Machine) -> None:
    disks.fill(disks.image("disk", "16M", "mkfs.ext2 -q -F -m 0"), user=True)


def _overlay(disks: Machine) -> None:
    upper, top = disks.memory("upper", "size=8m"), disks.place("top")
    lower = disks.place("lower")
    layers = f"lowerdir={lower},upperdir={upper}/u,workdir={upper}/w"
    disks.sh(f"mkdir {upper}/u {upper}/w; mount -t overlay lab -o {layers} {top}")
    disks.fill(top)


def _inodes(disks: Machine) -> None:
    point = disks.memory("mail", "size=16m,nr_inodes=200")
    disks.sh(f"cd {point}; seq 250 | xargs touch 2>/dev/null || true")


def _inodes_of_ext4(disks: Machine) -> None:
    point = disks.image("mail", "32M", "mkfs.ext4 -q -F -N 128")
    disks.sh(f"mkdir {point}/cache; cd {point}/cache; seq 250 | xargs touch 2>/dev/null || true")


def _deleted(disks: Machine) -> None:
    _hold_deleted(disks, disks.image("disk", "64M", "mkfs.ext4 -q -F"))


def _deleted_in_memory(disks: Machine) -> None:
    disks.fill(disks.memory("other", "size=64m"))
    _hold_deleted(disks, disks.memory("data", "size=4m"))


def _reserved(disks: Machine) -> None:
    disks.fill(disks.image("disk", "64M", "mkfs.ext4 -q -F -m 20"), user=True)


def _reserved_by_default(disks: Machine) -> None:
    disks.fill(disks.image("disk", "256M", "mkfs.ext4 -q -F"), user=True)


def _tmp(disks: Machine) -> None:
    checkout = shlex.quote(str(Path(__file__).parents[3]))
    keep = bring = ""
    if checkout.startswith("/tmp/"):  # the program itself must stay in sight
        keep = f"mount --bind {checkout} /mnt; "
        bring = f"mkdir -p {checkout}; mount --bind /mnt {checkout}; "
    disks.sh(f"{keep}mount -t tmpfs -o size=4m lab /tmp; {bring}head -c 9M /dev/zero > /tmp/x || true")


def _shm(disks: Machine) -> None:
    disks.sh("mount -t tmpfs -o size=64m lab /dev/shm; head -c 99M /dev/zero > /dev/shm/x || true")


def _boot(disks: Machine) -> None:
    disks.sh("mkdir -p /boot; mount -t tmpfs -o size=300m lab /boot; head -c 240M /dev/zero > /boot/vmlinuz-1.2.3")


def _journal(disks: Machine) -> None:
    disks.sh("mount -t tmpfs -o size=32m lab /var/log; mkdir /var/log/journal")
    disks.fill(Path("/var/log/journal"))


def _dumps(disks: Machine) -> None:
    disks.sh("mkdir -p /var/lib/systemd/coredump; mount -t tmpfs -o size=32m lab /var/lib/systemd/coredump")
    disks.fill(Path("/var/lib/systemd/coredump"))


def _flood(disks: Machine) -> None:
    disks.sh("mount -t tmpfs -o size=512m lab /var/log")
    disks.start("sh", "-c", "while sleep 0.05; do head -c 50000 /dev/zero; done >> /var/log/app.log")
    time.sleep(0.5)


FAULTS: dict[str, tuple[Callable[[Machine], None], str]] = {
    "tmpfs full": (_tmpfs, "space_used_up"),
    "tmpfs of 1 MiB, space in its name": (_one_mebibyte, "space_used_up"),
    "ext4 filled by root": (_ext4_by_root, "space_used_up"),
    "ext4 of 2 GiB filled by root": (_large_ext4_by_root, "space_used_up"),
    "ext2 without reserve": (_ext2_without_reserve, "space_used_up"),
    "overlay full": (_overlay, "space_used_up"),
    "inodes of tmpfs": (_inodes, "inodes_used_up"),
    "inodes of ext4": (_inodes_of_ext4, "inodes_used_up"),
    "deleted open file": (_deleted, "deleted_but_open"),
    "deleted beside another full": (_deleted_in_memory, "deleted_but_open"),
    "reserve of 20 %": (_reserved, "reserved_blocks"),
    "reserve of 5 %": (_reserved_by_default, "reserved_blocks"),
    "own /tmp": (_tmp, "tmp_full"),
    "/dev/shm": (_shm, "shm_full"),
    "/boot below 100 MB": (_boot, "boot_full"),
    "journal": (_journal, "journal_big"),
    "crash dumps": (_dumps, "coredumps"),
    "log flood": (_flood, "log_flood"),
}


def _note(record: Callable[[str, object], None], fault: str, expected: str, outcome: Outcome) -> None:
    record("row", (fault, expected, (outcome.cause or "").removeprefix("disk.full."), outcome.seconds))


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(disks: Machine, fault: str, record_property: Callable[[str, object], None]) -> None:
    breaks, expected = FAULTS[fault]
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
    _hold_deleted(disks, disks.memory("held", "size=4m"))
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
    assert outcome.cause is None
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
    _deleted(disks)
    outcome = disks.diagnose("--fix", "safe")
    assert outcome.cause == "disk.full.deleted_but_open"
    assert outcome.tree["end"] != "solved"


def test_program_with_deleted_file_is_ended(disks: Machine) -> None:
    _deleted(disks)
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
