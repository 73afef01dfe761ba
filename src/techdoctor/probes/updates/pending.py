"""Probe updates.pending: updates that wait to be installed, by the lists this machine has. CPython 3.9 syntax."""

from __future__ import annotations

import glob
import re
import shutil
from typing import Callable, List, Mapping, NamedTuple, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, NOT_APPLICABLE, TIMEOUT, Value
from techdoctor.probes.base import (
    UNTRIED,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    text,
    texts,
    unsupported,
)
from techdoctor.probes.updates import windows_update
from techdoctor.text import clean_line

_MOST_SHOWN = 8
_APT_LINE = re.compile(r"(?P<name>[^/\s]+)/(?P<suites>\S+) (?P<new>\S+) \S+ \[upgradable from: (?P<old>[^\]]+)\]")


class Update(NamedTuple):
    """One package that can be updated."""

    name: str
    version: str
    security: bool


def parse_apt(listing: str) -> List[Update]:
    """Parses `apt list --upgradable`; a suite such as bookworm-security brings security updates."""
    found = []
    for match in map(_APT_LINE.match, listing.splitlines()):
        if match:
            security = any("security" in suite for suite in match["suites"].split(","))
            found.append(Update(match["name"], match["new"], security))
    return found


def parse_dnf(listing: str, advisories: str = "") -> List[Update]:
    """Parses `dnf check-update`: name.arch, version, repository; obsoleting packages end the list.

    Args:
        listing: Its output.
        advisories: Output of `dnf updateinfo list security`, which ends each line with name-version.arch.
    """
    found = []
    for line in listing.partition("Obsoleting")[0].splitlines():
        words = line.split()
        if len(words) == 3 and "." in words[0] and words[1][0].isdigit():
            name, _, arch = words[0].rpartition(".")
            version = words[1].partition(":")[2] or words[1]
            found.append(Update(name, words[1], f"{name}-{version}.{arch}" in advisories))
    return found


def parse_pacman(listing: str) -> List[Update]:
    """Parses `pacman -Qu`: name old -> new; what is told as [ignored] is held back on purpose."""
    rows = [line.split() for line in listing.splitlines()]
    return [Update(words[0], words[3], False) for words in rows if len(words) == 4 and words[2] == "->"]


def parse_zypper(listing: str) -> List[Update]:
    """Parses `zypper list-updates`: a table whose first column is v for what is installed."""
    rows = [[cell.strip() for cell in line.split("|")] for line in listing.splitlines()]
    return [Update(row[2], row[4], False) for row in rows if len(row) >= 6 and row[0] == "v"]


def reading(manager: str, updates: List[Update], security_known: bool = True) -> Reading:
    """The fields, security updates first."""
    urgent = [u for u in updates if u.security]
    ordered = sorted(updates, key=lambda u: (not u.security, u.name))
    gaps = {} if security_known else {"security": f"{manager} was not asked which of them are security updates"}
    return Reading(
        {
            "manager": manager,
            "count": len(updates),
            "security": len(urgent) if security_known else None,
            "names": [clean_line(u.name, 80) for u in ordered[:_MOST_SHOWN]],
            "security_names": [clean_line(u.name, 80) for u in urgent[:_MOST_SHOWN]],
        },
        gaps,
    )


def run(argv: Tuple[str, ...], probing: Probing, worked: Tuple[int, ...] = (0,)) -> str:
    """Output of a package manager.

    Raises:
        CannotMeasure: It is missing, too slow, or ended with another exit code than `worked`.
    """
    ran = system.run(argv, probing.left_s(), cap_bytes=4 << 20)
    if ran.status == "timeout":
        raise CannotMeasure(TIMEOUT, f"{argv[0]} did not answer in time")
    if ran.status != "ok":
        raise CannotMeasure(MISSING_TOOL, f"{argv[0]} cannot be run")
    if ran.exit_code not in worked:
        raise CannotMeasure(NOT_APPLICABLE, f"{argv[0]} failed: {clean_line(ran.err or ran.out)}")
    return ran.out


def _apt(probing: Probing) -> Reading:
    if not glob.glob("/var/lib/apt/lists/*_Packages*") and not glob.glob("/var/lib/apt/lists/*Release"):
        raise CannotMeasure(NOT_APPLICABLE, "the list of updates was never fetched on this machine (apt-get update)")
    return reading("apt", parse_apt(run(("apt", "list", "--upgradable"), probing)))


def _dnf(probing: Probing) -> Reading:
    tool = "dnf" if shutil.which("dnf") else "yum"
    listing = run((tool, "-q", "-C", "check-update"), probing, (0, 100))  # 100: there are updates (dnf(8))
    advisories = run((tool, "-q", "-C", "updateinfo", "list", "security"), probing, (0, 1))
    return reading(tool, parse_dnf(listing, advisories))


def _zypper(probing: Probing) -> Reading:
    argv = ("zypper", "--non-interactive", "--no-refresh", "--quiet", "list-updates")
    return reading("zypper", parse_zypper(run(argv, probing)), security_known=False)


def _pacman(probing: Probing) -> Reading:
    updates = parse_pacman(run(("pacman", "-Qu"), probing, (0, 1)))  # 1: nothing to update
    return reading("pacman", updates, security_known=False)


_MANAGERS: Mapping[str, Callable[[Probing], Reading]] = {
    "apt": _apt,
    "dnf": _dnf,
    "yum": _dnf,
    "zypper": _zypper,
    "pacman": _pacman,
}


def manager() -> str:
    """The package manager that keeps this Linux; empty when none is known."""
    path = system.command_environment().get("PATH")
    return next((name for name in _MANAGERS if shutil.which(name, path=path)), "")


def _measure(probing: Probing) -> Reading:
    name = manager()
    if not name:
        raise CannotMeasure(NOT_APPLICABLE, "no package manager that is known here (apt, dnf, zypper, pacman)")
    return _MANAGERS[name](probing)


def _summary(data: Mapping[str, Value]) -> str:
    if not data.get("count"):
        return "none by the lists here"
    security = data.get("security")
    return f"{data['count']} wait" + (f", {security} for security" if security else "")


PROBES = (
    Probe(
        name="updates.pending",
        title="Updates that wait",
        doc="Packages that can be updated by the lists on this machine; nothing is fetched. apt list --upgradable,"
        " dnf -C check-update, zypper --no-refresh list-updates, pacman -Qu; Windows Update's own offline search.",
        fields={
            "manager": text("Who was asked: apt, dnf, zypper, pacman, Windows Update."),
            "count": integer("Updates that wait.", "count"),
            "security": integer("Those that mend security holes.", "count"),
            "names": texts("Their names, security updates first; at most 8."),
            "security_names": texts("Names of security updates; at most 8."),
            "restart_needed": boolean("True when one of them waits for a restart (Windows)."),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("softwareupdate --list asks Apple's servers each time; nothing is sent unasked"),
            "windows": measured(windows_update.measure, UNTRIED, "IUpdateSearcher with Online = false, by Microsoft"),
        },
        timeout_s=15.0,
        settled_by=(
            "/var/lib/apt/lists",
            "/var/lib/dpkg/status",
            "/etc/apt",
            "/etc/apt/sources.list.d",
            "/etc/apt/preferences.d",
            "/etc/apt/apt.conf.d",
        ),
        summary=_summary,
    ),
)
