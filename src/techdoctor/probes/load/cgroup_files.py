"""Linux control groups: where their trees are, and what their files say, v1 and v2 alike.

CPython 3.9 syntax.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Dict, Iterator, List, Mapping, Optional, Tuple

from techdoctor.probes.load.procfs import read_bytes

# v1 writes "no limit" as the largest multiple of the page size: anything near it is none.
_NO_LIMIT_BYTES = 1 << 60
_MOST_GROUPS = 4096


@dataclass(frozen=True)
class Tree:
    """The tree of one controller as this process sees it.

    Attributes:
        version: 1 or 2.
        mount: Folder where its root is mounted.
        own: Our own group below the root, e.g. "/user.slice"; "/" for the root.
    """

    version: int
    mount: str
    own: str

    def folder(self, group: str) -> str:
        """Folder of a group."""
        return self.mount + ("" if group == "/" else group)

    def chain(self, group: str) -> List[str]:
        """The group and the groups above it, itself first, the root last."""
        found = [group]
        while found[-1] != "/":
            found.append(found[-1].rpartition("/")[0] or "/")
        return found

    def read(self, group: str, name: str) -> str:
        """Content of one of the group's files; empty when it is gone or absent."""
        return (read_bytes(f"{self.folder(group)}/{name}") or b"").decode("utf-8", "replace")

    def pids(self, group: str) -> List[int]:
        """Processes of the group and of those below it."""
        found: List[int] = []
        for path, _, _ in os.walk(self.folder(group)):
            listed = read_bytes(f"{path}/cgroup.procs", 1 << 20) or b""
            found += [int(line) for line in listed.split() if line.isdigit()]
        return found


def trees(root: str = "", pid: str = "self") -> Dict[str, Tree]:
    """Controller name ("memory", "cpu", "pids") to its tree; a controller that is off is left out.

    Args:
        root: Prepended to every path; for recorded trees.
        pid: Whose groups are the trees' `own`.
    """
    mounts = _mounts((read_bytes(f"{root}/proc/self/mountinfo", 1 << 20) or b"").decode("utf-8", "replace"))
    own = (read_bytes(f"{root}/proc/{pid}/cgroup") or b"").decode("utf-8", "replace")
    found: Dict[str, Tree] = {}
    for line in own.splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        names = controllers.split(",") if controllers else _enabled(root, mounts)
        for name in names:
            key = name if controllers else ""
            if name in ("memory", "cpu", "pids") and key in mounts and (controllers or name not in found):
                mount, top = mounts[key]
                found[name] = Tree(1 if controllers else 2, root + mount, _below(path, top))
    return found


def _mounts(mountinfo: str) -> Dict[str, Tuple[str, str]]:
    """v1 controller, or "" for v2, to its mount point and the group that is its root."""
    found: Dict[str, Tuple[str, str]] = {}
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or not kind:
            continue
        if kind[0] == "cgroup2":
            found.setdefault("", (fields[4], fields[3]))
        elif kind[0] == "cgroup" and len(kind) > 2:
            for name in kind[2].split(","):
                found.setdefault(name, (fields[4], fields[3]))
    return found


def _enabled(root: str, mounts: Mapping[str, Tuple[str, str]]) -> List[str]:
    if "" not in mounts:
        return []
    listed = read_bytes(f"{root}{mounts[''][0]}/cgroup.controllers") or b""
    return listed.decode("ascii", "replace").split()


def _below(path: str, top: str) -> str:
    """A group as seen from the mounted root: containers see their own group as the root."""
    if top not in ("/", "") and (path == top or path.startswith(top + "/")):
        path = path[len(top) :]
    return path if path.startswith("/") and "/.." not in path else "/"


def groups(tree: Tree, deadline: float) -> Iterator[str]:
    """All groups of a tree, the root first, at most 4096 and until the monotonic deadline."""
    for count, (path, folders, _) in enumerate(os.walk(tree.mount), 1):
        folders.sort()
        yield path[len(tree.mount) :] or "/"
        if count >= _MOST_GROUPS or time.monotonic() > deadline:
            return


def counters(text: str) -> Dict[str, int]:
    """`key value` lines (memory.events, memory.stat, cpu.stat) as a mapping."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def limit(text: str) -> Optional[int]:
    """A limit file's value; None for "max", for v1's very large number and for no file."""
    word = text.strip()
    if not word.isdigit() or int(word) >= _NO_LIMIT_BYTES:
        return None
    return int(word)


def number(text: str) -> int:
    """A counter file's value; 0 for no file."""
    word = text.strip()
    return int(word) if word.isdigit() else 0


@dataclass(frozen=True)
class MemoryCounters:
    """How often a group ran into its memory limit, since it was made.

    Attributes:
        hits: Times an allocation found the limit reached; page cache alone makes it grow too.
        kills: Processes ended in it for lack of memory.
        paused: True while its processes wait for memory because v1's killer is switched off.
    """

    hits: int
    kills: int
    paused: bool = False


def memory_counters(tree: Tree, group: str) -> MemoryCounters:
    """Source: kernel documentation, admin-guide/cgroup-v1/memory.rst and admin-guide/cgroup-v2.rst."""
    if tree.version == 2:
        events = counters(tree.read(group, "memory.events"))
        local = counters(tree.read(group, "memory.events.local")) or events  # without those of groups below
        return MemoryCounters(local.get("max", 0), events.get("oom_kill", 0))
    control = counters(tree.read(group, "memory.oom_control"))
    hits = number(tree.read(group, "memory.failcnt"))
    return MemoryCounters(hits, control.get("oom_kill", 0), control.get("under_oom", 0) == 1)


def memory_limit(tree: Tree, group: str) -> Optional[int]:
    """Limit of the group itself in bytes; None without one."""
    return limit(tree.read(group, "memory.max" if tree.version == 2 else "memory.limit_in_bytes"))


def memory_used(tree: Tree, group: str) -> Tuple[int, int]:
    """Bytes charged to the group, and those of them that it cannot give back.

    Page cache can be dropped at any moment, so a group full of it lacks nothing: needed are
    anonymous and shared memory, what is locked, and in v2 the kernel's own part.
    """
    stat = counters(tree.read(group, "memory.stat"))
    if tree.version == 2:
        kernel = max(0, stat.get("kernel", 0) - stat.get("slab_reclaimable", 0))
        needed = stat.get("anon", 0) + stat.get("shmem", 0) + kernel
        return number(tree.read(group, "memory.current")), needed
    needed = stat.get("total_rss", 0) + stat.get("total_shmem", 0)
    return number(tree.read(group, "memory.usage_in_bytes")), needed


def cpu_quota(tree: Tree, group: str) -> Optional[float]:
    """Cores' worth of processor time that the group may use; None without a limit."""
    if tree.version == 2:
        quota, _, period = tree.read(group, "cpu.max").strip().partition(" ")
    else:
        quota, period = tree.read(group, "cpu.cfs_quota_us").strip(), tree.read(group, "cpu.cfs_period_us").strip()
    if not quota.isdigit() or not period.isdigit() or not int(period):
        return None
    return int(quota) / int(period)


def cpu_cores(trees_of: Mapping[str, Tree]) -> Optional[float]:
    """Cores' worth of processor time that `own` may use, groups above included; None without a limit."""
    tree = trees_of.get("cpu")
    return least([cpu_quota(tree, group) for group in tree.chain(tree.own)]) if tree else None


def least(values: List[Optional[float]]) -> Optional[float]:
    """The smallest of the limits that exist; None without any."""
    return min((value for value in values if value is not None), default=None)
