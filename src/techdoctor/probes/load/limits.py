"""Probe proc.limits: open files, processes of a user, file watches. CPython 3.9 syntax."""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections import Counter
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import (
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
    unsupported,
)
from techdoctor.probes.load import procfs
from techdoctor.probes.load.processes import why_kept
from techdoctor.text import clean_line

_SHOWN = 5
# Limits below these belong to programs that forbid themselves more on purpose (sandboxes, daemons).
_LEAST_FILES, _LEAST_PROCESSES = 32, 10
_IN_CLOEXEC, _IN_ATTRIB = 0o2000000, 0x4


@dataclass(frozen=True)
class Use:
    """Use of one limit by one owner."""

    pid: int
    name: str
    user: str
    used: int
    limit: int

    def record(self) -> Dict[str, Value]:
        percent = round(self.used / self.limit * 100, 1) if self.limit else 0.0
        return {
            "pid": self.pid,
            "name": self.name,
            "user": self.user,
            "used": self.used,
            "limit": self.limit,
            "used_percent": percent,
        }


def soft_limit(limits: str, what: str) -> Optional[int]:
    """Soft limit in a /proc/PID/limits, e.g. "Max open files"; None for unlimited or no such line."""
    for line in limits.splitlines():
        if line.startswith(what):
            word = line[len(what) :].split()[0]
            return int(word) if word.isdigit() else None
    return None


def _open_files(pid: int, root: str) -> Optional[int]:
    """Open files of a process; None when they may not be seen. Since Linux 6.2 their number is the folder's size."""
    folder = f"{root}/{pid}/fd"
    try:
        size = os.stat(folder).st_size
        return size or len(os.listdir(folder))
    except OSError:
        return None


def _limits(pid: int, root: str) -> str:
    return (procfs.read_bytes(f"{root}/{pid}/limits", 4096) or b"").decode("ascii", "replace")


def files_in_use(stats: Mapping[int, procfs.Stat], deadline: float, root: str) -> Tuple[List[Use], int]:
    """Processes by use of their own limit, fullest first, and how many could not be seen."""
    found: List[Use] = []
    unseen = 0
    for index, stat in enumerate(stats.values()):
        if stat.kernel or stat.state == "Z":
            continue
        if not index % 256 and time.monotonic() > deadline:
            return _fullest(found), unseen + len(stats) - index
        used = _open_files(stat.pid, root)
        if used is None:
            unseen += 1
        elif used >= _LEAST_FILES // 2:
            limit = soft_limit(_limits(stat.pid, root), "Max open files")
            if limit is not None and limit >= _LEAST_FILES:
                found.append(Use(stat.pid, stat.name, procfs.user_of(stat.pid, root)[1], used, limit))
    return _fullest(found), unseen


def _fullest(uses: List[Use]) -> List[Use]:
    return sorted(uses, key=lambda use: -use.used / use.limit)[:_SHOWN]


def users_in_use(stats: Mapping[int, procfs.Stat], deadline: float, root: str) -> List[Use]:
    """Users by use of their process limit, fullest first; root has none.

    The kernel counts a user's threads against the limit of the process that asks for one more, and
    each process has its own limit: the smallest that is no deliberate ban counts.
    """
    threads: Counter[int] = Counter()
    members: Dict[int, List[int]] = {}
    for stat in stats.values():
        uid, _ = procfs.user_of(stat.pid, root)
        if uid and not stat.kernel:
            threads[uid] += stat.threads if stat.state != "Z" else 1
            if stat.state != "Z":  # what has ended asks for no more
                members.setdefault(uid, []).append(stat.pid)
    found: List[Use] = []
    for uid, count in threads.items():
        least: Optional[int] = None
        for pid in members.get(uid, [])[-64:]:
            if time.monotonic() > deadline:
                break
            limit = soft_limit(_limits(pid, root), "Max processes")
            if limit is not None and limit >= _LEAST_PROCESSES:
                least = limit if least is None else min(least, limit)
        if least:
            first = stats[members[uid][0]]
            found.append(Use(first.pid, first.name, procfs.user_name(uid), count, least))
    return _fullest(found)


def try_watching() -> Tuple[bool, bool]:
    """Asks the kernel for one file watch for this user and gives it back at once.

    Returns:
        Whether no more watchers (instances) and no more watched files are granted: EMFILE and
        ENOSPC of inotify_init1(2) and inotify_add_watch(2).
    """
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(_IN_CLOEXEC)
    if descriptor < 0:
        return ctypes.get_errno() == errno.EMFILE, False
    try:
        watch = library.inotify_add_watch(descriptor, b"/", _IN_ATTRIB)
        return False, watch < 0 and ctypes.get_errno() == errno.ENOSPC
    finally:
        os.close(descriptor)


def watchers(stats: Mapping[int, procfs.Stat], deadline: float, root: str) -> Dict[str, Tuple[int, str]]:
    """User name to number of inotify instances and the program with most of them."""
    by_user: Dict[str, Counter[str]] = {}
    for stat in stats.values():
        if time.monotonic() > deadline:
            break
        if stat.kernel:
            continue
        folder = f"{root}/{stat.pid}/fd"
        try:
            links = [os.readlink(f"{folder}/{number}") for number in os.listdir(folder)]
        except OSError:
            continue  # it ended, or it belongs to someone else
        count = sum(1 for link in links if link == "anon_inode:inotify")
        if count:
            by_user.setdefault(procfs.user_of(stat.pid, root)[1], Counter())[stat.name] += count
    return {user: (sum(names.values()), names.most_common(1)[0][0]) for user, names in by_user.items()}


