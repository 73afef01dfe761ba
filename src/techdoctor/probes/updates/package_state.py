"""Probe packages.state: installations that were interrupted, missing dependencies, packages held back.

CPython 3.9 syntax.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Iterator, List, Mapping, Sequence, Set, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
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
from techdoctor.text import clean_line

_STATUS = "/var/lib/dpkg/status"
_JOURNAL = "/var/lib/dpkg/updates"
_TERM_LOG = "/var/log/apt/term.log"
_MOST_BYTES = 64 << 20
_MOST_SHOWN = 8
# dpkg(1), "Package states": everything between not-installed and installed is unfinished.
_UNFINISHED = ("half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending")
_FIELD = re.compile(r"^(Package|Status|Architecture|Depends|Pre-Depends|Provides): ?(.*)$", re.MULTILINE)
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*")


@dataclass(frozen=True)
class Package:
    """One entry of dpkg's status file.

    Attributes:
        want: What is wanted of it: install, hold, deinstall, purge, unknown.
        flag: "ok" or "reinstreq".
        state: not-installed, config-files, half-installed ... installed.
        needs: Groups of names, one of each of which must be there.
        provides: Other names it stands for.
    """

    name: str
    want: str
    flag: str
    state: str
    needs: Tuple[Tuple[str, ...], ...] = ()
    provides: Tuple[str, ...] = ()

    @property
    def unfinished(self) -> bool:
        return self.state in _UNFINISHED or self.flag == "reinstreq"


def parse_status(text: str) -> Iterator[Package]:
    """Parses dpkg's status file."""
    for block in text.split("\n\n"):
        fields = {match[1]: match[2] for match in _FIELD.finditer(block)}
        words = fields.get("Status", "").split()
        if len(words) == 3 and fields.get("Package"):
            needs = ", ".join(fields[key] for key in ("Depends", "Pre-Depends") if fields.get(key))
            groups = tuple(tuple(_names(group.split("|"))) for group in needs.split(",") if group.strip())
            provides = tuple(_names(fields.get("Provides", "").split(",")))
            yield Package(fields["Package"], words[0], words[1], words[2], groups, provides)


def _names(parts: Sequence[str]) -> Iterator[str]:
    """Names without version, architecture and build profile."""
    for part in parts:
        match = _NAME.match(part.strip())
        if match:
            yield match[0]


def missing_needs(packages: Sequence[Package]) -> List[Tuple[str, str]]:
    """Installed packages and what each lacks, by name; versions are not compared."""
    there: Set[str] = set()
    for package in packages:
        if package.state not in ("not-installed", "config-files", "half-installed"):
            there.add(package.name)
            there.update(package.provides)
    return [
        (package.name, group[0])
        for package in packages
        if package.state == "installed"
        for group in package.needs
        if group and not any(name in there for name in group)
    ]


def reading(packages: Sequence[Package], interrupted: bool, log: str) -> Reading:
    """The fields.

    Args:
        packages: dpkg's status.
        interrupted: True when dpkg's journal holds changes that were not finished.
        log: End of apt's terminal log, or empty.
    """
    broken = [p for p in packages if p.unfinished]
    held = [p.name for p in packages if p.want == "hold" and p.state == "installed"]
    lacking = missing_needs(packages)
    shown: List[Value] = [{"name": p.name, "state": p.state} for p in broken[:_MOST_SHOWN]]
    error = (why_it_failed(log, broken[0].name) or None) if broken else ""
    return Reading(
        {
            "manager": "dpkg",
            "broken": shown,
            "broken_count": len(broken),
            "broken_names": [p.name for p in broken[:_MOST_SHOWN]],
            "first_broken": f"{broken[0].name} ({broken[0].state})" if broken else "",
            "interrupted": interrupted,
            "missing": [f"{name} needs {lack}" for name, lack in lacking[:_MOST_SHOWN]],
            "missing_count": len(lacking),
            "held": list(held[:_MOST_SHOWN]),
            "held_count": len(held),
            "first_held": held[0] if held else "",
            "error": error,
        },
        {} if error is not None else {"error": "apt's log says nothing of it"},
    )


def why_it_failed(log: str, package: str) -> str:
    """What apt's log says right before and at the error about a package."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    marks = [i for i, line in enumerate(lines) if line.startswith(f"dpkg: error processing package {package}")]
    if not marks:
        return ""
    last = marks[-1]
    return clean_line(" | ".join(lines[max(0, last - 2) : last + 2]), 300)


def _measure(probing: Probing) -> Reading:
    if not os.path.isfile(_STATUS):
        raise CannotMeasure(NOT_APPLICABLE, "no dpkg keeps the packages here")
    packages = list(parse_status(system.read_text(_STATUS, _MOST_BYTES)))
    try:
        journal = [name for name in os.listdir(_JOURNAL) if name.isdigit()]
    except OSError:
        journal = []  # none on this dpkg
    try:
        with open(_TERM_LOG, "rb") as stream:
            stream.seek(max(0, os.path.getsize(_TERM_LOG) - 20_000))
            log = stream.read().decode("utf-8", "replace")
    except OSError:
        log = ""  # only administrators may read it; the state of the package is known all the same
    return reading(packages, bool(journal), log)


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("broken_count") or data.get("interrupted"):
        return clean_line(f"unfinished: {data.get('first_broken') or 'a change of the package list'}")
    if data.get("missing_count"):
        return clean_line(f"lacking: {data.get('missing')}")
    return f"in order, {data['held_count']} held back" if data.get("held_count") else "in order"


PROBES = (
    Probe(
        name="packages.state",
        title="Installed packages",
        doc="dpkg's status file and journal: states between not-installed and installed (dpkg(1)), dependencies that"
        " are missing by name, and packages on hold. rpm and pacman keep no half-installed packages.",
        fields={
            "manager": text("Who keeps the packages."),
            "broken": records("Unfinished packages; at most 8.", name=text("Its name."), state=text("dpkg's state.")),
            "broken_count": integer("How many.", "count"),
            "broken_names": texts("Their names; at most 8."),
            "first_broken": text("The first with its state; empty when none."),
            "interrupted": boolean("True when dpkg was stopped in the middle of a change."),
            "missing": texts("Packages with what they need and is not there; at most 8."),
            "missing_count": integer("How many.", "count"),
            "held": texts("Packages that are kept from being updated; at most 8."),
            "held_count": integer("How many.", "count"),
            "first_held": text("The first of these; empty when none."),
            "error": text(
                "What the log says of the first unfinished one; empty when nothing can be read.", private="path"
            ),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("the installer of macOS keeps no state of unfinished packages"),
            "windows": unsupported("Windows Installer rolls back; its component store needs DISM, which takes minutes"),
        },
        summary=_summary,
    ),
)
