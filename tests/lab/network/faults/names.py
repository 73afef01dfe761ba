"""Faults of name lookup: the servers, and the client's own settings."""

from __future__ import annotations

from tests.lab.network.faults.base import FORWARD, Fault, filtered, nothing, steered
from tests.lab.network.lab import Lab


def _file(name: str, symptom: str, file: str, text: str) -> Fault:
    def inject(lab: Lab) -> None:
        lab.write_etc(file, text)

    return Fault(name, symptom, inject, nothing)


_TCP_CLOSED = filtered(
    "dns_tcp_blocked", "some pages hang for a minute", "router", "type filter hook input priority -5; tcp dport 53 drop"
)


def _cut_answers(lab: Lab) -> None:
    lab.set("router", dns_mode="truncate")
    _TCP_CLOSED.inject(lab)


def _whole_answers(lab: Lab) -> None:
    lab.set("router", dns_mode=None)
    _TCP_CLOSED.heal(lab)


def _long_search_list(lab: Lab) -> None:
    lab.set("router", dns_delay_ms=120)
    domains = " ".join(f"{part}.corp.example" for part in ("berlin", "paris", "rome", "oslo", "wien"))
    lab.write_etc("resolv.conf", f"search {domains}\noptions ndots:5\nnameserver 10.60.1.1\n")


FAULTS = (
    steered("dns_timeout", "web pages do not open, but ping by number works", "router", dns_mode="timeout"),
    steered("dns_refused", "no name is found", "router", dns_mode="refused"),
    steered("dns_servfail", "no name is found", "router", dns_mode="servfail"),
    steered("dns_garbage", "odd failures", "router", dns_mode="garbage"),
    steered("dns_nxrewrite", "mistyped addresses show advertisements", "router", dns_mode="nxrewrite"),
    steered(
        "dns_hijack", "every site is the same wrong one", "router", dns_mode="hijack", dns_hijack_ip="198.51.100.66"
    ),
    steered("dns_slow", "pages start slowly, then load fast", "router", dns_delay_ms=800),
    filtered(
        "dns_closed",
        "no name is found, at once",
        "router",
        "type filter hook input priority -5; "
        'iifname "br0" udp dport 53 reject\niifname "br0" tcp dport 53 reject with tcp reset',
    ),
    filtered(
        "dns_all_blocked",
        "no name server anywhere",
        "router",
        f"{FORWARD} udp dport 53 drop\ntcp dport 53 drop",
        'type filter hook output priority -5; oifname "wan0" udp dport 53 drop\noifname "wan0" tcp dport 53 drop',
    ),
    Fault("dns_tcp_blocked", _TCP_CLOSED.symptom, _cut_answers, _whole_answers),
    Fault(
        "resolv_search",
        "every page starts slowly on this computer only",
        _long_search_list,
        lambda lab: lab.set("router", dns_delay_ms=None),
    ),
    _file("resolv_wrong", "the name server set here is wrong", "resolv.conf", "nameserver 10.60.1.99\n"),
    _file(
        "resolv_first_dead",
        "every page waits five seconds",
        "resolv.conf",
        "nameserver 10.60.1.99\nnameserver 10.60.1.1\n",
    ),
    _file("resolv_empty", "no name is found", "resolv.conf", "# empty\n"),
    _file(
        "hosts_override",
        "one site is wrong on this computer",
        "hosts",
        "127.0.0.1 localhost\n198.51.100.66 www.example.com\n",
    ),
    _file(
        "nsswitch_no_dns", "dig works, programs do not", "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"
    ),
)
