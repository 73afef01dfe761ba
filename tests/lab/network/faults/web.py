"""Faults of the web: proxies, blocked ports and sites, large packets, IPv6, UDP, certificates; and controls."""

from __future__ import annotations

from tests.lab.network.faults.base import FORWARD, PREROUTING, Fault, filtered, nothing, on_client, steered
from tests.lab.network.lab import Lab

SITE = "shop.example.com"
_SITE_ADDRESS = "198.51.100.66"
_BOTH_CASES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
_DEAD = "http://10.60.1.1:9999"
_WORKS = "http://10.60.1.1:3128"
# Segments with a TLS greeting or more in them; the handshake of TCP itself is shorter.
_GREETING = "tcp dport 443 meta length > 150"


def _variables(name: str, symptom: str, values: dict[str, str], healthy: bool = False) -> Fault:
    """A fault of the session's variables."""
    return Fault(name, symptom, lambda lab: lab.environment.update(values), nothing, healthy)


def _proxied(name: str, symptom: str, url: str, variables: tuple[str, ...] = _BOTH_CASES) -> Fault:
    return _variables(name, symptom, dict.fromkeys(variables, url))


def _of_kde(name: str, symptom: str, lines: str, pac: str = "", healthy: bool = False) -> Fault:
    """A fault of the desktop's settings, as KDE keeps them, and of the script that they may name."""

    def inject(lab: Lab) -> None:
        lab.set("router", pac=pac or None)
        folder = lab.folder / "home/config"
        folder.mkdir(exist_ok=True)
        (folder / "kioslaverc").write_text(f"[Proxy Settings]\n{lines}\n")

    def heal(lab: Lab) -> None:
        lab.set("router", pac=None)
        (lab.folder / "home/config/kioslaverc").unlink()

    return Fault(name, symptom, inject, heal, healthy)


def _of_gnome(name: str, symptom: str, section: str) -> Fault:
    """A fault of the desktop's settings, as GNOME keeps them in a key file."""

    def inject(lab: Lab) -> None:
        folder = lab.folder / "home/config/glib-2.0/settings"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "keyfile").write_text(section)
        lab.environment["GSETTINGS_BACKEND"] = "keyfile"

    def heal(lab: Lab) -> None:
        (lab.folder / "home/config/glib-2.0/settings/keyfile").unlink()

    return Fault(name, symptom, inject, heal)


def _together(name: str, symptom: str, *parts: Fault, healthy: bool = False) -> Fault:
    """Several changes that make one fault."""

    def inject(lab: Lab) -> None:
        for part in parts:
            part.inject(lab)

    def heal(lab: Lab) -> None:
        for part in reversed(parts):
            part.heal(lab)

    return Fault(name, symptom, inject, heal, healthy)


def _pac(*ways: str) -> str:
    return f'function FindProxyForURL(url, host) {{ return "{"; ".join(ways)}"; }}'


_SCRIPT = "ProxyType=2\nProxy Config Script=http://10.60.1.1/proxy.pac"
_NO_WAY_OUT = filtered(
    "only_proxy_filter", "", "router", f'{FORWARD} iifname "br0" udp dport != 53 drop\ntcp dport != 53 drop'
)

PROXIES = (
    _proxied("proxy_dead", "programs fail, ping works", _DEAD),
    _proxied("proxy_dead_lower", "programs fail, ping works", _DEAD, ("http_proxy", "https_proxy")),
    _proxied("proxy_dead_upper", "programs fail, ping works", _DEAD, ("HTTPS_PROXY",)),
    _proxied("proxy_dead_all", "programs fail, ping works", "socks5://10.60.1.1:9999", ("ALL_PROXY",)),
    _proxied("proxy_silent", "programs wait, ping works", "http://10.60.1.99:3128"),
    _variables(
        "proxy_dead_local_exceptions", "programs fail", {"https_proxy": _DEAD, "no_proxy": "localhost,127.0.0.1,.corp"}
    ),
    _together(
        "proxy_mute",
        "programs wait, ping works",
        _proxied("", "", "http://10.60.1.1:3128"),
        steered("", "", "router", proxy_mode="mute"),
    ),
    _of_gnome(
        "proxy_gnome",
        "the browser says that the proxy refuses connections",
        "[system/proxy]\nmode='manual'\n\n[system/proxy/https]\nhost='10.60.1.1'\nport=9999\n",
    ),
    _of_kde(
        "proxy_kde", "the browser says that the proxy refuses connections", "ProxyType=1\nhttpsProxy=10.60.1.1 9999"
    ),
    _of_kde(
        "proxy_script_gone",
        "the browser waits for the proxy script",
        "ProxyType=2\nProxy Config Script=http://10.60.1.1:81/x.pac",
    ),
    _of_kde("proxy_script_dead", "the browser cannot reach the proxy", _SCRIPT, _pac("PROXY 10.60.1.1:9999")),
    _proxied("proxy_name", "programs fail, ping works", "http://proxy.nowhere.example:3128"),
    _of_kde(
        "proxy_script_name", "the browser does not find the proxy", _SCRIPT, _pac("PROXY proxy.nowhere.example:3128")
    ),
    _together(
        "proxy_login",
        "it asks for a proxy password",
        _proxied("", "", _WORKS),
        steered("", "", "router", proxy_mode="auth"),
    ),
)

