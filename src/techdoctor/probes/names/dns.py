"""Looking names up: as programs do, at one server, and at public resolvers.

CPython 3.9 syntax.
"""

from __future__ import annotations

from typing import Mapping, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import SKIPPED, Value
from techdoctor.probes.base import (
    Field,
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    number,
    portable,
    text,
    texts,
)
from techdoctor.probes.names import dns_ask, name_targets, system_lookup
from techdoctor.probes.names.dns_ask import Question, Reply
from techdoctor.probes.names.name_targets import DEFAULT_NAME

SYSTEM = "system"
SECOND = "second"
# Kept back from the deadline for starting the child and for putting the answer together.
_MARGIN_S = 0.1
_OFFLINE = "offline: nothing may be sent beyond this machine"

_NAME = Parameter("hostname", "Host name to look up.", default=DEFAULT_NAME)
_LOOKUP_FIELDS: Mapping[str, Field] = {
    "name": text("The name that was asked for.", "host_name"),
    "ok": boolean("True when at least one address came back in time."),
    "ms": number("Time to the answer.", "ms"),
    "rcode": text('Response code, e.g. "NXDOMAIN" (RFC 1035, section 4.1.1); unknown for system lookups.'),
    "addresses": texts("Addresses, in the order given; at most 16.", "ip"),
    "error": text(
        "Why there is no address: timeout, refused_port, unreachable, prohibited, garbage, failed, no_name, "
        "no_address, try_again, or the response code in lower case; empty when there is one."
    ),
    "server": text("Address of the server whose answer this is; empty for system lookups.", "ip"),
    "blocked": boolean("True when none of the servers asked gave any answer."),
    "waited_s": number("How long was waited at most.", "s"),
}
_MOST_ADDRESSES = 16


def _lookup(probing: Probing) -> Reading:
    via = probing.text("via") or SYSTEM
    if via == SYSTEM:
        return _system(probing)
    if probing.settings.offline:
        raise CannotMeasure(SKIPPED, _OFFLINE)
    return _at_servers(probing, _public(probing) if via == SECOND else [via])


def _second(probing: Probing) -> Reading:
    return _at_servers(probing, _public(probing))


def _public(probing: Probing) -> Sequence[str]:
    return name_targets.listed(probing.settings.targets, "public_resolvers", name_targets.PUBLIC_RESOLVERS)


def _system(probing: Probing) -> Reading:
    if probing.settings.offline:
        raise CannotMeasure(SKIPPED, _OFFLINE)
    name = probing.text("name")
    absolute = "." if probing.params.get("absolute") and not name.endswith(".") else ""
    wait_s = max(0.1, probing.left_s() - _MARGIN_S)
    answer = system_lookup.look_up(name + absolute, wait_s)
    gaps = {"rcode": "the system does not tell it", "server": "the system does not tell it"}
    if answer.ms is None:
        gaps["ms"] = f"no answer within {wait_s:.1f} s"
    data: Mapping[str, Value] = {
        "name": name,
        "ok": bool(answer.addresses),
        "ms": None if answer.ms is None else round(answer.ms, 1),
        "addresses": list(answer.addresses[:_MOST_ADDRESSES]),
        "error": answer.error,
        "blocked": answer.error == system_lookup.TIMEOUT,
        "waited_s": round(wait_s, 2),
    }
    return Reading(data, gaps)


def _at_servers(probing: Probing, servers: Sequence[str]) -> Reading:
    name, wait_s = probing.text("name"), dns_ask.patience(probing)
    questions = [Question(server, name, kind) for server in servers for kind in ("A", "AAAA")]
    replies = dns_ask.ask_all(questions, wait_s, enough=_has_answer)
    return _lookup_reading(name, replies, wait_s)


def _has_answer(replies: Sequence[Reply]) -> bool:
    """Enough: addresses, or a server's word on both kinds of address."""
    for reply in replies:
        if reply.addresses:
            return True
        both = [r for r in replies if r.question.server == reply.question.server and r.useful]
        if len(both) == 2:
            return True
    return False


def _lookup_reading(name: str, replies: Sequence[Reply], wait_s: float) -> Reading:
    ranked = sorted(replies, key=lambda r: (not r.addresses, not r.useful, r.error != "", r.ms or 0.0))
    best = ranked[0]
    addresses = [a for r in replies if r.question.server == best.question.server for a in r.addresses]
    error = "" if addresses else best.error or (best.rcode or "").lower()
    gaps = {} if best.ms is not None else {"ms": f"no answer within {wait_s:.1f} s", "rcode": "no answer"}
    data: Mapping[str, Value] = {
        "name": name,
        "ok": bool(addresses),
        "ms": None if best.ms is None else round(best.ms, 1),
        "rcode": best.rcode,
        "addresses": list(addresses[:_MOST_ADDRESSES]),
        "error": "no_address" if error == "noerror" else error,
        "server": best.question.server if not best.error else "",
        "blocked": all(reply.message is None and reply.error != dns_ask.GARBAGE for reply in replies),
        "waited_s": round(wait_s, 2),
    }
    return Reading(data, gaps)


_ERROR_WORDS = {
    "timeout": "no answer in {waited} s",
    "refused_port": "nothing listens there",
    "unreachable": "no way to the server",
    "prohibited": "the local firewall forbids asking",
    "garbage": "unreadable answers",
    "no_name": "no such name",
    "nxdomain": "no such name",
    "no_address": "the name has no address",
    "try_again": "the name servers failed",
    "servfail": "the server reports a failure",
    "refused": "the server refuses",
}


def _lookup_summary(data: Mapping[str, Value]) -> str:
    if data["ok"]:
        return f"{data['name']} found in {data['ms']} ms"
    words = _ERROR_WORDS.get(str(data["error"]), str(data["error"]))
    return f"{data['name']}: {words}".format(waited=data["waited_s"])


_EVERY_WAY = (
    "system = what programs see (getaddrinfo in a child that is ended at the deadline), an address = that "
    "server, second = public resolvers of several operators."
)

PROBES = (
    Probe(
        name="dns.lookup",
        title="Name lookup (DNS)",
        doc="Looks a host name up. via: " + _EVERY_WAY + " An answer that had not come by the deadline is "
        "ok=false with error timeout.",
        parameters={
            "name": _NAME,
            "via": Parameter("text", _EVERY_WAY, default=SYSTEM),
            "absolute": Parameter("bool", "True keeps the search list out of it (a final dot).", default=False),
        },
        fields=_LOOKUP_FIELDS,
        methods=portable(_lookup),
        timeout_s=6.0,  # longer than the C library's 5 s for one server (resolv.conf(5), RES_TIMEOUT)
        network=True,
        reach="decides",
        summary=_lookup_summary,
    ),
    Probe(
        name="dns.second_opinion",
        title="Public name servers",
        doc="Looks a name up at documented public resolvers of three operators (Cloudflare, Google, Quad9) at once.",
        parameters={"name": _NAME},
        fields=_LOOKUP_FIELDS,
        methods=portable(_second),
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=_lookup_summary,
    ),
)
