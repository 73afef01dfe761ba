"""Changing a small system file as a whole, with its undo. CPython 3.9 syntax.

The file is written in place: /etc/resolv.conf and /etc/hosts are often links or single mounted
files (containers), which a rename would break or could not replace.
"""

from __future__ import annotations

import os
import stat
from typing import Mapping, Optional, Tuple

from techdoctor import system
from techdoctor.actions.base import Acting, outcome_of
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, ActionOutcome, Value

_CAP_BYTES = 1 << 20


def content_of(path: str) -> Tuple[str, str]:
    """The text of a file and why it may not be changed.

    Returns:
        Text ("" when the file is absent) and "" or the reason.
    """
    try:
        text = system.read_text(path, _CAP_BYTES + 1)
    except CannotMeasure as error:
        return "", "" if error.status == NOT_APPLICABLE and "does not exist" in error.reason else error.reason
    if len(text) > _CAP_BYTES:
        return "", f"{path} is larger than 1 MiB"
    return text, "" if "\ufffd" not in text else f"{path} is not UTF-8 text"


def shown_change(path: str, before: str, after: str) -> Tuple[str, ...]:
    """The change as lines for the preview: what goes with `-`, what comes with `+`."""
    old, new = before.splitlines(), after.splitlines()
    gone = [f"- {line}" for line in old if line not in new]
    come = [f"+ {line}" for line in new if line not in old]
    order = [] if gone or come else [f"  {line}" for line in new]
    return (f"write {path}:", *(f"  {line}" for line in gone + come + order))


def replace(acting: Acting, path: str, before: str, after: str, done: str) -> ActionOutcome:
    """Writes the new text in place; the undo token holds both texts."""
    failed = write(acting, path, after)
    token = {"path": path, "before": before, "after": after}
    return failed or ActionOutcome(True, done, dict(token))


def restore(acting: Acting, token: Mapping[str, Value], done: str) -> ActionOutcome:
    """Writes the old text back, unless something else has changed the file meanwhile."""
    path = str(token["path"])
    now, problem = content_of(path)
    if problem or now != token["after"]:
        return ActionOutcome(False, problem or f"{path} has been changed by something else since; it was left alone")
    return write(acting, path, str(token["before"])) or ActionOutcome(True, done)


def _opened(path: str, flags: int) -> int:
    """Opens a file to be written; a link is followed only when root or this user made it.

    In the folder of somebody for whom root mends a file, that person could have put a link to any file there.
    """
    extra = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        link = os.lstat(path)
    except FileNotFoundError:
        return os.open(path, flags | extra, 0o666)
    if stat.S_ISLNK(link.st_mode) and (os.name != "posix" or link.st_uid in (0, os.geteuid())):
        extra = 0
    return os.open(path, flags | extra)


def write(acting: Acting, path: str, content: str) -> Optional[ActionOutcome]:
    """Writes a whole file in place, as administrator only where this user may not; None when that worked."""
    own = os.access(path, os.W_OK)
    if acting.platform != "windows" and content and not own:
        ran = acting.run(acting.elevated(["tee", path]), stdin=content)
        return None if ran.worked else outcome_of(ran, "")
    if acting.platform != "windows" and not own:
        ran = acting.run(acting.elevated(["truncate", "-s", "0", path]))
        return None if ran.worked else outcome_of(ran, "")
    try:
        with open(path, "w", encoding="utf-8", newline="", opener=_opened) as stream:
            stream.write(content)
    except OSError as error:
        return ActionOutcome(False, f"{path} could not be written: {error.strerror}")
    return None
