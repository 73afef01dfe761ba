"""Files that are whole or absent: written beside their place, synced, then renamed."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from techdoctor.system import read_regular

PRIVATE_FILE = 0o600


def publish(path: Path, data: bytes) -> None:
    """Writes a file (0600) in one step; on any failure nothing is left and an old file stays as it was.

    Raises:
        OSError: It cannot be written, or a device, pipe or folder stands there: renaming would put it away.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EPERM, "what stands there is no plain file", str(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, PRIVATE_FILE), "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # what counts is the error that brought us here
            temporary.unlink(missing_ok=True)
        raise


def key_beside(path: Path, length: int) -> bytes:
    """The machine's pseudonym key, kept in the folder of the maps (0600); made on first use.

    Raises:
        OSError: It cannot be read or written.
    """
    place = path.with_name("pseudonyms.key")
    try:
        found = read_regular(str(place), length)
        if len(found) == length:
            return found
    except FileNotFoundError:
        pass
    publish(place, secrets.token_bytes(length))
    return place.read_bytes()
