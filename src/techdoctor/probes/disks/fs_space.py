"""What mounts and answers say together: one record per file system, the most harmed first. CPython 3.9 syntax."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.disks import mount_table
from techdoctor.probes.disks.fs_ask import Answer
from techdoctor.probes.disks.mount_table import Mount

# Kinds that keep blocks back for root; elsewhere "free but not available" has other reasons (btrfs metadata).
_WITH_RESERVE = frozenset(["ext2", "ext3", "ext4", "f2fs", "fuse.fuse2fs", "fuseblk", "ufs"])
# Weights for the order "most harmed first" only; the judgement stands in playbooks.
# Source: netdata health.d/disks.conf, critical at 98 % used and less than 5 GB left.
_PERCENT, _BYTES = 3.0, 5 << 30
# The same for small file systems, where nothing of size fits any more. Source: netdata's warning at 90 % used.
_SMALL_PERCENT, _SMALL_BYTES = 10.0, 1 << 20
# Kinds that make inodes from free space: without space they have none left, which says nothing new.
_INODES_FROM_SPACE = frozenset(["apfs", "bcachefs", "btrfs", "xfs", "zfs"])
_APFS_DATA = "/System/Volumes/Data"


@dataclass(frozen=True)
class Space:
    """One file system with its numbers.

    Attributes:
        mount: Where and how it is mounted.
        answer: What the kernel said; None when it did not answer.
        role: "root", "home", "tmp", "shm", "boot" or "".
    """

    mount: Mount
    answer: Optional[Answer]
    role: str = ""

    @property
    def usable(self) -> bool:
        """It answers, has a size and can be written."""
        return self.answer is not None and self.answer.total_bytes > 0 and not self.mount.read_only

    @property
    def avail_percent(self) -> float:
        """Free of what everybody may use, as df counts."""
        assert self.answer is not None
        return avail_percent(self.answer)

    @property
    def reserve_bytes(self) -> int:
        """What is still free but kept back for root."""
        answer = self.answer
        if answer is None or self.mount.type not in _WITH_RESERVE:
            return 0
        kept = answer.free_bytes - answer.avail_bytes - _for_the_kernel(self.mount, answer)
        return max(0, kept)

    @property
    def inodes_free_percent(self) -> float:
        """Files that can still be made, of all; 100 where there is no limit or none of its own."""
        assert self.answer is not None
        if not self.limits_inodes:
            return 100.0
        return round(100 * self.answer.inodes_free / self.answer.inodes, 2)

    @property
    def limits_inodes(self) -> bool:
        """True when its number of files can run out before its space does."""
        if self.answer is None or self.answer.inodes <= 0:
            return False
        return self.mount.type not in _INODES_FROM_SPACE or self.avail_percent > _SMALL_PERCENT


def avail_percent(answer: Answer) -> float:
    """Free of what everybody may use, in percent, as df counts."""
    usable = answer.total_bytes - answer.free_bytes + answer.avail_bytes
    return round(100 * answer.avail_bytes / usable, 2) if usable > 0 else 0.0


def harm_order(answer: Answer) -> float:
    """Sorts the most harmed first: both little in percent and little in bytes."""
    percent, count = avail_percent(answer), answer.avail_bytes
    return min(max(percent / _PERCENT, count / _BYTES), max(percent / _SMALL_PERCENT, count / _SMALL_BYTES))


def _for_the_kernel(mount: Mount, answer: Answer) -> int:
    """Bytes ext4 keeps for its own delayed writes, which not even root gets.

    Source: Linux fs/ext4/super.c, ext4_calculate_resv_clusters: 2 %, at most 4096 clusters.
    """
    if mount.type != "ext4":
        return 0
    device = os.path.basename(os.path.realpath(f"/sys/dev/block/{mount.device}"))
    try:
        return int(system.read_text(f"/sys/fs/ext4/{device}/reserved_clusters", 64)) * answer.block_bytes
    except (CannotMeasure, ValueError):
        return min(answer.total_bytes // 50, 4096 * answer.block_bytes)


def described(space: Space) -> Dict[str, Value]:
    """The record of one file system, as disk.filesystems declares it."""
    mount, answer = space.mount, space.answer
    numbers: Dict[str, Value] = {}
    if answer is not None:
        numbers = {
            "total_bytes": answer.total_bytes,
            "avail_bytes": answer.avail_bytes,
            "avail_percent": space.avail_percent,
            "root_free_bytes": answer.free_bytes,
            "reserve_bytes": space.reserve_bytes,
            "reserve_percent": round(100 * space.reserve_bytes / max(1, answer.total_bytes), 2),
            "inodes": answer.inodes,
            "inodes_free": answer.inodes_free,
            "inodes_free_percent": space.inodes_free_percent,
        }
    return {
        "mount": mount_table.shown(mount.point),
        "device": mount_table.shown(mount.source),
        "type": mount.type,
        **numbers,
        "usable": space.usable,
        "hung": answer is None,
        "read_only": mount.read_only,
        "read_only_by_nature": mount.made_full,
        "network": mount.network,
        "may_write": answer is not None and answer.may_write and not mount.read_only,
        "role": space.role,
    }


def spaces(mounts: Sequence[Mount], answers: Mapping[str, Optional[Answer]], roles: Mapping[str, str]) -> List[Space]:
    """One entry per file system that can hold files, the most harmed first, then those without numbers.

    Args:
        mounts: One mount per file system (mount_table.storage).
        answers: Mount point to what the kernel said of it.
        roles: Device to its role.
    """
    known = {mount.device for mount in mounts}
    found = []
    for mount in mounts:
        answer = answers.get(mount.point)
        if answer is None:
            found.append(Space(mount, None, roles.get(mount.device, "")))
        elif not _hidden(mount, answer, known) and answer.total_bytes > 0:
            found.append(Space(mount, answer, roles.get(mount.device, "")))
    found = [space for space in found if not _shows_another(space, found)]
    ranks = {"root": 0, "home": 1, "boot": 2, "tmp": 3, "shm": 4}
    return sorted(
        found,
        key=lambda s: (
            not s.usable,
            harm_order(s.answer) if s.answer else 0.0,
            ranks.get(s.role, 3),
            -(s.answer.total_bytes if s.answer else 0),
            s.mount.point,
        ),
    )


def _hidden(mount: Mount, answer: Answer, known: set[str]) -> bool:
    """True when one does not get there: covered by a mount above it, gone, or a single file mounted (containers)."""
    covered = answer.device != mount.device and answer.device in known
    return answer.error != 0 or covered or not answer.folder


def _shows_another(space: Space, found: Sequence[Space]) -> bool:
    """True for an overlay or an APFS volume whose numbers are those of another entry."""
    if space.answer is None or space.mount.point in ("/", _APFS_DATA):
        return False
    numbers = (space.answer.total_bytes, space.answer.free_bytes)
    if space.mount.overlay:
        return any(
            o.answer and numbers == (o.answer.total_bytes, o.answer.free_bytes) for o in found if not _is(o, space)
        )
    return space.mount.type == "apfs" and any(
        o.mount.point == _APFS_DATA and o.answer and o.answer.total_bytes == numbers[0] for o in found
    )


def _is(one: Space, other: Space) -> bool:
    return one.mount.point == other.mount.point or (one.mount.overlay and one.mount.point > other.mount.point)
