"""Probe share.mounts: the shared folders of this system and whether they answer. CPython 3.9 syntax."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
    under_wine,
)
from techdoctor.probes.disks import child_python, mount_table
from techdoctor.probes.shares import entries, mount_child, place
from techdoctor.probes.shares.entries import DESKTOP, FSTAB, MOUNTED, Entry
from techdoctor.probes.shares.place import Place

_SHOWN = 24
_ASK_S = 2.4
# What a file system says when the program or computer behind it is gone. Source: errno(3); fuse (ENOTCONN).
_GONE = (errno.ENOTCONN, errno.ESTALE, errno.EIO, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT)


@dataclass(frozen=True)
class Heard:
    """What a mount point answered.

    Attributes:
        error: errno, 0 for a good answer; None when no answer came in time.
        ms: Milliseconds to the answer.
    """

    error: Optional[int]
    ms: Optional[float] = None

    @property
    def state(self) -> str:
        """ok, hung, gone, denied (it may not be looked into by this user: not judged) or error."""
        if self.error is None:
            return "hung"
        if self.error in (errno.EACCES, errno.EPERM):
            return "denied"
        return "gone" if self.error in _GONE else "error" if self.error else "ok"


def _measure(probing: Probing) -> Reading:
    mounts: Sequence[mount_table.Mount] = []
    if probing.platform == "linux":
        found, mounts = entries.read_linux()
    else:
        found = entries.read_portable()
    points = [entry.point for entry in found if entry.found_in != FSTAB]
    heard = ask(points, probing.left_s(_ASK_S)) if points else {}
    return reading(found, heard, probing.text("path"), probing.text("name"), mounts)


def ask(points: Sequence[str], timeout_s: float) -> Dict[str, Heard]:
    """Asks every mount point at once, in a child that is left behind when the kernel holds it.

    Raises:
        CannotMeasure: The child could not be started.
    """
    heard = {point: Heard(None) for point in points}
    for answer in child_python.ask_each(mount_child, list(heard), timeout_s):
        error, ms = answer["error"], answer["ms"]
        assert isinstance(error, int) and isinstance(ms, (int, float))
        heard[str(answer["path"])] = Heard(error, float(ms))
    return heard


def reading(
    found: Sequence[Entry],
    heard: Mapping[str, Heard],
    path: str = "",
    name: str = "",
    mounts: Sequence[mount_table.Mount] = (),
) -> Reading:
    """The probe's fields.

    Args:
        found: All shared folders known.
        heard: Mount point to what it answered.
        path: The folder a person asked about, or its address (smb://...); may be empty.
        name: The server a person asked about; may be empty.
        mounts: The whole table of mounts, to tell which of them holds `path`.
    """
    there = [entry for entry in found if entry.found_in != FSTAB]
    asked = _about(found, path, name, mounts)
    bad = [e for e in there if _state(e, heard) in ("hung", "gone")]
    meant = [e for e in found if _is_meant(e, asked, path)]
    harmed = sorted((e for e in meant if e in bad), key=lambda e: _state(e, heard) != "hung")
    hung = next(iter(harmed), None)
    missing = [e for e in meant if e.found_in == FSTAB]
    chosen = _chosen(name, path, asked, hung, missing, there)
    data: Dict[str, Value] = {
        "shares": [_record(entry, heard) for entry in [*bad, *(e for e in found if e not in bad)][:_SHOWN]],
        "count": len(found),
        "mounted_count": len(there),
        "hung": hung is not None,
        "hung_count": len(bad),
        "hung_point": mount_table.shown(hung.point) if hung else "",
        "hung_source": mount_table.shown(hung.source) if hung else "",
        "hung_type": hung.type if hung else "",
        "hung_server": hung.place.server if hung else "",
        "hung_how": _state(hung, heard) if hung else "",
        "missing": bool(missing),
        "missing_point": mount_table.shown(missing[0].point) if missing else "",
        "missing_source": mount_table.shown(missing[0].source) if missing else "",
        "asked_mounted": asked is not None and asked.found_in != FSTAB if path else None,
        "server": chosen.server,
        "kind": chosen.kind,
        "port": chosen.port,
    }
    gaps = {} if path else {"asked_mounted": "no folder was named"}
    return Reading(data, gaps)


def _is_meant(entry: Entry, asked: Optional[Entry], path: str) -> bool:
    if asked is None:
        return not path
    server = asked.place.server.lower()
    return entry == asked or (not path and bool(server) and entry.place.server.lower() == server)


def _state(entry: Entry, heard: Mapping[str, Heard]) -> str:
    return heard.get(entry.point, Heard(0)).state if entry.found_in != FSTAB else "absent"


def _record(entry: Entry, heard: Mapping[str, Heard]) -> Dict[str, Value]:
    answer = heard.get(entry.point)
    return {
        "point": mount_table.shown(entry.point),
        "source": mount_table.shown(entry.source),
        "type": entry.type,
        "server": entry.place.server,
        "found_in": entry.found_in,
        "state": _state(entry, heard),
        "error": os.strerror(answer.error) if answer and answer.error else "",
        "ms": round(answer.ms, 1) if answer and answer.ms is not None else None,
    }


def _about(found: Sequence[Entry], path: str, name: str, mounts: Sequence[mount_table.Mount]) -> Optional[Entry]:
    """The shared folder a person means; None when they name none, or none that is known here."""
    where = place.of_text(path)
    if where.server or name:
        server = (where.server or name).lower()
        return next((e for e in found if e.place.server.lower() == server), None)
    if not path:
        return None
    # By its text alone: to follow links would ask the very folder that hangs.
    full = os.path.abspath(os.path.expanduser(path))
    above = [e for e in found if mount_table.below(full, [e.point])]
    deepest = max(above, key=lambda e: len(e.point), default=None)
    try:
        held = mount_table.holding(full, mounts).point if mounts else ""
    except CannotMeasure:
        held = ""
    local = deepest is not None and deepest.found_in == MOUNTED and len(held) > len(deepest.point)
    return None if local else deepest


def _chosen(
    name: str,
    path: str,
    asked: Optional[Entry],
    hung: Optional[Entry],
    missing: Sequence[Entry],
    there: Sequence[Entry],
) -> Place:
    """The server to ask after: the one named, else that of the folder in trouble, else of the first there is."""
    if asked is not None:
        return asked.place
    if name or place.of_text(path).server:
        typed = place.of_text(path)
        return typed if typed.server else Place(name)
    if path:
        return place.NOWHERE
    # A hung folder of no server (a program of this computer serves it) must not be blamed on another one's.
    named = [hung.place] if hung else [e.place for e in [*missing, *there] if e.place.server]
    return next(iter(named), place.NOWHERE)


def _portable(probing: Probing) -> Reading:
    try:
        return _measure(probing)
    except ImportError:
        raise CannotMeasure(NOT_APPLICABLE, "the Python library psutil is not installed") from None


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("hung"):
        return f"{data['hung_point']} does not answer"
    if data.get("missing"):
        return f"{data['missing_point']} is not connected"
    return f"{data['mounted_count']} connected" if data.get("mounted_count") else "none is connected"


_PORTABLE = "psutil's list of mounts, run on Linux only"

PROBES = (
    Probe(
        name="share.mounts",
        title="Shared folders",
        doc="The file systems that other computers hold (SMB, NFS, SSHFS, WebDAV, AFP) or programs serve (FUSE): those "
        "mounted, those fstab wants and that are missing, those the desktop has open (gvfs). A child process asks all "
        "of them at once and is left behind when one hangs in the kernel. Nothing is mounted, no link is followed.",
        parameters={
            "path": Parameter("text", "Only the folder that holds this path, or its address: smb://nas/public."),
            "name": Parameter("hostname", "Only what this server holds."),
        },
        fields={
            "shares": records(
                f"The shared folders, those in trouble first, {_SHOWN} at most.",
                point=text("Where it is in the tree of folders.", private="path"),
                source=text("What is mounted.", private="path"),
                type=text("Kind of file system."),
                server=text("The server; empty when it is this computer.", private="host_name"),
                found_in=text(f"{MOUNTED}, {FSTAB} (set up, not mounted) or {DESKTOP}."),
                state=text("ok, hung (no answer), gone (its server or program left), denied, error or absent."),
                error=text("The system's words for an error."),
                ms=number("Time to its answer.", "ms"),
            ),
            "count": integer("Shared folders known.", "count"),
            "mounted_count": integer("Those mounted.", "count"),
            "hung": boolean("One of them (the one asked about) does not answer, or what served it is gone."),
            "hung_count": integer("How many in all.", "count"),
            "hung_point": text("Its place.", private="path"),
            "hung_source": text("What is mounted there.", private="path"),
            "hung_type": text("Its kind."),
            "hung_server": text("Its server; empty when a program of this computer serves it.", private="host_name"),
            "hung_how": text("hung or gone."),
            "missing": boolean("fstab wants one that is not mounted."),
            "missing_point": text("Where it should be.", private="path"),
            "missing_source": text("What should be mounted there.", private="path"),
            "asked_mounted": boolean("The folder asked about lies on a shared folder that is mounted."),
            "server": text("The file server to look at; empty when none is known.", private="host_name"),
            "kind": text("Its protocol: smb, nfs, sftp, webdav, afp or empty."),
            "port": integer("Its port when it is not the usual one, else 0."),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_portable, UNTRIED, _PORTABLE),
            "windows": under_wine(measured(_portable)),
        },
        timeout_s=4.0,
        summary=_summary,
    ),
)
