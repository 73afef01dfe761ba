"""Emptying a folder without ever leaving it: no symbolic link is followed, no other file system entered.

Everything is done relative to open folders, so that nobody can swap a part of the path for a link meanwhile.
CPython 3.9 syntax.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import List

# Deeper than any cache; each level holds a descriptor open.
_DEEPEST = 200


@dataclass
class Emptied:
    """What became of a folder.

    Attributes:
        freed_bytes: Space of the files that were deleted.
        deleted: Files and folders that were deleted.
        problems: What could not be deleted and why, the first few.
    """

    freed_bytes: int = 0
    deleted: int = 0
    problems: List[str] = field(default_factory=list)

    def failed(self, name: str, error: OSError) -> None:
        """Notes a problem; more than a few are not kept."""
        if len(self.problems) < 5:
            self.problems.append(f"{name}: {error.strerror}")


def why_not(path: str) -> str:
    """Why a folder may not be emptied; empty when it may."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return error.strerror or "it cannot be looked at"
    if stat.S_ISLNK(status.st_mode):
        return "it is a link to another place"
    if not stat.S_ISDIR(status.st_mode):
        return "it is not a folder"
    if hasattr(os, "geteuid") and os.geteuid() not in (0, status.st_uid):
        return "it belongs to another user"
    return ""


def empty(path: str) -> Emptied:
    """Deletes everything in a folder, not the folder itself.

    Raises:
        OSError: The folder cannot be opened, or is a symbolic link.
    """
    emptied = Emptied()
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _empty(descriptor, os.fstat(descriptor).st_dev, emptied, 0)
    finally:
        os.close(descriptor)
    return emptied


def _empty(folder: int, device: int, emptied: Emptied, depth: int) -> None:
    for name in os.listdir(folder):
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode):
                os.unlink(name, dir_fd=folder)
                emptied.freed_bytes += status.st_blocks * 512 if status.st_nlink == 1 else 0
            elif status.st_dev == device and depth < _DEEPEST:
                _remove_folder(name, folder, device, emptied, depth)
            else:
                continue
            emptied.deleted += 1
        except OSError as error:
            emptied.failed(name, error)


def _remove_folder(name: str, folder: int, device: int, emptied: Emptied, depth: int) -> None:
    inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    try:
        if os.fstat(inner).st_dev != device:  # something was mounted there meanwhile
            return
        _empty(inner, device, emptied, depth + 1)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=folder)
