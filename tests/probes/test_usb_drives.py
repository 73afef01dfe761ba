"""Removable drives: lsblk's words of old and new, USB classes, the kernel's complaints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from techdoctor.probes.disks import usb_drives


def _listing(**drive: object) -> str:
    # The shape of `lsblk -J -b` of util-linux 2.38; the values are ours.
    disk = {
        "name": "sdb",
        "kname": "sdb",
        "type": "disk",
        "tran": "usb",
        "rm": True,
        "hotplug": True,
        "size": 16008609792,
    }
    part = {"name": "sdb1", "kname": "sdb1", "type": "part", "tran": None, "size": 16007561216, "mountpoint": None}
    return json.dumps({"blockdevices": [{**disk, "model": "Flash", "fstype": None, "children": [{**part, **drive}]}]})


@pytest.mark.parametrize(
    ("drive", "state"),
    [
        ({"fstype": "vfat"}, "ready"),
        ({"fstype": "vfat", "mountpoint": "/media/STICK"}, "opened"),
        ({"fstype": "crypto_LUKS"}, "encrypted"),
        ({"fstype": "LVM2_member"}, "other"),
        ({"fstype": None}, "bare"),
    ],
)
def test_states(drive: dict[str, object], state: str) -> None:
    disk, part = usb_drives.parse_lsblk(_listing(**drive))
    assert (disk["state"], part["state"], part["kind"], part["model"]) == ("other", state, "usb", "Flash")


def test_lsblk_of_old_writes_texts() -> None:
    old = {
        "name": "sdc",
        "type": "disk",
        "rm": "1",
        "hotplug": "1",
        "size": "4000000",
        "fstype": "vfat",
        "mountpoint": None,
    }
    (drive,) = usb_drives.parse_lsblk(json.dumps({"blockdevices": [old]}))
    assert (drive["device"], drive["size_bytes"], drive["state"]) == ("/dev/sdc", 4000000, "ready")


@pytest.mark.parametrize(
    "device",
    [
        {"name": "sda", "type": "disk", "tran": "sata", "size": 9, "rm": False},
        {"name": "nvme0n1", "type": "disk", "tran": "nvme", "size": 9},
        {"name": "sr0", "type": "rom", "tran": "sata", "size": 9, "rm": True},
        {"name": "sdd", "type": "disk", "tran": "usb", "size": 0},
        {"name": "zram0", "type": "disk", "size": 9, "rm": False},
    ],
)
def test_what_is_no_removable_drive(device: dict[str, object]) -> None:
    assert usb_drives.parse_lsblk(json.dumps({"blockdevices": [device]})) == []


@pytest.mark.parametrize("out", ["", "[]", "null", '{"blockdevices": 3}'])
def test_nonsense_is_no_drive(out: str) -> None:
    assert usb_drives.parse_lsblk(out) == []


def test_usb_classes(tmp_path: Path) -> None:
    devices = tmp_path / "bus/usb/devices"
    for name, code, product in (
        ("1-1", "08", "Stick"),
        ("1-2", "03", "Mouse"),
        ("usb1", "09", "Hub"),
        ("1-3", "09", "Hub"),
    ):
        (devices / name).mkdir(parents=True)
        (devices / f"{name}:1.0").mkdir()
        (devices / name / "product").write_text(product + "\n")
        (devices / f"{name}:1.0/bInterfaceClass").write_text(code + "\n")
    assert usb_drives.usb_devices(str(tmp_path)) == (1, ["Mouse"])


def test_the_kernels_newest_complaint() -> None:
    # Public threads: a stick on a bad cable (Linux 5.4).
    log = (
        "[   99.1] usb 1-2: new high-speed USB device number 5 using xhci_hcd\n"
        "[  104.5] usb 1-2: device descriptor read/64, error -110\n"
        "[  110.0] usb usb1-port2: unable to enumerate USB device\n"
    )
    line, port = usb_drives.parse_trouble(log)
    assert (line, port) == ("usb usb1-port2: unable to enumerate USB device", "usb usb1-port2")
    assert usb_drives.parse_trouble("") == ("", "")
