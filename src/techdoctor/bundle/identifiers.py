"""This machine's own identifiers, asked of the system before anything is collected.

Only sources that cannot hang on a broken network: no name service, no resolver.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from techdoctor import system
from techdoctor.errors import CannotMeasure

# Source: login.defs(5), UID_MIN; 65534 is nobody. Windows and macOS come through the environment.
FIRST_PERSON_UID = 500
NOBODY_UID = 65534
# Names that every second machine has: hiding them says nothing and spoils the text.
_GENERIC_WORDS = (
    "root admin administrator user users guest public default test nobody system localhost localdomain local lan home "
    "internal intranet corp box domain host server client pc computer desktop laptop linux ubuntu debian fedora arch "
    "windows macos raspberrypi workstation vm container docker none unknown true false null"
)
GENERIC = frozenset(_GENERIC_WORDS.split())


@dataclass(frozen=True)
class Identifier:
    """One value to hide.

    Attributes:
        kind: "host", "domain", "user", "person", "ssid", "serial" or "id".
        value: As the system spells it.
    """

    kind: str
    value: str


def own_identifiers(env: Mapping[str, str] | None = None) -> list[Identifier]:
    """Names of this machine, its domains, its users, their real names, and its machine id."""
    env = os.environ if env is None else env
    found = [*_host_names(env), *_users(env)]
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        found += [Identifier("id", word) for word in _text(path).split()]
    return worth_hiding(found)


def worth_hiding(found: Iterable[Identifier]) -> list[Identifier]:
    """Without duplicates, generic names and single characters."""
    kept: dict[str, Identifier] = {}
    for item in found:
        value = item.value.strip().strip(".")
        if len(value) >= 2 and value.lower() not in GENERIC and not value.isdecimal():
            kept.setdefault(value.lower(), Identifier(item.kind, value))
    return list(kept.values())


def _host_names(env: Mapping[str, str]) -> Iterator[Identifier]:
    names = [env.get("COMPUTERNAME", ""), env.get("HOSTNAME", "")]
    if hasattr(os, "uname"):
        names.append(os.uname().nodename)
    names += _text("/etc/hostname").split()
    for name in names:
        short, _, domain = name.partition(".")
        yield Identifier("host", short)
        yield from _domain(domain)
    yield from _domain(env.get("USERDNSDOMAIN", ""))
    yield Identifier("domain", env.get("USERDOMAIN", ""))
    for line in _text("/etc/resolv.conf").splitlines():
        words = line.split()
        if words[:1] in (["search"], ["domain"]):
            for word in words[1:]:
                yield from _domain(word)


def _domain(name: str) -> Iterator[Identifier]:
    """A domain, and the word in it that names the organisation."""
    yield Identifier("domain", name)
    labels = name.strip(".").split(".")
    if len(labels) >= 2 and len(labels[-2]) >= 4:
        yield Identifier("domain", labels[-2])


def _users(env: Mapping[str, str]) -> Iterator[Identifier]:
    for variable in ("USER", "LOGNAME", "SUDO_USER", "USERNAME"):
        yield Identifier("user", env.get(variable, ""))
    for variable in ("HOME", "USERPROFILE"):
        yield Identifier("user", re.split(r"[/\\]", env.get(variable, "").rstrip("/\\"))[-1])
    for line in _text("/etc/passwd").splitlines():
        parts = line.split(":")
        if len(parts) < 7 or not parts[2].isdecimal() or not FIRST_PERSON_UID <= int(parts[2]) < NOBODY_UID:
            continue
        if int(parts[2]) < 1000 and parts[6].endswith(("nologin", "false")):
            continue
        yield Identifier("user", parts[0])
        yield Identifier("user", parts[5].rstrip("/").rpartition("/")[2])
        yield from real_name(parts[4])


def real_name(gecos: str) -> Iterator[Identifier]:
    """The parts of a GECOS field (full name, room, phones): the whole name and each word of it."""
    fields = gecos.split(",")
    yield Identifier("person", fields[0])
    for word in fields[0].split():
        if len(word) >= 3:
            yield Identifier("person", word)
    for field in fields[1:]:
        if len(field.strip()) >= 4:
            yield Identifier("person", field)


def _text(path: str) -> str:
    try:
        return system.within(1.0, lambda: system.read_text(path))
    except (CannotMeasure, TimeoutError):
        return ""  # not there on this system; what the others name is still hidden
