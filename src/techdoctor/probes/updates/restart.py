"""Probe updates.restart: what was updated and still runs in its old version. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from typing import Dict, List, Mapping, Set, Tuple

import psutil

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.base import (
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    records,
    text,
    texts,
    under_wine,
    unsupported,
)
from techdoctor.text import clean_line

_REQUIRED = ("/run/reboot-required", "/var/run/reboot-required")
_MOST_SHOWN = 8
_MOST_MAPS = 4 << 20
# Libraries and programs that packages own; what programs map and delete by themselves lies elsewhere.
_OWNED = re.compile(r"/(?:usr/)?(?:lib(?:32|64|x32)?|s?bin|libexec)/\S")
_DELETED = " (deleted)"
# Session Manager\PendingFileRenameOperations is left out: installers of all sorts fill it for nothing.
WINDOWS_KEYS = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
)


def version_key(release: str) -> Tuple[Tuple[int, ...], str]:
    """Orders kernel releases: 6.1.0-9-amd64 before 6.1.0-18-amd64."""
    return tuple(int(word) for word in re.findall(r"\d+", release)[:6]), release


def newest_kernel(names: Mapping[str, float], running: str, since_s: float) -> str:
    """The newest kernel that was installed after the start and is newer than the running one; or an empty text.

    Args:
        names: Files of /boot to when they came there, seconds since 1970.
        running: Release of the running kernel.
        since_s: When this system was started.
    """
    releases = [
        name.partition("-")[2]
        for name, came_s in names.items()
        if name.startswith(("vmlinuz-", "vmlinux-")) and "rescue" not in name and came_s > since_s
    ]
    newer = [r for r in releases if r[:1].isdigit() and version_key(r) > version_key(running) and r != running]
    return max(newer, key=version_key, default="")


def replaced(maps: str) -> List[str]:
    """Files of packages that a process still uses although they were replaced or removed (/proc/PID/maps)."""
    # Address, rights, offset, device, inode, path (proc_pid_maps(5)); a path may hold spaces and whatever else.
    rows = (line.split(None, 5) for line in maps.split("\n") if line.endswith(_DELETED))
    paths = {row[5][: -len(_DELETED)] for row in rows if len(row) == 6}
    return sorted(path for path in paths if _OWNED.match(path))


def reading(
    required: bool,
    packages: List[str],
    kernel: str,
    running: str,
    programs: List[Dict[str, Value]],
    unseen: int,
) -> Reading:
    """The fields.

    Args:
        required: True when the distribution asks for a restart.
        packages: Packages that asked for it.
        kernel: A newer kernel, or empty.
        running: Release of the running kernel.
        programs: What uses files that were replaced.
        unseen: Processes that this user may not look into.
    """
    names = list(dict.fromkeys(str(p["unit"] or p["name"]) for p in programs))
    why = [f"the system asks for it ({', '.join(packages[:4]) or 'no package named'})"] if required else []
    why += [f"kernel {kernel} is installed, {running} runs"] if kernel else []
    why += [f"{len(programs)} programs run on files that were replaced: {', '.join(names[:4])}"] if programs else []
    gaps = {}
    if unseen and not programs and not system.is_admin():
        gaps["program_count"] = f"{unseen} programs of other users may be looked into by administrators only (sudo)"
    return Reading(
        {
            "required": required,
            "packages": [clean_line(p, 80) for p in packages[:_MOST_SHOWN]],
            "kernel_running": running,
            "kernel_newer": kernel,
            "programs": list(programs[:_MOST_SHOWN]),
            "program_count": None if gaps else len(programs),
            "program_names": [clean_line(name, 80) for name in names[:_MOST_SHOWN]],
            "first_unit": next((str(p["unit"]) for p in programs if p["unit"]), ""),
            "whole_system": required or bool(kernel) or any(p["pid"] == 1 for p in programs),
            "why": clean_line("; ".join(why), 300),
            "unseen": unseen,
        },
        gaps,
    )


def _came(folder: str) -> Dict[str, float]:
    found = {}
    try:
        for entry in os.scandir(folder):
            found[entry.name] = entry.stat(follow_symlinks=False).st_ctime
    except OSError:
        return found  # no /boot here: a container
    return found


def _programs(probing: Probing) -> Tuple[List[Dict[str, Value]], int]:
    """Programs on replaced files, and how many could not be looked into."""
    found: List[Dict[str, Value]] = []
    unseen = 0
    own_space = _link("/proc/self/ns/pid")
    for pid in psutil.pids():
        if probing.left_s() < 0.2 or probing.cancelled.is_set():
            break
        try:
            maps = system.read_text(f"/proc/{pid}/maps", _MOST_MAPS)
        except CannotMeasure as error:
            unseen += error.status == "denied"
            continue
        files = replaced(maps)
        # In a container files of its own image are told as deleted for other reasons.
        if files and _link(f"/proc/{pid}/ns/pid") in (own_space, "") and pid != os.getpid():
            found.append({"pid": pid, "name": _comm(pid), "unit": _unit(pid), "file": clean_line(files[0])})
    return found, unseen


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _comm(pid: int) -> str:
    try:
        return clean_line(system.read_text(f"/proc/{pid}/comm", 64), 60)
    except CannotMeasure:
        return str(pid)


def _unit(pid: int) -> str:
    """The system service a process belongs to, by its control group; empty for a user's program."""
    try:
        rows = system.read_text(f"/proc/{pid}/cgroup", 8192)
    except CannotMeasure:
        return ""
    match = re.search(r"/system\.slice/(?:.*/)?([^/\s]+\.service)", rows)
    return clean_line(match[1], 100) if match else ""


