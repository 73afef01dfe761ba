"""net.dhcp_offers: who hands out addresses on this network, and which. CPython 3.9 syntax."""

from __future__ import annotations

import secrets
import socket
import time
from typing import Dict, List, Mapping, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import DENIED, NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    boolean,
    integer,
    measured,
    number,
    records,
    text,
    texts,
    unsupported,
)
from techdoctor.probes.network import adapters, arp, dhcp_wire
from techdoctor.probes.network.dhcp_wire import Offer
from techdoctor.probes.sources import gather

_IPV4 = 0x0800
_EVERYBODY = b"\xff" * 6
_ASK_AT_S = (0.0, 0.7)
# All offers to an address that is ours come at once; servers that first look whether it is free take a second or
# two (dnsmasq(8) --no-ping, dhcpd.conf(5) ping-timeout).
_WAIT_S = 2.2
_MARGIN_S = 0.1
_MOST_LISTED = 8
_MOST_SERVERS = 64  # who floods us with offers is not kept count of any further


def _measure(probing: Probing) -> Reading:
    adapter = probing.text("adapter") or _adapter(probing)
    mac = arp.own_hardware().get(adapter)
    if mac is None:
        raise CannotMeasure(NOT_APPLICABLE, "there is no adapter that addresses are handed out to")
    begun = time.monotonic()
    offers = _ask(adapter, mac, begun + max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S)))
    return reading(offers, adapter)


def _adapter(probing: Probing) -> str:
    """The adapter that leads outward: connected before on."""
    found = adapters.uplinks(adapters.from_sysfs(gather(adapters.linux_sources(), probing.deadline)))
    best = min(found, key=lambda a: (not a.carrier, not a.up), default=None)
    return best.name if best else ""


def _ask(adapter: str, mac: bytes, until: float) -> Dict[str, Offer]:
    """Offers by server.

    Raises:
        CannotMeasure: This user may not ask, or the adapter cannot.
    """
    transaction = secrets.randbits(32)
    begun, rounds = time.monotonic(), list(_ASK_AT_S)
    found: Dict[str, Offer] = {}
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IPV4)) as raw:
            raw.bind((adapter, _IPV4))
            while time.monotonic() < until:
                if rounds and time.monotonic() - begun >= rounds[0]:
                    rounds.pop(0)
                    target = (adapter, _IPV4, 0, 1, _EVERYBODY)
                    raw.sendto(dhcp_wire.discover(mac, transaction), target)
                next_round = begun + rounds[0] if rounds else until
                raw.settimeout(max(0.01, min(until, next_round) - time.monotonic()))
                try:
                    offer = dhcp_wire.offer(raw.recv(2048), transaction)
                except socket.timeout:
                    continue
                if offer is not None and len(found) < _MOST_SERVERS:
                    found.setdefault(offer.server, offer)
    except PermissionError:
        raise CannotMeasure(DENIED, "needs administrator rights (sudo)") from None
    except OSError as error:
        raise CannotMeasure(NOT_APPLICABLE, f"{adapter} cannot be asked: {error.strerror}") from None
    return found


def reading(offers: Mapping[str, Offer], adapter: str) -> Reading:
    """The fields from the offers by server."""
    listed: List[Offer] = [offers[server] for server in sorted(offers)]
    disagree = len({offer.settings for offer in listed}) > 1
    first = listed[0] if len(listed) == 1 else None
    data: Dict[str, Value] = {
        "adapter": adapter,
        "count": len(listed),
        "answered": bool(listed),
        "disagree": disagree,
        "servers": [offer.server for offer in listed[:_MOST_LISTED]],
        "router": first.routers[0] if first and first.routers else "",
        "prefix_length": first.prefix_length if first else None,
        "offers": [_record(offer) for offer in listed[:_MOST_LISTED]],
    }
    gaps = {} if data["prefix_length"] is not None else {"prefix_length": "no single server says it"}
    return Reading(data, gaps)


def _record(offer: Offer) -> Dict[str, Value]:
    return {
        "server": offer.server,
        "address": offer.address,
        "prefix_length": offer.prefix_length,
        "router": offer.routers[0] if offer.routers else "",
        "name_servers": list(offer.name_servers[:_MOST_LISTED]),
        "lease_s": offer.lease_s,
    }


def _summary(data: Mapping[str, Value]) -> str:
    servers: Sequence[object] = data["servers"] if isinstance(data["servers"], list) else []
    if not servers:
        return "nobody hands out addresses"
    return ", ".join(str(server) for server in servers) + (" (they disagree)" if data["disagree"] else "")


_NOT_HERE = "asking for offers needs raw packets, which this system gives to no ordinary program"

PROBES = (
    Probe(
        name="net.dhcp_offers",
        title="Who gives addresses",
        doc="Sends DHCPDISCOVER alone (RFC 2131, section 3.1) with the adapter's own hardware address, twice, and "
        "lists every server that makes an offer. Nothing is accepted, so no lease changes. Two servers whose network, "
        "router or name servers differ do not belong to one network.",
        parameters={"adapter": Parameter("text", "The adapter; empty for the one that leads outward.", default="")},
        fields={
            "adapter": text("The adapter asked by."),
            "count": integer("How many servers made an offer.", "count"),
            "answered": boolean("At least one did."),
            "disagree": boolean("Their networks, routers or name servers differ."),
            "servers": texts("Their addresses.", "ip"),
            "router": text("The router that the only server names; empty with several or none.", "ip"),
            "prefix_length": integer("The length of the network prefix that it names, in bits."),
            "offers": records(
                f"Each offer, {_MOST_LISTED} at most.",
                server=text("Server.", "ip"),
                address=text("Address offered.", "ip"),
                prefix_length=integer("Length of its network prefix in bits."),
                router=text("Router.", "ip"),
                name_servers=texts("Name servers.", "ip"),
                lease_s=number("For how long.", "s"),
            ),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported(_NOT_HERE),
            "windows": unsupported(_NOT_HERE),
        },
        timeout_s=3.0,
        needs="admin",
        cost="slow",
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
