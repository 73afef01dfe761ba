"""The cases of disks, files and backups, for the accuracy table."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.accuracy import MOST_S, Case, Done, Ran, told
from tests.lab.host import backup_faults, disk_faults, drive_faults, rights_faults, usb_faults
from tests.lab.host.disk_faults import Break, Fault
from tests.lab.host.disks import Machine, machine

# Fault of the laboratory -> what people would type.
_FULL_WORDS = {
    "tmpfs full": ("disk is full", "No space left on device"),
    "ext4 filled by root": ("I cannot save anything any more", "not enough disk space"),
    "inodes of tmpfs": ("it says the disk is full but there is plenty of room", "cannot create new files"),
    "inodes of ext4": ("disk full although df shows free space",),
    "deleted open file": ("I deleted a huge log and the disk is still full",),
    "reserve of 5 %": ("no space left for me but root can still write",),
    "own /tmp": ("the temporary folder is full", "programs do not start, no space in /tmp"),
    "/dev/shm": ("shared memory is full", "chrome tabs crash with SIGBUS"),
    "/boot below 100 MB": ("update fails, not enough space in /boot",),
    "journal": ("the system logs eat my disk",),
    "crash dumps": ("disk full of crash dumps",),
    "log flood": ("the log files grow and grow", "something fills my disk with logs"),
    "quota of btrfs": ("Disk quota exceeded", "my storage quota is used up"),
}
_HEALTH_WORDS = {
    "ext4 error": ("everything became read-only", "Read-only file system"),
    "ext4 error in home": ("my files are suddenly read only",),
    "ext4 error, still written": ("are there errors on my disk",),
    "reads failed": ("Input/output error when I open a photo", "some files cannot be read"),
    "reads would fail": ("is my hard disk dying",),
    "xfs gave up": ("input output error on the store drive",),
    "remounted read-only": ("the drive is write protected", "I cannot write to my photo drive"),
    "btrfs remounted read-only": ("drive is read only",),
    "home is a read-only view": ("EROFS in my home folder",),
    "write-protected": ("the stick is write-protected",),
    "hung mount": ("a folder hangs when I open it", "an external drive does not answer any more", "df hangs"),
    "drive of fstab is not there": ("my data drive is gone", "a drive is missing after a reboot"),
    "drive of fstab is not attached": ("the second disk is not mounted",),
    "SMART: failed": ("SMART Status BAD, Backup and Replace", "my hard drive is dying"),
    "SMART: NVMe warns": ("my SSD reports a critical warning",),
    "SMART: replaced sectors": ("is my disk healthy",),
    "SMART: spoilt transfers": ("UDMA CRC errors on the disk",),
    "SMART: worn": ("is my SSD worn out",),
    "throttled disk": ("the disk is very slow", "copying a file takes forever"),
}
_RIGHTS_WORDS = {
    "locked file": ("operation not permitted although it is my file", "I cannot change my own file"),
    "locked folder": ("I cannot create files in my documents folder",),
    "locked file, asked": ("cannot save my letter, permission denied",),
    "locked folder, asked": ("a file cannot be deleted",),
    "locked in memory": ("EPERM when I save the list",),
    "settings of root": ("programs forget their settings", "my settings are not saved"),
    "home of root": ("I cannot write in my home folder",),
    "home without write": ("permission denied in my own home directory",),
    "sign-in file of root": ("after login I am thrown back to the login screen",),
    "closed folder": ("permission denied when I open a file of my team",),
    "file of root": ("I have no rights to change this file",),
    "held by a program": ("the file is in use by another program",),
    "office lock": ("the document is locked for editing",),
}
_BACKUP_WORDS = {
    "no backup": ("do I have a backup", "is my computer backed up"),
    "repository never used": ("are my files backed up",),
    "old borg backup": ("when was my last backup", "no backup for weeks"),
    "old restic backup": ("the last backup is old",),
    "old duplicity backup": ("deja dup has not run for a long time",),
    "rsnapshot fails": ("the nightly backup fails", "backup failed"),
}
_USB_WORDS = {
    "stick not opened": ("my usb stick does not show up", "I plugged in a stick and nothing happens"),
    "stick of btrfs not opened": ("the external disk is not mounted",),
    "nothing plugged in": ("usb drive not recognised", "the computer does not see my external drive"),
}
_DEFAULT = {"disk.full": ("disk is full",), "disk.health": ("the disk is failing",)}
_CONTROL_WORDS = ("the disk is failing", "disk is full", "permission denied")


FAULTS: dict[str, dict[str, Fault]] = {
    "disk.full": disk_faults.FULL,
    "disk.health": drive_faults.HEALTH,
    "file.perm": rights_faults.RIGHTS,
    "backup.fail": backup_faults.BACKUPS,
    "fs.usb": usb_faults.DRIVES,
}
_WORDS = {
    "disk.full": _FULL_WORDS,
    "disk.health": _HEALTH_WORDS,
    "file.perm": _RIGHTS_WORDS,
    "backup.fail": _BACKUP_WORDS,
    "fs.usb": _USB_WORDS,
}
CONTROLS: dict[str, Break] = {**drive_faults.HEALTHY, **rights_faults.HEALTHY, **backup_faults.HEALTHY}


def _cases() -> Iterator[Case]:
    for playbook, faults in FAULTS.items():
        for fault, (cause, _) in faults.items():
            words = _WORDS[playbook].get(fault) or _DEFAULT[playbook]
            asked = rights_faults.ASKED.get(fault)
            options = ("--set", asked) if asked else ()
            yield from told(fault, f"{playbook}.{cause}", *words, options=options, needs="root")
    for control in CONTROLS:
        words = ("do I have a backup",) if control in backup_faults.HEALTHY else _CONTROL_WORDS
        yield from told(control, None, *words, needs="root")


CASES: tuple[Case, ...] = tuple(_cases())


@dataclass(frozen=True)
class _Broken:
    machine: Machine
    ordinary: bool
    by_user: bool = False

    def techdoctor(self, *arguments: str) -> Ran:
        begun = time.monotonic()
        try:
            ran = self.machine.techdoctor(
                *arguments, variables={}, user=self.ordinary or self.by_user, timeout_s=MOST_S
            )
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(str(error)) from None
        return Done(ran.returncode, ran.stdout, ran.stderr, time.monotonic() - begun)


@contextmanager
def broken(case: Case, folder: Path, ordinary: bool) -> Iterator[_Broken]:
    """A machine of our own with the case's fault."""
    folder.chmod(0o755)
    with machine(folder) as built:
        try:
            if case.expected is None:
                CONTROLS[case.fault](built)
            else:
                FAULTS[case.expected.rpartition(".")[0]][case.fault][1](built)
        except AssertionError as error:
            raise RuntimeError(f"the fault could not be made: {error}") from None
        yield _Broken(
            built, ordinary, case.fault in (*rights_faults.BY_USER, *backup_faults.BACKUPS, *backup_faults.HEALTHY)
        )
