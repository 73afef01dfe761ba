"""The table of mounts: what is storage, what is seen, and which mount stands for a file system."""

from __future__ import annotations

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.disks.mount_table import Mount, below, holding, parse_mountinfo, read, shown, storage, visible

# The first line stands in the kernel's Documentation/filesystems/proc.rst; spaces and tabs are octal there.
_LINES = (
    rb"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" + b"\n"
    rb"40 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro" + b"\n"
    rb"41 40 0:22 / /proc rw - proc proc rw" + b"\n"
    rb"42 40 7:3 / /snap/core/1 ro,nodev - squashfs /dev/loop3 ro" + b"\n"
    rb"43 40 8:17 / /media/my\040stick\011x rw - vfat /dev/sdb1 rw" + b"\n"
    rb"44 40 8:2 /home /mnt/again rw - ext4 /dev/sda2 rw" + b"\n"
    rb"45 40 0:50 / /tmp rw - tmpfs tmpfs rw,size=4k" + b"\n"
    rb"46 45 0:51 / /tmp rw - tmpfs tmpfs rw,size=8k" + b"\n"
    b"47 40 0:60 / /net\\134share\xff rw - nfs4 server:/x rw\n"
    rb"48 40 8:33 / /broken rw,relatime - ext4 /dev/sdc1 rw,emergency_ro" + b"\n"
    rb"49 40 0:70 / /lower ro - overlay overlay ro,lowerdir=/a:/b" + b"\n"
    rb"50 40 0:71 / /upper rw - overlay overlay rw,lowerdir=/a,upperdir=/u,workdir=/w" + b"\n"
    rb"51 40 0:72 / /auto rw - autofs systemd-1 rw" + b"\n"
    b"nonsense\n\n52 40 -\n"
)


@pytest.fixture
def mounts() -> dict[str, Mount]:
    return {mount.point: mount for mount in parse_mountinfo(_LINES)}


def test_lines_of_another_form_are_left_out(mounts: dict[str, Mount]) -> None:
    assert len(parse_mountinfo(_LINES)) == 13
    assert mounts["/mnt2"] == Mount("98:0", "/mnt1", "/mnt2", ("rw", "noatime", "errors=continue"), "ext3", "/dev/root")


def test_escapes_and_foreign_bytes(mounts: dict[str, Mount]) -> None:
    assert "/media/my stick\tx" in mounts
    assert shown(next(point for point in mounts if point.startswith("/net"))) == "/net\\share\ufffd"


def test_an_error_that_made_ext4_read_only_is_seen_by_its_word(mounts: dict[str, Mount]) -> None:
    assert mounts["/broken"].read_only
    assert not mounts["/"].read_only


def test_made_full(mounts: dict[str, Mount]) -> None:
    assert mounts["/snap/core/1"].made_full
    assert mounts["/lower"].made_full
    assert not mounts["/upper"].made_full
    assert mounts[next(point for point in mounts if point.startswith("/net"))].network


def test_the_newest_of_stacked_mounts_is_seen() -> None:
    assert visible(parse_mountinfo(_LINES))["/tmp"].device == "0:51"


def test_storage_is_each_file_system_once() -> None:
    points = {mount.point for mount in storage(parse_mountinfo(_LINES))}
    assert {"/", "/tmp", "/media/my stick\tx", "/upper"} <= points
    assert not points & {"/proc", "/auto", "/mnt/again"}


def test_the_longest_mount_point_holds_a_path() -> None:
    mounts = parse_mountinfo(_LINES)
    assert holding("/tmp/x/y", mounts).device == "0:51"
    assert holding("/tmpx", mounts).point == "/"
    with pytest.raises(CannotMeasure):
        holding("/x", [mount for mount in mounts if mount.point != "/"])


def test_below_compares_whole_names() -> None:
    assert below("/proc/1", ["/proc"]) and below("/proc", ["/proc"]) and below("/x", ["/"])
    assert not below("/process", ["/proc"])


def test_own_table_has_a_root() -> None:
    assert holding("/nowhere/at/all", read()).point == "/"


def test_no_table() -> None:
    with pytest.raises(CannotMeasure) as caught:
        read("/nowhere/mountinfo")
    assert caught.value.status == "not_applicable"
