"""Checked playbooks kept as JSON, so that starting costs neither YAML nor checks.

A kept tree is named by the SHA-256 of the file it came from and by a stamp of the program that checked
it: its version and its own files, so that a changed probe declaration makes every kept tree void. What
cannot be read or written is no error: the playbook is read afresh.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import techdoctor
from techdoctor.model import Value
from techdoctor.system import read_regular

# Raise when the form of kept trees changes.
FORMAT = 3
FOLDER_VARIABLE = "TECHDOCTOR_CACHE_DIR"
# A checked tree is a few times its file, which has at most 1 MiB; more than this is not ours.
MOST_BYTES = 32 << 20
# Packages whose files decide what a correct playbook is.
_DECIDING = ("playbooks", "probes", "actions")


def default_folder() -> Path:
    """TECHDOCTOR_CACHE_DIR, or the system's place for caches. It may not exist yet."""
    if os.environ.get(FOLDER_VARIABLE):
        return Path(os.environ[FOLDER_VARIABLE])
    import platformdirs

    return Path(platformdirs.user_cache_dir("techdoctor", appauthor=False))


def stamp() -> str:
    """Changes with the program's version and with every file that decides what a correct playbook is."""
    root = Path(techdoctor.__file__).parent
    seen = hashlib.sha256(f"{FORMAT} {techdoctor.__version__}".encode())
    for package in _DECIDING:
        for folder, folders, names in os.walk(root / package):
            folders.sort()
            for name in sorted(name for name in names if name.endswith(".py")):
                with contextlib.suppress(OSError):
                    status = os.stat(os.path.join(folder, name))
                    seen.update(f"{package} {name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return seen.hexdigest()[:16]


class Cache:
    """Kept trees and the kept index below one folder.

    Args:
        folder: Where; made when first written to.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or default_folder()) / f"playbooks-{stamp()}"
        self._ours = _only_ours(self._folder)

    def tree(self, sha256: str) -> dict[str, Value] | None:
        """The checked tree of the file with this hash; None when it is not kept or damaged."""
        return self._read(f"{sha256}.json")

    def keep_tree(self, sha256: str, tree: Mapping[str, Value]) -> None:
        self._write(f"{sha256}.json", tree)

    def index(self) -> dict[str, Value]:
        """File hash to index entry as JSON; empty when nothing is kept."""
        return self._read("index.json") or {}

    def keep_index(self, entries: Mapping[str, Value]) -> None:
        self._write("index.json", entries)

    def _read(self, name: str) -> dict[str, Value] | None:
        if not self._ours:
            return None
        try:
            # A torn or altered file must not become a playbook that no check has seen.
            checksum, _, body = read_regular(str(self._folder / name), MOST_BYTES).partition(b"\n")
            kept = json.loads(body) if checksum == _checksum(body) else None
        except (OSError, ValueError, RecursionError):
            return None
        return kept if isinstance(kept, dict) else None

    def _write(self, name: str, tree: Mapping[str, Value]) -> None:
        """Writes beside and renames: another techdoctor never sees half a file."""
        if not self._ours:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, beside = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        except OSError:
            return
        try:
            body = json.dumps(tree, separators=(",", ":")).encode()
            with os.fdopen(handle, "wb") as file:
                file.write(_checksum(body) + b"\n" + body)
            os.replace(beside, self._folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(beside)


def _only_ours(folder: Path) -> bool:
    """False when someone else could write here: root must not take a user's word for what was checked."""
    try:
        status = folder.stat()
    except OSError:
        return True  # not there yet: it will be made for us alone
    return os.name != "posix" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
