"""Emptying named caches, the bin, old logs and crash dumps, and nothing else. CPython 3.9 syntax."""

from __future__ import annotations

import os
import time
from typing import List, Sequence, Tuple

from techdoctor import system
from techdoctor.actions import empty_folder
from techdoctor.actions.base import Acting, Action, outcome_of, shown
from techdoctor.model import ActionOutcome, ActionPreview
from techdoctor.probes.base import Parameter
from techdoctor.probes.disks import cache_places, dir_walk, mount_table
from techdoctor.probes.disks.cache_places import Place
from techdoctor.text import clean_line, size

_TITLE = "Empty caches"
_LOOK_S = 3.0
_SHOWN = 20


def wanted(acting: Acting) -> Tuple[List[Place], str]:
    """The places that are meant, and why nothing may be done: a name outside the list stops everything."""
    given = acting.params.get("names")
    names = [str(name) for name in given] if isinstance(given, list) else acting.text("names").split(",")
    names = [name.strip() for name in names if name.strip()]
    known = {
        place.name: place
        for place in cache_places.places(
            acting.platform, os.environ, os.path.expanduser("~"), _mount_of(acting.text("path"))
        )
        if place.spared
    }
    outside = [name for name in names if name not in known]
    if outside:
        return [], f"'{clean_line(outside[0], 60)}' is not among the places that may be emptied"
    return [known[name] for name in dict.fromkeys(names)], "" if names else "nothing was named"


def _mount_of(path: str) -> str:
    """The mount point above a path, for the bin kept there."""
    if not os.path.isabs(path):
        return ""
    while not os.path.ismount(path):
        path = os.path.dirname(path)
    return path


def _folders(place: Place) -> List[str]:
    """Folders of a place that exist and may be emptied."""
    return [path for path in place.paths if os.path.isdir(path) and not empty_folder.why_not(path)]


def _lines(acting: Acting, places: Sequence[Place]) -> List[str]:
    """One line for each folder or command, with what it takes, as it is shown before consent."""
    deadline = time.monotonic() + _LOOK_S
    lines = []
    for place in places:
        folders = [path for path in place.paths if os.path.isdir(path)] if place.command else _folders(place)
        counted = [dir_walk.walk(path, deadline).total.size_bytes for path in folders]
        if place.command and sum(counted):
            lines.append(f"{shown(acting.elevated(place.command))}  # {place.title}: up to {size(sum(counted))}")
        elif not place.command:
            lines += [
                f"delete everything in {clean_line(mount_table.shown(path))}  # {size(count)}"
                for path, count in zip(folders, counted)
                if count
            ]
    return lines


def _preview(acting: Acting) -> ActionPreview:
    places, problem = wanted(acting)
    lines = _lines(acting, places)
    return ActionPreview(
        _TITLE,
        tuple(lines[:_SHOWN]),
        needs_admin=any(place.command for place in places) and not system.is_admin(),
        problem=problem or ("" if lines else "there is nothing in these places"),
    )


def _apply(acting: Acting) -> ActionOutcome:
    places, problem = wanted(acting)
    if problem:
        return ActionOutcome(False, problem)
    freed, problems = 0, []
    for place in places:
        if place.command:
            ran = acting.run(acting.elevated(place.command))
            if not ran.worked:
                problems.append(outcome_of(ran, "").text)
            continue
        for path in _folders(place):
            try:
                emptied = empty_folder.empty(path)
            except OSError as error:
                problems.append(f"{mount_table.shown(path)}: {error.strerror}")
                continue
            freed += emptied.freed_bytes
            problems += emptied.problems
    done = f"{size(freed)} deleted" if freed or not any(place.command for place in places) else "emptied"
    if problems:
        return ActionOutcome(freed > 0, clean_line(f"{done}; not everything: {problems[0]}"))
    return ActionOutcome(True, done)


ACTIONS = (
    Action(
        name="caches.delete",
        title=_TITLE,
        doc=(
            "Deletes the content of named places: caches of known programs and the bin by itself, kept packages, the "
            "journal and crash dumps by the system's own commands. Any other name is refused; symbolic links are not "
            "followed and other file systems not entered. Programs make their caches anew; the bin is gone."
        ),
        preview=_preview,
        apply=_apply,
        parameters={
            "names": Parameter("list", "Names of places, as disk.reclaimable gives them.", required=True),
            "path": Parameter("path", "A file system whose own bin is meant too; empty for none.", default=""),
        },
        touches=("disk.*",),
        platforms=("linux", "macos"),
    ),
)
