"""Faults of adapter, address, route, gateway and provider, and the controls beside them."""

from __future__ import annotations

from tests.lab.network import rivals
from tests.lab.network.faults.base import (
    FORWARD,
    INPUT,
    OUTPUT,
    PREROUTING,
    Fault,
    filtered,
    nothing,
    on_client,
    steered,
)
from tests.lab.network.lab import Lab

_DEAD_TUNNEL = """\
addr add 10.99.0.2/24 dev tun9
link set tun9 up
route add 0.0.0.0/1 dev tun9
route add 128.0.0.0/1 dev tun9
"""
_FLUSH = "addr flush dev eth0 scope global\n"


def _remove_adapter(lab: Lab) -> None:
    lab.ip("client", "link del eth0")


def _return_adapter(lab: Lab) -> None:
    lab.world.need(
        "", ["ip", "link", "add", "eth0", "netns", "client", "type", "veth", "peer", "lan0", "netns", "router"]
    )
    lab.ip("router", "link set lan0 master br0 up")


def _raise_dead_tunnel(lab: Lab) -> None:
    """As when a VPN program died: its tunnel and routes are still there, nobody reads them.

    Ordinary users may not open /dev/net/tun everywhere; a VXLAN to nowhere swallows packets as well.
    """
    made = lab.world.run("client", ["ip", "tuntap", "add", "tun9", "mode", "tun"])
    if made.code:
        lab.ip("client", "link add tun9 type vxlan id 9 remote 10.60.1.99 dstport 4789 dev eth0")
    lab.ip("client", _DEAD_TUNNEL)


def _raise_policy_tunnel(lab: Lab) -> None:
    """As wg-quick does it: the main table stays as it was, a rule sends everything into another one."""
    lab.ip(
        "client",
        "link add tun9 type vxlan id 9 remote 10.60.1.99 dstport 4789 dev eth0\naddr add 10.99.0.2/24 dev tun9",
    )
    lab.ip("client", "link set tun9 up\nroute add default dev tun9 table 880")
    lab.ip("client", "rule add pref 90 lookup main suppress_prefixlength 0\nrule add pref 100 lookup 880")


def _remove_policy_tunnel(lab: Lab) -> None:
    lab.ip("client", "rule del pref 90\nrule del pref 100\nlink del tun9")


def _remove_tunnel(lab: Lab) -> None:
    lab.world.run("client", ["ip", "link", "del", "tun9"])


def _cut_small_mtu(lab: Lab) -> None:
    """A veth drops what is longer than its MTU on arrival too, so the far side must know the size."""
    lab.ip("router", "link set wan0 mtu 1400")
    lab.ip("internet", "route change 203.0.113.0/24 dev isp0 src 203.0.113.1 mtu 1400")
    lab.ip("internet", "-6 route change 2001:db8:1::/64 via 2001:db8:2::2 mtu 1400")


def _return_mtu(lab: Lab) -> None:
    lab.ip("router", "link set wan0 mtu 1500")
    lab.ip("internet", "route change 203.0.113.0/24 dev isp0 src 203.0.113.1")
    lab.ip("internet", "-6 route change 2001:db8:1::/64 via 2001:db8:2::2")


def _leave_ipv4(lab: Lab) -> None:
    lab.ip("client", "-4 route del default\n-4 addr flush dev eth0 scope global")
    lab.write_etc("resolv.conf", "nameserver 2606:4700:4700::1111\n")


_PORTAL = filtered(
    "captive_portal",
    "hotel Wi-Fi: connected, but a page must be opened first",
    "router",
    f'{PREROUTING} iifname "br0" ip daddr != 10.60.1.1 tcp dport 80 dnat ip to 10.60.1.1:8080',
    f'{FORWARD} iifname "br0" ip protocol tcp reject with tcp reset\n'
    'iifname "br0" ip protocol icmp drop\niifname "br0" meta nfproto ipv6 drop',
)


def _show_form(lab: Lab) -> None:
    lab.set("router", portal_style="rewrite")
    _PORTAL.inject(lab)


def _hide_form(lab: Lab) -> None:
    lab.set("router", portal_style=None)
    _PORTAL.heal(lab)


def _rogue(lab: Lab) -> None:
    """The neighbour's server is asked first, as one that is nearer; the right one is there as well."""
    rivals.give(lab, "neighbour", "10.60.1.20", "10.60.1.70,10.60.1.80")
    rivals.take(lab)
    rivals.give(lab, "router", "10.60.1.1")


def _nobody_gives(lab: Lab) -> None:
    rivals.take(lab)


def _all_given(lab: Lab) -> None:
    (lab.folder / "given-router").write_text("0 02:00:00:00:00:77 10.60.1.50 somebody *\n")
    rivals.give(lab, "router", "10.60.1.1", "10.60.1.50,10.60.1.50")
    rivals.take(lab)


