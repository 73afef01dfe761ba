"""What techdoctor can see on this machine: rights, tools, paths, and what is missing for which playbook."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from techdoctor import system
from techdoctor.model import Value
from techdoctor.playbooks.tree import Playbook
from techdoctor.probes import registry
from techdoctor.probes.base import UNSUPPORTED

# Tools that probes and actions call when they are there.
TOOLS: Mapping[str, tuple[str, ...]] = {
    "linux": ("ip", "ping", "systemctl", "resolvectl", "nmcli", "sudo", "lpstat", "dmesg", "journalctl"),
    "macos": ("ifconfig", "route", "scutil", "networksetup", "launchctl", "lpstat", "sudo"),
    "windows": ("powershell", "ipconfig", "netsh"),
}
# Optional packages and what they are for.
PACKAGES: Mapping[str, str] = {
    "psutil": "processes, memory and adapters",
    "netifaces": "gateways and addresses (else psutil and the route table)",
    "yaml": "playbooks",
    "speedtest": "speed tests, on request",
    "pyrage": "sealed bundles (extra: crypto)",
    "pyarrow": "Parquet export (extra: parquet)",
}


@dataclass(frozen=True)
class Seen:
    """One line of the self-check.

    Attributes:
        area: "rights", "tools", "packages", "paths" or "playbooks".
        name: What was looked at.
        ok: True when it is there and usable.
        text: What was found, or what is missing without it.
    """

    area: str
    name: str
    ok: bool
    text: str

    def to_json(self) -> dict[str, Value]:
        return {"area": self.area, "name": self.name, "ok": self.ok, "text": self.text}


def self_check(playbooks: Sequence[Playbook], folders: Mapping[str, Path]) -> list[Seen]:
    """Looks at this machine.

    Args:
        playbooks: Loaded playbooks.
        folders: Name to folder that is written to.
    """
    platform = system.platform_name()
    seen = [
        Seen("rights", "administrator", system.is_admin(), "yes" if system.is_admin() else "no: some facts need it")
    ]
    path = system.command_environment().get("PATH")
    for tool in TOOLS.get(platform, ()):
        found = shutil.which(tool, path=path)
        seen.append(Seen("tools", tool, found is not None, found or "not installed"))
    for package, purpose in PACKAGES.items():
        there = _importable(package)
        seen.append(Seen("packages", package, there, purpose if there else f"missing: {purpose}"))
    fts5 = _has_fts5()
    seen.append(Seen("packages", "sqlite FTS5", fts5, "search" if fts5 else "missing: a slower search is used"))
    seen += [Seen("paths", name, *_writable(folder)) for name, folder in folders.items()]
    return seen + [_playbook(playbook, platform) for playbook in playbooks]


def _importable(package: str) -> bool:
    import importlib.util

    return package in sys.modules or importlib.util.find_spec(package) is not None


def _has_fts5() -> bool:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute("CREATE VIRTUAL TABLE t USING fts5(a)")
        except sqlite3.OperationalError:
            return False
    return True


def _writable(folder: Path) -> tuple[bool, str]:
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    return (True, str(folder)) if os.access(nearest, os.W_OK) else (False, f"{folder} cannot be written")


def _playbook(playbook: Playbook, platform: str) -> Seen:
    """Which facts of a playbook cannot be measured on this platform."""
    if platform not in playbook.platforms:
        return Seen("playbooks", playbook.id, False, f"not for {platform}")
    lacking = []
    for fact in playbook.facts.values():
        method = registry.get(fact.probe).methods.get(platform)
        if method is None or method.level == UNSUPPORTED:
            lacking.append(f"{fact.name} ({method.reason if method else 'not written'})")
    return Seen(
        "playbooks", playbook.id, not lacking, "cannot measure: " + ", ".join(lacking) if lacking else playbook.title
    )
