"""What is broken about disks: each fault on a machine of our own, by name, with the cause it is."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path

from tests.lab.host.disks import Machine

Break = Callable[[Machine], None]
Fault = tuple[str, Break]
_HOLD = """
import os, sys, time
held = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
try:
    while os.write(held, b"x" * 65536): pass
except OSError: pass
os.unlink(sys.argv[1])
time.sleep(100)
"""


def hold_deleted(disks: Machine, point: Path) -> None:
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


def deleted(disks: Machine) -> None:
    hold_deleted(disks, disks.image("disk", "64M", "mkfs.ext4 -q -F"))


def _deleted_in_memory(disks: Machine) -> None:
    disks.fill(disks.memory("other", "size=64m"))
    hold_deleted(disks, disks.memory("data", "size=4m"))


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


def _quota(disks: Machine) -> None:
    """A real quota: what btrfs gives a part of itself. Writing beyond it ends with EDQUOT."""
    image, home = disks.folder / "home.img", disks.home
    disks.sh(f"truncate -s 200M {image}; mkfs.btrfs -q {image}; mount -o loop {image} {home}; chmod 777 {home}")
    disks.sh(f"btrfs quota enable {home}; btrfs qgroup limit 16M {home}; sync -f {home}")
    disks.sh(f"for n in 1 2 3; do dd if=/dev/zero of={home}/film$n bs=64k conv=fsync 2>/dev/null || true; done")


FULL: dict[str, Fault] = {
    "tmpfs full": ("space_used_up", _tmpfs),
    "tmpfs of 1 MiB, space in its name": ("space_used_up", _one_mebibyte),
    "ext4 filled by root": ("space_used_up", _ext4_by_root),
    "ext4 of 2 GiB filled by root": ("space_used_up", _large_ext4_by_root),
    "ext2 without reserve": ("space_used_up", _ext2_without_reserve),
    "overlay full": ("space_used_up", _overlay),
    "inodes of tmpfs": ("inodes_used_up", _inodes),
    "inodes of ext4": ("inodes_used_up", _inodes_of_ext4),
    "deleted open file": ("deleted_but_open", deleted),
    "deleted beside another full": ("deleted_but_open", _deleted_in_memory),
    "reserve of 20 %": ("reserved_blocks", _reserved),
    "reserve of 5 %": ("reserved_blocks", _reserved_by_default),
    "own /tmp": ("tmp_full", _tmp),
    "/dev/shm": ("shm_full", _shm),
    "/boot below 100 MB": ("boot_full", _boot),
    "journal": ("journal_big", _journal),
    "crash dumps": ("coredumps", _dumps),
    "log flood": ("log_flood", _flood),
    "quota of btrfs": ("quota_reached", _quota),
}
