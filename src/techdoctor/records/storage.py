"""The state folder: made lazily, private to this user, every access within a deadline."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from techdoctor import system
from techdoctor.errors import StateError

# A home directory on a dead file server costs this much once per access, never a hang.
DEADLINE_S = 1.0
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
T = TypeVar("T")


def guarded(what: str, work: Callable[[], T], deadline_s: float = DEADLINE_S) -> T:
    """Runs file work and turns everything a broken state folder does into StateError.

    Args:
        what: What was tried, for the message: "the list of sessions cannot be read".
        work: The file work; it is left behind when it hangs.
        deadline_s: Seconds to wait for it.

    Raises:
        StateError: It failed or did not answer in time.
    """
    try:
        return system.within(deadline_s, work)
    except TimeoutError:
        raise StateError(f"{what}: the state folder did not answer within {deadline_s:g} s") from None
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise StateError(f"{what}: {error.strerror or error}{where}") from None


def private_folder(folder: Path) -> Path:
    """Makes a folder (0700) where it is missing and checks that it is ours alone to write.

    An existing folder is never changed: whoever names /tmp as state folder must not lose /tmp.

    Raises:
        OSError: It cannot be made.
        StateError: It belongs to somebody else, is writable for everybody, or is no folder.
    """
    missing = []
    place = folder
    while not place.exists():
        missing.append(place)
        place = place.parent
    for part in reversed(missing):
        part.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        raise StateError(f"{folder} is not a folder")
    if os.name == "posix" and found.st_uid != os.geteuid():
        raise StateError(
            f"{folder} belongs to another user (uid {found.st_uid})", "set TECHDOCTOR_STATE_DIR to a folder of your own"
        )
    if os.name == "posix" and found.st_mode & stat.S_IWOTH:
        raise StateError(f"{folder} can be written by every user", f"chmod 700 {folder}")
    return folder