FAULTS = (
    Fault("dhcp_rogue", "nothing works since a second router was plugged in", _rogue, rivals.stop),
    Fault("dhcp_none", "nobody gives an address", _nobody_gives, nothing),
    Fault("dhcp_exhausted", "some devices get an address, this one does not", _all_given, rivals.stop),
    Fault("no_adapter", "there is no network card", _remove_adapter, _return_adapter),
    on_client("link_down", "the network adapter is switched off", "link set eth0 down"),
    Fault(
        "no_carrier",
        "the cable is unplugged",
        lambda lab: lab.ip("router", "link set lan0 down"),
        lambda lab: lab.ip("router", "link set lan0 up"),
    ),
    on_client("no_address", "connected, but no address", _FLUSH),
    on_client("self_assigned", "an address of 169.254", f"{_FLUSH}addr add 169.254.77.12/16 dev eth0"),
    on_client(
        "wrong_subnet",
        "an address of another network was set by hand",
        f"{_FLUSH}addr add 192.168.7.10/24 dev eth0\nroute replace default via 192.168.7.1",
    ),
    on_client(
        "wrong_netmask",
        "the internet works, the printer does not",
        f"{_FLUSH}addr add 10.60.1.10/30 dev eth0\nroute replace default via 10.60.1.1 dev eth0 onlink",
    ),
    Fault(
        "duplicate_address",
        "the connection comes and goes",
        lambda lab: lab.ip("neighbour", "addr add 10.60.1.10/24 dev eth0"),
        lambda lab: lab.ip("neighbour", "addr del 10.60.1.10/24 dev eth0"),
    ),
    on_client(
        "no_default_route", "local devices work, the internet does not", "route del default\n-6 route del default"
    ),
    on_client("wrong_gateway", "nothing outside answers", "route replace default via 10.60.1.77"),
    Fault("vpn_blackhole", "nothing works since the VPN broke", _raise_dead_tunnel, _remove_tunnel),
    Fault("vpn_policy", "nothing works since the VPN broke", _raise_policy_tunnel, _remove_policy_tunnel),
    Fault(
        "gateway_down",
        "the router is off",
        lambda lab: lab.ip("router", "link set br0 down"),
        Lab.reset_router,
    ),
    Fault(
        "upstream_down",
        "the router says that the internet cannot be reached",
        lambda lab: lab.ip("router", "link set wan0 down"),
        Lab.reset_router,
    ),
    steered("upstream_silent", "the router is fine, nothing comes back from beyond", "wire", loss=1.0),
    _PORTAL,
    Fault("portal_rewrite", "every page shows the hotel's form", _show_form, _hide_form),
    filtered(
        "local_firewall",
        "only this computer cannot open anything",
        "client",
        f"{OUTPUT} ip daddr 10.60.1.0/24 accept\noifname lo accept\nmeta l4proto tcp drop\n"
        "meta l4proto udp drop\nmeta l4proto icmp drop\nip6 daddr fe80::/10 accept\nicmpv6 type echo-request drop",
    ),
)

CONTROLS = (
    Fault("none", "everything is as it should be", nothing, nothing, healthy=True),
    filtered(
        "gateway_no_ping",
        "the router ignores ping",
        "router",
        f"{INPUT} icmp type echo-request drop\nicmpv6 type echo-request drop",
        healthy=True,
    ),
    filtered(
        "icmp_blocked",
        "no ping beyond the router",
        "router",
        f"{FORWARD} meta l4proto icmp drop\nmeta l4proto icmpv6 drop",
        healthy=True,
    ),
    filtered(
        "https_only",
        "only secure pages are let out",
        "router",
        f'{FORWARD} iifname "br0" tcp dport != 443 drop',
        healthy=True,
    ),
    Fault(
        "ipv4_only",
        "a network without IPv6",
        lambda lab: lab.ip("client", "-6 route del default\n-6 addr flush dev eth0 scope global"),
        nothing,
        healthy=True,
    ),
    Fault("ipv6_only", "a network without IPv4", _leave_ipv4, nothing, healthy=True),
    Fault(
        "small_mtu",
        "a path of 1400 bytes that says so",
        _cut_small_mtu,
        _return_mtu,
        healthy=True,
    ),
    steered("site_500", "one site answers 500", "internet", http_mode="500"),
    Fault(
        "idle_bridge",
        "a bridge and a pair that are down, as docker leaves them",
        lambda lab: lab.ip(
            "client", "link add docker0 type bridge\nlink add veth7 type veth peer veth8\nlink set veth7 master docker0"
        ),
        lambda lab: lab.ip("client", "link del veth7\nlink del docker0"),
        healthy=True,
    ),
)
