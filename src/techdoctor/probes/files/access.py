"""Probe file.access: what keeps the asked file from being opened or saved. CPython 3.9 syntax."""

from __future__ import annotations

import os
import stat
from typing import Dict, List, Mapping, Tuple

from techdoctor import system
from techdoctor.model import Value
from techdoctor.probes.base import (
    Field,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    text,
    unsupported,
)
from techdoctor.probes.disks import mount_table
from techdoctor.probes.files import flags
from techdoctor.probes.load import procfs
from techdoctor.text import clean_line

_MOST_PROCESSES = 4000
_FIELDS: Dict[str, Field] = {
    "asked": text("The path asked about; empty when none was.", private="path"),
    "exists": boolean("It is there, as far as one can see."),
    "kind": text("file, folder, link to nothing, other, or empty."),
    "person": text(
        "For whom it is judged: this user, or the owner of the home folder when root looks.", private="user"
    ),
    "may_read": boolean("That person may read it."),
    "may_write": boolean("That person may change it, or make it in its folder."),
    "owner": text("Whom it belongs to; empty when it is not there.", private="user"),
    "group": integer("Numeric group it belongs to.", ""),
    "mode": text("Its rights, e.g. 0644."),
    "closed_folder": text("The first folder on the way that does not let the person through; empty.", private="path"),
    "closed_owner": text("Whom that folder belongs to.", private="user"),
    "closed_mode": text("Its rights."),
    "locked_path": text("What on the way or itself nobody may change (chattr +i); empty for none.", private="path"),
    "append_only": boolean("It may only grow (chattr +a)."),
    "lock_pid": integer("A program that holds a lock on it (flock, fcntl); 0 for none seen."),
    "lock_name": text("That program's name."),
    "writer_pid": integer("Another program that has it open for writing; 0 for none seen."),
    "writer_name": text("That program's name."),
    "lock_file": text("A lock file an office program left beside it; empty for none.", private="path"),
    "lock_owner": text("Who is named in that lock file.", private="user"),
}
_NOTHING: Dict[str, Value] = {key: {"bool": False, "int": 0}.get(field.type, "") for key, field in _FIELDS.items()}


def groups_of(person: int) -> List[int]:
    """Numeric groups of a user."""
    if person == os.geteuid():
        return [*os.getgroups(), os.getegid()]
    import pwd

    try:
        entry = pwd.getpwuid(person)
    except KeyError:
        return []
    return os.getgrouplist(entry.pw_name, entry.pw_gid)


def allows(status: os.stat_result, wanted: int, person: int, groups: List[int]) -> bool:
    """Whether rights give a person what is wanted (4 read, 2 write, 1 enter), as path_resolution(7) says."""
    if person == 0:
        return True
    shift = 6 if status.st_uid == person else 3 if status.st_gid in groups else 0
    return (status.st_mode >> shift) & wanted == wanted


def _chain(path: str) -> List[str]:
    parts = [path]
    while os.path.dirname(parts[0]) != parts[0]:
        parts.insert(0, os.path.dirname(parts[0]))
    return parts


def _rights(path: str, person: int) -> Dict[str, Value]:
    """Who is let through: the way to the path, then the path itself."""
    data: Dict[str, Value] = {}
    groups = groups_of(person)
    above, status = None, None
    for part in _chain(path):
        if status is not None:
            above = status
            if not allows(above, 1, person, groups):
                folder = os.path.dirname(part)
                data.update(
                    closed_folder=mount_table.shown(folder),
                    closed_owner=procfs.user_name(above.st_uid),
                    closed_mode=f"{stat.S_IMODE(above.st_mode):04o}",
                )
                return data
        try:
            status = os.stat(part)
        except OSError:
            status = None
            break
    if status is None:
        # Nothing there: it can be made when the folder it belongs into may be written.
        there = above is not None and os.path.isdir(os.path.dirname(path))
        data["may_write"] = there and above is not None and allows(above, 3, person, groups)
        data["kind"] = "link to nothing" if os.path.islink(path) else ""
        return data
    kind = "file" if stat.S_ISREG(status.st_mode) else "folder" if stat.S_ISDIR(status.st_mode) else "other"
    wanted = 3 if kind == "folder" else 2
    return {
        "exists": True,
        "kind": kind,
        "may_read": allows(status, 5 if kind == "folder" else 4, person, groups) or _acl(path, person, os.R_OK),
        "may_write": allows(status, wanted, person, groups) or _acl(path, person, os.W_OK),
        "owner": procfs.user_name(status.st_uid),
        "group": status.st_gid,
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
    }


def _acl(path: str, person: int, wanted: int) -> bool:
    """What the kernel itself says, which knows access control lists; only of this very user."""
    return person == os.geteuid() and os.access(path, wanted)


