"""The causes of connection and names again, injected in other ways: what was learned must not be one injection."""

from __future__ import annotations

from collections.abc import Sequence

from tests.lab.network.faults.base import FORWARD, INPUT, OUTPUT, PREROUTING, Fault, filtered, nothing, steered
from tests.lab.network.lab import Lab

_FLUSH = "addr flush dev eth0 scope global\n"
_NO_V6 = "-6 route del default\n-6 addr flush dev eth0 scope global\n"
_VXLAN = "type vxlan id 9 remote 10.60.1.99 dstport 4789 dev eth0"


def _client(name: str, symptom: str, commands: str, undo: str = "", healthy: bool = False) -> Fault:
    """Made by `ip` commands on the client, with what `Lab.reset_client` does not take back."""

    def heal(lab: Lab) -> None:
        lab.ip("client", undo + "-4 route flush dev eth0\n-4 addr flush dev eth0\n")

    return Fault(name, symptom, lambda lab: lab.ip("client", commands), heal, healthy)


def _resolv(name: str, symptom: str, text: str, healthy: bool = False) -> Fault:
    return Fault(name, symptom, lambda lab: lab.write_etc("resolv.conf", text), nothing, healthy)


def _with(fault: Fault, *resolv: str, commands: str = "") -> Fault:
    """A fault with other name servers, or further `ip` commands on the client, beside it."""

    def inject(lab: Lab) -> None:
        fault.inject(lab)
        for text in resolv:
            lab.write_etc("resolv.conf", text)
        lab.ip("client", commands)

    return Fault(fault.id, fault.symptom, inject, fault.heal, fault.healthy)


def _nsswitch(name: str, line: str, healthy: bool = False) -> Fault:
    symptom = "dig works, programs do not"
    return Fault(name, symptom, lambda lab: lab.write_etc("nsswitch.conf", f"hosts: {line}\n"), nothing, healthy)


def _tunnel(name: str, commands: str, healthy: bool = False) -> Fault:
    """A tunnel that nobody serves any more; the adapter's name is the fault's last word."""
    adapter = name.rpartition("_")[2]
    made = f"link add {adapter} {_VXLAN}\naddr add 10.99.0.2/24 dev {adapter}\nlink set {adapter} up\n"
    wanted = made + "".join(f"{line} dev {adapter}\n" for line in commands.splitlines())
    return _client(name, "nothing works since the VPN broke", wanted, f"link del {adapter}\n", healthy)


_BRIDGE = (
    f"{_FLUSH}link add br7 type bridge\nlink set eth0 master br7\nlink set br7 up\n"
    "addr add 10.60.1.10/24 dev br7\nroute replace default via 10.60.1.1\n"
)


def _unplug_bridge(lab: Lab) -> None:
    lab.ip("client", _BRIDGE)
    lab.ip("router", "link set lan0 down")


def _plug_bridge(lab: Lab) -> None:
    lab.ip("router", "link set lan0 up")
    lab.ip("client", "link del br7")


def _names_lead_to_the_portal(lab: Lab) -> None:
    lab.set("router", dns_mode="hijack", dns_hijack_ip="10.60.1.1")
    _ONLY_PORTAL.inject(lab)


def _names_are_true(lab: Lab) -> None:
    lab.set("router", dns_mode=None, dns_hijack_ip=None)
    _ONLY_PORTAL.heal(lab)


_ONLY_PORTAL = filtered(
    "portal_by_names",
    "hotel Wi-Fi: every name leads to its page",
    "router",
    f'{PREROUTING} iifname "br0" ip daddr 10.60.1.1 tcp dport 80 redirect to :8080',
    f'{FORWARD} iifname "br0" drop',
)


def _blocked_here(name: str, *chains: str, family: str = "inet") -> Fault:
    return filtered(name, "only this computer cannot open anything", "client", *chains, family=family)


_REFUSES: Sequence[Fault] = [
    _client(
        f"route_{kind}",
        "local devices work, the internet does not",
        f"route del default\nroute add {kind} default\n-6 route del default\n",
        f"route del {kind} default\n",
    )
    for kind in ("unreachable", "prohibit", "blackhole")
]

