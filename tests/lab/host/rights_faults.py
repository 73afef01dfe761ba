"""What is wrong with files: locked against changes, not one's own, a closed folder, held by another program."""

from __future__ import annotations

import time

from tests.lab.host.disk_faults import Break, Fault
from tests.lab.host.disks import Machine

NOBODY = "65533:65533"


def _home_on_ext4(files: Machine) -> None:
    image = files.folder / "home.img"
    files.sh(
        f"truncate -s 32M {image}; mkfs.ext4 -q -F {image}; mount -o loop {image} {files.home}; chmod 777 {files.home}"
    )
    files.sh(f"mkdir -p {files.home}/Documents {files.home}/.config/app; rm -rf {files.home}/lost+found")
    files.sh(f"echo text > '{files.home}/Documents/my letter.txt'; chown -R {NOBODY} {files.home}")
    # What is locked cannot be thrown away with the folder of the test: the namespaces take it with them.


def _locked_file(files: Machine) -> None:
    _home_on_ext4(files)
    files.sh(f"chattr +i '{files.home}/Documents/my letter.txt'")


def _locked_folder(files: Machine) -> None:
    _home_on_ext4(files)
    files.sh(f"chattr +i {files.home}/Documents")


def _locked_in_memory(files: Machine) -> None:
    point = files.memory("notes", "size=4m")
    files.sh(f"echo text > {point}/list.txt; chattr +i {point}/list.txt")


def _settings_of_root(files: Machine) -> None:
    _home_on_ext4(files)
    files.sh(f"chown -R 0:0 {files.home}/.config; chmod 755 {files.home}/.config; chmod 700 {files.home}/.config/app")


def _home_of_root(files: Machine) -> None:
    _home_on_ext4(files)
    files.sh(f"chown 0:0 {files.home}; chmod 755 {files.home}")


def _home_without_write(files: Machine) -> None:
    _home_on_ext4(files)
    files.sh(f"chmod 555 {files.home}")


def _sign_in_file_of_root(files: Machine) -> None:
    _home_on_ext4(files)
    files.sh(f"touch {files.home}/.Xauthority; chmod 600 {files.home}/.Xauthority; chown 0:0 {files.home}/.Xauthority")


def _closed_folder(files: Machine) -> None:
    _home_on_ext4(files)
    shared = files.place("shared")
    files.sh(f"mkdir {shared}/team; echo text > {shared}/team/plan.txt; chown -R 0:0 {shared}; chmod 700 {shared}/team")


def _file_of_root(files: Machine) -> None:
    _home_on_ext4(files)
    shared = files.place("shared")
    files.sh(f"echo text > {shared}/plan.txt; chown 0:0 {shared}/plan.txt; chmod 644 {shared}/plan.txt")


def _held(files: Machine) -> None:
    _home_on_ext4(files)
    files.start("flock", f"{files.home}/Documents/my letter.txt", "sleep", "60")
    for _ in range(100):
        if files.running("sleep")[1:]:
            break
        time.sleep(0.05)


def _office_lock(files: Machine) -> None:
    _home_on_ext4(files)
    lock = f"{files.home}/Documents/.~lock.my letter.txt#"
    files.sh(f"echo ',anna,laptop,22.11.2026 10:00,file:///home/anna/.config/libreoffice/4;' > '{lock}'")


LETTER = "path={folder}/home/Documents/my letter.txt"
# Fault -> what is asked about beside the words.
ASKED = {
    "locked file, asked": LETTER,
    "locked folder, asked": LETTER,
    "locked in memory": "path={folder}/notes/list.txt",
    "closed folder": "path={folder}/shared/team/plan.txt",
    "file of root": "path={folder}/shared/plan.txt",
    "held by a program": LETTER,
    "office lock": LETTER,
}
RIGHTS: dict[str, Fault] = {
    "locked file": ("immutable", _locked_file),
    "locked folder": ("immutable", _locked_folder),
    "locked file, asked": ("immutable", _locked_file),
    "locked folder, asked": ("immutable", _locked_folder),
    "locked in memory": ("immutable", _locked_in_memory),
    "settings of root": ("home_not_writable", _settings_of_root),
    "home of root": ("home_not_writable", _home_of_root),
    "home without write": ("home_not_writable", _home_without_write),
    "sign-in file of root": ("home_not_writable", _sign_in_file_of_root),
    "closed folder": ("folder_refuses", _closed_folder),
    "file of root": ("not_yours", _file_of_root),
    "held by a program": ("in_use", _held),
    "office lock": ("in_use", _office_lock),
}
# As root, rights stop nobody: these are told by an ordinary user.
BY_USER = frozenset(["home of root"])
HEALTHY: dict[str, Break] = {"a home in order": _home_on_ext4}
