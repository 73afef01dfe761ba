"""Probe vpn.status: which VPNs are set up here, and whether a tunnel is up. No packet is sent. CPython 3.9 syntax."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, Value
from techdoctor.probes.base import (
    UNTRIED,
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
    under_wine,
)
from techdoctor.probes.names import resolver_config
from techdoctor.probes.network import adapters, own_network, route_table
from techdoctor.probes.network.route_table import Route
from techdoctor.probes.sources import gather
from techdoctor.probes.vpn import configs, finding, wg
from techdoctor.probes.vpn.configs import Connection
from techdoctor.probes.vpn.wg import Peer

_SHOWN = 12
_READ_S = 1.5
_LINK_LOCAL = "fe80:"


@dataclass(frozen=True)
class Tunnel:
    """The end of a tunnel on this machine.

    Attributes:
        interface: The adapter.
        addresses: Its addresses with prefixes.
        takes_all: True when the way out to everything leads into it.
        networks: What else leads into it, as prefixes.
        peer: What WireGuard tells of the other end.
        dns: Name servers set for this adapter (systemd-resolved).
        domains: Domains set for it.
    """

    interface: str
    addresses: Tuple[str, ...] = ()
    takes_all: bool = False
    networks: Tuple[str, ...] = ()
    peer: Optional[Peer] = None
    dns: Tuple[str, ...] = ()
    domains: Tuple[str, ...] = ()


def _measure(probing: Probing) -> Reading:
    peers, no_peers = wg.peers() if probing.platform != "windows" else ({}, "wg show is not asked on Windows")
    per_link = _of_resolved() if probing.platform == "linux" else {}
    routes = _routes()
    tunnels = [
        Tunnel(
            name,
            _addresses(name),
            name in _ways_out(routes),
            _networks(routes, name),
            peers.get(name),
            *per_link.get(name, ((), ())),
        )
        for name in _tunnel_names(probing.platform)
    ]
    found = finding.connections(probing.platform)
    found += [_of_peer(p) for p in peers.values() if p.endpoint and not any(c.server == p.endpoint for c in found)]
    return reading(tunnels, found, probing.text("name"), _listed(probing), no_peers, finding.closed_folders())


def _addresses(interface: str) -> Tuple[str, ...]:
    own = [a for a in own_network.addresses() if a.interface == interface]
    return tuple(f"{a.address}/{a.prefix_length}" for a in own if not a.address.startswith(_LINK_LOCAL))


def _tunnel_names(platform: str) -> List[str]:
    """Tunnel adapters that are switched on."""
    if platform == "linux":
        found = adapters.from_sysfs(gather(adapters.linux_sources(), time.monotonic() + _READ_S))
        return [a.name for a in found if a.kind == adapters.VPN and a.up and not a.member]
    with_address = {a.interface for a in own_network.addresses() if not a.address.startswith(_LINK_LOCAL)}
    try:
        import psutil
    except ImportError:
        raise CannotMeasure(MISSING_TOOL, "the Python library psutil is not installed") from None
    stats = psutil.net_if_stats()
    # macOS keeps utun adapters of its own (iCloud, Handoff) with link-local addresses only.
    words = re.compile(r"TAP-Windows|WireGuard|Wintun|OpenVPN|VPN|PPP", re.I)
    return [
        name
        for name, stat in stats.items()
        if stat.isup and name in with_address and (adapters.is_tunnel_name(name) or words.search(name))
    ]


def _routes() -> Sequence[Route]:
    try:
        return route_table.from_proc(gather(route_table.linux_sources(), time.monotonic() + _READ_S))
    except CannotMeasure:
        return ()


def _networks(routes: Sequence[Route], interface: str) -> Tuple[str, ...]:
    """The networks behind a tunnel, link-local and multicast ones left out."""
    found = [r.destination for r in routes if r.interface == interface and r.destination.prefixlen > 1]
    return tuple(dict.fromkeys(str(n) for n in found if not (n.is_link_local or n.is_multicast)))[:_SHOWN]


def _ways_out(routes: Sequence[Route]) -> List[str]:
    """Adapters that all traffic goes into, by the main table or by the two halves VPNs set."""
    ways = [route_table.way_out(routes, family) for family in ("ipv4", "ipv6")]
    return [way.route.interface for way in ways if way is not None]


def _of_resolved() -> Dict[str, Tuple[Tuple[str, ...], Tuple[str, ...]]]:
    """Adapter to its name servers and domains, as systemd-resolved has them; empty where it does not run."""
    servers, domains = (_by_link(system.run(("resolvectl", what), 1.0)) for what in ("dns", "domain"))
    return {name: (servers.get(name, ()), domains.get(name, ())) for name in {*servers, *domains}}


def _by_link(ran: system.Ran) -> Dict[str, Tuple[str, ...]]:
    """Lines "Link 5 (tun0): 192.0.2.1" of resolvectl(1)."""
    rows = re.findall(r"^Link \d+ \(([^)]+)\):[ \t]*(.*)$", ran.out if ran.worked else "", re.M)
    return {name: tuple(word.lstrip("~") for word in rest.split() if word != "~.") for name, rest in rows}


def _listed(probing: Probing) -> Sequence[str]:
    try:
        found = resolver_config.current(probing.platform, time.monotonic() + _READ_S)
    except CannotMeasure:
        return ()
    return (*found.servers, *found.listed)


def _of_peer(peer: Peer) -> Connection:
    """A WireGuard tunnel whose file is not to be read (or that has none)."""
    port = peer.port or configs.USUAL_PORTS[configs.WIREGUARD]
    return Connection(peer.interface, configs.WIREGUARD, peer.endpoint, port, configs.UDP, False, source="wg show")


def reading(
    tunnels: Sequence[Tunnel],
    found: Sequence[Connection],
    asked: str,
    listed: Sequence[str] = (),
    no_peers: str = "",
    closed: Sequence[str] = (),
) -> Reading:
    """The probe's fields.

    Args:
        tunnels: Tunnels that are up.
        found: VPNs that are set up.
        asked: A server a person named; empty for none.
        listed: Name servers this machine asks.
        no_peers: Why WireGuard's handshakes are not known.
        closed: Folders with more VPNs that may not be read.
    """
    connection = _chosen(found, tunnels, asked)
    tunnel = _of(connection, tunnels)
    peer = tunnel.peer if tunnel else None
    dns = [*dict.fromkeys((*(tunnel.dns if tunnel else ()), *(connection.dns if connection else ())))]
    domains = [*dict.fromkeys((*(tunnel.domains if tunnel else ()), *(connection.domains if connection else ())))]
    data: Dict[str, Value] = {
        "tunnel_up": bool(tunnels),
        "interface": tunnel.interface if tunnel else "",
        "tunnel_addresses": list(tunnel.addresses) if tunnel else [],
        "tunnel_networks": list(tunnel.networks) if tunnel else [],
        "takes_all": bool(tunnel and tunnel.takes_all),
        "tunnels": [_tunnel_record(t) for t in tunnels[:_SHOWN]],
        "connections": [_record(c) for c in found[:_SHOWN]],
        "connection_count": len(found),
        "connection": connection.name if connection else "",
        "server": connection.server if connection else asked,
        "port": connection.port if connection else 0,
        "protocol": connection.protocol if connection else "",
        "kind": connection.kind if connection else "",
        "answers_strangers": connection.answers_strangers if connection else True,
        "handshake_age_s": None if peer is None or peer.handshake_age_s is None else round(peer.handshake_age_s),
        "handshake_never": None if peer is None else peer.handshake_age_s is None,
        "dns_servers": list(dns[:_SHOWN]),
        "dns_domains": list(domains[:_SHOWN]),
        "dns_used": bool(dns) and any(server in (*listed, *(tunnel.dns if tunnel else ())) for server in dns),
        "closed_folders": list(closed),
    }
    why = no_peers or ("there never was one" if peer else "only WireGuard tunnels tell it")
    return Reading(data, {key: why for key in ("handshake_age_s", "handshake_never") if data[key] is None})


def _chosen(found: Sequence[Connection], tunnels: Sequence[Tunnel], asked: str) -> Optional[Connection]:
    """The VPN meant: the one named; else one in use; else the first. A server named that no file has: none."""
    named = [c for c in found if c.server.lower() == asked.lower()]
    if named or not found:
        return next(iter(named), None)
    used = [c for c in found if c.running or any(c.name == t.interface for t in tunnels)]
    # A name inside (intranet.example) is asked about while a tunnel is up; the VPN is the one in use then.
    if asked and not (tunnels and used):
        return None
    return next(iter(used), found[0])


def _of(connection: Optional[Connection], tunnels: Sequence[Tunnel]) -> Optional[Tunnel]:
    by_name = [t for t in tunnels if connection is not None and t.interface == connection.name]
    by_peer = [t for t in tunnels if connection is not None and t.peer and t.peer.endpoint == connection.server]
    return next(iter([*by_name, *by_peer, *tunnels]), None)


def _tunnel_record(tunnel: Tunnel) -> Dict[str, Value]:
    age = tunnel.peer.handshake_age_s if tunnel.peer else None
    return {
        "interface": tunnel.interface,
        "addresses": ", ".join(tunnel.addresses),
        "takes_all": tunnel.takes_all,
        "handshake_age_s": None if age is None else round(age),
    }


def _record(connection: Connection) -> Dict[str, Value]:
    return {
        "name": connection.name,
        "kind": connection.kind,
        "server": connection.server,
        "port": connection.port,
        "protocol": connection.protocol,
        "running": connection.running,
        "source": connection.source,
    }


def _summary(data: Mapping[str, Value]) -> str:
    if data["tunnel_up"]:
        return f"tunnel {data['interface']} is up"
    return f"{data['connection_count']} set up, no tunnel" if data["connection_count"] else "none is set up"


_PORTABLE = "psutil and configuration files where their makers document them, not run there"

PROBES = (
    Probe(
        name="vpn.status",
        title="VPN",
        doc="VPNs set up in files of OpenVPN, WireGuard (wg-quick), NetworkManager, strongSwan and Windows' phone book "
        "and by running programs; tunnels that are up, WireGuard's last handshake (wg show, administrators only), name "
        "servers and domains of the tunnel (systemd-resolved, configuration). Keys and passwords are never kept.",
        parameters={"name": Parameter("hostname", "The VPN server a person means; empty for the one in use.")},
        fields={
            "tunnel_up": boolean("A tunnel adapter is switched on."),
            "interface": text("That of the VPN meant."),
            "tunnel_addresses": texts("Its addresses with prefixes.", "ip"),
            "tunnel_networks": texts("Networks that lead into it.", "ip"),
            "takes_all": boolean("All traffic goes into it."),
            "tunnels": records(
                f"Tunnels that are up, {_SHOWN} at most.",
                interface=text("Adapter."),
                addresses=text("Addresses.", private="ip"),
                takes_all=boolean("All traffic goes into it."),
                handshake_age_s=number("Since WireGuard heard of its server.", "s"),
            ),
            "connections": records(
                f"VPNs set up, {_SHOWN} at most.",
                name=text("Name.", private="text"),
                kind=text("openvpn, wireguard, ipsec, tls or other."),
                server=text("Server.", private="host_name"),
                port=integer("Port."),
                protocol=text("udp or tcp."),
                running=boolean("A program that uses it runs."),
                source=text("File or program it was read from.", private="path"),
            ),
            "connection_count": integer("How many in all.", "count"),
            "connection": text("Name of the VPN meant; empty when none is set up.", private="text"),
            "server": text("Its server, or the one a person named.", private="host_name"),
            "port": integer("Its port; 0 when not known."),
            "protocol": text("udp, tcp or empty."),
            "kind": text("Its kind; empty when not known."),
            "answers_strangers": boolean("Its server would answer a first packet from anybody."),
            "handshake_age_s": number("Since WireGuard heard of its server.", "s"),
            "handshake_never": boolean("WireGuard has never heard of its server since the tunnel is up."),
            "dns_servers": texts("Name servers the VPN brings.", "ip"),
            "dns_domains": texts("Domains the VPN brings.", "host_name"),
            "dns_used": boolean("One of these name servers is asked by this machine."),
            "closed_folders": texts("Folders with VPN settings that this user may not read.", "path"),
        },
        methods={
            "linux": measured(_measure),
            "macos": measured(_measure, UNTRIED, _PORTABLE),
            "windows": under_wine(measured(_measure)),
        },
        timeout_s=3.0,
        summary=_summary,
    ),
)
