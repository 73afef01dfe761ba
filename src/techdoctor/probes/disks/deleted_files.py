"""Probe disk.deleted_open: deleted files that still take space because a program has them open. CPython 3.9 syntax."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import (
    Field,
    Parameter,
    Probe,
    Probing,
    Reading,
    integer,
    measured,
    number,
    records,
    text,
    unsupported,
)
from techdoctor.probes.disks import fs_ask, fs_space, mount_table
from techdoctor.probes.disks.fs_ask import Answer
from techdoctor.probes.disks.mount_table import Mount
from techdoctor.probes.load import procfs
from techdoctor.probes.load.processes import why_kept
from techdoctor.text import clean_line, size

_SHOWN = 8
_DELETED = " (deleted)"
# Names the kernel itself gives to memory that looks like a deleted file (mm/shmem.c, ipc/shm.c, drivers/gpu).
_MEMORY = ("/memfd:", "/SYSV", "/dev/zero", "/dmabuf:", "/drm ", "/anon_hugepage", "/i915", "/[aio]")
# Below both shares of a file system the deleted files are not what fills it; only the choice of what to show depends
# on it.
_WORTH_PERCENT, _WORTH_BYTES = 1.0, 100 << 20
_UNSEEN = "programs of other users may not be looked at (needs administrator rights, sudo)"

_FILE: Dict[str, Field] = {
    "pid": integer("Process id of the program that has it open."),
    "process": text("Name of that program."),
    "user": text("Who runs it.", private="user"),
    "path": text("Where the file was.", private="path"),
    "bytes": integer("Space it takes.", "bytes"),
    "mount": text("File system it takes it on; empty when only a container sees that.", private="path"),
    "holders": integer("How many programs have it open.", "count"),
}
_FIELDS: Dict[str, Field] = {
    "files": records("The largest ones.", **_FILE),
    "file_count": integer("How many there are.", "count"),
    "total_bytes": integer("Space all of them take.", "bytes"),
    "unseen": integer("Programs that could not be looked at.", "count"),
    "held_bytes": integer("Space they take on the file system they harm most.", "bytes"),
    "held_percent": number("The same in percent of that file system.", "percent"),
    "avail_bytes": integer("Free there for everybody.", "bytes"),
    "avail_percent": number("Free there, of what everybody may use.", "percent"),
    **{key: field for key, field in _FILE.items() if key != "mount"},
    "mount": text("The file system they harm most.", private="path"),
    "started_s": number("When that program was started, seconds since 1970.", "s"),
    "unit": text("System service it belongs to; empty for none."),
    "why_kept": text("Why techdoctor would not end it; empty when it may be ended."),
}


@dataclass(frozen=True)
class Held:
    """One deleted file.

    Attributes:
        pids: Programs that have it open, lowest number first.
        path: Where it was.
        answer: What the kernel says of it and of its file system.
    """

    pids: Tuple[int, ...]
    path: str
    answer: Answer


@dataclass(frozen=True)
class Candidates:
    """Descriptors that lead to a deleted name.

    Attributes:
        links: Descriptor link to (process id, path as it was).
        seen: Programs that were looked at.
        unseen: Programs that may not be looked at.
    """

    links: Mapping[str, Tuple[int, str]]
    seen: int
    unseen: int

    @property
    def partial(self) -> bool:
        """True when so many were not seen that "nothing found" says nothing; root misses one at times."""
        return self.unseen * 10 > self.seen


def candidates(root: str = "/proc") -> Candidates:
    """Looks through the descriptors of all processes."""
    found: Dict[str, Tuple[int, str]] = {}
    seen = unseen = 0
    for pid in procfs.pids(root):
        folder = f"{root}/{pid}/fd"
        try:
            numbers = os.listdir(folder)
        except PermissionError:
            unseen += 1
            continue
        except OSError:
            continue  # it has ended
        try:
            links = _deleted(folder, numbers)
        except PermissionError:
            unseen += 1  # the numbers may be listed, but not where they lead
            continue
        seen += 1
        found.update({link: (pid, path) for link, path in links.items()})
    return Candidates(found, seen, unseen)


def _deleted(folder: str, numbers: Sequence[str]) -> Dict[str, str]:
    """Descriptor link to the path of the deleted file it leads to."""
    links = {}
    for number_ in numbers:
        try:
            target = os.readlink(f"{folder}/{number_}")
        except FileNotFoundError:
            continue  # closed meanwhile
        if target.endswith(_DELETED) and target.startswith("/") and not target.startswith(_MEMORY):
            links[f"{folder}/{number_}"] = target[: -len(_DELETED)]
    return links


def held_files(found: Mapping[str, Tuple[int, str]], answers: Mapping[str, object]) -> List[Held]:
    """Each deleted file once, the largest first, however many programs and descriptors hold it."""
    files: Dict[Tuple[str, int], Held] = {}
    for link, (pid, path) in found.items():
        answer = answers.get(link)
        if not isinstance(answer, Answer) or answer.error or answer.links or answer.folder:
            continue
        key = (answer.device, answer.inode)
        before = files[key].pids if key in files else ()
        files[key] = Held(tuple(sorted({*before, pid})), path, answer)
    return sorted(files.values(), key=lambda held: (-held.answer.used_bytes, held.path))


def _measure(probing: Probing) -> Reading:
    mounts = mount_table.read()
    found = candidates()
    asked = probing.text("path")
    path = os.path.abspath(os.path.expanduser(asked)) if asked else ""
    answers = fs_ask.ask([*([path] if path else []), *found.links], probing.left_s(3.0))
    held = held_files(found.links, answers)
    answer = answers.get(path) if path else None
    if answer is not None and not answer.error:
        held = [one for one in held if one.answer.device == answer.device]
    return reading(held, found.unseen, found.partial, mounts)


def reading(held: Sequence[Held], unseen: int, partial: bool, mounts: Sequence[Mount], root: str = "/proc") -> Reading:
    """The fields.

    Args:
        held: Deleted files, the largest first.
        unseen: Programs that may not be looked at.
        partial: Whether these are so many that nothing found says nothing.
        mounts: All mounts.
        root: Where procfs is.
    """
    points = {mount.device: mount_table.shown(mount.point) for mount in mount_table.storage(mounts)}
    groups: Dict[str, List[Held]] = {}
    for one in held:
        groups.setdefault(one.answer.device, []).append(one)
    data: Dict[str, Value] = {
        "files": [_file(one, points, root) for one in held[:_SHOWN]],
        "file_count": len(held),
        "total_bytes": sum(one.answer.used_bytes for one in held),
        "unseen": unseen,
    }
    ordered = sorted(groups.values(), key=_order)
    worth = bool(ordered) and _is_worth(ordered[0])
    if partial and not worth:
        gaps = {key: _UNSEEN for key in _FIELDS if key not in data}
        gaps.update(total_bytes=_UNSEEN, file_count=_UNSEEN)
        return Reading({**data, "total_bytes": None, "file_count": None}, gaps)
    data.update(_group(ordered[0], points, root) if ordered else _nothing())
    return Reading(data)


def _bytes(group: Sequence[Held]) -> int:
    return sum(one.answer.used_bytes for one in group)


def _percent(group: Sequence[Held]) -> float:
    total = group[0].answer.total_bytes
    return round(100 * _bytes(group) / total, 2) if total else 0.0


def _is_worth(group: Sequence[Held]) -> bool:
    return _percent(group) >= _WORTH_PERCENT or _bytes(group) >= _WORTH_BYTES


def _order(group: Sequence[Held]) -> Tuple[bool, float, int]:
    return not _is_worth(group), fs_space.harm_order(group[0].answer), -_bytes(group)


def _file(one: Held, points: Mapping[str, str], root: str) -> Dict[str, Value]:
    pid = one.pids[0]
    return {
        "pid": pid,
        "process": "".join(procfs.names_of([pid], root)),
        "user": procfs.user_of(pid, root)[1],
        "path": mount_table.shown(one.path),
        "bytes": one.answer.used_bytes,
        "mount": points.get(one.answer.device, ""),
        "holders": len(one.pids),
    }


def _group(group: Sequence[Held], points: Mapping[str, str], root: str) -> Dict[str, Value]:
    first, answer = group[0], group[0].answer
    table = procfs.parse_table({first.pids[0]: procfs.read_bytes(f"{root}/{first.pids[0]}/stat") or b""})
    parents = {pid: stat.ppid for pid, stat in procfs.parse_table(procfs.read_table(float("inf"), root).lines).items()}
    stat = table.get(first.pids[0])
    return {
        **_file(first, points, root),
        "held_bytes": _bytes(group),
        "held_percent": _percent(group),
        "avail_bytes": answer.avail_bytes,
        "avail_percent": fs_space.avail_percent(answer),
        "started_s": round(procfs.started_s(stat.start_ticks, root), 2) if stat else 0.0,
        "unit": unit_of((procfs.read_bytes(f"{root}/{first.pids[0]}/cgroup") or b"").decode("utf-8", "replace")),
        "why_kept": why_kept(first.pids[0], False, procfs.ancestors(parents)),
    }


def unit_of(cgroups: str) -> str:
    """The system service in a /proc/PID/cgroup text; empty for none (a session, a container, no systemd)."""
    for line in cgroups.splitlines():
        parts = line.split(":", 2)[-1].split("/")
        if len(parts) > 2 and parts[1] == "system.slice" and parts[-1].endswith(".service"):
            return parts[-1]
    return ""


def _nothing() -> Dict[str, Value]:
    blank: Dict[str, Value] = {"int": 0, "float": 0.0, "text": ""}
    known = ("files", "file_count", "total_bytes", "unseen")
    return {key: blank[field.type] for key, field in _FIELDS.items() if key not in known}


def _summary(data: Mapping[str, Value]) -> str:
    total = data.get("total_bytes")
    if not isinstance(total, int):
        return "others' programs unseen"
    if not total:
        return "none"
    return clean_line(f"{size(total)}, most by {data.get('process')}")


PROBES = (
    Probe(
        name="disk.deleted_open",
        title="Deleted open files",
        doc=(
            "Deleted files that a program still has open: they are in no folder, and their space comes back only "
            "when the program closes them or ends. From /proc/PID/fd, each file once; memory that only looks like a "
            "file is left out. The single fields are about the file system that is harmed most and the largest such "
            "file on it."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": unsupported("lsof +L1 would tell; not read yet, there is no recording of it"),
            "windows": unsupported("Windows does not let a file be deleted while it is open"),
        },
        parameters={"path": Parameter("path", "Only the file system that holds this path; empty for all.", default="")},
        timeout_s=5.0,
        needs="admin",
        summary=_summary,
    ),
)
