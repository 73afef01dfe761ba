"""Probe vpn.names: are the company's names found, and would the VPN's name server find them? CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, SKIPPED, Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    portable,
    text,
    texts,
)
from techdoctor.probes.names import dns_ask, resolver_config, system_lookup
from techdoctor.probes.names.dns_ask import Question, Reply
from techdoctor.probes.names.name_targets import DEFAULT_NAME
from techdoctor.probes.names.resolver_config import Resolvers

_ASK_S = 1.5
_MOST_SERVERS = 8
_MOST_NETWORKS = 3
_PLACES = (1, 53, 2)


def _measure(probing: Probing) -> Reading:
    if probing.settings.offline:
        raise CannotMeasure(SKIPPED, "offline: nothing may be sent beyond this machine")
    networks = _texts(probing, "addresses")
    if not networks:
        raise CannotMeasure(NOT_APPLICABLE, "no VPN tunnel is up")
    told = _texts(probing, "servers")
    named = probing.text("name") or next(iter(_texts(probing, "domains")), "")
    if not named and not told:
        raise CannotMeasure(NOT_APPLICABLE, "no name of the company is known; name one: --set name=NAME")
    asked = named or DEFAULT_NAME
    servers = told or guessed([*networks, *_texts(probing, "networks")], [n.partition("/")[0] for n in networks])
    questions = [Question(s, asked, kind) for s in servers[:_MOST_SERVERS] for kind in ("A", "AAAA")]
    replies = dns_ask.ask_all(questions, min(_ASK_S, dns_ask.patience(probing)), _has_address)
    own = system_lookup.look_up(asked, max(0.3, probing.left_s(_ASK_S)))
    found = reading(asked, servers, bool(told), replies, own, _resolvers(probing))
    return Reading({**found.data, "named": bool(named)}, found.gaps)


def _texts(probing: Probing, name: str) -> List[str]:
    value = probing.params.get(name)
    return [str(item) for item in value] if isinstance(value, list) else []


def guessed(networks: Sequence[str], own: Sequence[str]) -> List[str]:
    """Where a VPN's name server usually is when nobody told.

    Args:
        networks: The tunnel's own networks, then those that lead into it.
        own: This machine's addresses in the tunnel.

    Returns:
        Hosts 1, 53 and 2 of each network, first host of all networks first.
    """
    nets = dict.fromkeys(ipaddress.ip_interface(text_).network for text_ in networks)
    wide = [n for n in nets if not n.is_link_local and n.num_addresses >= 4][:_MOST_NETWORKS]
    hosts = [str(n[place]) for place in _PLACES for n in wide if place < n.num_addresses - 1]
    return [host for host in dict.fromkeys(hosts) if host not in own]


def _has_address(replies: Sequence[Reply]) -> bool:
    return any(reply.addresses for reply in replies)


def _resolvers(probing: Probing) -> Optional[Resolvers]:
    try:
        return resolver_config.current(probing.platform, probing.deadline)
    except CannotMeasure:
        return None


def reading(
    asked: str,
    servers: Sequence[str],
    told: bool,
    replies: Sequence[Reply],
    own: system_lookup.SystemAnswer,
    resolvers: Optional[Resolvers],
) -> Reading:
    """The probe's fields.

    Args:
        asked: The name.
        servers: The VPN's name servers.
        told: True when the VPN's settings name them, False when they were guessed.
        replies: Their answers.
        own: What the system says.
        resolvers: Whom this machine asks; None when that is not known.
    """
    listed = (*resolvers.servers, *resolvers.listed) if resolvers else ()
    used = any(server in listed for server in servers)
    hidden = resolvers is None or not resolvers.uplinks_known
    found = next((r for r in replies if r.addresses), None)
    knows = found or next((r for r in replies if r.rcode == "NOERROR"), None)
    answered = found or next((r for r in replies if r.message is not None), None)
    data: Dict[str, Value] = {
        "name": asked,
        "system_ok": bool(own.addresses),
        "system_error": own.error,
        "tunnel_ok": found is not None,
        "tunnel_knows": knows is not None,
        "tunnel_answers": answered is not None,
        "server": answered.question.server if answered else next(iter(servers), ""),
        "servers": list(servers),
        "told": told,
        "address": found.addresses[0] if found else "",
        "named": True,
        "used": None if hidden and not used else used,
    }
    why = "a name service of this computer hides whom it asks"
    return Reading(data, {"used": why} if data["used"] is None else {})


def _summary(data: Mapping[str, Value]) -> str:
    if data["system_ok"]:
        return f"{data['name']} is found"
    return f"{data['name']}: only the VPN's name server knows it" if data["tunnel_ok"] else f"{data['name']}: not found"


PROBES = (
    Probe(
        name="vpn.names",
        title="Names over the VPN",
        doc="Looks a name of the company up as programs do, and by asking the VPN's name servers: those its settings "
        "name, else hosts 1, 53 and 2 of the networks behind the tunnel. Without a name, the VPN's first domain is "
        "asked for.",
        parameters={
            "name": Parameter("hostname", "A name that only the company knows."),
            "servers": Parameter("list", "Name servers the VPN brings."),
            "domains": Parameter("list", "Domains the VPN brings."),
            "addresses": Parameter("list", "The tunnel's own addresses with prefixes."),
            "networks": Parameter("list", "Networks that lead into the tunnel."),
        },
        fields={
            "name": text("The name asked for.", private="host_name"),
            "system_ok": boolean("Programs find it."),
            "system_error": text("Why not: timeout, no_name, no_address, try_again, failed; or empty."),
            "tunnel_ok": boolean("The VPN's name server gives an address for it."),
            "tunnel_knows": boolean("The VPN's name server knows the name, be it without an address."),
            "tunnel_answers": boolean("The VPN's name server gives any answer."),
            "server": text("That name server.", private="ip"),
            "servers": texts("All that were asked.", "ip"),
            "named": boolean("A name or domain of the company was asked for, not just any name."),
            "told": boolean("The VPN's settings name them; else they are guessed."),
            "address": text("The address it gives.", private="ip"),
            "used": boolean("This machine is set to ask one of them."),
        },
        methods=portable(_measure),
        timeout_s=4.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
