"""net.tcp_by_address: is the internet reached by number, without any name? CPython 3.9 syntax."""

from __future__ import annotations

import threading
import time
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.base import (
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    number,
    portable,
    records,
    text,
    texts,
)
from techdoctor.probes.network import kernel_route, knock, neighbourhood, own_network, stack_counters, targets
from techdoctor.probes.network.knock import NAMES, PING, TCP, Answer, Knock
from techdoctor.probes.network.own_network import Address
from techdoctor.probes.network.stack_counters import Counters

_WAIT_S = 1.8
_MARGIN_S = 0.1
# After a first success the others get this long: their number is worth knowing, not worth waiting for.
_GRACE_S = 0.25
_PATIENCE_S = 0.5  # nobody else is asked while the internet may still answer
_WORDS = {TCP: "https", PING: "ping", NAMES: "names"}
# The loudest reason wins: what was said tells more than silence.
_LOUDEST = (knock.DENIED_HERE, knock.REFUSED, knock.UNREACHABLE, knock.NO_ROUTE, knock.SILENT)


def _measure(probing: Probing) -> Reading:
    v4, v6 = targets.internet(probing.settings.targets)
    tried_v4 = list(v4) if any(knock.has_way_to(a) for a in v4) else []
    tried_v6 = list(v6) if any(knock.has_way_to(a) for a in v6) else []
    tried = tried_v4 + tried_v6
    answers: List[Answer] = []
    own = _own()
    begun, wait_s, before, resolving = time.monotonic(), 0.0, stack_counters.read(), ""
    if tried:
        wait_s = max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S))
        beside = _Beside(own, probing, wait_s)
        answers = knock.knock([k for a in tried for k in _ways(a)], wait_s, _Enough(tried_v4 or tried_v6))
        resolving = beside.end()
    cut_short = time.monotonic() - begun < wait_s
    found = _reading(tried_v4, tried_v6, answers, [address.address for address in own], cut_short)
    told = _told_elsewhere(found, answers, resolving, before)
    interface = _egress(tried[0], own) if tried else ""
    tunnel = own_network.is_tunnel(interface) if interface else None
    gaps = {} if interface else {"via_tunnel": "which adapter the packets leave by is not known"}
    data = {**found.data, **told.data, "interface": interface, "via_tunnel": tunnel}
    return Reading(data, {**found.gaps, **told.gaps, **gaps})


class _Beside:
    """Asks others of the local network for names, once the internet has been silent for a while.

    One that is not the router and yet tells of names nobody has asked for shows that the network itself is online.
    """

    def __init__(self, own: Sequence[Address], probing: Probing, wait_s: float) -> None:
        self._heard: List[Answer] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=(own, probing, wait_s - _PATIENCE_S), daemon=True)
        self._thread.start()

    def _ask(self, own: Sequence[Address], probing: Probing, wait_s: float) -> None:
        if wait_s <= 0 or self._over.wait(_PATIENCE_S):
            return
        knocks = [Knock(address, NAMES, 53) for address in _others(own, probing)]
        self._heard += knock.knock(knocks, wait_s, lambda so_far, _: self._over.is_set() or _resolving(so_far) != "")

    def end(self) -> str:
        """The address of one that resolved a name; empty without one."""
        self._over.set()
        self._thread.join(_MARGIN_S)
        return _resolving(self._heard)


def _resolving(answers: Sequence[Answer]) -> str:
    return next((answer.knock.address for answer in answers if answer.answered), "")


def _others(own: Sequence[Address], probing: Probing) -> List[str]:
    try:
        router = next(g for g in own_network.gateways() if not own_network.is_tunnel(g.interface))
    except (CannotMeasure, StopIteration):
        return []  # without a router nobody is beside it
    networks = [address.network for address in own if address.interface == router.interface]
    return [a for a in neighbourhood.others(router, own, probing) if neighbourhood.is_in(a, networks)]


