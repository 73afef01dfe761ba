"""What is installed and set on this machine, as far as a change of it explains new trouble."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import Value

_DPKG_STATUS = "/var/lib/dpkg/status"
_CONFIGURATION = "/etc"
_MOST_FILES = 6000
# Larger files below /etc are data (hardware tables, compiled policies), not settings that people write.
_MOST_FILE_BYTES = 256 << 10
_DPKG_CAP_BYTES = 64 << 20
_STANZA = re.compile(r"^Package: (\S+)\nStatus: \S+ \S+ installed$", re.M)
_VERSION = re.compile(r"^Version: (\S+)$", re.M)


@dataclass(frozen=True)
class Inventory:
    """Names and versions, and marks of settings files.

    Attributes:
        packages: Package to version; empty when no package database was found.
        modules: Names of loaded kernel modules (drivers).
        settings: Mark of a file's path to mark of its content: neither can be read back from it.
        unseen: What could not be read, in words.
    """

    packages: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Value]:
        return {
            "packages": dict(self.packages),
            "modules": list(self.modules),
            "settings": dict(self.settings),
            "unseen": list(self.unseen),
        }

    @staticmethod
    def from_json(tree: object) -> Inventory | None:
        """An inventory; None when the tree is none."""
        if not isinstance(tree, dict):
            return None
        packages, modules, settings = tree.get("packages"), tree.get("modules"), tree.get("settings")
        return Inventory(
            {str(k): str(v) for k, v in packages.items()} if isinstance(packages, dict) else {},
            tuple(map(str, modules)) if isinstance(modules, list) else (),
            {str(k): str(v) for k, v in settings.items()} if isinstance(settings, dict) else {},
        )


@dataclass(frozen=True)
class Seen:
    """An inventory with the paths behind its marks, which are shown but never kept."""

    inventory: Inventory
    paths: Mapping[str, str]


def mark(content: bytes) -> str:
    """64 bits of SHA-256, enough to tell that something changed."""
    return hashlib.sha256(content).hexdigest()[:16]


class Taking:
    """Takes the inventory in the background, while a check-up measures.

    Args:
        root: Where the file system begins; another folder in tests.
        budget_s: Seconds after which what is not read yet counts as unseen.
    """

    def __init__(self, root: str = "", budget_s: float = 1.2) -> None:
        self._root, self._until = root, time.monotonic() + budget_s
        self._seen = Seen(Inventory(unseen=("it could not be read in time",)), {})
        self._thread = threading.Thread(target=self._take, daemon=True, name="inventory")
        self._thread.start()

    def result(self) -> Seen:
        """What was found; waits for it at most until the budget is used up."""
        self._thread.join(max(0.0, self._until - time.monotonic()) + 0.2)
        return self._seen

    def _take(self) -> None:
        unseen: list[str] = []
        packages = _packages(self._root, unseen)
        modules = _modules(self._root)
        settings, paths = self._settings(unseen)
        self._seen = Seen(Inventory(packages, modules, settings, tuple(unseen)), paths)

    def _settings(self, unseen: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        settings: dict[str, str] = {}
        paths: dict[str, str] = {}
        top = self._root + _CONFIGURATION
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                if len(settings) >= _MOST_FILES or time.monotonic() > self._until:
                    unseen.append(f"only the first {len(settings)} files below {_CONFIGURATION} were read")
                    return settings, paths
                path = os.path.join(folder, name)
                content = _content(path)
                if content is not None:
                    key = mark(path.removeprefix(self._root).encode("utf-8", "surrogateescape"))
                    settings[key], paths[key] = mark(content), path.removeprefix(self._root)
        return settings, paths


def _content(path: str) -> bytes | None:
    """A settings file's content, or where a link points to; None for what cannot be read or is too large."""
    try:
        if os.path.islink(path):
            return os.readlink(path).encode("utf-8", "surrogateescape")
        return system.read_regular(path, _MOST_FILE_BYTES)
    except OSError:
        return None


def _packages(root: str, unseen: list[str]) -> dict[str, str]:
    """Installed packages and versions: dpkg's own table, else what the system's tool lists."""
    try:
        return parse_dpkg(system.read_text(root + _DPKG_STATUS, _DPKG_CAP_BYTES))
    except CannotMeasure:
        pass
    if root:
        return {}
    for argv in (
        ("rpm", "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE}\\n"),
        ("pacman", "-Q"),
        ("brew", "list", "--versions"),
    ):
        ran = system.run(argv, 1.0, 8 << 20)
        if ran.worked:
            words = [line.split(None, 1) for line in ran.out.splitlines()]
            return {pair[0]: pair[1] for pair in words if len(pair) == 2}
    unseen.append("no list of installed programs was found")
    return {}


def parse_dpkg(text: str) -> dict[str, str]:
    """Package to version of those that dpkg's status file calls installed."""
    found = {}
    for stanza in text.split("\n\n"):
        name, version = _STANZA.search(stanza), _VERSION.search(stanza)
        if name and version:
            found[name[1]] = version[1]
    return found


def _modules(root: str) -> tuple[str, ...]:
    try:
        lines = Path(root + "/proc/modules").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    return tuple(sorted(line.split()[0] for line in lines if line.split()))
