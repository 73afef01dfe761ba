"""net.gateway: does the router answer, and does anybody else on the local network? CPython 3.9 syntax."""

from __future__ import annotations

import queue
import socket
import threading
import time
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, number, portable, text
from techdoctor.probes.network import arp, icmp, knock, neighbourhood, own_network, rtnetlink
from techdoctor.probes.network.knock import EVERYONE, NAMES, PING, TCP, Answer, Knock
from techdoctor.probes.network.own_network import Address, Gateway

# Three tries of the neighbour protocol, a second apart, fit into this (RFC 4861, section 10: RETRANS_TIMER).
_WAIT_S = 1.9
_MARGIN_S = 0.1
# An answer whose time can be taken is worth this much patience beyond one that merely shows life.
_SOONEST_S = 0.2
# A router answers on one of these, if only with a refusal: names, its own page, and discard, which nobody serves.
_PORTS = (53, 80, 9)
_ALL_NODES, _ALL_ROUTERS = "ff02::1", "ff02::2"  # RFC 4291, section 2.7.1
_PATIENCE_S = 0.5  # a router that answers at all does so within this
_DEAD = ("FAILED", "INCOMPLETE")
_FIXED = "PERMANENT"
_ONLY_MEMORY = "offline: the neighbour table alone cannot tell, it holds only what was true some time ago"


def _measure(probing: Probing) -> Reading:
    gateway = _gateway()
    if probing.settings.offline:
        return _from_table(gateway)
    begun = time.monotonic()
    wait_s = max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S))
    own = _own()
    others = neighbourhood.others(gateway, own, probing)
    knocks = _ways(gateway.address) + [k for other in others for k in (Knock(other, TCP, 53), Knock(other, PING))]
    if gateway.family == "ipv4":
        knocks += [Knock(f"{group}%{gateway.interface}", EVERYONE) for group in (_ALL_NODES, _ALL_ROUTERS)]
    beside = _Beside(gateway, neighbourhood.strangers(gateway, own, probing), wait_s)
    otherwise = _ask_otherwise(gateway, wait_s)
    answers = knock.knock(
        knocks,
        wait_s,
        lambda so_far, gone_s: (
            (gone_s > _SOONEST_S and not otherwise.empty()) or any(_is_life(a, gateway) for a in so_far)
        ),
        [address.address for address in own],
    )
    how = "" if otherwise.empty() else otherwise.get()
    found = beside.add_to(_reading(gateway, answers, others, time.monotonic() - begun, how))
    networks = [address.network for address in own if address.interface == gateway.interface]
    fits = neighbourhood.is_in(gateway.address, networks) if networks else None
    gaps = {} if networks else {"in_own_network": "this machine's own addresses are not known"}
    return Reading({**found.data, "in_own_network": fits}, {**found.gaps, **gaps})


class _Beside:
    """Looks for machines on the link whose address does not fit ours, once the router has been silent for a while."""

    def __init__(self, gateway: Gateway, addresses: Sequence[str], wait_s: float) -> None:
        self._found: List[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(gateway, addresses, wait_s), daemon=True)
        if addresses and gateway.family == "ipv4" and wait_s > _PATIENCE_S:
            self._thread.start()

    def _look(self, gateway: Gateway, addresses: Sequence[str], wait_s: float) -> None:
        if not self._over.wait(_PATIENCE_S):
            self._found += neighbourhood.on_the_wire(gateway.interface, addresses, wait_s - _PATIENCE_S)

    def add_to(self, reading: Reading) -> Reading:
        """The reading with what was found; nothing was looked for when the router answers."""
        self._over.set()
        if reading.data["answers"]:
            gap = {"stranger": "not waited for: the router answers"}
            return Reading({**reading.data, "stranger": None}, {**reading.gaps, **gap})
        if self._thread.is_alive():
            self._thread.join(_MARGIN_S)
        return Reading({**reading.data, "stranger": self._found[0] if self._found else ""}, reading.gaps)


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
        mac = arp.who_has(gateway.interface, gateway.address)
    except CannotMeasure:
        return  # an ordinary user: the neighbour table has to do
    entry = _entry(gateway)
    if mac and (entry is None or entry.state != _FIXED or entry.mac == mac):
        answered.put("neighbour")  # packets sent to another, fixed address do not reach who answers here


def _is_life(answer: Answer, gateway: Gateway) -> bool:
    plain = gateway.address.partition("%")[0]
    return answer.knock.address == gateway.address and (answer.shows_life or answer.said_by == plain)


def _reading(
    gateway: Gateway, answers: Sequence[Answer], others: Sequence[str], took_s: float, otherwise: str
) -> Reading:
    life = [a for a in answers if _is_life(a, gateway)]
    entry = _entry(gateway)
    confirmed = _is_confirmed(entry, took_s)
    grouped = knock.by_address(answers)
    alive = [a for a in others if any(answer.shows_life for answer in grouped.get(a, ()))]
    everyone = [a.knock.address for a in answers if a.answered and a.knock.way == EVERYONE]
    answering = bool(life or otherwise) or confirmed
    data: Dict[str, Value] = {
        **_about(gateway, entry),
        "answers": answering,
        "how": _how(life, otherwise, confirmed),
        "rtt_ms": round(min(a.ms for a in life if a.ms is not None), 1) if life else None,
        "neighbours_asked": len(others),
        "neighbours_answering": None if answering else len(alive),
        "anyone_answers": None if answering else bool(alive) or bool(everyone),
        "neighbour": alive[0] if alive and not answering else "",
        "ipv6_router": None if answering else any(address.startswith(_ALL_ROUTERS) for address in everyone),
    }
    gaps = {} if life else {"rtt_ms": "no answer whose time could be taken"}
    if answering:
        unasked = ("neighbours_answering", "anyone_answers", "ipv6_router")
        gaps.update(dict.fromkeys(unasked, "not waited for: the router answers"))
    return Reading(data, {**gaps, **_state_gap(entry)})


def _is_confirmed(entry: Optional[rtnetlink.Neighbour], took_s: float) -> bool:
    """True when the neighbour proved meanwhile that it is there; an entry fixed by hand proves nothing."""
    if entry is None or entry.confirmed_s is None or entry.state == _FIXED:
        return False
    return entry.confirmed_s <= took_s


def _from_table(gateway: Gateway) -> Reading:
    """What can be said without sending anything."""
    entry = _entry(gateway)
    state = entry.state if entry else ""
    answering = True if state == "REACHABLE" else False if state in _DEAD else None
    data: Dict[str, Value] = {**_about(gateway, entry), "answers": answering, "how": "neighbour" if answering else ""}
    unknown = ("answers",) if answering is None else ()
    gaps = dict.fromkeys(
        (*unknown, "rtt_ms", "neighbours_asked", "neighbours_answering", "anyone_answers", "ipv6_router", "stranger"),
        _ONLY_MEMORY,
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
            "neighbour": text("The first of them that answered while the router did not.", private="ip"),
            "in_own_network": boolean("Its address lies in the network that this machine's own address and mask say."),
            "ipv6_router": boolean("A router of IPv6 answered on the same link while this one did not."),
            "stranger": text(
                "A private name server beside this machine whose address does not fit into this machine's network.",
                private="ip",
            ),
            "anyone_answers": boolean("Anybody on the local network answered while the router did not."),
        },
        methods=portable(_measure),
        timeout_s=3.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