def _told_elsewhere(found: Reading, answers: Sequence[Answer], beside: str, before: Optional[Counters]) -> Reading:
    """What else speaks of a failure: a name server beside the router, and this machine's own counters."""
    data: Dict[str, Value] = {"resolved_beside": beside}
    after = stack_counters.read()
    if before is None or after is None:
        gap = "this system does not count them where this user may look"
        return Reading({**data, "kept_here": None}, {"kept_here": gap})
    grown = after.since(before)
    data["kept_here"] = grown.thrown_away + grown.unsent
    if found.data["https_error"] == knock.REFUSED:
        refusals = [a.knock.address for a in answers if a.error == knock.REFUSED and a.knock.way == TCP]
        data["said_here"] = bool(found.data["said_here"]) or _refused_by_ourselves(refusals) > 0
    return Reading(data)


def _refused_by_ourselves(addresses: Sequence[str]) -> int:
    """How many connections are refused although their packets may not get beyond the first router.

    A refusal that this machine makes itself passes its own loopback.
    """
    before = stack_counters.read()
    refused = sum(knock.is_refused_at_once(address, 443) for address in addresses)
    after = stack_counters.read()
    passed = after.since(before).to_itself if before and after else 0
    return min(refused, passed)


def _egress(target: str, own: Sequence[Address]) -> str:
    """The adapter by which packets to an address leave, policy routing included; empty when it is not known."""
    source = kernel_route.way_to(target).source
    return next((address.interface for address in own if source and address.address == source), "")


def _ways(address: str) -> List[Knock]:
    return [Knock(address, TCP, 443), Knock(address, PING), Knock(address, NAMES, 53)]


class _Enough:
    """Ends the knocking a moment after the family that decides has been reached by https, or has failed entirely."""

    def __init__(self, deciding: Sequence[str]) -> None:
        self._deciding = deciding
        self._all = sum(len(_ways(address)) for address in deciding)
        self._since: Optional[float] = None

    def __call__(self, answers: Sequence[Answer], gone_s: float) -> bool:
        if self._since is None:
            own = [a for a in answers if a.knock.address in self._deciding]
            if len(own) == self._all or any(a.answered and a.knock.way == TCP for a in own):
                self._since = gone_s
        return self._since is not None and gone_s - self._since >= _GRACE_S


def _own() -> List[Address]:
    try:
        return own_network.addresses()
    except CannotMeasure:
        return []  # then nobody is recognised as this machine, and the adapter stays unknown


def _reading(
    v4: Sequence[str], v6: Sequence[str], answers: Sequence[Answer], own: Sequence[str], cut_short: bool
) -> Reading:
    """The fields.

    Args:
        v4: Addresses tried.
        v6: Addresses tried; they decide only where no IPv4 address could be tried.
        answers: What came of all knocks.
        own: Own addresses.
        cut_short: True when not everybody was given the whole time.
    """
    by_address = knock.by_address(answers)
    ok_v4, ok_v6 = _any_answered(v4, by_address), _any_answered(v6, by_address)
    https = [a for a in answers if a.knock.way == TCP]
    good = [a for a in answers if a.answered]
    failures = [a for a in answers if a.error and a.error != knock.CANNOT]
    if v4 and ok_v6 is False and cut_short:
        ok_v6 = None
    ok = ok_v4 if v4 else ok_v6 if v6 else False
    deciding = [a for a in failures if a.knock.address in (v4 or v6)]
    said = [a.said_by for a in deciding if a.said_by]
    data: Dict[str, Value] = {
        "ok": ok,
        "ok_v4": ok_v4,
        "ok_v6": ok_v6,
        "https_ok": any(a.answered for a in https),
        "ping_ok": any(a.answered for a in answers if a.knock.way == PING),
        "reachable": sum(1 for group in by_address.values() if any(a.answered for a in group)),
        "tried": len(by_address),
        "fastest_ms": round(min(a.ms for a in good if a.ms is not None), 1) if good else None,
        "error": "" if ok else _loudest(deciding),
        "https_error": "" if any(a.answered for a in https) else _loudest(https),
        "said_by": said[0] if said else "",
        "said_here": any(s in own for s in said) or any(a.error == knock.DENIED_HERE for a in failures),
        "ways": list(dict.fromkeys(_WORDS[a.knock.way] for a in good)),
        "targets": [_record(address, group) for address, group in by_address.items()],
    }
    return Reading(data, _gaps(data, bool(v4), bool(v6)))


