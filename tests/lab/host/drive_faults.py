"""What is broken about drives: errors, read-only, silent, slow, not attached; each on a machine of our own."""

from __future__ import annotations

import shlex
import time
import uuid
from pathlib import Path

from tests.lab.host.disk_faults import Fault
from tests.lab.host.disks import Machine

_BLKIO = Path("/sys/fs/cgroup/blkio")


def _trigger(drives: Machine, name: str) -> None:
    """A real error of ext4, as its own test switch makes it."""
    drives.sh(f"echo lab > /sys/fs/ext4/{drives.block_device(name)}/trigger_fs_error")


def _ext4_error(drives: Machine) -> None:
    drives.image("photos", options="loop,errors=remount-ro")
    _trigger(drives, "photos")


def _ext4_error_in_home(drives: Machine) -> None:
    image = drives.folder / "home.img"
    drives.sh(
        f"truncate -s 64M {image}; mkfs.ext4 -q -F {image}; mount -o loop,errors=remount-ro {image} {drives.home}"
    )
    _trigger(drives, "home")


def _error_and_going_on(drives: Machine) -> None:
    drives.image("photos")
    _trigger(drives, "photos")


def _cut_off(drives: Machine, read: bool) -> None:
    """The end of the disk is gone: reading there gives EIO from the block layer."""
    point = drives.image("disk", make="mkfs.ext4 -q -F -E lazy_itable_init=0")
    drives.sh(f"dd if=/dev/urandom of='{point}/film' bs=1M count=40 2>/dev/null; sync -f '{point}'")
    drives.sh(f"truncate -s 2M '{drives.folder}/disk.img'")
    if read:
        drives.sh(f"dd if='{point}/film' of=/dev/null bs=1M iflag=direct || true")


def _reads_fail(drives: Machine) -> None:
    _cut_off(drives, read=True)


def _reads_would_fail(drives: Machine) -> None:
    _cut_off(drives, read=False)


def _xfs_gave_up(drives: Machine) -> None:
    point = drives.image("store", "320M", "mkfs.xfs -q")
    drives.sh(f"xfs_io -x -c shutdown {point}")


def _remounted(drives: Machine) -> None:
    point = drives.image("my photos")
    drives.sh(f"mount -o remount,ro '{point}'")


def _home_view(drives: Machine) -> None:
    drives.sh(f"mount --bind {drives.home} {drives.home}; mount -o remount,bind,ro {drives.home}")


def _btrfs_remounted(drives: Machine) -> None:
    point = drives.image("store", "160M", "mkfs.btrfs -q")
    drives.sh(f"mount -o remount,ro {point}")


def _write_protected(drives: Machine) -> None:
    point = drives.image("stick")
    drives.sh(f"umount {point}; mount -o loop,ro {drives.folder}/stick.img {point}")


def hang(drives: Machine) -> Path:
    """A drive whose server stands still; whoever touches it waits for ever."""
    point = drives.place("net work")
    image = drives.folder / "hung.img"
    drives.sh(f"truncate -s 32M {image}; mkfs.ext4 -q -F {image}")
    drives.start("fuse2fs", "-f", str(image), str(point))
    drives.sh("for i in $(seq 100); do grep -q net.040work /proc/mounts && break; sleep 0.1; done")
    drives.sh(f"ls '{point}' >/dev/null; kill -STOP {' '.join(map(str, drives.running('fuse2fs')))}")
    return point


def _hung(drives: Machine) -> None:
    hang(drives)


def _fstab(drives: Machine, line: str) -> None:
    table = drives.folder / "fstab"
    table.write_text(f"# <file system> <mount point> <type> <options> <dump> <pass>\n{line}\n")
    drives.sh(f"touch /etc/fstab; mount --bind {table} /etc/fstab")


def _no_such_drive(drives: Machine) -> None:
    _fstab(drives, "UUID=0b0eff2c-7a8c-4f29-b4a6-1d2b5c2f9a77 /srv/photos ext4 defaults 0 2")


def _never_attached(drives: Machine) -> None:
    point = drives.image("archive")
    drives.sh(f"umount {point}")
    _fstab(drives, f"{drives.folder}/archive.img {point} ext4 loop 0 2")


def _throttled(drives: Machine) -> None:
    """One program may write 100 kB a second, as a bad disk would let it."""
    point, group = drives.image("slow", "128M"), _BLKIO / f"tdlab-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    drives.afterwards(lambda: _remove(group))
    number = drives.sh(f"cat /sys/block/{drives.block_device('slow')}/dev").strip()
    (group / "blkio.throttle.write_bps_device").write_text(f"{number} 100000")
    writing = f"dd if=/dev/zero of={shlex.quote(str(point))}/film bs=64k oflag=direct count=1000"
    drives.start("sh", "-c", f"echo 0 > {group}/cgroup.procs; exec {writing}")
    for _ in range(100):
        if drives.running("dd"):
            break
        time.sleep(0.05)
    time.sleep(1.0)


def _remove(group: Path) -> None:
    for _ in range(100):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)  # its last program is still ending
        else:
            return


_RECORDED = Path(__file__).parents[2] / "probes/cases/disk.smart"