BLOCKED = (
    filtered("https_dropped", "secure pages wait for ever", "router", f"{FORWARD} tcp dport 443 drop"),
    filtered("https_refused", "secure pages are refused", "router", f"{FORWARD} tcp dport 443 reject with tcp reset"),
    filtered(
        "https_prohibited",
        "secure pages are refused",
        "router",
        f"{FORWARD} tcp dport 443 reject with icmpx type admin-prohibited",
    ),
    filtered("https_v4", "secure pages wait", "router", f"{FORWARD} tcp dport 443 drop", family="ip"),
    filtered("https_reset", "connection reset", "router", f"{FORWARD} {_GREETING} reject with tcp reset"),
    filtered("https_swallowed", "secure pages hang", "router", f"{FORWARD} {_GREETING} drop"),
    filtered("https_far", "secure pages wait", "internet", "type filter hook input priority -5; tcp dport 443 drop"),
)

SITES = (
    filtered("site_silent", "one site does not open", "router", f"{FORWARD} ip daddr {_SITE_ADDRESS} drop"),
    filtered(
        "site_refused",
        "one site does not open",
        "router",
        f"{FORWARD} ip daddr {_SITE_ADDRESS} tcp dport {{ 80, 443 }} reject with tcp reset",
    ),
    filtered("site_prohibited", "one site does not open", "router", f"{FORWARD} ip daddr {_SITE_ADDRESS} reject"),
    filtered(
        "site_reset",
        "one site breaks off",
        "router",
        f"{FORWARD} ip daddr {_SITE_ADDRESS} {_GREETING} reject with tcp reset",
    ),
    *(
        steered(f"site_{status}", "one site shows an error", "internet", sick_sites={SITE: status})
        for status in ("502", "503", "504")
    ),
)

PATHS = (
    steered("mtu_blackhole", "small pages load, big ones hang", "wire", maxlen=1400),
    steered("mtu_blackhole_1300", "small pages load, big ones hang", "wire", maxlen=1300),
    steered("mtu_blackhole_up", "uploads hang", "wire", **{"ab.maxlen": 1400}),
    steered("mtu_blackhole_down", "big pages hang", "wire", **{"ba.maxlen": 1400}),
    filtered("ipv6_silent", "pages wait, then load", "router", f"{FORWARD} meta nfproto ipv6 drop"),
    on_client("ipv6_dead_router", "pages wait, then load", "-6 route replace default via fe80::dead dev eth0"),
    filtered("udp_blocked", "calls do not connect", "router", f"{FORWARD} udp dport != 53 drop"),
    filtered("udp_prohibited", "calls do not connect", "router", f"{FORWARD} udp dport != 53 reject"),
)


def _trusting(name: str, symptom: str, file: str) -> Fault:
    return _variables(name, symptom, {"SSL_CERT_FILE": file, "CURL_CA_BUNDLE": file})


CERTIFICATES = (
    filtered(
        "tls_intercept",
        "every site shows a certificate warning",
        "router",
        f'{PREROUTING} iifname "br0" meta nfproto ipv4 tcp dport 443 dnat ip to 10.60.1.1:8443',
        f'{FORWARD} iifname "br0" meta nfproto ipv6 tcp dport 443 reject with tcp reset',
    ),
    steered("tls_untrusted", "every site shows a certificate warning", "internet", tls_cert="untrusted"),
    steered("tls_expired", "every site shows a certificate warning", "internet", tls_cert="expired"),
    _trusting("ca_nowhere", "programs trust no certificate", "/nowhere/ca.pem"),
    _trusting("ca_empty", "programs trust no certificate", "/dev/null"),
)

CONTROLS = (
    _variables("proxy_works", "a proxy that works", dict.fromkeys(_BOTH_CASES, _WORKS), True),
    _variables("proxy_excepted", "a dead proxy that nothing uses", {"https_proxy": _DEAD, "no_proxy": "*"}, True),
    _of_kde(
        "proxy_script_works", "a script whose second way works", _SCRIPT, _pac("PROXY 10.60.1.1:9999", "DIRECT"), True
    ),
    _together("proxy_only", "the proxy is the only way out", _proxied("", "", _WORKS), _NO_WAY_OUT, healthy=True),
    filtered(
        "ipv6_refused",
        "the router says at once that it has no IPv6",
        "router",
        f"{FORWARD} meta nfproto ipv6 reject with icmpv6 type no-route",
        healthy=True,
    ),
    filtered("quic_blocked", "QUIC is not let out", "router", f"{FORWARD} udp dport 443 drop", healthy=True),
)

FAULTS = (*PROXIES, *BLOCKED, *SITES, *PATHS, *CERTIFICATES)
