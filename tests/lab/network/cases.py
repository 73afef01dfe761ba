"""The cases of the network area: every fault of the laboratory, told as different people would, and controls."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.accuracy import MOST_S, Case, told
from tests.lab.network.conftest import broken
from tests.lab.network.faults.web import SITE
from tests.lab.network.lab import Lab
from tests.lab.network.namespaces import Done
from tests.lab.network.share_cases import SHARES, VPNS
from tests.lab.network.variation_cases import VARIATIONS

# A user without any rights over the network, but with the same files: an own user namespace inside.
_ORDINARY = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")


@dataclass(frozen=True)
class _Client:
    """The lab's client as `accuracy.Broken`."""

    lab: Lab
    ordinary: bool

    def techdoctor(self, *arguments: str) -> Done:
        command = [*(_ORDINARY if self.ordinary else ()), sys.executable, "-m", "techdoctor", *arguments]
        return self.lab.client(command, MOST_S)


@dataclass(frozen=True)
class NetworkSite:
    """The network laboratory as `accuracy.Site`."""

    lab: Lab
    ordinary: bool = False

    @contextmanager
    def broken(self, case: Case) -> Iterator[_Client]:
        """Breaks what the case says; "dns_timeout+proxy_dead" is two faults at once."""
        with ExitStack() as healing:
            for fault in case.fault.split("+"):
                healing.enter_context(broken(self.lab, fault))
            yield _Client(self.lab, self.ordinary)


@contextmanager
def site(folder: Path, ordinary: bool) -> Iterator[NetworkSite]:
    """Starts a laboratory; as root in root's own namespaces, else in a user's.

    Raises:
        CannotBuild: No namespaces here.
    """
    with Lab(folder / "lab") as lab:
        yield NetworkSite(lab, ordinary)