def _whole(path: str) -> int:
    words = (procfs.read_bytes(path) or b"").split()
    return int(words[0]) if words and words[0].isdigit() else 0


def _measure(probing: Probing) -> Reading:
    root, begun = "/proc", time.monotonic()
    budget = probing.left_s() * 0.8
    stats = procfs.parse_table(procfs.read_table(begun + budget * 0.4, root).lines)
    files, unseen = files_in_use(stats, begun + budget * 0.7, root)
    users = users_in_use(stats, begun + budget * 0.85, root)
    watching = watchers(stats, begun + budget, root)
    no_instances, no_watches = try_watching()
    gaps = {"files_unseen": f"the open files of {unseen} processes may not be seen"} if unseen else {}
    above = procfs.ancestors({pid: stat.ppid for pid, stat in stats.items()})
    most_instances = _whole("/proc/sys/fs/inotify/max_user_instances")
    user, (instances, watcher) = max(watching.items(), key=lambda entry: entry[1][0], default=("", (0, "")))
    first = files[0] if files else Use(0, "", "", 0, 0)
    started = stats[first.pid].start_ticks if first.pid in stats else 0
    system_files = (procfs.read_bytes("/proc/sys/fs/file-nr") or b"").split()
    used_files = int(system_files[0]) if system_files else 0
    threads = _existing_threads()
    most_threads = min(_whole("/proc/sys/kernel/threads-max"), _whole("/proc/sys/kernel/pid_max"))
    watchers_full = no_instances or bool(most_instances and instances >= most_instances)
    system_percent = _percent(used_files, _whole("/proc/sys/fs/file-max"))
    threads_percent = _percent(threads, most_threads)
    shares = [_percent(use.used, use.limit) for use in (*files[:1], *users[:1])]
    data: Dict[str, Value] = {
        "fullest_percent": max(*shares, system_percent, threads_percent, 0.0),
        "files": [use.record() for use in files],
        "files_unseen": unseen,
        **_flat("files", first),
        "files_started_s": round(procfs.started_s(started, root), 2) if started else 0.0,
        "files_why_kept": why_kept(first.pid, False, above) if first.pid else "",
        "system_files": used_files,
        "system_files_percent": system_percent,
        "threads": threads,
        "threads_max": most_threads,
        "threads_percent": threads_percent,
        "users": [use.record() for use in users],
        **_flat("users", users[0] if users else Use(0, "", "", 0, 0)),
        "watchers_full": watchers_full,
        "watches_full": no_watches,
        "watching_full": watchers_full or no_watches,
        "watchers": instances,
        "watchers_max": most_instances,
        "watchers_user": user,
        "watchers_name": watcher,
    }
    return Reading(data, gaps)


def _existing_threads() -> int:
    words = (procfs.read_bytes("/proc/loadavg") or b"").split()  # "0.20 0.18 0.12 1/80 11206" (proc_loadavg(5))
    return int(words[3].partition(b"/")[2]) if len(words) > 3 else 0


def _percent(used: int, most: int) -> float:
    return round(used / most * 100, 1) if most else 0.0


def _flat(prefix: str, use: Use) -> Dict[str, Value]:
    return {f"{prefix}_{key}": value for key, value in use.record().items()}


def _summary(data: Mapping[str, Value]) -> str:
    name, percent = data.get("files_name"), data.get("files_used_percent")
    return f"fullest: {clean_line(str(name))} has {percent} % of its open files" if name else "nothing near a limit"


_USE = {
    "pid": integer("Process id."),
    "name": text("Name of the program."),
    "user": text("Who runs it.", private="user"),
    "used": integer("In use.", "count"),
    "limit": integer("Most allowed.", "count"),
    "used_percent": number("Used of the limit.", "percent"),
}
_ONLY_LINUX = unsupported("not tried on this system")
PROBES = (
    Probe(
        name="proc.limits",
        title="Limits of programs",
        doc=(
            "Open files against each process's and the system's limit, threads against the kernel's, a user's threads "
            "against ulimit -u, file watchers. Source: proc_pid_limits(5), setrlimit(2), inotify(7)."
        ),
        fields={
            "fullest_percent": number("The fullest of the limits of open files, threads and processes.", "percent"),
            "files": records("Processes by use of their limit of open files, fullest first.", **_USE),
            "files_unseen": integer("Processes whose open files may not be seen.", "count"),
            **{f"files_{name}": field for name, field in _USE.items()},
            "files_started_s": number("When the fullest was started, seconds since 1970.", "s"),
            "files_why_kept": text("Why techdoctor would not end it; empty when it may be ended."),
            "system_files": integer("Files open in the whole system.", "count"),
            "system_files_percent": number("The same of the most the kernel allows.", "percent"),
            "threads": integer("Threads of all processes.", "count"),
            "threads_max": integer("Most the kernel allows.", "count"),
            "threads_percent": number("Threads of the most.", "percent"),
            "users": records(
                "Users by use of their limit of processes (not root, who has none), fullest first.", **_USE
            ),
            **{f"users_{name}": field for name, field in _USE.items()},
            "watchers_full": boolean("No program of a user can begin to watch files any more."),
            "watches_full": boolean("This user cannot watch one more file."),
            "watching_full": boolean("Either of the two."),
            "watchers": integer("File watchers (inotify instances) of the user with most of them.", "count"),
            "watchers_max": integer("Most a user may have.", "count"),
            "watchers_user": text("That user.", private="user"),
            "watchers_name": text("The program with most of them."),
        },
        methods={"linux": measured(_measure), "macos": _ONLY_LINUX, "windows": _ONLY_LINUX},
        timeout_s=6.0,
        needs="admin",
        summary=_summary,
    ),
)
