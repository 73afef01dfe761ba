"""The shared folders a system knows: mounted ones, those of fstab, and those of the desktop (gvfs).

CPython 3.9 syntax.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.probes.disks import fstab_table, mount_table
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.probes.shares import place
from techdoctor.probes.shares.place import Place

MOUNTED, FSTAB, DESKTOP = "mounted", "fstab", "desktop"
_LIST_S = 0.4
# A user's file system program that is no share of another computer, and that nobody would miss.
_NO_SHARE = frozenset(["fuse.gvfsd-fuse", "fuse.portal", "fuse.lxcfs", "fuse.snapfuse", "fuse.squashfuse", "fusectl"])
_GVFS_KINDS = {
    "smb-share": place.SMB,
    "nfs": place.NFS,
    "sftp": place.SFTP,
    "dav": place.WEBDAV,
    "afp-volume": place.AFP,
}


@dataclass(frozen=True)
class Entry:
    """One shared folder.

    Attributes:
        point: Where it is, or should be, in the tree of folders.
        source: What is mounted, e.g. "//nas/public".
        type: Kind of file system, e.g. "cifs"; for the desktop's its own word, e.g. "smb-share".
        found_in: "mounted", "fstab" (not mounted now) or "desktop".
        place: Server, protocol, port.
    """

    point: str
    source: str
    type: str
    found_in: str
    place: Place


def of_mounts(mounts: Sequence[Mount]) -> List[Entry]:
    """The mounts that another computer, or a program of this one (FUSE), serves: any of these can hang."""
    return [
        Entry(m.point, m.source, m.type, MOUNTED, place.of_mount(m.type, m.source, m.options))
        for m in mount_table.visible(mounts).values()
        if m.network or m.type in place.KINDS or (m.type.startswith("fuse") and m.type not in _NO_SHARE)
    ]


def of_fstab(content: str, mounted: Sequence[str]) -> List[Entry]:
    """The network file systems that fstab(5) wants mounted at the start of the system and that are not."""
    found = []
    for line in fstab_table.parse(content):
        kind = "fuse.sshfs" if line.type == "fuse" and line.source.startswith("sshfs#") else line.type
        by_hand = any(option in ("noauto", "x-systemd.automount") for option in line.options)
        if kind in place.KINDS and not by_hand and line.point not in mounted:
            where = place.of_mount(kind, line.source, line.options)
            found.append(Entry(line.point, line.source, kind, FSTAB, where))
    return found


def of_desktop(folder: str, names: Sequence[str]) -> List[Entry]:
    """What the desktop's file manager has open, from the names of gvfs' folders ("smb-share:server=nas,share=a")."""
    found = []
    for name in names:
        kind, _, rest = name.partition(":")
        values: Dict[str, str] = dict(part.partition("=")[::2] for part in rest.split(","))
        server = values.get("server") or values.get("host") or ""
        if kind in _GVFS_KINDS and server:
            port = int(values["port"]) if re.fullmatch(r"[0-9]{1,5}", values.get("port", "")) else 0
            where = Place(server, _GVFS_KINDS[kind], port)
            found.append(Entry(os.path.join(folder, name), name, kind, DESKTOP, where))
    return found


def read_linux() -> Tuple[List[Entry], List[Mount]]:
    """The shared folders of this system and its table of mounts.

    Raises:
        CannotMeasure: The table of mounts cannot be read.
    """
    mounts = mount_table.read()
    found = of_mounts(mounts)
    try:
        found += of_fstab(system.read_text("/etc/fstab"), [m.point for m in mounts])
    except CannotMeasure:
        pass  # no fstab (a container), or none for us: then it names nothing
    desktop = [m.point for m in mounts if m.type == "fuse.gvfsd-fuse"]
    for folder in desktop[:4]:
        found += of_desktop(folder, _listed(folder))
    return found, mounts


def _listed(folder: str) -> List[str]:
    try:
        return system.within(_LIST_S, lambda: sorted(os.listdir(folder)))[:32]
    except (OSError, TimeoutError):
        return []  # another user's desktop, or its program hangs: its shares stay unknown


def read_portable() -> List[Entry]:
    """The shared folders that psutil lists on macOS and Windows."""
    import psutil

    found = []
    for part in psutil.disk_partitions(all=True):
        options = tuple(part.opts.split(","))
        kind = part.fstype.lower()
        if kind in place.KINDS or "remote" in options:
            where = place.of_mount(kind, part.device, options)
            found.append(Entry(part.mountpoint, part.device, kind, MOUNTED, where))
    return found
