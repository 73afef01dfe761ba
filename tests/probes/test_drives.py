"""How drives are attached: read-only and why, the kernel's log of errors, fstab, reading them."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.model import Value
from techdoctor.probes.disks import attached, disk_errors, fstab, read_test
from techdoctor.probes.disks.attached import Surroundings
from techdoctor.probes.disks.mount_table import parse_mountinfo

# Linux 6.18 in a laboratory: an ext4 error made by its trigger_fs_error on a loop device.
STOPPED = b"65 44 7:0 / /photos rw,relatime - ext4 /dev/loop0 rw,errors=remount-ro,emergency_ro\n"
ROOT = b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
LOG = """\
[11671.836937] loop0: detected capacity change from 0 to 131072
[11672.104131] EXT4-fs (loop0): mounted filesystem 7357b8f4-09c4-4857-81fa-e7fa86f11c70 r/w with ordered data mode.
[11672.319301] I/O error, dev loop0, sector 20482 op 0x0:(READ) flags 0xc800 phys_seg 128 prio class 2
[11672.321000] I/O error, dev loop0, sector 21514 op 0x0:(READ) flags 0x8800 phys_seg 127 prio class 2
"""
# Public threads: a disk with unreadable sectors (blk_update_request of Linux 5.x) and a bad SATA cable (libata).
THREADS = """\
[  215.664114] ata3.00: exception Emask 0x10 SAct 0x0 SErr 0x400000 action 0x6 frozen
[  215.664121] ata3: hard resetting link
[  216.143522] ata3: SATA link up 3.0 Gbps (SStatus 123 SControl 320)
[ 4711.011370] blk_update_request: critical medium error, dev sdb, sector 1953520 op 0x0:(READ) flags 0x80700 phys_seg 1
[ 4711.011402] Buffer I/O error on dev sdb1, logical block 243934, async page read
[ 4712.500000] EXT4-fs error (device sda1): ext4_lookup:1855: inode #2: comm ls: deleted inode referenced: 12
[ 4713.500000] EXT4-fs (sda1): Remounting filesystem read-only
[ 4714.500000] BTRFS info (device sdc1: state EA): forced readonly
"""


def _around(tmp_path: Path, **more: frozenset[str]) -> Surroundings:
    return Surroundings({}, more.get("needed", frozenset({"/"})), sysfs=str(tmp_path), now_s=100.0)


def test_emergency_ro_is_an_error_although_the_mount_says_rw(tmp_path: Path) -> None:
    found = attached.reading(parse_mountinfo(ROOT + STOPPED), _around(tmp_path)).data
    assert (found["stopped_mount"], found["locked_mount"], found["read_only_count"]) == ("/photos", "", 1)


def test_older_kernels_say_ro_and_count(tmp_path: Path) -> None:
    (tmp_path / "dev/block").mkdir(parents=True)
    (tmp_path / "devices/loop0").mkdir(parents=True)
    (tmp_path / "dev/block/7:0").symlink_to(tmp_path / "devices/loop0")
    counters = tmp_path / "fs/ext4/loop0"
    counters.mkdir(parents=True)
    for name, text in (("errors_count", "2"), ("last_error_time", "40"), ("last_error_func", "ext4_lookup")):
        (counters / name).write_text(text + "\n")
    line = STOPPED.replace(b",emergency_ro", b"").replace(b" rw,", b" ro,")
    found = attached.reading(parse_mountinfo(ROOT + line), _around(tmp_path)).data
    assert (found["stopped_mount"], found["stopped_errors"]) == ("/photos", 2)
    assert (found["stopped_error_age_s"], found["stopped_error_where"]) == (60.0, "ext4_lookup")


@pytest.mark.parametrize(
    ("line", "why", "meant"),
    [
        (b"66 27 7:1 / /snap/core ro - squashfs /dev/loop1 ro\n", "nature", True),
        (b"66 27 11:0 / /media/cd ro - iso9660 /dev/sr0 ro\n", "nature", True),
        (b"66 27 0:50 / /top ro - overlay overlay ro,lowerdir=/a:/b\n", "nature", True),
        (b"66 27 0:51 / /tools ro - tmpfs tools ro\n", "person", True),
        (b"66 27 254:0 /etc/hosts /etc/hosts ro - ext4 /dev/vda rw\n", "", False),
        (b"66 27 8:17 / /stick ro - vfat /dev/sdb1 ro\n", "person", False),
        (b"66 27 0:52 / /films ro - nfs4 nas:/films ro\n", "person", False),
    ],
)
def test_what_is_read_only_on_purpose(tmp_path: Path, line: bytes, why: str, meant: bool) -> None:
    mounts = parse_mountinfo(ROOT + line)
    found = attached.reading(mounts, _around(tmp_path)).data
    records = found["read_only"]
    assert isinstance(records, list)
    shown = [(one["why"], one["meant"]) for one in records if isinstance(one, dict)]
    assert shown == ([(why, meant)] if why else [])
    assert bool(found["locked_mount"]) is bool(why and not meant)


def test_fstab_excuses_all_but_the_asked_path(tmp_path: Path) -> None:
    mounts = parse_mountinfo(ROOT + b"66 27 8:1 / /boot ro - ext4 /dev/sda1 ro\n")
    table = {"/boot": frozenset({"defaults", "ro"})}
    excused = Surroundings(table, frozenset({"/"}), sysfs=str(tmp_path))
    assert attached.reading(mounts, excused).data["locked_mount"] == ""
    asked = Surroundings(table, frozenset({"/", "/boot"}), "/boot", sysfs=str(tmp_path))
    assert attached.reading(mounts, asked).data["locked_why"] == "fstab"


def test_log_of_a_cut_off_disk() -> None:
    found = disk_errors.reading(LOG, 11680.0, {"loop0": "/data"}, {"loop0": True}).data
    assert (found["worst_disk"], found["worst_mount"], found["worst_still"]) == ("loop0", "/data", "yes")
    assert (found["worst_reads"], found["worst_writes"], found["worst_age_s"]) == (2, 0, 7.7)


def test_disks_that_are_not_attached_here_do_not_count() -> None:
    assert disk_errors.reading(LOG, 11680.0, {"sda": ""}, {}).data["disk_count"] == 0


def test_a_loop_device_with_new_content_has_no_past() -> None:
    again = LOG + "[11700.0] loop0: detected capacity change from 0 to 4096\n"
    assert disk_errors.reading(again, 11710.0, {"loop0": "/data"}, {}).data["disk_count"] == 0


def test_errors_of_public_threads() -> None:
    disks, links = disk_errors.parse_log(THREADS)
    assert (disks["sdb"].reads, disks["sdb"].sectors, disks["sdb1"].reads) == (1, [1953520], 1)
    assert (disks["sda1"].file_system, disks["sdc1"].file_system) == (2, 1)
    assert links == {"ata3": [215.664121]}


def test_a_sector_that_reads_well_now_is_history() -> None:
    found = disk_errors.reading(THREADS, 5000.0, {"sdb": ""}, {"sdb": False}).data
    assert found["worst_still"] == "no"


FSTAB = r"""
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
UUID=aa / ext4 errors=remount-ro 0 1
UUID=bb none swap sw 0 0
LABEL="My\040data" /srv/my\040data ext4 defaults 0 2
/dev/sdc1 /media/usb vfat noauto,user 0 0
nas:/films /films nfs4 _netdev,nofail 0 0
tmpfs /tmp tmpfs defaults 0 0
/srv/a /srv/b none bind 0 0
"""
# systemctl show '*.mount' of systemd 252, shortened to two units.
UNITS = """\
Where=/
What=/dev/vda
Type=ext4
Result=success
Id=-.mount
ActiveState=active

