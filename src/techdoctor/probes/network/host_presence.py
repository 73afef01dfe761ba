"""Whether a host is there at all, when one of its services does not answer. CPython 3.9 syntax.

A host that refuses a connection is there just as one that takes it is; one that ignores pings is
not away. So every kind of answer counts, and only silence to all of them says "not there".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.probes.network import rtnetlink
from techdoctor.probes.network.knock import NO_ROUTE, PING, REFUSED, TCP, UNREACHABLE, Answer, Knock, knock

_NAME_PORT = 53
_PORTS = (_NAME_PORT, 80, 443)
# A host that has answered otherwise gets this long to take or refuse a connection to its name port.
_NAME_PORT_S = 0.3


@dataclass(frozen=True)
class Presence:
    """What is known of a host.

    Attributes:
        answers: True when anything came back from it.
        rtt_ms: Milliseconds to the first answer; None without one.
        how: "connection", "refusal", "ping", "neighbour", "unreachable" or "silence".
        name_port_refused: True when it refused a connection to port 53: no name service listens there.
    """

    answers: bool
    rtt_ms: Optional[float]
    how: str
    name_port_refused: bool = False


SILENCE = Presence(False, None, "silence")


def look_for(addresses: Sequence[str], wait_s: float, found: Dict[str, Presence]) -> None:
    """Looks for hosts: a connection to a few ports and a ping each, all at the same time.

    Args:
        addresses: Numeric addresses.
        wait_s: Seconds until silence counts; the search ends as soon as every host has answered.
        found: Gets what is known of each, as soon as it is: whoever waits may look in before the end.
    """

    def enough(answers: Sequence[Answer], gone_s: float) -> bool:
        found.update({address: _presence(address, answers) for address in addresses})
        settled = {answer.knock.address for answer in answers if answer.knock.port == _NAME_PORT}
        return all(p.answers for p in found.values()) and (settled == set(addresses) or gone_s >= _NAME_PORT_S)

    knocks = [Knock(address, TCP, port) for address in addresses for port in _PORTS]
    knocks += [Knock(address, PING) for address in addresses]
    answers = knock(knocks, wait_s, enough)
    reachable = _reachable_neighbours() if not enough(answers, wait_s) else []
    for address in addresses:
        if not found[address].answers and address.partition("%")[0] in reachable:
            # It swallows everything, yet answers for its hardware address on the local link.
            found[address] = Presence(True, None, "neighbour")


def _presence(address: str, answers: Sequence[Answer]) -> Presence:
    own = [answer for answer in answers if answer.knock.address == address]
    alive = [answer for answer in own if answer.shows_life]
    if not alive:
        no_way = any(answer.error in (UNREACHABLE, NO_ROUTE) for answer in own)
        return Presence(False, None, "unreachable") if no_way else SILENCE
    first = min(alive, key=lambda answer: answer.ms or 0.0)
    how = "ping" if first.knock.way == PING else "refusal" if first.error == REFUSED else "connection"
    refused = any(answer.error == REFUSED and answer.knock.port == _NAME_PORT for answer in alive)
    return Presence(True, first.ms, how, refused)


def _reachable_neighbours() -> List[str]:
    """Addresses whose entry in the neighbour table is fresh; STALE is only memory."""
    try:
        return [entry.address for entry in rtnetlink.neighbours() if entry.state == "REACHABLE"]
    except CannotMeasure:
        return []  # not Linux: silence stays silence
