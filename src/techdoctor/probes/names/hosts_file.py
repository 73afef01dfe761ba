"""The hosts file: names with a fixed address that no name server is asked for. CPython 3.9 syntax."""

from __future__ import annotations

import os
from typing import List, Mapping, Sequence, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import (
    UNTRIED,
    Parameter,
    Params,
    Probe,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    parsed,
    text,
    texts,
    under_wine,
)
from techdoctor.probes.names.name_targets import DEFAULT_NAME

# Answers that lead to this machine or nowhere: how block lists switch a name off.
NOWHERE = ("0.0.0.0", "127.0.0.1", "::", "::1")  # noqa: S104 - read from a file, never bound


_SAME_FORMAT = "a text file of the same format, at its documented place; not run there"


def path_of(platform: str) -> str:
    """Where the hosts file is."""
    if platform == "windows":
        return os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "drivers", "etc", "hosts")
    return "/etc/hosts"


def entries_for(content: str, name: str) -> List[Tuple[int, str, str]]:
    """Lines that give a name an address.

    Returns:
        For each: line number from 1, address, and the line as it stands.
    """
    wanted = name.rstrip(".").lower()
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if wanted in (word.rstrip(".").lower() for word in words[1:]):
            found.append((number, words[0], line))
    return found


def _sources(platform: str) -> Sequence[Source]:
    return (Source("hosts", path=path_of(platform), cap_bytes=4 << 20),)


def _parse(raws: Raws, params: Params) -> Reading:
    raw = raws["hosts"]
    content = "" if raw.status == "absent" else raw.need("the hosts file")
    found = entries_for(content, str(params.get("name") or DEFAULT_NAME))
    addresses = list(dict.fromkeys(address for _, address, _ in found))
    data: Mapping[str, Value] = {
        "overridden": bool(found),
        "address": addresses[0] if addresses else "",
        "addresses": list(addresses),
        "blocked": bool(found) and all(address in NOWHERE for address in addresses),
        "line": found[0][0] if found else 0,
        "text": found[0][2] if found else "",
        "lines": len(found),
    }
    return Reading(data)


PROBES = (
    Probe(
        name="dns.hosts_file",
        title="Hosts file",
        doc="Whether the hosts file (hosts(5)) gives the asked name a fixed address. Sends nothing.",
        parameters={"name": Parameter("hostname", "Name to look for.", default=DEFAULT_NAME)},
        fields={
            "overridden": boolean("True when the file has the name."),
            "address": text("Address of the first entry; empty without one.", "ip"),
            "addresses": texts("All addresses the file gives it.", "ip"),
            "blocked": boolean("True when the file leads the name to this machine or nowhere."),
            "line": integer("Number of the first such line; 0 without one."),
            "text": text("That line.", "text"),
            "lines": integer("How many lines have the name.", "count"),
        },
        methods={
            "linux": parsed(lambda params: _sources("linux"), _parse),
            "macos": parsed(lambda params: _sources("macos"), _parse, UNTRIED, _SAME_FORMAT),
            "windows": under_wine(parsed(lambda params: _sources("windows"), _parse)),
        },
        timeout_s=2.0,
        summary=lambda data: f"{data['address']} in line {data['line']}" if data["overridden"] else "no entry",
    ),
)
