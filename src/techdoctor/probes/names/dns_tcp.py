"""Whether name servers answer over TCP, which answers too large for UDP need. CPython 3.9 syntax."""

from __future__ import annotations

import threading
from typing import Dict, List, Mapping, Sequence

from techdoctor.model import Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    number,
    records,
    text,
)
from techdoctor.probes.names import dns_ask, resolver_config
from techdoctor.probes.names.dns_ask import Question, Reply
from techdoctor.probes.names.failure_words import in_words
from techdoctor.probes.names.name_targets import DEFAULT_NAME


def _measure(probing: Probing) -> Reading:
    name, wait_s = probing.text("name"), dns_ask.patience(probing)
    dns_ask.check_name(name)
    questions = [Question(server, name) for server in resolver_config.listed_servers(probing)]
    over_tcp: Dict[Question, Reply] = {}

    def one(question: Question) -> None:
        over_tcp[question] = dns_ask.ask_tcp(question, wait_s)

    threads = [threading.Thread(target=one, args=(question,), daemon=True) for question in questions]
    for thread in threads:
        thread.start()
    over_udp = dns_ask.ask_all(questions, wait_s)
    for thread in threads:
        thread.join(wait_s)
    return _reading(over_udp, over_tcp)


def _reading(over_udp: Sequence[Reply], over_tcp: Mapping[Question, Reply]) -> Reading:
    rows: List[Value] = []
    for udp in over_udp:
        tcp = over_tcp.get(udp.question) or Reply(udp.question, dns_ask.TIMEOUT)
        rows.append(
            {
                "address": udp.question.server,
                "udp": udp.useful,
                "tcp": tcp.useful,
                "truncated": udp.message is not None and udp.message.truncated,
                "error": tcp.error,
                "ms": None if tcp.ms is None else round(tcp.ms, 1),
            }
        )
    data: Mapping[str, Value] = {
        "works": any(reply.useful for reply in over_tcp.values()),
        "udp_works": any(reply.useful for reply in over_udp),
        "truncated": any(reply.message is not None and reply.message.truncated for reply in over_udp),
        "error": next((reply.error for reply in over_tcp.values() if reply.error), ""),
        "servers": rows,
    }
    return Reading(data)


PROBES = (
    Probe(
        name="dns.tcp",
        title="Name lookup over TCP",
        doc="Asks each configured server for the name over UDP and over TCP port 53. An answer that does not fit into "
        "UDP is marked as cut off and asked for again over TCP (RFC 7766); where that is blocked, programs hang.",
        parameters={"name": Parameter("hostname", "Host name to ask for.", default=DEFAULT_NAME)},
        fields={
            "works": boolean("True when a server answered over TCP."),
            "udp_works": boolean("True when a server answered over UDP."),
            "truncated": boolean("True when an answer over UDP was cut off, so that TCP is needed."),
            "error": text("First error over TCP, as in dns.lookup; empty without one."),
            "servers": records(
                "What each server did.",
                address=text("Address of the server.", "ip"),
                udp=boolean("True when it answered over UDP."),
                tcp=boolean("True when it answered over TCP."),
                truncated=boolean("True when its answer over UDP was cut off."),
                error=text("Error over TCP; empty without one."),
                ms=number("Time to the answer over TCP, connection included.", "ms"),
            ),
        },
        methods=resolver_config.where_readable(_measure),
        timeout_s=4.0,
        network=True,
        reach="beyond",
        summary=lambda data: "works" if data["works"] else in_words(data["error"]),
    ),
)
