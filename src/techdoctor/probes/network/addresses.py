"""net.addresses: which addresses this machine has. No packet is sent. CPython 3.9 syntax."""

from __future__ import annotations

import ipaddress
import json
from typing import Dict, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import (
    RUN_HERE,
    UNTRIED,
    Method,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    measured,
    records,
    text,
    under_wine,
)
from techdoctor.probes.network import adapters, own_network, rtnetlink
from techdoctor.probes.network.own_network import Address
from techdoctor.probes.sources import gather

MOST_LISTED = 16
# What no machine beyond this one is reached by.
_NOT_COUNTED = ("docker", "br-", "virbr", "veth", "lxc", "cni", "vEthernet", "VMware", "VirtualBox")
_NO_LIFETIMES = "only Linux tells here which addresses were given and which were set by hand"


def _measure(probing: Probing) -> Reading:
    """On Linux a tunnel is told by its kind; elsewhere by its name alone."""
    tunnels = own_network.tunnels()
    lifetimes: Optional[Dict[str, bool]] = None
    if probing.platform == "linux":
        try:
            lifetimes = rtnetlink.dynamic_addresses()
        except CannotMeasure:
            lifetimes = None  # told as a gap below
    try:
        found = own_network.addresses()
    except CannotMeasure:
        if probing.platform != "linux":
            raise
        return _parse(gather(_sources(probing.params), probing.deadline), probing.params)
    return reading(found, lifetimes, tunnels)


def _sources(params: Params) -> Sequence[Source]:
    return [Source("addresses", argv=("ip", "-j", "address", "show"))]


def _parse(raws: Raws, params: Params) -> Reading:
    output = raws["addresses"].need("the list of addresses (ip)")
    try:
        links = json.loads(output)
    except ValueError:
        raise CannotMeasure(NOT_APPLICABLE, "this system's ip command does not write JSON") from None
    found, lifetimes = [], {}
    for link in links:
        for entry in link.get("addr_info", ()):
            found.append(Address(link["ifname"], entry["local"], entry["prefixlen"]))
            lifetimes[entry["local"]] = bool(entry.get("dynamic"))
    return reading(found, lifetimes)


def reading(
    found: Sequence[Address], lifetimes: Optional[Mapping[str, bool]], tunnels: Optional[Sequence[str]] = None
) -> Reading:
    """The probe's fields.

    Args:
        found: All addresses.
        lifetimes: Address to whether it was given with a lifetime; None when that is not known.
        tunnels: Tunnel adapters, whose addresses no network has given; None to tell them by name.
    """
    listed = [a for a in found if not _local_only(a)]
    outward = [a for a in listed if not _is_tunnel(a.interface, tunnels)]
    v4 = [a for a in outward if ":" not in a.address]
    given = [a for a in v4 if not _link_local(a)]
    self_assigned = [a for a in v4 if _link_local(a)]
    v6 = [a for a in outward if ":" in a.address and not _link_local(a)]
    main = next(iter(given or v6 or self_assigned), None)
    data: Dict[str, Value] = {
        "global_v4": bool(given),
        "global_v6": bool(v6),
        "any_global": bool(given or v6),
        "self_assigned": bool(self_assigned) and not given,
        "only_link_local": bool(outward) and not given and not v6,
        "address": main.address if main else "",
        "prefix_length": main.prefix_length if main else None,
        "interface": main.interface if main else "",
        "dynamic": lifetimes.get(main.address) if main and lifetimes is not None else None,
        "addresses": [_record(a, lifetimes) for a in listed[:MOST_LISTED]],
        "listed_of": len(listed),
    }
    gaps: Dict[str, str] = {}
    if main is None:
        gaps = dict.fromkeys(("prefix_length", "dynamic"), "there is no address")
    elif data["dynamic"] is None:
        gaps["dynamic"] = _NO_LIFETIMES
    return Reading(data, gaps)


def _is_tunnel(interface: str, tunnels: Optional[Sequence[str]]) -> bool:
    return adapters.is_tunnel_name(interface) if tunnels is None else interface in tunnels


def _local_only(address: Address) -> bool:
    return ipaddress.ip_address(address.address).is_loopback or address.interface.startswith(_NOT_COUNTED)


def _link_local(address: Address) -> bool:
    return ipaddress.ip_address(address.address).is_link_local


def _record(address: Address, lifetimes: Optional[Mapping[str, bool]]) -> Dict[str, Value]:
    return {
        "interface": address.interface,
        "address": address.address,
        "prefix_length": address.prefix_length,
        "scope": "link" if _link_local(address) else "global",
        "dynamic": lifetimes.get(address.address) if lifetimes is not None else None,
    }


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("self_assigned"):
        return f"{data.get('address')} (the network gave none)"
    return f"{data.get('address')}/{data.get('prefix_length')}" if data.get("any_global") else "none"


def _methods() -> Dict[str, Method]:
    elsewhere = measured(_measure, UNTRIED, "netifaces or psutil, documented as portable")
    here = Method(RUN_HERE, sources=_sources, parse=_parse, measure=_measure)
    return {"linux": here, "macos": elsewhere, "windows": under_wine(elsewhere)}


PROBES = (
    Probe(
        name="net.addresses",
        title="Own address",
        doc="Addresses of the adapters that lead outward, loopback and container bridges left out. An IPv4 address of "
        "169.254/16 means that DHCP gave none (RFC 3927); an IPv6 address of fe80::/10 every adapter has.",
        fields={
            "global_v4": boolean("There is an IPv4 address beyond 169.254/16."),
            "global_v6": boolean("There is an IPv6 address beyond fe80::/10."),
            "any_global": boolean("There is either."),
            "self_assigned": boolean("There is a 169.254/16 address and no other IPv4 address."),
            "only_link_local": boolean("All addresses are link-local."),
            "address": text("The main address.", private="ip"),
            "prefix_length": integer("Length of its network prefix in bits."),
            "interface": text("Its adapter."),
            "dynamic": boolean(
                "It carries a lifetime, as addresses given by DHCP and routers do. One without was set by hand, or by "
                "a simple DHCP client."
            ),
            "addresses": records(
                f"All outward addresses, {MOST_LISTED} at most.",
                interface=text("Adapter."),
                address=text("Address.", private="ip"),
                prefix_length=integer("Length of the network prefix in bits."),
                scope=text("global or link."),
                dynamic=boolean("It carries a lifetime."),
            ),
            "listed_of": integer("How many there are in all.", "count"),
        },
        methods=_methods(),
        timeout_s=2.0,
        summary=_summary,
    ),
)
