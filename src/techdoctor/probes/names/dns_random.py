"""Whether names that do not exist are answered with an address all the same. CPython 3.9 syntax."""

from __future__ import annotations

import secrets
import string
from typing import Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import TIMEOUT, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, number, text
from techdoctor.probes.names import dns_ask, resolver_config
from techdoctor.probes.names.dns_ask import Question, Reply

_LETTERS = 18  # as good as certainly unregistered: 26 to the power of 18


def _made_up_name() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(_LETTERS)) + ".com"


def _measure(probing: Probing) -> Reading:
    servers = resolver_config.listed_servers(probing)
    names = [_made_up_name(), _made_up_name()]
    questions = [Question(server, name) for server in servers for name in names]
    replies = dns_ask.ask_all(questions, dns_ask.patience(probing), enough=lambda got: _both(got) is not None)
    complete = _both(replies)
    if complete is None:
        raise CannotMeasure(TIMEOUT, "no name server told what it says of names that do not exist")
    return _reading(complete)


def _both(replies: Sequence[Reply]) -> Optional[Sequence[Reply]]:
    """The replies of the first server that has answered for both names."""
    for reply in replies:
        same = [r for r in replies if r.question.server == reply.question.server and r.useful]
        if len(same) == 2:
            return same
    return None


def _reading(replies: Sequence[Reply]) -> Reading:
    addresses = list(dict.fromkeys(address for reply in replies for address in reply.addresses))
    times = [reply.ms for reply in replies if reply.ms is not None]
    data: Mapping[str, Value] = {
        "rewritten": all(reply.addresses for reply in replies),
        "address": addresses[0] if addresses else "",
        "rcode": replies[0].rcode,
        "server": replies[0].question.server,
        "ms": round(min(times), 1),
    }
    return Reading(data)


PROBES = (
    Probe(
        name="dns.random_name",
        title="Made-up name",
        doc="Asks the configured servers for two made-up names that cannot exist. The right answer is NXDOMAIN "
        "(RFC 2308); an address for both is an invention. Nobody can have them in a cache, so the time taken is "
        "that of a full lookup.",
        fields={
            "rewritten": boolean("True when both made-up names were given an address."),
            "address": text("The invented address; empty when there is none.", "ip"),
            "rcode": text("Response code for the first name."),
            "server": text("The server that was the first to answer for both.", "ip"),
            "ms": number("The shorter of the two times.", "ms"),
        },
        methods=resolver_config.where_readable(_measure),
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=lambda data: f"answered with {data['address']}" if data["rewritten"] else "rightly not found",
    ),
)