def _gaps(data: Mapping[str, Value], v4: bool, v6: bool) -> Dict[str, str]:
    gaps = {}
    if data["fastest_ms"] is None:
        gaps["fastest_ms"] = "nothing answered"
    for name, tried in (("ok_v4", v4), ("ok_v6", v6)):
        if data[name] is None:
            gaps[name] = "it was not waited for" if tried else "there is no way out in this family"
    return gaps


def _any_answered(addresses: Sequence[str], by_address: Mapping[str, Sequence[Answer]]) -> Optional[bool]:
    """Whether one of them answered; None when none was tried."""
    if not addresses:
        return None
    return any(answer.answered for address in addresses for answer in by_address[address])


def _loudest(answers: Sequence[Answer]) -> str:
    errors = {answer.error for answer in answers}
    return next((word for word in _LOUDEST if word in errors), knock.NO_ROUTE if not answers else knock.SILENT)


def _record(address: str, group: Sequence[Answer]) -> Dict[str, Value]:
    good = [a for a in group if a.answered]
    best = min(good, key=lambda a: a.ms or 0.0) if good else None
    return {
        "address": address,
        "ok": best is not None,
        "by": _WORDS[best.knock.way] if best else "",
        "ms": round(best.ms, 1) if best and best.ms is not None else None,
        "error": "" if best else _loudest(group),
        "said_by": next((a.said_by for a in group if a.said_by), ""),
    }


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("ok"):
        return f"answers in {data.get('fastest_ms')} ms"
    words = {
        knock.SILENT: "nothing comes back",
        knock.REFUSED: "refused on the way",
        knock.UNREACHABLE: "cannot be reached",
        knock.NO_ROUTE: "no way out",
        knock.DENIED_HERE: "blocked on this computer",
    }
    return words.get(str(data.get("error")), "not reached")


PROBES = (
    Probe(
        name="net.tcp_by_address",
        title="Internet by number",
        doc="Reaches well-known addresses of three operators by number: TCP 443, ping and a name question, each sent "
        "up to three times within two seconds. One that answers in any way shows that the internet is there; blocked "
        "ping or blocked https alone do not hide it. An ICMP error names who refuses (Linux). "
        "Site setting: targets.internet.",
        fields={
            "ok": boolean("The internet answers: in IPv4 where there is a way out in IPv4, else in IPv6."),
            "ok_v4": boolean("It answers in IPv4."),
            "ok_v6": boolean("It answers in IPv6."),
            "https_ok": boolean("A connection to port 443 was taken."),
            "ping_ok": boolean("A ping was answered."),
            "reachable": integer("How many addresses answered.", "count"),
            "tried": integer("How many were asked.", "count"),
            "fastest_ms": number("Time to the fastest answer.", "ms"),
            "error": text(
                "Why nothing answered: silent, refused, unreachable, no_route or denied_here; empty when ok."
            ),
            "https_error": text("The same for port 443 alone."),
            "said_by": text("Address of who said that it cannot be reached; empty when nobody did.", private="ip"),
            "said_here": boolean("This machine itself refused to send, or refused in the name of others (a firewall)."),
            "resolved_beside": text(
                "A local name server other than the router that told of a name nobody had asked for before.", "ip"
            ),
            "kept_here": integer(
                "Packets that this machine meanwhile threw away when they came in, or refused to send again.", "count"
            ),
            "interface": text("The adapter by which packets to the internet leave, policy routing included."),
            "via_tunnel": boolean("That adapter is the end of a tunnel (VPN)."),
            "ways": texts("What got through: https, ping, names."),
            "targets": records(
                "Each address.",
                address=text("Address."),
                ok=boolean("It answered."),
                by=text("Fastest way: https, ping or names."),
                ms=number("Time to that answer.", "ms"),
                error=text("Why it did not."),
                said_by=text("Who said so.", private="ip"),
            ),
        },
        methods=portable(_measure),
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
