"""Running a command as the user nobody, for laboratories that must need no root."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

# Where the interpreter lives in root's home, which others may not enter, a private mount namespace puts an
# enterable folder in that place, with nothing but the interpreter in it.
_IN_REACH = """
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/kept
mount --bind "$2" /mnt/kept
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir -p "$2"
mount --bind /mnt/kept "$2"
shift 2
exec "$@"
"""
_AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """The command line that runs a command without root's rights; the command itself for an ordinary user."""
    if os.geteuid() != 0:
        return list(command)
    kept = Path(sys.base_prefix).resolve()
    closed = [folder for folder in reversed(kept.parents) if not folder.stat().st_mode & stat.S_IXOTH]
    if not closed:
        return [*_AS_NOBODY, *command]
    apart = ("unshare", "--mount", "--propagation", "private", "sh", "-c", _IN_REACH, "sh")
    return [*apart, str(closed[0]), str(kept), *_AS_NOBODY, *command]
