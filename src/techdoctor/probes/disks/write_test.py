"""Probe disk.write_test: can this user save a file in the places that matter? CPython 3.9 syntax."""

from __future__ import annotations

import os
import tempfile
from typing import Dict, List, Mapping

from techdoctor.model import Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    everywhere,
    measured,
    number,
    records,
    text,
)
from techdoctor.probes.disks import child_python, filesystems, mount_table, write_child
from techdoctor.text import clean_line

_ROLES = ("asked", "home", "tmp")
# errno names in the order of how much they explain; the first that occurs is the answer.
_ERRORS = ("EDQUOT", "ENOSPC", "EROFS", "EIO")
_HUNG = "no answer"

_FIELDS = {
    "places": records(
        "Where it was tried.",
        path=text("The folder.", private="path"),
        role=text("asked, home or tmp."),
        ok=boolean("A file of 4 KiB could be made, written to the disk and removed."),
        error=text("Why not: its name in errno.h (ENOSPC, EDQUOT, EROFS, EACCES ...), or 'no answer'; empty when ok."),
        ms=number("Time for all of it.", "ms"),
    ),
    "ok": boolean("It worked everywhere."),
    "failed_path": text("The first folder in which it did not; empty for none.", private="path"),
    "error": text("The error there; empty for none."),
    "quota": boolean("Somewhere the user's own quota was used up (EDQUOT)."),
    "quota_path": text("Where; empty for nowhere.", private="path"),
    "no_space": boolean("Somewhere the file system had no room (ENOSPC)."),
    "read_only": boolean("Somewhere nothing may be written by anybody (EROFS)."),
}


def _places(asked: str) -> Dict[str, str]:
    """Folder to role; a folder that is two things is named after the first."""
    temporary = filesystems.temporary_folders() or [tempfile.gettempdir()]
    wanted = {"asked": asked, "home": os.path.expanduser("~"), "tmp": temporary[0]}
    places: Dict[str, str] = {}
    for role in _ROLES:
        if wanted[role]:
            places.setdefault(os.path.abspath(os.path.expanduser(wanted[role])), role)
    return places


def _measure(probing: Probing) -> Reading:
    places = _places(probing.text("path"))
    answers = {
        str(tree["path"]): tree for tree in child_python.ask_each(write_child, list(places), probing.left_s(4.0))
    }
    return reading(places, answers)


def reading(places: Mapping[str, str], answers: Mapping[str, Mapping[str, Value]]) -> Reading:
    """The fields from the child's answers by folder; a folder without one has not answered."""
    found: List[Dict[str, Value]] = []
    for path, role in places.items():
        answer = answers.get(path, {"error": _HUNG})
        ms = answer.get("ms")
        found.append(
            {
                "path": mount_table.shown(path),
                "role": role,
                "ok": answer["error"] == "",
                "error": answer["error"],
                "ms": round(ms, 1) if isinstance(ms, float) else None,
            }
        )
    failed = [place for place in found if not place["ok"]]
    failed.sort(key=lambda place: _ERRORS.index(str(place["error"])) if place["error"] in _ERRORS else len(_ERRORS))
    by_error = {str(place["error"]): place for place in reversed(failed)}
    return Reading(
        {
            "places": list(found),
            "ok": not failed,
            "failed_path": failed[0]["path"] if failed else "",
            "error": failed[0]["error"] if failed else "",
            "quota": "EDQUOT" in by_error,
            "quota_path": by_error["EDQUOT"]["path"] if "EDQUOT" in by_error else "",
            "no_space": "ENOSPC" in by_error,
            "read_only": "EROFS" in by_error,
        }
    )


def _summary(data: Mapping[str, Value]) -> str:
    return "works" if data.get("ok") else clean_line(f"{data.get('error')} in {data.get('failed_path')}")


PROBES = (
    Probe(
        name="disk.write_test",
        title="Saving a file",
        doc=(
            "It writes: a hidden file of 4 KiB is made, written to the disk (fsync) and removed at once in the asked "
            "folder, in the home folder and in the temporary folder. Only that tells a used-up quota and a disk that "
            "an error made read-only from a sound one, because sizes and options look normal there (EDQUOT, EROFS)."
        ),
        fields=_FIELDS,
        methods=everywhere(measured(_measure)),
        parameters={"path": Parameter("path", "A further folder to try; empty for none.", default="")},
        timeout_s=5.0,
        cost="slow",
        summary=_summary,
    ),
)
