"""Where a shared folder lies, from what people type and systems list."""

from __future__ import annotations

import pytest

from techdoctor.probes.shares import place
from techdoctor.probes.shares.place import NOWHERE, Place


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (r"\\nas\public", Place("nas", "smb")),
        (r"\\192.0.2.7\c$\x", Place("192.0.2.7", "smb")),
        ("//nas", Place("nas", "smb")),
        ("//ann@nas/public", Place("nas", "smb")),
        ("smb://ann@nas.example/public", Place("nas.example", "smb")),
        ("smb://nas:4450/x", Place("nas", "smb", 4450)),
        ("nfs://[2001:db8::7]/export", Place("2001:db8::7", "nfs")),
        ("nas.example:/export", Place("nas.example", "nfs")),
        ("[2001:db8::7]:/export", Place("2001:db8::7", "nfs")),
        ("sftp://nas/home", Place("nas", "sftp")),
        ("davs://cloud.example/dav", Place("cloud.example", "webdav", 443)),
        ("/mnt/nas", NOWHERE),
        (r"C:\folder", NOWHERE),
        ("C:/folder", NOWHERE),
        ("Z:", NOWHERE),
        ("smb://nas:bad/x", NOWHERE),
        ("", NOWHERE),
    ],
)
def test_what_people_type(typed: str, expected: Place) -> None:
    assert place.of_text(typed) == expected


@pytest.mark.parametrize(
    ("kind", "source", "options", "expected"),
    [
        ("cifs", "//nas/public", ("vers=3.1.1", "addr=192.0.2.7", "port=4450"), Place("nas", "smb", 4450)),
        ("nfs4", "nas:/export", ("port=0", "addr=192.0.2.7"), Place("nas", "nfs")),
        ("nfs", "[2001:db8::7]:/x", (), Place("2001:db8::7", "nfs")),
        ("fuse.sshfs", "ann@nas:", (), Place("nas", "sftp")),
        ("fuse.sshfs", "nas:folder", ("port=2222",), Place("nas", "sftp", 2222)),
        ("fuse.sshfs", "sshfs#ann@nas:/home", (), Place("nas", "sftp")),
        ("davfs", "https://cloud.example/dav", (), Place("cloud.example", "webdav", 443)),
        ("smbfs", "//ann@nas._smb._tcp.local/public", (), Place("nas._smb._tcp.local", "smb")),
        ("fuse.rclone", "cloud:", (), NOWHERE),
    ],
)
def test_what_tables_of_mounts_hold(kind: str, source: str, options: tuple[str, ...], expected: Place) -> None:
    assert place.of_mount(kind, source, options) == expected


def test_ports() -> None:
    assert Place("nas", "nfs").ports == (2049,)
    assert Place("nas", "smb", 4450).ports == (4450,)
    assert 445 in Place("nas").ports
