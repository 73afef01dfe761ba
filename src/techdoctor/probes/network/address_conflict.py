"""net.address_conflict: does another device use our address? CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
from typing import Dict, Mapping

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, measured, text, unsupported
from techdoctor.probes.network import arp, own_network
from techdoctor.probes.network.own_network import Address


def _measure(probing: Probing) -> Reading:
    address = _own_address()
    mac = arp.who_has(address.interface, address.address)
    data: Dict[str, Value] = {"found": bool(mac), "address": address.address, "mac": mac or ""}
    return Reading(data)


def _own_address() -> Address:
    """The IPv4 address that leads outward.

    Raises:
        CannotMeasure: There is none on a link with neighbours.
    """
    outward = [gateway.interface for gateway in own_network.gateways() if gateway.family == "ipv4"]
    for address in own_network.addresses():
        if address.interface in outward and ipaddress.ip_address(address.address).version == 4:
            return address
    raise CannotMeasure(NOT_APPLICABLE, "there is no IPv4 address with a router")


def _summary(data: Mapping[str, Value]) -> str:
    return f"{data.get('address')} is used by {data.get('mac')} too" if data.get("found") else "none"


PROBES = (
    Probe(
        name="net.address_conflict",
        title="Address used twice",
        doc="Asks the local network by ARP who has our own IPv4 address, three times within half a second; any answer "
        "from another hardware address is a conflict (RFC 5227).",
        fields={
            "found": boolean("Another device answers for our address."),
            "address": text("The address asked for.", private="ip"),
            "mac": text("Hardware address of the other device.", private="mac"),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("macOS reports an address used twice by itself, in a message and in its log"),
            "windows": unsupported("Windows reports an address used twice by itself, as event 4199"),
        },
        timeout_s=4.0,
        needs="admin",
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