CONNECTION = (
    Fault("bridge_unplugged", "the cable of a bridge is out", _unplug_bridge, _plug_bridge),
    _client("v4_address_gone", "most pages do not open", "-4 addr flush dev eth0 scope global\n"),
    _client("self_assigned_v6_works", "an address of 169.254", f"-4 {_FLUSH}-4 addr add 169.254.9.3/16 dev eth0\n"),
    _client(
        "subnet_other_plan",
        "an address of another network",
        f"-4 {_FLUSH}-4 addr add 172.22.9.10/16 dev eth0\n-4 route replace default via 172.22.0.1\n",
    ),
    _client(
        "subnet_router_on_link",
        "an address of another network",
        f"{_FLUSH}addr add 192.168.7.10/24 dev eth0\nroute replace default via 10.60.1.1 dev eth0 onlink\n",
    ),
    _client(
        "netmask_host_route",
        "the internet works, the printer does not",
        f"{_FLUSH}addr add 10.60.1.10/30 dev eth0\nroute add 10.60.1.1 dev eth0\nroute replace default via 10.60.1.1\n",
    ),
    _client("v4_route_gone", "most pages do not open", "route del default\n"),
    *_REFUSES,
    _client(
        "rule_prohibits",
        "the internet does not work",
        "rule add pref 100 prohibit\n-6 route del default\n",
        "rule del pref 100\n",
    ),
    _client("gateway_no_router", "nothing outside answers", f"route replace default via 10.60.1.20\n{_NO_V6}"),
    _with(
        _client("gateway_absent_far_names", "nothing outside answers", "route replace default via 10.60.1.254\n"),
        "nameserver 8.8.8.8\n",
        commands=_NO_V6,
    ),
    _client(
        "router_fixed_wrong",
        "nothing outside answers",
        f"neigh replace 10.60.1.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent\n{_NO_V6}",
        "neigh del 10.60.1.1 dev eth0\n",
    ),
    filtered(
        "router_mute",
        "the router hangs",
        "router",
        'type filter hook ingress device "lan0" priority 0; drop',
        family="netdev",
    ),
    filtered("provider_drops", "nothing comes back from beyond the router", "router", f"{FORWARD} drop"),
    filtered(
        "provider_resets",
        "the router refuses everything",
        "router",
        f'{FORWARD} iifname "br0" meta l4proto tcp reject with tcp reset\niifname "br0" drop',
    ),
    filtered(
        "provider_prohibits",
        "the router refuses everything",
        "router",
        f"{FORWARD} meta nfproto ipv4 reject with icmp type admin-prohibited\ndrop",
    ),
    _tunnel("vpn_default_tun0", "route replace default via 10.99.0.1"),
    _tunnel("vpn_unnamed_corp0", "route add 0.0.0.0/1\nroute add 128.0.0.0/1"),
    _tunnel("vpn_quarters_tun0", "\n".join(f"route add {n}.0.0.0/2" for n in (0, 64, 128, 192))),
    Fault("portal_by_names", _ONLY_PORTAL.symptom, _names_lead_to_the_portal, _names_are_true),
    _blocked_here("blocked_web_dropped", f"{OUTPUT} tcp dport {{ 80, 443 }} drop"),
    _blocked_here("blocked_web_reset", f"{OUTPUT} tcp dport {{ 80, 443 }} reject with tcp reset"),
    _blocked_here("blocked_coming_in", f'{INPUT} iifname "eth0" meta l4proto {{ tcp, udp, icmp }} drop'),
    _blocked_here(
        "blocked_behind_routing",
        'type filter hook postrouting priority 0; oifname "eth0" ip daddr != 10.60.1.0/24 drop\n'
        'oifname "eth0" ip6 daddr != fe80::/10 drop',
    ),
    _blocked_here(
        "blocked_at_adapter",
        'type filter hook egress device "eth0" priority 0; ip daddr != 10.60.1.0/24 drop\nip6 daddr != fe80::/10 drop',
        family="netdev",
    ),
)
NAMES = (
    _resolv("resolv_zero", "no name is found", "nameserver 0.0.0.0\n"),
    _resolv("resolv_nonsense", "no name is found", "nameserver none\nsearch lan\n"),
    _resolv("resolv_far_dead", "no name is found", "nameserver 203.0.113.77\n"),
    _resolv("resolv_v6_dead", "no name is found", "nameserver 2001:db8:1::99\n"),
    _resolv("resolv_stub_dead", "no name is found", "nameserver 127.0.0.53\noptions edns0 trust-ad\n"),
    _resolv("resolv_no_service", "no name is found", "nameserver 10.60.1.20\n"),
    _resolv(
        "resolv_two_dead",
        "every page waits ten seconds",
        "nameserver 10.60.1.98\nnameserver 10.60.1.99\nnameserver 10.60.1.1\n",
    ),
    _resolv(
        "resolv_search_alone",
        "names are slow on this computer",
        f"search {' '.join(f'{part}.corp.example' for part in 'abcde')}\noptions ndots:5\nnameserver 10.60.1.1\n",
    ),
    filtered("dns_udp_dropped", "no name is found", "router", f"{INPUT} udp dport 53 drop"),
    _with(
        filtered(
            "dns_all_refused",
            "no name server anywhere",
            "router",
            f"{FORWARD} udp dport 53 reject\ntcp dport 53 reject with tcp reset",
        ),
        "nameserver 8.8.8.8\n",
    ),
    filtered("dns_blocked_here", "no name is found", "client", f"{OUTPUT} udp dport 53 drop\ntcp dport 53 drop"),
    steered("dns_slow_400", "pages start slowly", "router", dns_delay_ms=400),
    steered("dns_hijack_self", "every site is the wrong one", "router", dns_mode="hijack", dns_hijack_ip="127.0.0.1"),
    _nsswitch("nsswitch_stops", "files [NOTFOUND=return] dns"),
    _nsswitch("nsswitch_no_module", "files myhostname"),
)
CONTROLS = (
    _client(
        "bridge_works",
        "a bridge over the cable",
        _BRIDGE,
        "link del br7\n",
        healthy=True,
    ),
    _client(
        "rules_lead_out",
        "the way out stands in another table",
        f"route del default\nroute add default via 10.60.1.1 table 100\nrule add pref 100 lookup 100\n{_NO_V6}",
        "rule del pref 100\nroute flush table 100\n",
        healthy=True,
    ),
    _client(
        "host_prefix",
        "an address without a network of its own, as in a data centre",
        f"{_FLUSH}addr add 10.60.1.10/32 dev eth0\nroute add 10.60.1.1 dev eth0 scope link\n"
        "route replace default via 10.60.1.1 dev eth0\n",
        healthy=True,
    ),
    _tunnel("vpn_beside_tun0", "route add 10.77.0.0/16", healthy=True),
    _resolv("resolv_public", "public name servers", "nameserver 8.8.8.8\nnameserver 1.1.1.1\n", healthy=True),
    _nsswitch("nsswitch_usual", "files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns", healthy=True),
)
FAULTS = (*CONNECTION, *NAMES, *CONTROLS)