Where=/srv/old
What=/dev/disk/by-uuid/dead
Type=ext4
Result=exit-code
Id=srv-old.mount
ActiveState=failed
"""


def test_fstab_lines_that_are_attached_at_the_start() -> None:
    found = {line.point: line for line in fstab.wanted_at_start(FSTAB)}
    assert list(found) == ["/", "/srv/my data", "/films"]
    assert found["/srv/my data"].source == "LABEL=My data"


def test_missing_drives_by_reason() -> None:
    units = fstab.parse_units(UNITS)
    assert [unit["Id"] for unit in units] == ["srv-old.mount"]
    found = fstab.reading(fstab.wanted_at_start(FSTAB), {"/"}, units, {"LABEL=My data"}, set()).data
    missing = found["missing"]
    assert isinstance(missing, list)
    shown = [(one["mount"], one["why"], one["optional"]) for one in missing if isinstance(one, dict)]
    assert shown == [
        ("/srv/old", "failed", False),
        ("/srv/my data", "no_device", False),
        ("/films", "server", True),
    ]
    assert found["first_unit"] == "srv-old.mount"


def test_drives_are_found_by_udevs_links(tmp_path: Path) -> None:
    (tmp_path / "disk/by-uuid").mkdir(parents=True)
    (tmp_path / "disk/by-uuid/1234-ABCD").touch()
    assert fstab.device_is_there("UUID=1234-ABCD", str(tmp_path))
    assert not fstab.device_is_there("UUID=ffff", str(tmp_path))
    assert fstab.device_is_there("nas:/films", str(tmp_path))


def test_spots_reach_both_ends_of_a_disk() -> None:
    assert read_test.spots(131072) == [0, 32760, 65528, 98296, 131064]


def test_what_does_not_answer_is_hung_and_what_is_closed_is_neither() -> None:
    folders = {"/": "folder", "/dead": "folder", "/secret": "folder", "/bad": "folder"}
    answers: dict[str, dict[str, Value]] = {
        "/": {"error": "", "ms": 0.1},
        "/secret": {"error": "EACCES"},
        "/bad": {"error": "EIO"},
    }
    found = read_test.reading(folders, {}, answers, {})
    assert (found.data["hung"], found.data["failed_path"], found.data["failed_error"]) == (["/dead"], "/bad", "EIO")
    assert found.data["slowest_ms"] is None
