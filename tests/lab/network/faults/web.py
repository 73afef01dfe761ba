"""Faults of the web: proxies, blocked ports, certificates, clocks."""

from __future__ import annotations

from tests.lab.network.faults.base import FORWARD, PREROUTING, Fault, filtered, nothing, steered
from tests.lab.network.lab import Lab

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def _proxied(name: str, symptom: str, url: str) -> Fault:
    def inject(lab: Lab) -> None:
        lab.environment.update(dict.fromkeys(_PROXY_VARIABLES, url))

    return Fault(name, symptom, inject, nothing)


FAULTS = (
    _proxied("proxy_dead", "programs fail, ping works", "http://10.60.1.1:9999"),
    _proxied("proxy_name", "programs fail, ping works", "http://proxy.nowhere.example:3128"),
    filtered("https_dropped", "secure pages wait for ever", "router", f"{FORWARD} tcp dport 443 drop"),
    filtered("https_refused", "secure pages are refused", "router", f"{FORWARD} tcp dport 443 reject with tcp reset"),
    filtered(
        "tls_intercept",
        "every site shows a certificate warning",
        "router",
        f'{PREROUTING} iifname "br0" meta nfproto ipv4 tcp dport 443 dnat ip to 10.60.1.1:8443',
        f'{FORWARD} iifname "br0" meta nfproto ipv6 tcp dport 443 reject with tcp reset',
    ),
    steered("clock_skew", "the clock differs by seven minutes", "internet", ntp_offset_s=420),
    steered("ntp_blocked", "the clock cannot be set", "internet", ntp_mode="drop"),
)