def _measure(probing: Probing) -> Reading:
    required = any(os.path.exists(path) for path in _REQUIRED)
    packages: List[str] = []
    for path in _REQUIRED if required else ():
        try:
            packages = list(dict.fromkeys(system.read_text(f"{path}.pkgs", 65536).split())) or packages
        except CannotMeasure:
            continue  # not every package leaves its name
    running = os.uname().release
    try:
        since_s = psutil.Process(1).create_time()
    except psutil.Error:
        since_s = psutil.boot_time()
    programs, unseen = _programs(probing)
    return reading(required, packages, newest_kernel(_came("/boot"), running, since_s), running, programs, unseen)


def windows_reading(present: Set[str]) -> Reading:
    """The fields, by which of WINDOWS_KEYS there are."""
    names = {WINDOWS_KEYS[0]: "component servicing", WINDOWS_KEYS[1]: "Windows Update"}
    why = [f"{names[key]} waits for a restart" for key in WINDOWS_KEYS if key in present]
    data: Dict[str, Value] = {"required": bool(why), "whole_system": bool(why), "why": "; ".join(why)}
    return Reading({**data, "packages": [], "kernel_newer": "", "programs": [], "program_count": 0, "first_unit": ""})


def _measure_windows(probing: Probing) -> Reading:
    import winreg

    present: Set[str] = set()
    for key in WINDOWS_KEYS:
        try:
            winreg.CloseKey(winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key))  # type: ignore[attr-defined,unused-ignore] # Windows only
            present.add(key)
        except OSError:
            continue  # the key stands only while a restart is pending
    return windows_reading(present)


def _summary(data: Mapping[str, Value]) -> str:
    return clean_line(str(data.get("why") or "nothing waits for a restart"))


PROBES = (
    Probe(
        name="updates.restart",
        title="Restart pending",
        doc="/run/reboot-required; a kernel in /boot that is newer than the running one and came after the start;"
        " programs that map replaced files of packages (/proc/PID/maps). Windows: the RebootPending and"
        " RebootRequired registry keys.",
        fields={
            "required": boolean("True when the system itself asks for a restart."),
            "packages": texts("Packages that asked for it; at most 8."),
            "kernel_running": text("Release of the running kernel."),
            "kernel_newer": text("A newer kernel that waits; empty when none."),
            "programs": records(
                "Programs on replaced files; at most 8.",
                pid=integer("Process id."),
                name=text("Its name."),
                unit=text("Its service; empty for a program of a user."),
                file=text("One of the replaced files.", private="path"),
            ),
            "program_count": integer("How many.", "count"),
            "program_names": texts("Their services or names; at most 8."),
            "first_unit": text("The first service among them; empty when none."),
            "whole_system": boolean("True when only a restart of the computer helps."),
            "why": text("What waits, in words; empty when nothing."),
            "unseen": integer("Processes this user may not look into.", "count"),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("only softwareupdate --list tells it, which asks Apple's servers each time"),
            "windows": under_wine(measured(_measure_windows)),
        },
        summary=_summary,
    ),
)
