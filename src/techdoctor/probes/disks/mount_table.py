"""Linux' table of mounts: parsed, stacked mounts resolved, one mount chosen per file system.

CPython 3.9 syntax: this module travels to remote hosts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE


def _kinds(*lines: str) -> FrozenSet[str]:
    return frozenset(" ".join(lines).split())


# Kinds that hold no files of anybody's (Documentation/filesystems). autofs is among them because looking at it mounts
# things.
_NO_STORAGE = _kinds(
    "autofs bdev binder binfmt_misc bpf cgroup cgroup2 configfs cpuset debugfs devpts efivarfs functionfs fusectl",
    "fuse.gvfsd-fuse fuse.lxcfs fuse.portal hugetlbfs mqueue nfsd nsfs proc pstore ramfs resctrl rootfs rpc_pipefs",
    "securityfs selinuxfs smackfs sysfs tracefs",
)
# Kinds made once and full for ever: 100 % used is how they are.
_MADE_FULL = _kinds(
    "cramfs erofs fuse.snapfuse fuse.squashfuse fuse.squashfuse_ll iso9660 romfs squashfs",
)
_NETWORK = _kinds(
    "9p afs beegfs ceph cifs davfs fuse.davfs2 fuse.ceph fuse.glusterfs fuse.rclone fuse.s3fs fuse.sshfs gfs2",
    "glusterfs lustre ncpfs nfs nfs4 ocfs2 smb3 smbfs",
)
_OVERLAYS = frozenset(["aufs", "fuse.fuse-overlayfs", "overlay"])
_KERNEL_FOLDERS = ("/proc", "/sys")


@dataclass(frozen=True)
class Mount:
    """One line of /proc/self/mountinfo (proc_pid_mountinfo(5)).

    Attributes:
        device: "major:minor" of the file system; the same for all mounts of one.
        root: Folder of the file system that is mounted; "/" is the whole.
        point: Where it is mounted. Bytes that are not UTF-8 are surrogates (os.fsdecode).
        options: Options of this mount and of the file system, together.
        type: Kind, e.g. "ext4".
        source: Device or server it comes from, e.g. "/dev/sda2".
    """

    device: str
    root: str
    point: str
    options: Tuple[str, ...]
    type: str
    source: str

    @property
    def read_only(self) -> bool:
        """True when nothing can be written, also after an error (since Linux 6.12 ext4 says so by emergency_ro)."""
        return "ro" in self.options or "emergency_ro" in self.options

    @property
    def made_full(self) -> bool:
        """True when it is read-only by nature: a compressed image, a CD, an overlay without an upper layer."""
        upper = any(option.startswith("upperdir=") for option in self.options)
        return self.type in _MADE_FULL or (self.type == "overlay" and not upper)

    @property
    def network(self) -> bool:
        """True when another machine holds it."""
        return self.type in _NETWORK

    @property
    def overlay(self) -> bool:
        """True when it shows the numbers of the file system below it."""
        return self.type in _OVERLAYS


def parse_mountinfo(raw: bytes) -> List[Mount]:
    r"""Parses mountinfo, oldest mount first; lines of another form are left out.

    A line: `36 35 98:0 / /mnt/a\040b rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue`
    """
    mounts = []
    for line in raw.splitlines():
        before, dash, after = line.partition(b" - ")
        left, right = before.split(b" "), after.split(b" ")
        if not dash or len(left) < 6 or len(right) < 3:
            continue
        options = [*left[5].split(b","), *right[2].split(b",")]
        mounts.append(
            Mount(
                device=os.fsdecode(left[2]),
                root=_unescaped(left[3]),
                point=_unescaped(left[4]),
                options=tuple(dict.fromkeys(os.fsdecode(o) for o in options)),
                type=os.fsdecode(right[0]),
                source=_unescaped(right[1]),
            )
        )
    return mounts


def _unescaped(raw: bytes) -> str:
    """Space, tab, newline and backslash stand as three octal digits (seq_path)."""
    for code in (b"\\040", b"\\011", b"\\012", b"\\134") if b"\\" in raw else ():
        raw = raw.replace(code, bytes([int(code[1:], 8)]))
    return os.fsdecode(raw)


def read(path: str = "/proc/self/mountinfo") -> List[Mount]:
    """The mounts of this process's namespace.

    Raises:
        CannotMeasure: The table cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return parse_mountinfo(stream.read())
    except PermissionError:
        raise CannotMeasure(DENIED, f"may not read {path}") from None
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"{path} cannot be read: {error.strerror}") from None


def visible(mounts: Sequence[Mount]) -> Dict[str, Mount]:
    """Mount point to the mount one sees there: of mounts on one point the newest."""
    return {mount.point: mount for mount in mounts}


def storage(mounts: Sequence[Mount]) -> List[Mount]:
    """One mount for each file system that can hold files: the writable, whole, shortest one."""
    chosen: Dict[str, Mount] = {}
    for mount in visible(mounts).values():
        if mount.type in _NO_STORAGE or below(mount.point, _KERNEL_FOLDERS):
            continue
        other = chosen.get(mount.device)
        if other is None or _preference(mount) < _preference(other):
            chosen[mount.device] = mount
    return list(chosen.values())


def _preference(mount: Mount) -> Tuple[bool, bool, int]:
    return mount.read_only, mount.root != "/", len(mount.point)


def below(path: str, folders: Sequence[str]) -> bool:
    """True when the path is one of the folders or inside one."""
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def holding(path: str, mounts: Sequence[Mount]) -> Mount:
    """The mount an absolute path lies on, by the longest mount point above it.

    Raises:
        CannotMeasure: No mount holds it (a table without a root).
    """
    above = [point for point in visible(mounts) if below(path, [point])]
    if not above:
        raise CannotMeasure(NOT_APPLICABLE, f"no file system holds {shown(path)}")
    return visible(mounts)[max(above, key=len)]


def shown(path: str) -> str:
    """A path as text that JSON and terminals can carry: bytes that are not UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")
