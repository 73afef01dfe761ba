"""Names ending in .local: who looks them up here, and whether a device answers to one. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
import shutil
import socket
from typing import Dict, Mapping, Optional

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    Source,
    boolean,
    measured,
    portable,
    text,
    unsupported,
)
from techdoctor.probes.discovery import mdns

# Where avahi-daemon listens for programs of this machine (avahi 0.8).
_SOCKETS = ("/run/avahi-daemon/socket", "/var/run/avahi-daemon/socket")
_ENABLED = (
    "/etc/systemd/system/multi-user.target.wants/avahi-daemon.service",
    "/etc/systemd/system/sockets.target.wants/avahi-daemon.socket",
)
_OWN_SERVICE = "the system looks such names up itself, without a service that could be missing"
_NSSWITCH = Source("nsswitch", path="/etc/nsswitch.conf")


def looks_up_local(nsswitch: str) -> Optional[bool]:
    """Whether host names go through multicast DNS, by nsswitch.conf(5); None when systemd-resolved decides."""
    line = re.search(r"^\s*hosts:(.*)$", nsswitch, re.MULTILINE)
    words = line.group(1).split() if line else []
    if any(word.startswith("mdns") for word in words):
        return True
    return None if "resolve" in words else False


def _service(probing: Probing) -> Reading:
    del probing
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin"
    try:
        with open(_NSSWITCH.path, encoding="utf-8", errors="replace") as file:
            named = looks_up_local(file.read(_NSSWITCH.cap_bytes))
    except OSError as error:
        named, why = None, f"/etc/nsswitch.conf cannot be read: {error.strerror}"
    else:
        why = "systemd-resolved decides, link by link"
    installed = shutil.which("avahi-daemon", path=path) is not None
    data: Dict[str, Value] = {"runs": _avahi_answers(), "names": named}
    data.update(installed=installed, expected=installed and _is_meant_to_run())
    return Reading(data, {} if named is not None else {"names": why})


def _is_meant_to_run() -> bool:
    """True when systemd starts it with the machine, or it has run since then."""
    enabled = os.path.isdir("/run/systemd/system") and any(map(os.path.lexists, _ENABLED))
    return enabled or any(os.path.isdir(os.path.dirname(path)) for path in _SOCKETS)


def _avahi_answers() -> bool:
    for path in _SOCKETS:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(1.0)
            try:
                door.connect(path)
            except OSError:
                continue
            return True
    return False


def _lookup(probing: Probing) -> Reading:
    host = probing.text("host").rstrip(".")
    if not host.lower().endswith(".local"):
        return Reading({"is_local": False}, dict.fromkeys(("answers", "address"), "the name does not end in .local"))
    try:
        found = mdns.addresses_of(host, probing.deadline - 0.1)
    except mdns.BadName as error:
        raise CannotMeasure(NOT_APPLICABLE, str(error)) from None
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"nobody can be asked: {error.strerror or error}") from None
    found.sort(key=lambda address: (":" in address, address))
    return Reading({"is_local": True, "answers": bool(found), "address": found[0] if found else ""})


def _service_summary(data: Mapping[str, Value]) -> str:
    if data.get("runs"):
        return "running"
    return "stopped" if data.get("expected") else "not used"


def _lookup_summary(data: Mapping[str, Value]) -> str:
    if not data.get("is_local"):
        return "not needed"
    return f"answers at {data.get('address')}" if data.get("answers") else "nobody answers to this name"


PROBES = (
    Probe(
        name="mdns.service",
        title="Announcements",
        doc="Whether this machine hears what devices announce (avahi-daemon), and whether host names ending in .local "
        "are looked up that way: an mdns entry in the hosts line of nsswitch.conf(5).",
        fields={
            "installed": boolean("avahi-daemon is installed."),
            "expected": boolean("It is meant to run: started with the machine by systemd, or it ran since then."),
            "runs": boolean("It takes connections from programs."),
            "names": boolean("Host names ending in .local go through it; unknown where systemd-resolved decides."),
        },
        methods={
            "linux": measured(_service),
            "macos": unsupported(_OWN_SERVICE),
            "windows": unsupported(_OWN_SERVICE),
        },
        timeout_s=2.0,
        summary=_service_summary,
    ),
    Probe(
        name="mdns.lookup",
        title="Name on this network",
        doc="Asks the devices of this network who has a name ending in .local, with our own packets (RFC 6762, "
        "one-shot questions), past the lookup of the system. Any other name is not asked.",
        fields={
            "is_local": boolean("The name ends in .local."),
            "answers": boolean("A device answers to it."),
            "address": text("Its address, IPv4 first; empty when none answers.", private="address"),
        },
        methods=portable(_lookup),
        parameters={"host": Parameter("text", "The name.", "")},
        timeout_s=2.5,
        cost="slow",
        network=True,
        reach="beyond",
        summary=_lookup_summary,
    ),
)
