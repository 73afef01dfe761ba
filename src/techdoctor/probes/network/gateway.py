"""net.gateway: does the router answer, and does anybody else on the local network? CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, number, portable, text
from techdoctor.probes.names import resolver_config
from techdoctor.probes.network import arp, icmp, knock, own_network, rtnetlink
from techdoctor.probes.network.knock import EVERYONE, NAMES, PING, TCP, Answer, Knock
from techdoctor.probes.network.own_network import Address, Gateway

# Three tries of the neighbour protocol, a second apart, fit into this (RFC 4861, section 10: RETRANS_TIMER).
_WAIT_S = 1.9
_MARGIN_S = 0.1
# An answer whose time can be taken is worth this much patience beyond one that merely shows life.
_SOONEST_S = 0.2
# A router answers on one of these, if only with a refusal: names, its own page, and discard, which nobody serves.
_PORTS = (53, 80, 9)
_ALL_NODES = "ff02::1"  # RFC 4291, section 2.7.1
_DEAD = ("FAILED", "INCOMPLETE")
_ONLY_MEMORY = "offline: the neighbour table alone cannot tell, it holds only what was true some time ago"


def _measure(probing: Probing) -> Reading:
    gateway = _gateway()
    if probing.settings.offline:
        return _from_table(gateway)
    begun = time.monotonic()
    wait_s = max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S))
    own = _own()
    others = _others(gateway, own, probing)
    knocks = _ways(gateway.address) + [k for other in others for k in (Knock(other, TCP, 53), Knock(other, PING))]
    if gateway.family == "ipv4":
        knocks.append(Knock(f"{_ALL_NODES}%{gateway.interface}", EVERYONE))
    otherwise = _ask_otherwise(gateway, wait_s)
    answers = knock.knock(
        knocks,
        wait_s,
        lambda so_far, gone_s: (
            (gone_s > _SOONEST_S and not otherwise.empty()) or any(_is_life(a, gateway) for a in so_far)
        ),
        [address.address for address in own],
    )
    return _reading(gateway, answers, others, time.monotonic() - begun, "" if otherwise.empty() else otherwise.get())


def _gateway() -> Gateway:
    """The router this machine uses, tunnels aside.

    Raises:
        CannotMeasure: No router's address is set.
    """
    found = own_network.router()
    if found is None:
        raise CannotMeasure(NOT_APPLICABLE, "no router's address is set here")
    return found


def _own() -> List[Address]:
    try:
        return own_network.addresses()
    except CannotMeasure:
        return []  # then nobody else is asked; the router still is


def _ways(address: str) -> List[Knock]:
    return [Knock(address, PING), Knock(address, NAMES, 53), *(Knock(address, TCP, port) for port in _PORTS)]


def _others(gateway: Gateway, own: Sequence[Address], probing: Probing) -> List[str]:
    """Other machines of the local network that this one is set to use: name servers, further routers."""
    networks = [a.network for a in own if a.interface == gateway.interface]
    wanted = [g.address for g in own_network.gateways() if g.interface == gateway.interface]
    try:
        wanted += resolver_config.listed_servers(probing)
    except CannotMeasure:
        pass  # then the name servers are not asked; the routers still are
    ours = [a.address for a in own]
    return [
        address
        for address in dict.fromkeys(wanted)
        if address != gateway.address and address not in ours and _is_local(address, networks)
    ]


def _is_local(address: str, networks: Sequence[object]) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(parsed in network for network in networks)  # type: ignore[operator]  # either family's network


def _ask_otherwise(gateway: Gateway, wait_s: float) -> queue.SimpleQueue[str]:
    """Two further ways, each in its own thread: the system's `ping` where this user may not send any, and ARP.

    What the way is called lands in the queue when it was answered.
    """
    answered: queue.SimpleQueue[str] = queue.SimpleQueue()
    family = socket.AF_INET6 if gateway.family == "ipv6" else socket.AF_INET
    if not icmp.may_ping(family):
        threading.Thread(target=_ping, args=(gateway, wait_s, answered), daemon=True).start()
    if family == socket.AF_INET and system.platform_name() == "linux":
        threading.Thread(target=_arp, args=(gateway, answered), daemon=True).start()
    return answered


def _ping(gateway: Gateway, wait_s: float, answered: queue.SimpleQueue[str]) -> None:
    argv = {
        "windows": ["ping", "-n", "2", "-w", "800", gateway.address],
        "macos": ["ping", "-n", "-c", "1", "-t", "2", gateway.address],
    }.get(system.platform_name(), ["ping", "-n", "-c", "1", "-W", "1", gateway.address])
    for _ in range(2):
        ran = system.run(argv, wait_s)
        if ran.worked and (system.platform_name() != "windows" or "TTL=" in ran.out):
            answered.put("ping")
            return


def _arp(gateway: Gateway, answered: queue.SimpleQueue[str]) -> None:
    try:
        if arp.who_has(gateway.interface, gateway.address):
            answered.put("neighbour")
    except CannotMeasure:
        return  # an ordinary user: the neighbour table has to do


def _is_life(answer: Answer, gateway: Gateway) -> bool:
    plain = gateway.address.partition("%")[0]
    return answer.knock.address == gateway.address and (answer.shows_life or answer.said_by == plain)


def _reading(
    gateway: Gateway, answers: Sequence[Answer], others: Sequence[str], took_s: float, otherwise: str
) -> Reading:
    life = [a for a in answers if _is_life(a, gateway)]
    entry = _entry(gateway)
    confirmed = entry is not None and entry.confirmed_s is not None and entry.confirmed_s <= took_s
    grouped = knock.by_address(answers)
    alive = [a for a in others if any(answer.shows_life for answer in grouped.get(a, ()))]
    everyone = any(a.answered for a in answers if a.knock.way == EVERYONE)
    answering = bool(life or otherwise) or confirmed
    data: Dict[str, Value] = {
        **_about(gateway, entry),
        "answers": answering,
        "how": _how(life, otherwise, confirmed),
        "rtt_ms": round(min(a.ms for a in life if a.ms is not None), 1) if life else None,
        "neighbours_asked": len(others),
        "neighbours_answering": None if answering else len(alive),
        "anyone_answers": None if answering else bool(alive) or everyone,
    }
    gaps = {} if life else {"rtt_ms": "no answer whose time could be taken"}
    if answering:
        gaps.update(dict.fromkeys(("neighbours_answering", "anyone_answers"), "not waited for: the router answers"))
    return Reading(data, {**gaps, **_state_gap(entry)})


def _from_table(gateway: Gateway) -> Reading:
    """What can be said without sending anything."""
    entry = _entry(gateway)
    state = entry.state if entry else ""
    answering = True if state == "REACHABLE" else False if state in _DEAD else None
    data: Dict[str, Value] = {**_about(gateway, entry), "answers": answering, "how": "neighbour" if answering else ""}
    unknown = ("answers",) if answering is None else ()
    gaps = dict.fromkeys(
        (*unknown, "rtt_ms", "neighbours_asked", "neighbours_answering", "anyone_answers"), _ONLY_MEMORY
    )
    return Reading(data, {**gaps, **_state_gap(entry)})


def _about(gateway: Gateway, entry: Optional[rtnetlink.Neighbour]) -> Dict[str, Value]:
    return {
        "address": gateway.address,
        "interface": gateway.interface,
        "neighbour_state": entry.state if entry else None,
    }


def _state_gap(entry: Optional[rtnetlink.Neighbour]) -> Dict[str, str]:
    return {} if entry else {"neighbour_state": "the neighbour table has no entry for it, or cannot be read here"}


def _entry(gateway: Gateway) -> Optional[rtnetlink.Neighbour]:
    plain = gateway.address.partition("%")[0]
    try:
        table = rtnetlink.neighbours()
    except CannotMeasure:
        return None
    return next((n for n in table if n.address == plain and n.interface == gateway.interface), None)


def _how(life: Sequence[Answer], otherwise: str, confirmed: bool) -> str:
    if any(a.knock.way == PING and a.answered for a in life):
        return "ping"
    if life:
        return "names" if any(a.knock.way == NAMES for a in life) else "tcp"
    return otherwise or ("neighbour" if confirmed else "")


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("answers") is None:
        return f"{data.get('address')} not asked"
    return f"{data.get('address')} " + ("answers" if data.get("answers") else "does not answer")


PROBES = (
    Probe(
        name="net.gateway",
        title="Router",
        doc="Whether the default router gives any sign of life: echo reply, an answer or refusal on ports 53, 80 and "
        "9, an ICMP error of its own, or a neighbour entry confirmed meanwhile. One that ignores ping is not down. "
        "When it is silent, others on the same network are asked: local name servers, further routers, and (IPv6 "
        "link-local) everybody. Each is asked three times. Offline only the neighbour table is read.",
        fields={
            "answers": boolean("The router gave a sign of life."),
            "address": text("Its address.", private="ip"),
            "interface": text("The adapter it is reached by."),
            "how": text("What showed it: ping, tcp, names, neighbour; empty when nothing did."),
            "rtt_ms": number("Time to its first answer.", "ms"),
            "neighbour_state": text("Its state in the neighbour (ARP, NDP) table, e.g. REACHABLE, STALE, FAILED."),
            "neighbours_asked": integer("How many other local machines were asked.", "count"),
            "neighbours_answering": integer("How many of them answered while the router did not.", "count"),
            "anyone_answers": boolean("Anybody on the local network answered while the router did not."),
        },
        methods=portable(_measure),
        timeout_s=3.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
