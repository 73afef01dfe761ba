"""net.path: the routers on the way to an address on the internet. CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import re
import selectors
import socket
import time
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RECORDED,
    Parameter,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    measured,
    number,
    parsed,
    records,
    text,
)
from techdoctor.probes.network import icmp, targets
from techdoctor.text import clean_line

_MOST_HOPS = 16
_TRY_AT_S = (0.0, 0.5)
_WAIT_S, _GRACE_S, _MARGIN_S = 1.6, 0.3, 0.1
# The first port of traceroute; nobody listens there. Source: traceroute(8), option -p
_FIRST_PORT = 33434
_IP_TTL, _HOPS6 = getattr(socket, "IP_TTL", 2), getattr(socket, "IPV6_UNICAST_HOPS", 16)
_HOP = re.compile(r"^\s*(\d+)\s+(.*)$")
_MS = re.compile(r"<?([\d.]+)\s*ms")
_ADDRESS = re.compile(r"\b(\d+\.\d+\.\d+\.\d+)\b")
_MAC_SOURCE = "traceroute -n of macOS, code.google.com/p/autoddvpn, wiki page on trouble-shooting"
_WINDOWS_SOURCE = "tracert of Windows, github.com, course notes with `tracert 8.8.8.8` (host names in brackets)"
Found = Dict[int, Tuple[str, float]]


def _target(params: Params) -> str:
    """The address asked for: a number, so that no name is looked up and no tool takes it for an option."""
    text_ = str(params.get("address") or targets.INTERNET_V4[0])
    try:
        return str(ipaddress.ip_address(text_))
    except ValueError:
        raise CannotMeasure(NOT_APPLICABLE, f"'{clean_line(text_, 60)}' is not a numeric address") from None


def _linux(probing: Probing) -> Reading:
    """UDP packets of few hops to live; each router that drops one says so, and Linux keeps who it was."""
    address = _target(probing.params)
    deadline = time.monotonic() + min(_WAIT_S, probing.left_s() - _MARGIN_S)
    found: Found = {}
    with selectors.DefaultSelector() as selector:
        try:
            begun = time.monotonic()
            rounds = list(_TRY_AT_S)
            while time.monotonic() < deadline and not probing.cancelled.is_set():
                if rounds and time.monotonic() - begun >= rounds[0]:
                    rounds.pop(0)
                    for hop in range(1, _MOST_HOPS + 1):
                        if hop not in found:
                            _send(selector, address, hop)
                for key, _ in selector.select(0.05):
                    hop, sent, sock = key.data
                    _, sender, _ = icmp.pending_error(sock)
                    if sender and hop not in found:
                        found[hop] = (sender, (time.monotonic() - sent) * 1000)
                reached = [hop for hop, (sender, _) in found.items() if sender == address]
                if reached:
                    deadline = min(deadline, time.monotonic() + _GRACE_S)
                    if all(hop in found for hop in range(1, min(reached))):
                        break
        finally:
            for key in list((selector.get_map() or {}).values()):
                key.data[2].close()
    return _reading(address, found)


def _send(selector: selectors.BaseSelector, address: str, hop: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        icmp.keep_errors(sock)
        option = (socket.IPPROTO_IPV6, _HOPS6) if family == socket.AF_INET6 else (socket.IPPROTO_IP, _IP_TTL)
        sock.setsockopt(*option, hop)
        sock.connect((address, _FIRST_PORT + hop))
        sent = time.monotonic()
        sock.send(b"techdoctor")
    except OSError as error:
        sock.close()
        if not selector.get_map():
            raise CannotMeasure(NOT_APPLICABLE, f"nothing can be sent there: {error.strerror}") from None
        return
    selector.register(sock, selectors.EVENT_READ, (hop, sent, sock))


def parse_hops(out: str) -> Found:
    """The hops in what `traceroute -n` or `tracert -d` printed: number to address and milliseconds."""
    found: Found = {}
    for line in out.splitlines():
        told = _HOP.match(line)
        if told is None:
            continue
        addresses, took = _ADDRESS.findall(told[2]), _MS.findall(told[2])
        if addresses and took:
            found[int(told[1])] = (addresses[-1], float(took[0]))
    return found


def _mac_sources(params: Params) -> Sequence[Source]:
    argv = ("traceroute", "-n", "-q", "1", "-w", "1", "-m", str(_MOST_HOPS), _target(params))
    return [Source("path", argv=argv, timeout_s=15.0)]


def _windows_sources(params: Params) -> Sequence[Source]:
    argv = ("tracert", "-d", "-w", "500", "-h", str(_MOST_HOPS), _target(params))
    return [Source("path", argv=argv, timeout_s=20.0)]


def _parse(raws: Raws, params: Params) -> Reading:
    raw = raws["path"]
    return _reading(_target(params), parse_hops(raw.text if raw.text else raw.need("the list of hops (traceroute)")))


def _reading(address: str, found: Found) -> Reading:
    reached = min((hop for hop, (sender, _) in found.items() if sender == address), default=None)
    shown: List[int] = [hop for hop in sorted(found) if reached is None or hop <= reached]
    last = shown[-1] if shown else 0
    silent: Optional[int] = None
    if reached is not None:
        silent = sum(1 for hop in range(1, reached) if hop not in found)
    data: Dict[str, Value] = {
        "address": address,
        "reached": reached is not None,
        "hop_count": reached,
        "last_hop": last,
        "last_address": found[last][0] if last else "",
        "silent_hops": silent,
        "hops": [{"number": hop, "address": found[hop][0], "ms": round(found[hop][1], 1)} for hop in shown],
    }
    reason = "the address did not answer; many hosts do not answer this kind of packet"
    return Reading(data, {name: reason for name in ("hop_count", "silent_hops") if data[name] is None})


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("reached"):
        return f"{data['hop_count']} hops"
    return f"answers up to hop {data['last_hop']}"


PROBES = (
    Probe(
        name="net.path",
        title="Way to the internet",
        doc=f"The routers on the way to an address: UDP packets with 1 to {_MOST_HOPS} hops to live, twice each, all "
        "at once (Linux: senders of ICMP errors by the socket's error queue, no rights needed), or the system's own "
        "traceroute. A hop that does not answer is no fault by itself: many routers keep silent.",
        fields={
            "address": text("Where to."),
            "reached": boolean("That address answered."),
            "hop_count": integer("How many hops away it is.", "count"),
            "last_hop": integer("The farthest hop that answered; 0 when none did."),
            "last_address": text("Its address.", private="ip"),
            "silent_hops": integer("How many routers on the way did not answer.", "count"),
            "hops": records(
                "The routers that answered, nearest first.",
                number=integer("Which hop."),
                address=text("Its address.", private="ip"),
                ms=number("Round trip to it.", "ms"),
            ),
        },
        parameters={"address": Parameter("text", "Numeric address; the first documented target without one.", "")},
        methods={
            "linux": measured(_linux),
            "macos": parsed(_mac_sources, _parse, RECORDED, _MAC_SOURCE),
            "windows": parsed(_windows_sources, _parse, RECORDED, _WINDOWS_SOURCE),
        },
        timeout_s=20.0,
        cost="slow",
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
