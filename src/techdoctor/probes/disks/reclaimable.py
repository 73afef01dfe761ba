"""Probe disk.reclaimable: caches, the bin, logs and crash dumps that could be spared. CPython 3.9 syntax."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Set

from techdoctor.model import Value
from techdoctor.probes.base import (
    RUN_HERE,
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
    texts,
    unsupported,
)
from techdoctor.probes.disks import cache_places, dir_walk, mount_portable, mount_table
from techdoctor.probes.disks.cache_places import CACHE, DUMPS, JOURNAL, LOGS, PACKAGES, TRASH, Place
from techdoctor.text import clean_line, size

_SHOWN = 16
_MARGIN_S = 0.3
# Group of fields -> kinds that it sums.
_GROUPS = {
    "spare": (CACHE, PACKAGES, TRASH),
    "cache": (CACHE,),
    "package": (PACKAGES,),
    "trash": (TRASH,),
    "log": (JOURNAL, LOGS),
    "dump": (DUMPS,),
}
_UNREADABLE = "may not be read (needs administrator rights, sudo)"


@dataclass(frozen=True)
class Sized:
    """One folder of a place with what it takes."""

    place: Place
    path: str
    size_bytes: int
    complete: bool


def sized(place: Place, path: str, points: Set[str], deadline: float, skip: str = "") -> Sized:
    """Adds up one folder of a place; `skip` is a folder in it that is counted elsewhere."""
    walked = dir_walk.walk(path, deadline, points | {skip})
    return Sized(place, path, walked.total.size_bytes, walked.complete and not walked.unreadable)


def _folders(found: Sequence[Place], device: int) -> List[tuple[Place, str]]:
    """The folders of places that exist, are no links, and lie on the file system that is meant."""
    wanted = []
    for place in found:
        for path in place.paths:
            try:
                stat = os.lstat(path)
            except OSError:
                continue  # not there
            if os.path.isdir(path) and not os.path.islink(path) and stat.st_dev == device:
                wanted.append((place, path))
    return wanted


def _measure(probing: Probing) -> Reading:
    top = os.path.realpath(os.path.expanduser(probing.text("path") or os.path.expanduser("~")))
    while not os.path.lexists(top):
        top = os.path.dirname(top)
    mounts = mount_table.read() if probing.platform == "linux" else mount_portable.read()
    mount = mount_table.holding(top, mounts)
    points = {mount.point for mount in mounts}
    known = cache_places.places(probing.platform, os.environ, os.path.expanduser("~"), mount.point)
    space = os.statvfs(top)
    deadline = probing.deadline - min(_MARGIN_S, probing.left_s() / 4)
    found = [
        sized(place, path, points, deadline, "/var/log/journal" if place.kind == LOGS else "")
        for place, path in _folders(known, os.stat(top).st_dev)
    ]
    return reading(found, mount_table.shown(mount.point), space.f_blocks * space.f_frsize)


def reading(found: Sequence[Sized], mount: str, total_bytes: int) -> Reading:
    """The fields of sized folders.

    Args:
        found: Folders with what they take.
        mount: The file system they lie on.
        total_bytes: Its size.
    """
    ordered = sorted((one for one in found if one.size_bytes), key=lambda one: (-one.size_bytes, one.path))
    data: Dict[str, Value] = {
        "mount": mount,
        "places": [_record(one) for one in ordered[:_SHOWN]],
        "complete": all(one.complete for one in found),
        "largest_title": ordered[0].place.title if ordered else "",
        "largest_path": mount_table.shown(ordered[0].path) if ordered else "",
        "largest_bytes": ordered[0].size_bytes if ordered else 0,
    }
    gaps: Dict[str, str] = {}
    for group, kinds in _GROUPS.items():
        members = [one for one in found if one.place.kind in kinds]
        counted = sum(one.size_bytes for one in members)
        data[f"{group}_bytes"] = counted
        data[f"{group}_percent"] = round(100 * counted / total_bytes, 2) if total_bytes else 0.0
        names = dict.fromkeys(one.place.name for one in ordered if one in members and one.place.spared)
        data[f"{group}_names"] = list(names)
        hidden = [one.path for one in members if not one.complete and not one.size_bytes]
        if hidden and not counted:
            gaps.update(dict.fromkeys((f"{group}_bytes", f"{group}_percent"), f"{hidden[0]} {_UNREADABLE}"))
            data.update({f"{group}_bytes": None, f"{group}_percent": None})
    return Reading(data, gaps)


def _record(one: Sized) -> Dict[str, Value]:
    return {
        "name": one.place.name,
        "title": one.place.title,
        "kind": one.place.kind,
        "path": mount_table.shown(one.path),
        "bytes": one.size_bytes,
        "spared": one.place.spared,
    }


def _summary(data: Mapping[str, Value]) -> str:
    count = data.get("largest_bytes")
    if not isinstance(count, int) or not count:
        return "nothing"
    return clean_line(f"{data.get('largest_title')} {size(count)}")


_SUMS = {
    key: field
    for group, what in (
        ("spare", "caches, kept packages and the bin together"),
        ("cache", "this user's caches"),
        ("package", "packages kept after installing"),
        ("trash", "the bin"),
        ("log", "system logs"),
        ("dump", "crash dumps"),
    )
    for key, field in (
        (f"{group}_bytes", integer(f"Space of {what}.", "bytes")),
        (f"{group}_percent", number(f"Space of {what} in percent of the file system's size.", "percent")),
        (f"{group}_names", texts(f"Names of places of {what} that may be emptied, largest first.")),
    )
}

PROBES = (
    Probe(
        name="disk.reclaimable",
        title="Caches and bin",
        doc=(
            "Sizes named places on one file system whose content can be spared or made anew: caches of known programs, "
            "packages kept after installing, the bin, the system's logs, crash dumps. Not the whole cache folder: what "
            "takes hours to fetch again is left out."
        ),
        fields={
            "mount": text("The file system looked at.", private="path"),
            "places": records(
                "Places that take space, largest first.",
                name=text("Its name; caches.delete takes it."),
                title=text("What is in it."),
                kind=text("cache, packages, trash, journal, logs or dumps."),
                path=text("Its folder.", private="path"),
                bytes=integer("Space it takes.", "bytes"),
                spared=boolean("caches.delete may empty it."),
            ),
            "complete": boolean("Everything was seen; else the time was over or folders may not be read."),
            "largest_title": text("What the largest is; empty for none."),
            "largest_path": text("Where the largest is.", private="path"),
            "largest_bytes": integer("Space the largest takes.", "bytes"),
            **_SUMS,
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, RUN_HERE, "the standard library's directory listing, run on Linux only"),
            "windows": unsupported("which folders Windows itself can spare is not read yet"),
        },
        parameters={"path": Parameter("path", "The file system that holds this path; empty for home's.", default="")},
        timeout_s=3.0,
        cost="slow",
        summary=_summary,
    ),
)
