"""What each name server's replies say of it: pure judgement of one round of questions. CPython 3.9 syntax."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.model import Value
from techdoctor.probes.base import Reading
from techdoctor.probes.names import dns_ask
from techdoctor.probes.names.dns_ask import Reply
from techdoctor.probes.names.hosts_file import NOWHERE
from techdoctor.probes.names.name_targets import KNOWN_ADDRESSES
from techdoctor.probes.network.host_presence import Presence

# What a server did, from good to bad; `alive` means that it gave a usable answer to something.
ALIVE, REFUSES, FAILS, GARBAGE, CLOSED, SILENT, PROHIBITED = (
    "alive",
    "refuses",
    "fails",
    "garbage",
    "closed",
    "silent",
    "prohibited",
)
_BY_ERROR = {
    dns_ask.TIMEOUT: SILENT,
    dns_ask.UNREACHABLE: SILENT,
    dns_ask.FAILED: SILENT,
    dns_ask.REFUSED_PORT: CLOSED,
    dns_ask.PROHIBITED: PROHIBITED,
    dns_ask.GARBAGE: GARBAGE,
}
_MOST_ADDRESSES = 16


@dataclass(frozen=True)
class Asked:
    """One server with all it said.

    Attributes:
        about_name: Replies for the asked name, A and AAAA.
        about_known: Replies for names whose addresses are documented, by name.
        presence: Whether its host answers to anything else.
    """

    address: str
    about_name: Tuple[Reply, ...]
    about_known: Mapping[str, Reply]
    presence: Presence

    @property
    def replies(self) -> Tuple[Reply, ...]:
        return (*self.about_name, *self.about_known.values())

    @property
    def verdict(self) -> str:
        """One of the words above."""
        if any(reply.useful for reply in self.replies):
            return ALIVE
        codes = [reply.rcode for reply in self.replies if reply.rcode]
        if codes:
            return REFUSES if "REFUSED" in codes else FAILS
        errors = [reply.error for reply in self.replies]
        verdict = _BY_ERROR[next((e for e in errors if e != dns_ask.TIMEOUT), dns_ask.TIMEOUT)]
        # Hosts send few "port unreachable" messages (Linux: six, then one a second), so that of a closed
        # port may be missing; a name service that is there listens on TCP as well (RFC 7766, section 5).
        return CLOSED if verdict == SILENT and self.presence.name_port_refused else verdict

    @property
    def rcode(self) -> Optional[str]:
        """Its response code for the asked name."""
        return next((reply.rcode for reply in self.about_name if reply.rcode), None)

    @property
    def addresses(self) -> List[str]:
        return [address for reply in self.about_name for address in reply.addresses][:_MOST_ADDRESSES]

    @property
    def typical_ms(self) -> Optional[float]:
        """Median time of its answers."""
        times = [reply.ms for reply in self.replies if reply.ms is not None and reply.useful]
        return statistics.median(times) if times else None

    def known_right(self) -> List[str]:
        return [n for n, r in self.about_known.items() if set(r.addresses) & set(KNOWN_ADDRESSES[n])]

    def known_wrong(self) -> Dict[str, Tuple[str, ...]]:
        """Documented names it gave other addresses for; a missing answer is not a wrong one."""
        right = self.known_right()
        return {n: r.addresses for n, r in self.about_known.items() if r.addresses and n not in right}


def _row(server: Asked) -> Dict[str, Value]:
    error = next((reply.error for reply in server.about_name if reply.error), "")
    return {
        "address": server.address,
        "verdict": server.verdict,
        "alive": server.verdict == ALIVE,
        "rcode": server.rcode,
        "error": error,
        "ms": _rounded(server.typical_ms),
        "addresses": list(server.addresses),
        "known_right": len(server.known_right()),
        "known_wrong": len(server.known_wrong()),
        "host_answers": server.presence.answers or server.verdict in (ALIVE, REFUSES, FAILS, CLOSED),
        "host_how": server.presence.how,
        "host_rtt_ms": _rounded(server.presence.rtt_ms),
    }


def _rounded(value: Optional[float]) -> Optional[float]:
    return None if value is None else round(value, 1)


def reading(name: str, servers: Sequence[Asked], forwarder: Optional[Asked]) -> Reading:
    """The fields of `dns.each_server`.

    Args:
        name: The asked name.
        servers: Servers that questions end up at, in order of use.
        forwarder: A forwarder on this machine in front of them.
    """
    alive = [server for server in servers if server.verdict == ALIVE]
    best = min(alive, key=lambda s: (len(s.known_wrong()), s.typical_ms or 0.0), default=None)
    data: Dict[str, Value] = {
        "name": name,
        "count": len(servers),
        "alive": len(alive),
        "first": servers[0].address if servers else "",
        "first_dead": bool(servers) and servers[0].verdict != ALIVE,
        "first_silent": bool(servers) and servers[0].verdict == SILENT,
        "best": best.address if best else None,
        "failure": "" if alive else next((v for v in _TELLING if any(s.verdict == v for s in servers)), ""),
        "host_answers": any(bool(_row(server)["host_answers"]) for server in servers),
        "forwarder": forwarder.verdict if forwarder else "",
        "servers": [_row(server) for server in ([*servers, forwarder] if forwarder else servers)],
    }
    data.update(_flags(servers))
    data.update(_answers(alive, best))
    data.update(_times(alive))
    gaps = {"best": "no name server answered"} if best is None else {}
    if not alive:
        gaps.update(dict.fromkeys(("typical_ms", "fastest_ms", "slowest_ms"), "no name server answered"))
    if data["own_delay_ms"] is None:
        gaps["own_delay_ms"] = "the network's share of the time could not be measured"
    return Reading(data, gaps)


# When nobody is alive, the verdict that tells most: an answer before a refusal before silence.
_TELLING = (REFUSES, FAILS, GARBAGE, CLOSED, PROHIBITED, SILENT)


def _flags(servers: Sequence[Asked]) -> Dict[str, Value]:
    verdicts = [server.verdict for server in servers]
    flags: Dict[str, Value] = {}
    for field, verdict in _FLAGS.items():
        flags[f"any_{field}"] = verdict in verdicts
        flags[f"all_{field}"] = bool(verdicts) and set(verdicts) == {verdict}
    return flags


_FLAGS = {
    "refused": REFUSES,
    "servfail": FAILS,
    "garbage": GARBAGE,
    "port_closed": CLOSED,
    "silent": SILENT,
    "prohibited": PROHIBITED,
}


def _answers(alive: Sequence[Asked], best: Optional[Asked]) -> Dict[str, Value]:
    codes = {server.rcode for server in alive}
    wrong = best.known_wrong() if best else {}
    same = len(wrong) > 1 and len(set(wrong.values())) == 1
    addresses = best.addresses if best else []
    return {
        "rcode": best.rcode if best else None,
        "all_same_rcode": len(codes) == 1,
        "all_nxdomain": codes == {"NXDOMAIN"},
        "name_fails": bool(alive) and all(server.rcode not in ("NOERROR", "NXDOMAIN") for server in alive),
        "addresses": list(addresses),
        "leads_nowhere": bool(addresses) and all(address in NOWHERE for address in addresses),
        "known_right": len(best.known_right()) if best else 0,
        "known_wrong": len(wrong),
        "known_same_wrong": same,
        "wrong_address": next(iter(wrong.values()))[0] if wrong else "",
    }


def _times(alive: Sequence[Asked]) -> Dict[str, Value]:
    times = [server.typical_ms for server in alive if server.typical_ms is not None]
    first = alive[0] if alive else None
    rtt_ms = first.presence.rtt_ms if first else None
    typical_ms = first.typical_ms if first else None
    own_ms = None if typical_ms is None or rtt_ms is None else max(0.0, typical_ms - rtt_ms)
    return {
        "typical_ms": _rounded(typical_ms),
        "fastest_ms": _rounded(min(times, default=None)),
        "slowest_ms": _rounded(max(times, default=None)),
        "host_rtt_ms": _rounded(rtt_ms),
        "own_delay_ms": _rounded(own_ms),
    }
