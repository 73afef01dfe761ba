"""Probe share.server: does the file server have a name, is it there, does it serve? CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import time
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, SKIPPED, Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    number,
    portable,
    text,
)
from techdoctor.probes.names import system_lookup
from techdoctor.probes.network import knock, own_network
from techdoctor.probes.network.bounded_socket import is_loopback
from techdoctor.probes.network.knock import DENIED_HERE, NO_ROUTE, PING, REFUSED, TCP, UNREACHABLE, Answer, Knock
from techdoctor.probes.shares import place
from techdoctor.probes.shares.place import Place

# As the C library's first try at a name server needs when one of two is dead, and no longer (resolv.conf(5): 5 s).
_NAME_S = 1.6
_KNOCK_S = 1.5
# What a host that serves no files may answer on all the same: it is there then.
_SIGNS_OF_LIFE = (80, 22)
_MOST_ADDRESSES = 2


def _measure(probing: Probing) -> Reading:
    where = _wanted(probing)
    if probing.settings.offline and not is_loopback(where.server):
        raise CannotMeasure(SKIPPED, "offline: nothing may be sent beyond this machine")
    addresses, error = _addresses(where.server, probing.left_s(_NAME_S))
    if not addresses:
        return reading(where, (), (), error)
    wait_s = max(0.2, probing.left_s(_KNOCK_S))
    begun = time.monotonic()
    knocks = [Knock(a, TCP, p) for a in addresses for p in (*where.ports, *_SIGNS_OF_LIFE)]
    knocks += [Knock(a, PING) for a in addresses]
    answers = knock.knock(knocks, wait_s, lambda so_far, gone_s: _enough(so_far, where.ports, gone_s))
    return reading(where, addresses, answers, "", _own(), time.monotonic() - begun)


def _wanted(probing: Probing) -> Place:
    typed = place.of_text(probing.text("path"))
    if typed.server:
        return typed
    name, port = probing.text("name").strip("[]"), probing.params.get("port")
    if not name:
        raise CannotMeasure(NOT_APPLICABLE, "no file server is known here; name one: --set name=SERVER")
    return Place(name, probing.text("kind"), port if isinstance(port, int) and 0 < port < 1 << 16 else 0)


def _addresses(server: str, wait_s: float) -> Tuple[List[str], str]:
    """Numeric addresses, or none and why."""
    try:
        return [str(ipaddress.ip_address(server.partition("%")[0]))], ""
    except ValueError:
        pass  # a name: the system knows its address, or does not
    answer = system_lookup.look_up(server, max(0.2, wait_s))
    v4_first = sorted(answer.addresses, key=lambda a: ":" in a)
    return list(v4_first[:_MOST_ADDRESSES]), answer.error


def _enough(answers: Sequence[Answer], ports: Sequence[int], gone_s: float) -> bool:
    """Enough: it serves; or every port of it has refused, and any slower ones had their time."""
    served = [a for a in answers if a.knock.port in ports]
    if any(a.answered for a in served):
        return True
    return gone_s > 0.3 and bool(served) and all(a.error == REFUSED for a in served) and len(served) >= len(ports)


def _own() -> List[own_network.Address]:
    try:
        return own_network.addresses()
    except CannotMeasure:
        return []


def reading(
    where: Place,
    addresses: Sequence[str],
    answers: Sequence[Answer],
    name_error: str,
    own: Sequence[own_network.Address] = (),
    seconds: float = 0.0,
) -> Reading:
    """The probe's fields.

    Args:
        where: The server asked after.
        addresses: Its addresses; none when its name is not known.
        answers: What came back from them.
        name_error: Why there are no addresses.
        own: This machine's addresses.
        seconds: How long was waited for answers.
    """
    served = [a for a in answers if a.knock.way == TCP and a.knock.port in where.ports]
    open_ports = sorted({a.knock.port for a in served if a.answered})
    alive = any(a.shows_life for a in answers)
    failure = "" if open_ports else _failure(name_error, served, alive)
    first = min((a.ms for a in served if a.answered and a.ms is not None), default=None)
    data: Dict[str, Value] = {
        "server": where.server,
        "kind": where.kind,
        "ok": bool(open_ports),
        "failure": failure,
        "name_ok": bool(addresses),
        "address": addresses[0] if addresses else "",
        "ports": ", ".join(str(port) for port in where.ports),
        "port": open_ports[0] if open_ports else where.ports[0],
        "answers_otherwise": alive and not open_ports,
        "on_own_network": _is_near(addresses, own),
        "ms": None if first is None else round(first, 1),
        "waited_s": round(seconds, 2),
    }
    gaps = {} if first is not None else {"ms": "no connection"}
    if not addresses:
        gaps["on_own_network"] = "its address is not known"
    return Reading(data, gaps)


def _failure(name_error: str, served: Sequence[Answer], alive: bool) -> str:
    if not served:
        return "name_silent" if name_error in (system_lookup.TIMEOUT, system_lookup.TRY_AGAIN) else "name_unknown"
    errors = {a.error for a in served}
    if DENIED_HERE in errors:
        return "blocked_here"
    if REFUSED in errors:
        refusing = [a for a in served if a.error == REFUSED]
        return "refused" if any(a.shows_life for a in refusing) else "blocked"
    if errors & {UNREACHABLE, NO_ROUTE}:
        return "port_silent" if alive else "unreachable"
    return "port_silent" if alive else "silent"


def _is_near(addresses: Sequence[str], own: Sequence[own_network.Address]) -> Optional[bool]:
    if not addresses:
        return None
    wanted = ipaddress.ip_address(addresses[0])
    return any(wanted.version == a.network.version and wanted in a.network for a in own)


_FAILURES = {
    "name_unknown": "its name is not known",
    "name_silent": "its name could not be looked up",
    "silent": "no sign of life",
    "unreachable": "no way to it",
    "port_silent": "it is there but does not serve files",
    "refused": "it is there but refuses",
    "blocked": "something on the way refuses",
    "blocked_here": "a firewall of this computer forbids it",
}


def _summary(data: Mapping[str, Value]) -> str:
    words = "answers" if data["ok"] else _FAILURES.get(str(data["failure"]), str(data["failure"]))
    return f"{data['server']}: {words}"


PROBES = (
    Probe(
        name="share.server",
        title="File server",
        doc="Looks the server's name up as programs do, then knocks at its file ports (TCP 445 and 139 for SMB, 2049 "
        "for NFS, 22 for SSHFS, 548 for AFP; unknown kind: the first four and AFP), at ports 80 and 22 and by ping: "
        "a host that answers anything at all is there. Nobody logs in and no folder is listed.",
        parameters={
            "name": Parameter("hostname", "The server's name or address."),
            "kind": Parameter("text", "Its protocol: smb, nfs, sftp, webdav, afp; empty when unknown.", default=""),
            "port": Parameter("int", "Its port when it is not the usual one.", default=0),
            "path": Parameter("text", "Instead of these: a folder's address, e.g. smb://nas/public."),
        },
        fields={
            "server": text("The server asked after.", private="host_name"),
            "kind": text("Its protocol, or empty."),
            "ok": boolean("It takes connections on one of its file ports."),
            "failure": text(
                "Why not: name_unknown, name_silent, silent (no sign of life), unreachable, port_silent (there, but "
                "silent on its file ports), refused, blocked (refused by another on the way), blocked_here; or empty."
            ),
            "name_ok": boolean("The name has an address."),
            "address": text("That address.", private="ip"),
            "ports": text("The file ports knocked at."),
            "port": integer("The one that answered, else the first of them."),
            "answers_otherwise": boolean("No file port answers, yet the host shows signs of life."),
            "on_own_network": boolean("Its address lies in one of this computer's own networks."),
            "ms": number("Time to the connection.", "ms"),
            "waited_s": number("How long was waited for connections.", "s"),
        },
        methods=portable(_measure),
        timeout_s=4.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
