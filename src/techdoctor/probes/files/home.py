"""Probe home.access: can a person write in their own folder, and is all in it theirs? CPython 3.9 syntax."""

from __future__ import annotations

import os
import stat
import time
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    UNTRIED,
    Field,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    records,
    text,
    texts,
    unsupported,
)
from techdoctor.probes.disks import mount_table
from techdoctor.probes.files import flags
from techdoctor.probes.load import procfs
from techdoctor.text import clean_line

_SHOWN = 12
_SEARCH_S = 1.2
# Folders in which programs keep settings: they are looked into one level deeper.
_INNER = (".config", ".local", ".local/share", ".local/state", ".cache", ".ssh", ".gnupg", ".mozilla")
# Files that a sign-in or a shell writes, so that a wrong owner or mode shows.
_WRITTEN = frozenset([".ICEauthority", ".Xauthority", ".bash_history", ".xsession-errors", ".zsh_history"])
_OWNER_WRITES, _OWNER_ENTERS = stat.S_IWUSR, stat.S_IXUSR
OWNER, MODE = "owner", "mode"
_OWN_NAME = "techdoctor"

_RECORD: Dict[str, Field] = {
    "path": text("The file or folder.", private="path"),
    "why": text("owner: it belongs to someone else; mode: its owner may not write it."),
    "owner": text("Whom it belongs to.", private="user"),
    "mode": text("Its rights, e.g. 0755."),
}
_FIELDS: Dict[str, Field] = {
    "home": text("The home folder.", private="path"),
    "person": text("Whose home it is: this user, or its owner when root looks.", private="user"),
    "writable": boolean("That person may write in it."),
    "owner": text("Whom it belongs to.", private="user"),
    "mode": text("Its rights, e.g. 0755."),
    "wrong": records("Entries of it that the person needs to write and cannot.", **_RECORD),
    "wrong_count": integer("How many.", "count"),
    "wrong_paths": texts("Their paths, the home folder first if it is among them.", private="path"),
    "wrong_path": text("The first of them; empty for none.", private="path"),
    "wrong_owner": text("Whom that belongs to.", private="user"),
    "wrong_why": text("owner or mode."),
    "locked": texts("Files below it that nobody may change (chattr +i).", private="path"),
    "locked_count": integer("How many.", "count"),
    "locked_path": text("The first of them; empty for none.", private="path"),
    "complete": boolean("Everything was looked at for that; else there is too much of it."),
}


def needed(home: str) -> List[str]:
    """Entries that a person's programs write: the home folder, its dot folders, and what lies in those for settings."""
    found = [home]
    for folder in (home, *(os.path.join(home, name) for name in _INNER)):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue  # not there, or closed: then it is named itself
        for name in names:
            if folder == home and not name.startswith("."):
                continue  # what one keeps there may well be someone else's, such as a container's data
            path = os.path.join(folder, name)
            if _ours(path):
                continue  # made by this program when root runs it in someone's home
            try:
                kind = os.lstat(path).st_mode
            except OSError:
                continue
            if stat.S_ISDIR(kind) or (stat.S_ISREG(kind) and (name in _WRITTEN or folder != home)):
                found.append(path)
    return found


def _ours(path: str) -> bool:
    """True for this program's own folder, and for a folder that holds nothing else."""
    if os.path.basename(path) == _OWN_NAME:
        return True
    try:
        names = os.listdir(path)
    except OSError:
        return False  # a file, or closed
    return bool(names) and all(_ours(os.path.join(path, name)) for name in names[:4]) and len(names) <= len(_INNER)


def wrong_with(path: str, person: int) -> str:
    """Why a person cannot write an entry of their own home: OWNER, MODE, or empty when they can."""
    status = os.lstat(path)
    if status.st_uid != person:
        shared = status.st_mode & (stat.S_IWOTH | stat.S_IWGRP)
        return "" if shared else OWNER
    wanted = _OWNER_WRITES | _OWNER_ENTERS if stat.S_ISDIR(status.st_mode) else _OWNER_WRITES
    written = stat.S_ISDIR(status.st_mode) or os.path.basename(path) in _WRITTEN
    return MODE if written and status.st_mode & wanted != wanted else ""


def look(home: str, person: int) -> List[Tuple[str, str]]:
    """(path, why) of what the person cannot write; below a closed folder only that folder is named."""
    found: List[Tuple[str, str]] = []
    for path in needed(home):
        try:
            why = wrong_with(path, person)
        except OSError:
            continue  # gone meanwhile
        if why and not any(path.startswith(other + os.sep) for other, _ in found if other != home):
            found.append((path, why))
    return found


def _described(path: str, why: str) -> Dict[str, Value]:
    status = os.lstat(path)
    return {
        "path": mount_table.shown(path),
        "why": why,
        "owner": procfs.user_name(status.st_uid),
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
    }


def reading(home: str, me: int, deadline: float) -> Reading:
    """The fields.

    Args:
        home: The home folder.
        me: Numeric user that asks; root looks on behalf of the home's owner.
        deadline: Monotonic time at which the search for immutable files stops.
    """
    status = os.stat(home)
    person = status.st_uid if me == 0 else me
    found = look(home, person)
    locked = flags.search(home, deadline) if hasattr(os, "O_NONBLOCK") and system.platform_name() == "linux" else None
    records_: List[Dict[str, Value]] = [_described(path, why) for path, why in found[:_SHOWN]]
    paths: Sequence[str] = locked.paths if locked else ()
    first: Mapping[str, Value] = records_[0] if records_ else {}
    return Reading(
        {
            "home": mount_table.shown(home),
            "person": procfs.user_name(person),
            "writable": not any(path == home for path, _ in found),
            "owner": procfs.user_name(status.st_uid),
            "mode": f"{stat.S_IMODE(status.st_mode):04o}",
            "wrong": list(records_),
            "wrong_count": len(found),
            "wrong_paths": [record["path"] for record in records_],
            **{f"wrong_{key}": first.get(key, "") for key in ("path", "owner", "why")},
            "locked": [mount_table.shown(path) for path in paths[:_SHOWN]],
            "locked_count": len(paths),
            "locked_path": mount_table.shown(paths[0]) if paths else "",
            "complete": locked is None or locked.complete,
        }
    )


def _measure(probing: Probing) -> Reading:
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        raise CannotMeasure(NOT_APPLICABLE, "this user has no home folder")
    deadline = time.monotonic() + min(_SEARCH_S, probing.left_s() / 2)
    try:
        return system.within(probing.left_s(), lambda: reading(os.path.realpath(home), os.geteuid(), deadline))
    except FileNotFoundError:
        raise CannotMeasure(NOT_APPLICABLE, f"the home folder {mount_table.shown(home)} does not exist") from None


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("wrong_count"):
        return clean_line(f"{data['wrong_path']} cannot be written")
    return clean_line(f"{data['locked_path']} is locked") if data.get("locked_count") else "can be written"


PROBES = (
    Probe(
        name="home.access",
        title="Your own folder",
        doc=(
            "Owner and rights of the home folder, of its folders, and of the settings in it that programs write "
            "(XDG base directories, .Xauthority ...), against the person whose home it is; and files below it with "
            "the attribute immutable (FS_IOC_GETFLAGS), breadth first, for about a second."
        ),
        fields=_FIELDS,
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, "the standard library's stat, run on Linux only"),
            "windows": unsupported("rights on Windows are lists of their own kind, which are not read yet"),
        },
        timeout_s=4.0,
        summary=_summary,
    ),
)
