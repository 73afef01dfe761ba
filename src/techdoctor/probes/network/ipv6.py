"""net.ipv6: does a machine that has IPv6 get anywhere with it? CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, number, portable, records, text
from techdoctor.probes.names.failure_words import in_words
from techdoctor.probes.network import knock, own_network, targets
from techdoctor.probes.network.knock import NAMES, PING, TCP, Answer, Knock

_WAIT_S = 1.8
_MARGIN_S = 0.1
_FIELDS = ("ok", "silent", "error", "said_by", "ms")


def _measure(probing: Probing) -> Reading:
    _, v6 = targets.internet(probing.settings.targets)
    own = _own_global()
    way = bool(v6) and any(knock.has_way_to(address) for address in v6)
    data: Dict[str, Value] = {"has_address": bool(own), "has_way": bool(own) and way}
    if not data["has_way"]:
        why = "this machine has no IPv6 address of the internet" if not own else "there is no way out in IPv6"
        return Reading({**data, "tried": 0, "targets": []}, dict.fromkeys(_FIELDS, why))
    wait_s = max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S))
    knocks = [k for a in v6 for k in (Knock(a, TCP, 443), Knock(a, PING), Knock(a, NAMES, 53))]
    answers = knock.knock(knocks, wait_s, _enough, own)
    found = reading(answers, own)
    return Reading({**data, **found.data}, found.gaps)


def _own_global() -> List[str]:
    """Own addresses of the IPv6 internet (2000::/3); unique local ones (fc00::/7) lead nowhere by design."""
    try:
        addresses = own_network.addresses()
    except CannotMeasure:
        return []
    internet = ipaddress.ip_network("2000::/3")
    return [a.address for a in addresses if ":" in a.address and ipaddress.ip_address(a.address) in internet]


def _enough(answers: Sequence[Answer], _gone_s: float) -> bool:
    return any(a.shows_life for a in answers)


def reading(answers: Sequence[Answer], own: Sequence[str]) -> Reading:
    """The fields that need packets.

    Args:
        answers: What came of all knocks.
        own: Own addresses: "unreachable" said by one of them means that the router did not answer.
    """
    alive = [a for a in answers if a.shows_life]
    failed = [a for a in answers if a.error and a.error != knock.CANNOT]
    told = [a for a in failed if a.error not in (knock.SILENT, knock.CANNOT) and a.said_by and a.said_by not in own]
    here = any(a.error == knock.DENIED_HERE for a in failed)
    ms = min((a.ms for a in alive if a.ms is not None), default=None)
    data: Dict[str, Value] = {
        "ok": bool(alive),
        "silent": not alive and not told and not here,
        "error": "" if alive else _loudest(failed, bool(told)),
        "said_by": told[0].said_by if told and not alive else "",
        "ms": None if ms is None else round(ms, 1),
        "tried": len({a.knock.address for a in answers}),
        "targets": [_row(address, group) for address, group in knock.by_address(answers).items()],
    }
    return Reading(data, {} if ms is not None else {"ms": "nothing answered"})


def _loudest(failed: Sequence[Answer], told: bool) -> str:
    errors = {a.error for a in failed}
    if told or knock.DENIED_HERE in errors:
        order = (knock.DENIED_HERE, knock.UNREACHABLE, knock.REFUSED)
        return next((word for word in order if word in errors), knock.SILENT)
    return knock.SILENT


def _row(address: str, group: Sequence[Answer]) -> Dict[str, Value]:
    alive: Optional[Answer] = next((a for a in group if a.shows_life), None)
    ms = alive.ms if alive else None
    return {"address": address, "ok": alive is not None, "ms": None if ms is None else round(ms, 1)}


def _summary(data: Mapping[str, Value]) -> str:
    if not data["has_way"]:
        return "not in use" if not data["has_address"] else "no way out"
    return f"answers in {data['ms']} ms" if data["ok"] else in_words(data["error"])


PROBES = (
    Probe(
        name="net.ipv6",
        title="IPv6",
        doc="Where this machine has an IPv6 address of the internet and a way out: TCP 443, ping and a name question "
        "to addresses of three operators, each up to three times within two seconds. Any sign of life counts. Silence "
        "makes programs wait before they take IPv4 (RFC 8305); an ICMP error does not. Site setting: targets.internet.",
        fields={
            "has_address": boolean("This machine has an address of the IPv6 internet (2000::/3)."),
            "has_way": boolean("It has a way out in IPv6 as well."),
            "ok": boolean("The IPv6 internet answers."),
            "silent": boolean("Nothing came back at all: programs wait for it."),
            "error": text("silent, unreachable, refused or denied_here; empty when ok."),
            "said_by": text("Who said that it cannot be reached.", private="ip"),
            "ms": number("Time to the fastest answer.", "ms"),
            "tried": integer("How many addresses were asked.", "count"),
            "targets": records(
                "Each address.",
                address=text("Address."),
                ok=boolean("It showed life."),
                ms=number("Time to its first answer.", "ms"),
            ),
        },
        methods=portable(_measure),
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