_NAME = ("--set", "name=www.example.com")
_CONNECTION = (
    *told("no_adapter", "net.connection.no_adapter", "there is no network at all, even the network icon is gone"),
    *told(
        "link_down",
        "net.connection.adapter_off",
        "the internet does not work",
        "my computer says I am offline",
        "no website loads",
    ),
    *told(
        "no_carrier",
        "net.connection.no_carrier",
        "the network cable does not work",
        "no internet over the LAN cable",
        "there is no connection since I moved my desk",
    ),
    *told("no_address", "net.connection.no_address", "connected but no internet", "stuck on obtaining IP address"),
    *told(
        "self_assigned",
        "net.connection.self_assigned",
        "my address begins with 169.254",
        "the network is unidentified and nothing works",
    ),
    *told(
        "no_default_route",
        "net.connection.no_default_route",
        "no internet",
        "I reach the printer but not the internet",
    ),
    *told(
        "wrong_subnet", "net.connection.wrong_subnet", "no internet since I set the address by hand", "no connection"
    ),
    *told("wrong_gateway", "net.connection.wrong_gateway", "the network is down", "cannot get out to the internet"),
    *told(
        "gateway_down",
        "net.connection.gateway_down",
        "the router does not work",
        "internet is dead",
        "no wifi internet",
    ),
    *told(
        "upstream_down",
        "net.connection.upstream_down",
        "cannot get online",
        "the provider seems to be down",
        "the browser cannot open any page",
    ),
    *told("upstream_silent", "net.connection.upstream_down", "nothing loads, no internet", "my connection is gone"),
    *told(
        "captive_portal",
        "net.connection.sign_in_page",
        "connected to the hotel Wi-Fi but no page opens",
        "train wifi does not let me in",
    ),
    *told(
        "portal_rewrite", "net.connection.sign_in_page", "I am offline in the hotel", "every page shows a login form"
    ),
    *told(
        "vpn_blackhole",
        "net.connection.vpn_blackhole",
        "VPN broke and nothing works any more",
        "the internet stopped when the VPN disconnected",
    ),
    *told("vpn_policy", "net.connection.vpn_blackhole", "no internet since the VPN broke"),
    *told(
        "local_firewall",
        "net.connection.local_firewall",
        "no internet connection",
        "only this computer has no internet, the others do",
    ),
    *told("duplicate_address", "net.connection.duplicate_address", "the network comes and goes", needs="root"),
    *told(
        "wrong_netmask",
        "net.connection.wrong_netmask",
        "no network to the other computers, the internet works",
    ),
)
_NAMES = (
    *told(
        "dns_timeout",
        "net.dns.server_silent",
        "server not found",
        "web pages do not open but ping 8.8.8.8 works",
        "no internet",
    ),
    *told("dns_refused", "net.dns.server_refuses", "the address of the server cannot be found", "no page opens"),
    *told("dns_servfail", "net.dns.server_fails", "server IP address could not be found", "I am offline"),
    *told("dns_garbage", "net.dns.garbage", "names cannot be resolved"),
    *told("dns_closed", "net.dns.server_closed", "dns does not work", "nothing loads in the browser"),
    *told("dns_nxrewrite", "net.dns.nxdomain_rewritten", "mistyped addresses open a page with advertisements"),
    *told(
        "dns_hijack",
        "net.dns.hijacked",
        "every address opens the same wrong page",
        "the wrong website opens",
        "the internet does not work",
    ),
    *told("dns_slow", "net.dns.slow_server", "pages take long to start, then load fast", "looking up names is slow"),
    *told("dns_all_blocked", "net.dns.all_blocked", "server not found in every browser", "no internet"),
    *told("dns_tcp_blocked", "net.dns.tcp_blocked", "some names are not found"),
    *told("resolv_search", "net.dns.search_list", "names are slow to be found on this computer only"),
    *told("resolv_wrong", "net.dns.wrong_server", "DNS server not responding", "no internet"),
    *told("resolv_first_dead", "net.dns.dead_server", "every page waits five seconds before it loads"),
    *told("resolv_empty", "net.dns.no_server", "temporary failure in name resolution", "no internet"),
    *told("hosts_override", "net.dns.hosts_override", "wrong page opens for one address", options=_NAME),
    *told("nsswitch_no_dns", "net.dns.lookup_disabled", "dig works but programs find no name", "no internet"),
    *told(
        "none",
        "net.dns.name_unknown",
        "the address of the site could not be found",
        options=("--set", "name=no-such-name.example.net"),
    ),
)
_SHOP = ("--set", f"name={SITE}")
_PROXIES = (
    *told(
        "proxy_dead",
        "web.pages.proxy_dead",
        "web pages do not open",
        "no internet in the browser but ping works",
        "ERR_PROXY_CONNECTION_FAILED",
    ),
    *told("proxy_dead_lower", "web.pages.proxy_dead", "unable to connect to the proxy server"),
    *told("proxy_dead_upper", "web.pages.proxy_dead", "the proxy server is refusing connections"),
    *told("proxy_dead_all", "web.pages.proxy_dead", "pages do not load but the Wi-Fi is connected"),
    *told("proxy_dead_local_exceptions", "web.pages.proxy_dead", "programs cannot reach the internet but ping works"),
    *told("proxy_silent", "web.pages.proxy_dead", "the browser cannot open any page but ping works"),
    *told("proxy_mute", "web.pages.proxy_dead", "no web page opens"),
    *told("proxy_gnome", "web.pages.proxy_dead", "no site opens in the browser", "the internet does not work"),
    *told("proxy_kde", "web.pages.proxy_dead", "the browser does not open anything"),
    *told("proxy_script_gone", "web.pages.proxy_dead", "web pages do not open"),
    *told("proxy_script_dead", "web.pages.proxy_dead", "the proxy refuses connections"),
    *told("proxy_name", "web.pages.proxy_name", "no web page opens", "the proxy server cannot be found"),
    *told("proxy_script_name", "web.pages.proxy_name", "web pages do not open"),
    *told("proxy_login", "web.pages.proxy_login", "it asks for a proxy password", "407 Proxy Authentication Required"),
)
_WEB = (
    *told(
        "https_dropped", "web.pages.https_blocked", "https sites do not load, http sites do", "web pages do not open"
    ),
    *told("https_refused", "web.pages.https_blocked", "secure pages are refused", "no site opens in the browser"),
    *told("https_prohibited", "web.pages.https_blocked", "https does not work"),
    *told("https_v4", "web.pages.https_blocked", "secure websites time out"),
    *told("https_reset", "web.pages.https_blocked", "ERR_CONNECTION_RESET"),
    *told("https_swallowed", "web.pages.https_blocked", "https does not work"),
    *told("https_far", "web.pages.https_blocked", "no page opens in the browser"),
    *told("mtu_blackhole", "web.pages.mtu_blackhole", "small pages load, big ones hang", "some websites never finish"),
    *told("mtu_blackhole_1300", "web.pages.mtu_blackhole", "some pages load half and then stop"),
    *told("mtu_blackhole_up", "web.pages.mtu_blackhole", "web pages do not open"),
    *told("mtu_blackhole_down", "web.pages.mtu_blackhole", "a page takes forever and never finishes loading"),
    *told("ipv6_silent", "web.pages.ipv6_broken", "pages wait for a long time before they load"),
    *told("ipv6_dead_router", "web.pages.ipv6_broken", "web pages do not open"),
    *told("udp_blocked", "web.pages.udp_blocked", "video calls do not connect but pages open"),
    *told("udp_prohibited", "web.pages.udp_blocked", "meetings do not connect, web pages open"),
    *told("site_silent", "web.pages.site_blocked", "one website does not open", options=_SHOP),
    *told("site_refused", "web.pages.site_blocked", "this site cannot be reached", options=_SHOP),
    *told("site_prohibited", "web.pages.site_blocked", "one website does not open", options=_SHOP),
    *told("site_reset", "web.pages.site_blocked", "ERR_CONNECTION_RESET on one site", options=_SHOP),
    *told("site_500", "web.pages.site_broken", "www.example.com shows an error 500", options=_NAME),
    *told("site_502", "web.pages.site_broken", "502 Bad Gateway", options=_SHOP),
    *told("site_503", "web.pages.site_broken", "503 Service Unavailable", options=_SHOP),
    *told("site_504", "web.pages.site_broken", "the site shows an error page", options=_SHOP),
)
_CERTIFICATES = (
    *told(
        "tls_intercept",
        "web.cert.intercepted",
        "every site shows a certificate warning",
        "connection is not private",
        "web pages do not open",
    ),
    *told("tls_untrusted", "web.cert.intercepted", "SEC_ERROR_UNKNOWN_ISSUER"),
    *told("tls_expired", "web.cert.site_expired", "the certificate has expired"),
    *told("ca_nowhere", "web.cert.ca_store_missing", "programs say certificate verify failed"),
    *told("ca_empty", "web.cert.ca_store_missing", "certificate error on all pages"),
)
_CLOCKS = (
    *told("clock_skew", "sys.clock.clock_wrong", "the clock is wrong", "the time on my computer is off by minutes"),
    *told("clock_ahead", "sys.clock.clock_wrong", "the clock runs ahead"),
    *told("clock_by_date", "sys.clock.clock_wrong", "wrong date"),
    *told("clock_minutes", "sys.clock.clock_wrong", "login codes from the phone are not accepted"),
    *told("clock_months", "sys.clock.clock_wrong", "NET::ERR_CERT_DATE_INVALID"),
    *told("clock_years", "sys.clock.clock_wrong", "the year is wrong", "connection is not private"),
    *told("clock_decade", "sys.clock.clock_wrong", "every page shows a certificate warning"),
    *told("ntp_blocked", "sys.clock.ntp_blocked", "the clock does not synchronise", "time sync fails"),
    *told("ntp_dropped", "sys.clock.ntp_blocked", "the time cannot be synchronised"),
    *told("zone_bogus", "sys.clock.timezone_wrong", "the clock is an hour off"),
    *told("zone_utc", "sys.clock.timezone_wrong", "the time zone is wrong", options=("--set", "zone=Asia/Tokyo")),
)
_QUALITY = (
    *told("loss_lan_5", "net.slow.loss_local", "the internet is slow", "pages load in fits and starts"),
    *told("loss_lan_10", "net.slow.loss_local", "slow internet", "youtube buffers all the time"),
    *told("loss_lan_20", "net.slow.loss_local", "internet is bad since yesterday", "zoom freezes"),
    *told("loss_lan_30", "net.slow.loss_local", "the internet is very slow"),
    *told("loss_router_5", "net.slow.loss_local", "the connection is slow"),
    *told("loss_router_20", "net.slow.loss_local", "very slow connection"),
    *told("loss_wan_2", "net.slow.loss_beyond", "the internet is slow", "the game lags"),
    *told("loss_wan_5", "net.slow.loss_beyond", "calls are choppy", "packets get lost"),
    *told("loss_wan_10", "net.slow.loss_beyond", "the internet is slow", "video calls break up"),
    *told("loss_wan_20", "net.slow.loss_beyond", "internet is slow", "the connection keeps dropping"),
    *told("loss_wan_burst", "net.slow.loss_beyond", "slow internet"),
    Case("loss_wan_burst.2", "loss_wan_burst", "the connection drops out again and again", "net.drops.burst_loss"),
    *told("latency_300", "net.slow.high_latency", "everything on the internet reacts late", "high ping in games"),
    *told("latency_600", "net.slow.high_latency", "the internet is slow"),
    *told("latency_1000", "net.slow.high_latency", "internet reacts with a delay"),
    *told("jitter_100", "net.slow.jitter", "calls are choppy", "the internet is unsteady"),
    *told("slow_1mbit", "net.slow.bandwidth_low", "downloads are very slow", "slow internet"),
    *told("bufferbloat", "net.slow.bufferbloat", "internet slow while my brother downloads", "the internet is slow"),
    *told("own_traffic", "net.slow.own_traffic", "the internet is slow", "internet crawls since the update started"),
    *told("own_traffic_10mbit", "net.slow.own_traffic", "slow internet since the backup runs"),
    *told("flapping_link", "net.drops.flapping_link", "the connection comes and goes", "ethernet keeps disconnecting"),
    *told("burst_loss", "net.drops.burst_loss", "internet is gone for a moment every few seconds"),
)
# Two faults at once: the lower one has to be named. The other one alone is a case above.
_TWO = (
    *told("dns_timeout+proxy_dead", "net.dns.server_silent", "no internet", "web pages do not open"),
    *told("no_carrier+resolv_wrong", "net.connection.no_carrier", "server not found", "web pages do not open"),
    *told("loss_wan_10+dns_slow", "net.slow.loss_beyond", "the internet is slow"),
    *told("gateway_down+proxy_dead", "net.connection.gateway_down", "the proxy server cannot be found"),
    *told("upstream_silent+dns_refused", "net.connection.upstream_down", "server not found", "slow internet"),
    *told("captive_portal+clock_skew", "net.connection.sign_in_page", "certificate warning", "no internet"),
    *told("dns_hijack+https_dropped", "net.dns.hijacked", "https does not work"),
    *told("vpn_blackhole+resolv_wrong", "net.connection.vpn_blackhole", "server not found"),
    *told("clock_skew+tls_intercept", "sys.clock.clock_wrong", "certificate warning"),
    *told("link_down+hosts_override", "net.connection.adapter_off", "www.example.com does not open", options=_NAME),
)
_EVERYDAY = ("the internet does not work", "web pages do not open", "the internet is slow")
_CONTROLS = (
    *told("none", None, *_EVERYDAY, "the names of web sites are not found", "certificate warning", "calls are choppy"),
    *told("gateway_no_ping", None, *_EVERYDAY),
    *told("icmp_blocked", None, *_EVERYDAY),
    *told("ipv4_only", None, *_EVERYDAY),
    *told("ipv6_only", None, "no internet", "server not found"),
    *told("small_mtu", None, *_EVERYDAY, "big pages hang"),
    *told("idle_bridge", None, *_EVERYDAY),
    *told("site_500", None, "the internet does not work"),
    *told("https_only", None, "the internet does not work"),
    *told("proxy_works", None, "web pages do not open"),
    *told("proxy_excepted", None, "web pages do not open"),
    *told("proxy_script_works", None, "web pages do not open"),
    *told("proxy_only", None, "web pages do not open"),
    *told("ipv6_refused", None, "web pages do not open"),
    *told("quic_blocked", None, "web pages do not open"),
    *told("zone_utc", None, "the clock is wrong"),
)

CASES: tuple[Case, ...] = (
    *_CONNECTION,
    *_NAMES,
    *_PROXIES,
    *_WEB,
    *_CERTIFICATES,
    *_CLOCKS,
    *_QUALITY,
    *SHARES,
    *VPNS,
    *VARIATIONS,
    *_TWO,
    *_CONTROLS,
)