def _locked(path: str) -> Tuple[str, bool]:
    """The immutable part of a path, its own folder and itself, and whether it is append-only."""
    append = False
    for part in (os.path.dirname(path), path):
        try:
            set_ = flags.of(os.path.realpath(part))
        except OSError:
            continue  # not there, or not ours to read
        if set_ & flags.IMMUTABLE:
            return mount_table.shown(part), append
        append = bool(set_ & flags.APPEND_ONLY) if part == path else append
    return "", append


def parse_locks(table: str, device: str, inode: int) -> int:
    """The process that holds a lock on a file by /proc/locks (proc_locks(5)); 0 for none.

    A line: `1: POSIX  ADVISORY  WRITE 1234 fe:01:524301 0 EOF`
    """
    for line in table.splitlines():
        words = line.split()
        if len(words) >= 8 and words[1] != "->" and words[5] == f"{device}:{inode}" and words[4].isdigit():
            return int(words[4])
    return 0


def _users(path: str) -> Dict[str, Value]:
    """Programs that hold the file: by a lock, or open for writing."""
    try:
        status = os.stat(path)
    except OSError:
        return {}
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    holder = parse_locks((procfs.read_bytes("/proc/locks", 1 << 20) or b"").decode(), device, status.st_ino)
    data: Dict[str, Value] = {"lock_pid": holder, "lock_name": "".join(procfs.names_of([holder])) if holder else ""}
    real = os.path.realpath(path)
    for pid in procfs.pids()[:_MOST_PROCESSES]:
        if pid != os.getpid() and _writes(pid, real):
            return {**data, "writer_pid": pid, "writer_name": "".join(procfs.names_of([pid]))}
    return data


def _writes(pid: int, real: str) -> bool:
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{number}") == real:
                mode = procfs.keyed(procfs.read_bytes(f"/proc/{pid}/fdinfo/{number}") or b"").get("flags", "0")
                if int(mode, 8) & 3:
                    return True
    except (OSError, ValueError):
        return False  # someone else's, or ended
    return False


def office_lock(path: str) -> Tuple[str, str]:
    """The lock file that an office program keeps beside a document, and who is named in it.

    LibreOffice: ".~lock.NAME#" with ",USER,HOST,DATE;"; Microsoft Office: "~$NAME" or "~$" and the name without its
    first two letters.
    """
    folder, name = os.path.split(path)
    for other in (f".~lock.{name}#", f"~${name}", f"~${name[2:]}"):
        lock = os.path.join(folder, other)
        if name and os.path.isfile(lock):
            try:
                words = system.read_regular(lock, 4096).decode("utf-8", "replace").split(",")
            except OSError:
                words = []
            who = next((word for word in words[:2] if word.strip()), "") if other.startswith(".~") else ""
            return lock, clean_line(who, 40)
    return "", ""


def reading(path: str, person: int) -> Reading:
    """The fields for one absolute path and the person it is judged for."""
    data = {**_NOTHING, "asked": mount_table.shown(path), "person": procfs.user_name(person), **_rights(path, person)}
    data["locked_path"], data["append_only"] = _locked(path)
    if data["kind"] == "file":
        data.update(_users(path))
    lock, who = office_lock(path)
    data.update(lock_file=mount_table.shown(lock), lock_owner=who)
    return Reading(data)


def _measure(probing: Probing) -> Reading:
    asked = probing.text("path")
    if not asked:
        return Reading(_NOTHING)
    path = os.path.abspath(os.path.expanduser(asked))

    def work() -> Reading:
        me = os.geteuid()
        home = os.path.expanduser("~")
        person = os.stat(home).st_uid if me == 0 and os.path.isdir(home) else me
        return reading(path, person)

    return system.within(probing.left_s(), work)


def _summary(data: Mapping[str, Value]) -> str:
    if not data.get("asked"):
        return "no file was named"
    for key in ("locked_path", "closed_folder"):
        if data.get(key):
            return clean_line(f"{data[key]} is {'locked' if key == 'locked_path' else 'closed'}")
    return "may be changed" if data.get("may_write") else "may not be changed"


PROBES = (
    Probe(
        name="file.access",
        title="The file's rights",
        doc=(
            "The rights on the whole way to the asked path (path_resolution(7)), attributes that forbid changes "
            "(chattr), locks (/proc/locks), programs that have it open for writing, and office programs' lock files. "
            "Root looks on behalf of the owner of the home folder: rights do not stop root."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": unsupported("locks and attributes of files on macOS are not read yet"),
            "windows": unsupported("rights on Windows are lists of their own kind, which are not read yet"),
        },
        parameters={"path": Parameter("path", "The file or folder; empty for none.", default="")},
        timeout_s=4.0,
        summary=_summary,
    ),
)
