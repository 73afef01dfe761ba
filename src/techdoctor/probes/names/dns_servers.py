"""Each configured name server asked by itself: which answers, with what, how fast. CPython 3.9 syntax."""

from __future__ import annotations

import threading
from typing import Dict, List, Mapping, Sequence

from techdoctor.model import Value
from techdoctor.probes.base import (
    Field,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    number,
    records,
    text,
    texts,
)
from techdoctor.probes.names import dns_ask, resolver_config
from techdoctor.probes.names.dns_ask import Question
from techdoctor.probes.names.dns_replies import (
    ALIVE,
    CLOSED,
    FAILS,
    GARBAGE,
    PROHIBITED,
    REFUSES,
    SILENT,
    Asked,
    reading,
)
from techdoctor.probes.names.name_targets import DEFAULT_NAME, KNOWN_ADDRESSES
from techdoctor.probes.network.host_presence import SILENCE, Presence, look_for


def _measure(probing: Probing) -> Reading:
    found = resolver_config.current(probing.platform, probing.deadline)
    name, wait_s = probing.text("name"), dns_ask.patience(probing)
    forwarders = [f for f in [found.forwarder] if f and f not in found.servers]
    asked = _ask_each([*found.servers, *forwarders], name, wait_s)
    servers = [a for a in asked if a.address in found.servers]
    forwarder = next((a for a in asked if a.address == found.forwarder), None)
    return reading(name, servers, forwarder)


def _ask_each(addresses: Sequence[str], name: str, wait_s: float) -> List[Asked]:
    dns_ask.check_name(name)
    presence: Dict[str, Presence] = {}
    looking = threading.Thread(target=look_for, args=(addresses, wait_s, presence), daemon=True)
    looking.start()
    questions = [Question(a, name, kind) for a in addresses for kind in ("A", "AAAA")]
    questions += [Question(a, known) for a in addresses for known in KNOWN_ADDRESSES]
    replies = dns_ask.ask_all(questions, wait_s)
    if not all(any(r.useful for r in replies if r.question.server == a) for a in addresses):
        looking.join(wait_s)  # a host whose server answers need not be looked for to the end
    asked = []
    for address in addresses:
        own = [reply for reply in replies if reply.question.server == address]
        known = {reply.question.name: reply for reply in own if reply.question.name in KNOWN_ADDRESSES}
        about_name = tuple(reply for reply in own if reply.question.name == name)[:2]
        asked.append(Asked(address, about_name, known, presence.get(address, SILENCE)))
    return asked


_ROW_FIELDS: Mapping[str, Field] = {
    "address": text("Address of the server.", "ip"),
    "verdict": text("alive, refuses, fails, garbage, closed, silent or prohibited."),
    "alive": boolean("True when it gave a usable answer to any of the questions."),
    "rcode": text("Its response code for the asked name."),
    "error": text("Why there was no readable answer for the asked name; empty when there was."),
    "ms": number("Median time of its answers.", "ms"),
    "addresses": texts("Addresses it gave for the asked name.", "ip"),
    "known_right": integer("Documented names it gave a documented address for.", "count"),
    "known_wrong": integer("Documented names it gave only other addresses for.", "count"),
    "host_answers": boolean("True when its host answers to anything at all."),
    "host_how": text("What the host answered: connection, refusal, ping, neighbour, unreachable, silence."),
    "host_rtt_ms": number("Round trip to its host.", "ms"),
}


def _any_and_all(word: str, what: str) -> Dict[str, Field]:
    return {
        f"any_{word}": boolean(f"True when a server {what}."),
        f"all_{word}": boolean(f"True when every server {what}."),
    }


_SHOWN = {
    ALIVE: "answers",
    REFUSES: "refuses",
    FAILS: "reports failures",
    GARBAGE: "answers unreadably",
    CLOSED: "is closed",
    SILENT: "is silent",
    PROHIBITED: "may not be asked",
}


def _summary(data: Mapping[str, Value]) -> str:
    if not data["count"]:
        return "none is set"
    rows = [row for row in data["servers"] if isinstance(row, dict)] if isinstance(data["servers"], list) else []
    words = (f"{row['address']} {_SHOWN[str(row['verdict'])]}" for row in rows)
    return ", ".join(words) + (f" ({data['typical_ms']} ms)" if data["alive"] else "")


PROBES = (
    Probe(
        name="dns.each_server",
        title="Each name server",
        doc="Asks every configured server by itself, over an own connected UDP socket and up to three times: for the "
        "name (A and AAAA) and for two names whose addresses are documented (one.one.one.one, dns.google), so that "
        "false answers show without a second opinion. Looks at the same time whether the server's host is there.",
        parameters={"name": Parameter("hostname", "Host name to ask for.", default=DEFAULT_NAME)},
        fields={
            "name": text("The name that was asked for.", "host_name"),
            "count": integer("Servers that questions end up at.", "count"),
            "alive": integer("How many gave a usable answer (NOERROR or NXDOMAIN) to anything.", "count"),
            "first": text("Address of the first server in the list.", "ip"),
            "first_dead": boolean("True when the first server in the list is not alive."),
            "first_silent": boolean("True when it is silent, so that programs wait for it; a refusal costs no time."),
            "best": text("Address of the fastest living server that tells no falsehoods.", "ip"),
            "failure": text(
                "When no server is alive, the most telling verdict: refuses, fails, garbage, closed, prohibited or "
                "silent; else empty."
            ),
            "host_answers": boolean("True when the host of any server answers to anything."),
            "forwarder": text("What the forwarder on this machine did, as verdict; empty without one."),
            **_any_and_all("refused", "refuses (REFUSED)"),
            **_any_and_all("servfail", "reports failures only (SERVFAIL and the like)"),
            **_any_and_all("garbage", "sends what is not a DNS answer to the question"),
            **_any_and_all("port_closed", "has nothing listening (port unreachable)"),
            **_any_and_all("silent", "is silent or cannot be reached"),
            **_any_and_all("prohibited", "may not be asked (the local firewall refuses to send)"),
            "rcode": text("The best server's response code for the asked name."),
            "all_same_rcode": boolean("True when all living servers give the same code for the name."),
            "all_nxdomain": boolean("True when all living servers say that the name does not exist."),
            "name_fails": boolean("True when servers live but none can tell anything of this name."),
            "addresses": texts("The best server's addresses for the name.", "ip"),
            "leads_nowhere": boolean("True when these lead only to this machine or nowhere (0.0.0.0)."),
            "known_right": integer("Documented names the best server is right about.", "count"),
            "known_wrong": integer("Documented names the best server gives other addresses for.", "count"),
            "known_same_wrong": boolean("True when different documented names get one and the same wrong address."),
            "wrong_address": text("That wrong address; empty without one.", "ip"),
            "typical_ms": number("Median time of the first living server.", "ms"),
            "fastest_ms": number("Shortest median of a living server.", "ms"),
            "slowest_ms": number("Longest median of a living server.", "ms"),
            "host_rtt_ms": number("Round trip to the first living server's host.", "ms"),
            "own_delay_ms": number("typical_ms without the round trip: the server's own share.", "ms"),
            "servers": records("Each server, a local forwarder last.", **_ROW_FIELDS),
        },
        methods=resolver_config.where_readable(_measure),
        timeout_s=4.0,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
