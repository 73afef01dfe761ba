"""Probe packages.lock: is another program installing, which one, since when? CPython 3.9 syntax."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple

import psutil

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, measured, number, text, unsupported
from techdoctor.text import clean_line

# Held with fcntl(2) by whoever works; the files stay for good and must not be deleted.
KERNEL_LOCKS = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
    "/usr/lib/sysimage/rpm/.rpm.lock",
    "/var/lib/rpm/.rpm.lock",
)
# Files with the process id of their owner; left behind when it is killed.
PID_FILES = ("/run/zypp.pid", "/var/lib/dnf/rpmdb_lock.pid", "/var/cache/dnf/metadata_lock.pid", "/run/yum.pid")
# pacman's lock is an empty file: whoever made it is told by name only.
MARKS: Mapping[str, Tuple[str, ...]] = {
    "/var/lib/pacman/db.lck": ("pacman", "pamac", "pamac-daemon", "packagekitd", "yay")
}
_FLOCK = "hhqqi"  # struct flock of 64-bit Linux: type, whence, start, length, pid (fcntl(2))


@dataclass(frozen=True)
class Lock:
    """A lock that stands.

    Attributes:
        path: Its file.
        pid: Who holds it; 0 when nobody does and it was left behind.
    """

    path: str
    pid: int


def kernel_lock(path: str, locks: str) -> Optional[Lock]:
    """Who holds a file with fcntl; None when nobody does.

    Args:
        path: The file.
        locks: /proc/locks, which ordinary users may read too.
    """
    import fcntl

    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        return _in_table(path, locks)
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
    except OSError:
        return _in_table(path, locks)
    finally:
        os.close(handle)
    return None if kind == fcntl.F_UNLCK else Lock(path, max(0, pid))


def _in_table(path: str, locks: str) -> Optional[Lock]:
    """The same by inode: `1: POSIX  ADVISORY  WRITE 153 fe:00:1234 0 EOF` (proc_locks(5))."""
    try:
        inode = os.stat(path).st_ino
    except OSError:
        return None
    for words in map(str.split, locks.splitlines()):
        held = len(words) >= 6 and words[1] in ("POSIX", "OFDLCK") and words[3] == "WRITE"
        if held and words[5].rpartition(":")[2] == str(inode) and words[4].lstrip("-").isdigit():
            return Lock(path, max(0, int(words[4])))
    return None


def pid_file(path: str) -> Optional[Lock]:
    """A lock by process id: held while that process lives. libzypp empties its file when it ends well."""
    try:
        word = system.read_text(path, 64).strip()
    except CannotMeasure:
        return None
    if not word:
        return None
    pid = int(word) if word.isdigit() and len(word) < 10 else 0
    return Lock(path, pid if pid and psutil.pid_exists(pid) else 0)


def mark(path: str, programs: Tuple[str, ...]) -> Optional[Lock]:
    """A lock by an empty file: held while one of the programs runs."""
    if not os.path.exists(path):
        return None
    running = (p.pid for p in psutil.process_iter(["name"]) if p.info["name"] in programs)
    return Lock(path, next(running, 0))


def standing() -> List[Lock]:
    """All locks of package managers that stand now, held ones first."""
    try:
        locks = system.read_text("/proc/locks")
    except CannotMeasure:
        locks = ""
    found = [kernel_lock(path, locks) for path in KERNEL_LOCKS]
    found += [pid_file(path) for path in PID_FILES] + [mark(path, programs) for path, programs in MARKS.items()]
    return sorted((lock for lock in found if lock), key=lambda lock: lock.pid == 0)


def _holder(pid: int) -> Dict[str, Value]:
    """Name, user, age and command of a process, as far as they may be seen."""
    data: Dict[str, Value] = {"pid": pid, "process": f"process {pid}"}
    try:
        process = psutil.Process(pid)
        data["process"] = clean_line(process.name(), 60)
        data["started_s"] = process.create_time()
        data["stopped"] = process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
        data["user"] = clean_line(process.username(), 60)
        data["command"] = clean_line(" ".join(process.cmdline()), 120)
    except (psutil.Error, OSError, KeyError):
        return data  # what may be seen of a program of someone else is told
    return data


def reading(locks: List[Lock], now_s: float) -> Reading:
    """The fields, of the first lock that is held, else of one left behind."""
    held = next((lock for lock in locks if lock.pid), None)
    # A kernel lock without a visible owner is held from another process namespace, a container for instance.
    unseen = next((lock for lock in locks if not lock.pid and lock.path in KERNEL_LOCKS), None)
    stale = next((lock for lock in locks if not lock.pid and lock.path not in KERNEL_LOCKS), None)
    data: Dict[str, Value] = {"locked": bool(held or unseen), "path": "", "pid": 0, "process": "", "user": ""}
    data.update({"stale": bool(stale) and not held, "stale_path": stale.path if stale else ""})
    data.update({"stopped": False, "command": ""})
    gaps: Dict[str, str] = {}
    if held or unseen:
        data["path"] = (held or unseen or locks[0]).path
    if held:
        data.update(_holder(held.pid))
        started = data.get("started_s")
        data["age_s"] = max(0.0, now_s - started) if isinstance(started, float) else None
    elif unseen:
        gaps["process"] = "who holds it cannot be seen from here (another container)"
        data["process"] = None
    return Reading(data, gaps)


def _measure(probing: Probing) -> Reading:
    import time

    if not any(os.path.isdir(os.path.dirname(path)) for path in (*KERNEL_LOCKS, *MARKS)):
        raise CannotMeasure(NOT_APPLICABLE, "no package manager that is known here (dpkg, rpm, pacman)")
    return reading(standing(), time.time())


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("locked"):
        return clean_line(f"held by {data.get('process') or 'another container'} (process {data.get('pid')})")
    return "a lock was left behind" if data.get("stale") else "free"


PROBES = (
    Probe(
        name="packages.lock",
        title="Package manager's lock",
        doc="Locks of apt, dpkg, rpm by fcntl(2) F_GETLK, as ordinary user by /proc/locks; dnf, zypper, yum by"
        " process id files; pacman by its db.lck. Locks by flock(2) do not keep apt out and are no locks here.",
        fields={
            "locked": boolean("True when a program holds it."),
            "path": text("The file that is locked.", private="path"),
            "pid": integer("Process that holds it."),
            "process": text("Its name."),
            "user": text("Who runs it.", private="user"),
            "command": text("Its command.", private="text"),
            "started_s": number("When it was started, seconds since 1970."),
            "age_s": number("How long it has been running; it holds the lock at most that long.", "s"),
            "stopped": boolean("True when that program was paused."),
            "stale": boolean("True when a lock was left behind and no process holds it."),
            "stale_path": text("That file.", private="path"),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("the installer of macOS shows who installs"),
            "windows": unsupported("Windows Installer waits by itself and says so (error 1618)"),
        },
        summary=_summary,
    ),
)
