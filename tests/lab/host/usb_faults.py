"""Drives that are plugged in and not opened: a loop device stands for a stick, its file for the flash."""

from __future__ import annotations

import subprocess

from tests.lab.host.disk_faults import Fault
from tests.lab.host.disks import Machine


def _stick(drives: Machine, name: str, make: str, size: str = "64M") -> str:
    image = drives.folder / f"{name}.img"
    drives.sh(f"truncate -s {size} '{image}'; {make} '{image}' >&2")
    device = drives.sh(f"losetup -f --show '{image}'").strip()
    drives.afterwards(lambda: _detach(device))
    return device


def _detach(device: str) -> None:
    subprocess.run(["umount", device], capture_output=True, check=False)
    subprocess.run(["losetup", "-d", device], capture_output=True, check=False)


def _not_opened(drives: Machine) -> None:
    _stick(drives, "stick", "mkfs.ext4 -q -F -L HOLIDAY")


def _not_opened_btrfs(drives: Machine) -> None:
    _stick(drives, "stick", "mkfs.btrfs -q -L HOLIDAY", "160M")


def _nothing_plugged(drives: Machine) -> None:
    del drives  # no USB in this kernel: nothing is seen


DRIVES: dict[str, Fault] = {
    "stick not opened": ("not_mounted", _not_opened),
    "stick of btrfs not opened": ("not_mounted", _not_opened_btrfs),
    "nothing plugged in": ("not_seen", _nothing_plugged),
}