def _telling(drives: Machine, recording: str, *changed: tuple[str, str]) -> None:
    """No disk here has SMART: in smartctl's place a program that says what a real disk once said."""
    said = (_RECORDED / f"{recording}.json").read_text()
    for before, after in changed:
        assert before in said
        said = said.replace(before, after)
    (drives.folder / "said.json").write_text(said)
    (drives.folder / "devices.json").write_text('{"devices": [{"name": "/dev/sda", "type": "sat"}]}')
    program = drives.folder / "smartctl"
    listing = f'case "$1" in --scan) cat {drives.folder}/devices.json;; *) cat {drives.folder}/said.json;; esac'
    program.write_text(f"#!/bin/sh\n{listing}\n")
    program.chmod(0o755)
    drives.sh(f"mount --bind {program} $(command -v smartctl || command -v /usr/sbin/smartctl)")


def _failing_disk(drives: Machine) -> None:
    _telling(drives, "failed-hard-disk")


def _nvme_that_warns(drives: Machine) -> None:
    _telling(drives, "nvme-warning-16")


def _replaced_sectors(drives: Machine) -> None:
    _telling(drives, "reallocated-304")


def _one_uncorrected(drives: Machine) -> None:
    _telling(drives, "reported-1")


def _nvme_media_errors(drives: Machine) -> None:
    _telling(drives, "nvme-media-errors")


def _spoilt_transfers(drives: Machine) -> None:
    _telling(drives, "crc-3118119")


def _worn(drives: Machine) -> None:
    # No recording of a worn SSD is at hand: a sound one's with another number.
    _telling(drives, "sound-nvme", ('"percentage_used": 0', '"percentage_used": 94'))


def _sound_by_itself(drives: Machine) -> None:
    _telling(drives, "sound-hard-disk")


def _sound_ssd(drives: Machine) -> None:
    _telling(drives, "sound-ssd")


HEALTH: dict[str, Fault] = {
    "ext4 error": ("read_only", _ext4_error),
    "ext4 error in home": ("read_only", _ext4_error_in_home),
    "ext4 error, still written": ("errors_counted", _error_and_going_on),
    "reads failed": ("io_errors", _reads_fail),
    "reads would fail": ("io_errors", _reads_would_fail),
    "xfs gave up": ("io_errors", _xfs_gave_up),
    "remounted read-only": ("mounted_read_only", _remounted),
    "btrfs remounted read-only": ("mounted_read_only", _btrfs_remounted),
    "home is a read-only view": ("mounted_read_only", _home_view),
    "write-protected": ("mounted_read_only", _write_protected),
    "hung mount": ("hung_mount", _hung),
    "drive of fstab is not there": ("mount_failed", _no_such_drive),
    "drive of fstab is not attached": ("mount_failed", _never_attached),
    "throttled disk": ("slow_disk", _throttled),
    "SMART: failed": ("smart_failing", _failing_disk),
    "SMART: NVMe warns": ("smart_failing", _nvme_that_warns),
    "SMART: replaced sectors": ("smart_prefail", _replaced_sectors),
    "SMART: one read not corrected": ("smart_prefail", _one_uncorrected),
    "SMART: NVMe lost data": ("smart_prefail", _nvme_media_errors),
    "SMART: spoilt transfers": ("cable", _spoilt_transfers),
    "SMART: worn": ("ssd_worn", _worn),
}


def _squashfs(drives: Machine) -> None:
    (drives.folder / "files").mkdir()
    (drives.folder / "files/data").write_bytes(bytes(range(256)) * 4096)
    point = drives.place("snap")
    drives.sh(f"mksquashfs {drives.folder}/files {drives.folder}/image -quiet -no-progress")
    drives.sh(f"mount -o loop {drives.folder}/image {point}")


def _read_only_by_fstab(drives: Machine) -> None:
    point = drives.image("start")
    drives.sh(f"mount -o remount,ro {point}")
    _fstab(drives, f"{drives.folder}/start.img {point} ext4 loop,ro 0 2")


def _layers(drives: Machine) -> None:
    lower, top = drives.image("layer"), drives.place("top")
    drives.sh(f"mkdir {lower}/a {lower}/b; mount -t overlay lab -o lowerdir={lower}/a:{lower}/b {top}")
    secret = drives.memory("secret", "size=1m")
    drives.sh(f"mount --bind {secret} {secret}; mount -o remount,bind,ro {secret}")


def _busy(drives: Machine) -> None:
    point = drives.image("copy", "256M")
    drives.start("sh", "-c", f"while :; do dd if=/dev/zero of={point}/film bs=1M count=150 oflag=direct; done")
    time.sleep(0.5)


def _optional_drive(drives: Machine) -> None:
    _fstab(drives, "UUID=0b0eff2c-7a8c-4f29-b4a6-1d2b5c2f9a77 /media/backup ext4 nofail,noauto 0 2")


def _sound(drives: Machine) -> None:
    drives.image("disk")
    drives.image("other disk", "160M", "mkfs.btrfs -q")


# Nothing is wrong with these.
HEALTHY = {
    "sound disks": _sound,
    "SMART: sound hard disk": _sound_by_itself,
    "SMART: sound SSD": _sound_ssd,
    "image that is made full": _squashfs,
    "read-only by fstab": _read_only_by_fstab,
    "layers and views of a container": _layers,
    "busy disk": _busy,
    "drive that need not be there": _optional_drive,
}
