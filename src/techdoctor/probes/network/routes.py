"""net.routes: the way out of the local network, as the routing table has it. No packet is sent.

CPython 3.9 syntax.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import Value
from techdoctor.probes.base import (
    RECORDED,
    RUN_HERE,
    Method,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    parsed,
    records,
    text,
)
from techdoctor.probes.network import adapters, kernel_route, own_network, route_table, targets
from techdoctor.probes.network.kernel_route import Way
from techdoctor.probes.network.route_table import Route, WayOut
from techdoctor.probes.sources import gather

MOST_LISTED = 8
_NETSTAT_SOURCE = "netstat -rn of macOS 13 and others quoted in public threads: tests/probes/cases/net.routes"
_ONLY_TABLE = "only the table was read, not what the kernel makes of it"
_ROUTE_PRINT_SOURCE = "route print, English and German, quoted in public threads: tests/probes/cases/net.routes"


def _linux_sources(params: Params) -> Sequence[Source]:
    return [*route_table.linux_sources(), *adapters.linux_sources()]


def _linux(raws: Raws, params: Params) -> Reading:
    tunnels = [a.name for a in adapters.from_sysfs(raws) if a.kind == adapters.VPN]
    return reading(route_table.from_proc(raws), tunnels)


def _linux_here(probing: Probing) -> Reading:
    """The table, put right by what the kernel says: it follows policy rules and knows routes that refuse."""
    found = _linux(gather(_linux_sources(probing.params), probing.deadline), probing.params)
    v4, v6 = (kernel_route.best(asked) for asked in targets.internet(probing.settings.targets))
    return with_kernel(found, v4, v6, _interface_of(v4) or _interface_of(v6))


def _interface_of(way: Way) -> str:
    try:
        own = own_network.addresses()
    except CannotMeasure:
        return ""  # neither library is there: then the table has to do
    return next((address.interface for address in own if way.source and address.address == way.source), "")


def with_kernel(found: Reading, v4: Way, v6: Way, leaves_by: str) -> Reading:
    """The table's reading with the kernel's own answers where it gave some.

    Args:
        found: The reading of the main table.
        v4: The kernel's answer for the internet in IPv4.
        v6: The same in IPv6.
        leaves_by: The adapter by which it sends; empty when that is not known.
    """
    data = dict(found.data)
    for name, way in (("default_v4", v4), ("default_v6", v6)):
        if way.word != kernel_route.UNKNOWN:
            data[name] = way.leads_out
    data["way_out"] = bool(data["default_v4"] or data["default_v6"])
    data["refused"] = v4.word if v4.word in kernel_route.REFUSING else ""
    data["leaves_by"] = leaves_by
    gaps = {name: why for name, why in found.gaps.items() if name not in ("refused", "leaves_by")}
    if not leaves_by:
        gaps["leaves_by"] = "packets leave by no adapter whose address is known"
        data["leaves_by"] = None
    return Reading(data, gaps)


def _macos_sources(params: Params) -> Sequence[Source]:
    return [Source("netstat", argv=("netstat", "-rn"))]


def _macos(raws: Raws, params: Params) -> Reading:
    routes = route_table.from_netstat(raws["netstat"].need("the routing table (netstat)"))
    return reading(routes, [r.interface for r in routes if adapters.is_tunnel_name(r.interface)])


def _windows_sources(params: Params) -> Sequence[Source]:
    return [Source("route", argv=("route", "print", "-4"))]


def _windows(raws: Raws, params: Params) -> Reading:
    found = reading(route_table.from_route_print(raws["route"].need("the routing table (route print)")), None)
    gap = "only the IPv4 table is read on Windows"
    v6: Dict[str, Value] = {"default_v6": None, "gateway_v6": None}
    return Reading({**found.data, **v6}, {**found.gaps, **dict.fromkeys(v6, gap)})


def reading(routes: Sequence[Route], tunnels: Optional[Sequence[str]]) -> Reading:
    """The probe's fields from a table.

    Args:
        routes: The table.
        tunnels: Names of tunnel adapters; None when they cannot be told.
    """
    v4, v6 = route_table.way_out(routes, "ipv4"), route_table.way_out(routes, "ipv6")
    main = v4 or v6
    defaults = _defaults(routes, v4, v6)
    data: Dict[str, Value] = {
        "way_out": main is not None,
        "default_v4": v4 is not None,
        "default_v6": v6 is not None,
        "split_default": bool(v4 and v4.halves) or bool(v6 and v6.halves),
        "gateway_v4": v4.route.gateway if v4 else "",
        "gateway_v6": v6.route.gateway if v6 else "",
        "gateway_on_link": main.gateway_on_link if main else None,
        "interface": main.route.interface if main else "",
        "metric": main.route.metric if main else None,
        "via_tunnel": None if tunnels is None else bool(main and main.route.interface in tunnels),
        "refused": None,
        "leaves_by": None,
        "defaults": [route.to_record() for route in defaults[:MOST_LISTED]],
        "default_count": len(defaults),
    }
    gaps: Dict[str, str] = dict.fromkeys(("refused", "leaves_by"), _ONLY_TABLE)
    if data["gateway_on_link"] is None:
        gaps["gateway_on_link"] = "no router's address is set for the way out"
    if data["metric"] is None:
        gaps["metric"] = "the table does not say" if main else "there is no way out"
    if tunnels is None:
        gaps["via_tunnel"] = "the table does not name the adapters"
    return Reading(data, gaps)


def _defaults(routes: Sequence[Route], v4: Optional[WayOut], v6: Optional[WayOut]) -> List[Route]:
    found = [way.route for way in (v4, v6) if way is not None]
    return found + [r for r in routes if r.destination.prefixlen == 0 and r not in found]


def _summary(data: Mapping[str, Value]) -> str:
    gateway = data.get("gateway_v4") if data.get("default_v4") else data.get("gateway_v6")
    return f"by {gateway or data.get('interface')}" if data.get("way_out") else "no way out"


PROBES = (
    Probe(
        name="net.routes",
        title="Way out",
        doc="The default routes of the main table, IPv4 and IPv6, and the pair of /1 routes that full-tunnel VPNs put "
        "before them (OpenVPN's redirect-gateway def1). On Linux the kernel is asked as well, which follows policy "
        "rules and knows routes that refuse (ip-route(8): blackhole, unreachable, prohibit); no packet is sent.",
        fields={
            "way_out": boolean("There is a way out in IPv4 or IPv6."),
            "default_v4": boolean("There is a way out in IPv4."),
            "default_v6": boolean("There is a way out in IPv6."),
            "split_default": boolean("Two half-internet routes stand before the default, as VPNs set them."),
            "gateway_v4": text("Address of the router for IPv4; empty when there is none.", private="ip"),
            "gateway_v6": text("Address of the router for IPv6; empty when there is none.", private="ip"),
            "gateway_on_link": boolean("That router lies in one of the adapter's own networks."),
            "interface": text("The adapter of the way out (on Windows its address)."),
            "metric": integer("Its metric: the lowest wins."),
            "via_tunnel": boolean("The way out leads into a tunnel (VPN)."),
            "refused": text("How a route here refuses packets for the internet: blackhole, unreachable, prohibit."),
            "leaves_by": text("The adapter by which they leave, policy rules included."),
            "defaults": records(
                f"The ways out, the ones in use first, {MOST_LISTED} at most.",
                family=text("ipv4 or ipv6."),
                destination=text("Prefix."),
                gateway=text("Router, or empty.", private="ip"),
                interface=text("Adapter."),
                metric=integer("Metric."),
            ),
            "default_count": integer("How many there are in all.", "count"),
        },
        methods={
            "linux": Method(RUN_HERE, sources=_linux_sources, parse=_linux, measure=_linux_here),
            "macos": parsed(_macos_sources, _macos, RECORDED, _NETSTAT_SOURCE),
            "windows": parsed(_windows_sources, _windows, RECORDED, _ROUTE_PRINT_SOURCE),
        },
        timeout_s=2.0,
        summary=_summary,
    ),
)
