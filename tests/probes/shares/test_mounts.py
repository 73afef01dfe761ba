"""share.mounts: what is listed, what a person means, and which server is asked after."""

from __future__ import annotations

import errno
from pathlib import Path

from techdoctor.probes.disks.mount_table import Mount
from techdoctor.probes.shares import entries, mounts
from techdoctor.probes.shares.mounts import Heard

_ROOT = Mount("8:1", "/", "/", ("rw",), "ext4", "/dev/sda1")
_NAS = Mount("0:50", "/", "/mnt/nas", ("rw", "addr=192.0.2.7"), "cifs", "//nas/public")
_EXPORT = Mount("0:51", "/", "/srv/data", ("rw",), "nfs4", "files.example:/data")
_CLOUD = Mount("0:52", "/", "/home/ann/cloud", ("rw",), "fuse.rclone", "cloud:")
_DESKTOP = Mount("0:53", "/", "/run/user/1000/gvfs", ("rw",), "fuse.gvfsd-fuse", "gvfsd-fuse")
_ALL = [_ROOT, _NAS, _EXPORT, _CLOUD, _DESKTOP]
_FOUND = entries.of_mounts(_ALL)
_WELL = {entry.point: Heard(0, 1.0) for entry in _FOUND}


def test_disks_and_the_desktops_own_folder_are_no_shares() -> None:
    assert [(e.point, e.place.server) for e in _FOUND] == [
        ("/mnt/nas", "nas"),
        ("/srv/data", "files.example"),
        ("/home/ann/cloud", ""),
    ]


def test_fstab_names_what_is_missing() -> None:
    content = """\
# a comment
/dev/sda1 / ext4 defaults 0 1
//nas/public /mnt/nas cifs credentials=/etc/nas,_netdev 0 0
//nas/photos /mnt/my\\040photos cifs credentials=/etc/nas,_netdev 0 0
nas:/later /mnt/later nfs noauto,user 0 0
nas:/on-use /mnt/on-use nfs x-systemd.automount 0 0
sshfs#ann@nas:/home /mnt/home fuse _netdev 0 0
"""
    missing = entries.of_fstab(content, ["/", "/mnt/nas"])
    assert [(e.point, e.place.server, e.place.kind) for e in missing] == [
        ("/mnt/my photos", "nas", "smb"),
        ("/mnt/home", "nas", "sftp"),
    ]


def test_what_the_desktop_has_open() -> None:
    names = [
        "smb-share:server=nas,share=public",
        "sftp:host=nas.example,port=2222,user=ann",
        "trash:",
        "mtp:host=phone",
    ]
    found = entries.of_desktop("/run/user/1000/gvfs", names)
    assert [(e.place.server, e.place.kind, e.place.port) for e in found] == [
        ("nas", "smb", 0),
        ("nas.example", "sftp", 2222),
    ]


def test_the_server_of_the_folder_that_hangs_is_asked_after() -> None:
    data = mounts.reading(_FOUND, {**_WELL, "/srv/data": Heard(None)}).data
    assert (data["hung"], data["hung_point"], data["server"], data["kind"]) == (
        True,
        "/srv/data",
        "files.example",
        "nfs",
    )


def test_a_program_of_this_computer_is_not_blamed_on_another_one() -> None:
    data = mounts.reading(_FOUND, {**_WELL, "/home/ann/cloud": Heard(errno.ENOTCONN, 0.1)}).data
    assert (data["hung_how"], data["hung_server"], data["server"]) == ("gone", "", "")


def test_only_the_folder_asked_about_counts() -> None:
    heard = {**_WELL, "/srv/data": Heard(None)}
    asked = mounts.reading(_FOUND, heard, "/mnt/nas/letters", mounts=_ALL).data
    assert (asked["hung"], asked["hung_count"], asked["server"], asked["asked_mounted"]) == (False, 1, "nas", True)
    by_address = mounts.reading(_FOUND, heard, "smb://other/public", mounts=_ALL).data
    assert (by_address["hung"], by_address["server"], by_address["asked_mounted"]) == (False, "other", False)
    local = mounts.reading(_FOUND, heard, "/tmp/x", mounts=_ALL).data
    assert (local["hung"], local["server"]) == (False, "")


def test_a_folder_that_may_not_be_looked_into_is_not_in_trouble() -> None:
    data = mounts.reading(_FOUND, {**_WELL, "/mnt/nas": Heard(errno.EACCES, 0.1)}).data
    assert data["hung"] is False


def test_a_real_folder_answers(tmp_path: Path) -> None:
    heard = mounts.ask([str(tmp_path), str(tmp_path / "missing")], 5.0)
    assert heard[str(tmp_path)].state == "ok"
    assert heard[str(tmp_path / "missing")].error == errno.ENOENT
