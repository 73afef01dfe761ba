"""Probes disk.largest and disk.inodes_where: what takes the space, and where the many files are. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping, Set, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RUN_HERE,
    Field,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    everywhere,
    integer,
    measured,
    records,
    text,
)
from techdoctor.probes.disks import dir_walk, mount_portable, mount_table
from techdoctor.probes.disks.dir_walk import Walked
from techdoctor.text import clean_line, size

_SHOWN = 10
# Left of the deadline for putting the answer together.
_MARGIN_S = 0.3

_COMMON: Dict[str, Field] = {
    "path": text("Where it was looked.", private="path"),
    "complete": boolean("Everything was seen; else the time was over or folders may not be read."),
    "unreadable": integer("Folders this user may not read.", "count"),
    "entries": integer("Files and folders seen.", "count"),
}
_PATH = {"path": Parameter("path", "Where to look; only that file system.", default="/")}


def _walk(probing: Probing) -> Walked:
    top = os.path.realpath(os.path.expanduser(probing.text("path") or os.sep))
    if not os.path.isdir(top):
        top = os.path.dirname(top)
    if not os.path.isdir(top):
        raise CannotMeasure(NOT_APPLICABLE, f"{mount_table.shown(top)} is not there")
    linux = probing.platform == "linux"
    mounts = mount_table.read() if linux else mount_portable.read()
    points: Set[str] = {mount.point for mount in mounts}
    deadline = probing.deadline - min(_MARGIN_S, probing.left_s() / 4)
    walked = dir_walk.walk(top, deadline, points, probing.cancelled)
    if walked.unreadable and not walked.own_entries:
        raise CannotMeasure(DENIED, f"{mount_table.shown(top)} may not be read (needs administrator rights)")
    return walked


def _common(walked: Walked) -> Dict[str, Value]:
    return {
        "path": mount_table.shown(walked.top),
        "complete": walked.complete and not walked.unreadable,
        "unreadable": walked.unreadable,
        "entries": walked.total.entries,
    }


def _largest(probing: Probing) -> Reading:
    walked = _walk(probing)
    folders = dir_walk.telling(walked, _SHOWN)
    files = [(count, path) for count, path in walked.large_files if count]
    own = walked.total.size_bytes
    top = (folders[0][0], folders[0][1].size_bytes) if folders else (walked.top, own)
    if folders and files and files[0][0] > top[1]:  # one file, which lies in no folder worth naming
        top = (files[0][1], files[0][0])
    return Reading(
        {
            **_common(walked),
            "seen_bytes": own,
            "folders": [
                {"path": mount_table.shown(p), "bytes": t.size_bytes, "entries": t.entries} for p, t in folders
            ],
            "files": [{"path": mount_table.shown(p), "bytes": count} for count, p in files],
            "top_path": mount_table.shown(top[0]),
            "top_bytes": top[1],
            "file_path": mount_table.shown(files[0][1]) if files else "",
            "file_bytes": files[0][0] if files else 0,
        }
    )


def _inodes_where(probing: Probing) -> Reading:
    unless = probing.params.get("unless_free_percent")
    if isinstance(unless, (int, float)) and hasattr(os, "statvfs"):
        space = os.statvfs(probing.text("path") or os.sep)
        if space.f_files and 100 * space.f_favail >= unless * space.f_files:
            raise CannotMeasure(NOT_APPLICABLE, "there is room for more files, so they were not counted")
    walked = _walk(probing)
    ordered: List[Tuple[int, str]] = sorted(((n, p) for p, n in walked.own_entries.items()), reverse=True)
    crowded = ordered[0] if ordered else (0, walked.top)
    return Reading(
        {
            **_common(walked),
            "folders": [{"path": mount_table.shown(p), "entries": n} for n, p in ordered[:_SHOWN] if n],
            "top_path": mount_table.shown(crowded[1]),
            "top_entries": crowded[0],
        }
    )


def _largest_summary(data: Mapping[str, Value]) -> str:
    count = data.get("top_bytes")
    return clean_line(f"{data.get('top_path')} {size(count)}") if isinstance(count, int) else ""


def _crowded_summary(data: Mapping[str, Value]) -> str:
    return clean_line(f"{data.get('top_path')} {data.get('top_entries')} entries")


_PORTABLE = "the standard library's directory listing, run on Linux only"
PROBES = (
    Probe(
        name="disk.largest",
        title="Largest folders",
        doc=(
            "Adds up the space on the disk (st_blocks, hard links once) below a folder without leaving its file "
            "system, breadth first, until the deadline. Folders are shown where their bulk is: not one whose content "
            "is all in one folder of it, and none inside another one shown."
        ),
        fields={
            **_COMMON,
            "seen_bytes": integer("Space added up.", "bytes"),
            "folders": records(
                "The largest folders.",
                path=text("The folder.", private="path"),
                bytes=integer("Space it takes with everything in it.", "bytes"),
                entries=integer("Files and folders in it.", "count"),
            ),
            "files": records(
                "The largest files.",
                path=text("The file.", private="path"),
                bytes=integer("Space it takes.", "bytes"),
            ),
            "top_path": text("The largest folder, or the largest file when that is larger.", private="path"),
            "top_bytes": integer("Space it takes.", "bytes"),
            "file_path": text("The largest file; empty for none.", private="path"),
            "file_bytes": integer("Space it takes.", "bytes"),
        },
        methods=everywhere(measured(_largest, RUN_HERE, _PORTABLE)),
        parameters=_PATH,
        timeout_s=3.0,
        cost="slow",
        summary=_largest_summary,
    ),
    Probe(
        name="disk.inodes_where",
        title="Most files",
        doc=(
            "The folders with the most entries directly in them, on one file system, breadth first, until the "
            "deadline. A file system can hold a fixed number of files; a folder of millions of small ones uses them up."
        ),
        fields={
            **_COMMON,
            "folders": records(
                "The fullest folders.",
                path=text("The folder.", private="path"),
                entries=integer("Entries directly in it.", "count"),
            ),
            "top_path": text("The folder with the most entries.", private="path"),
            "top_entries": integer("How many.", "count"),
        },
        methods=everywhere(measured(_inodes_where, RUN_HERE, _PORTABLE)),
        parameters={
            **_PATH,
            "unless_free_percent": Parameter(
                "float", "Do not look when at least so many inodes are free.", default=None
            ),
        },
        timeout_s=6.0,
        cost="slow",
        summary=_crowded_summary,
    ),
)
