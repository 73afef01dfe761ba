"""VPN connections as configuration files describe them. Keys and passwords in them are never kept.

CPython 3.9 syntax.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, replace
from typing import Callable, Dict, List, Tuple

OPENVPN, WIREGUARD, IPSEC, TLS, OTHER = "openvpn", "wireguard", "ipsec", "tls", "other"
UDP, TCP = "udp", "tcp"
# Source: IANA Service Name and Port Number Registry; wg(8) and its quick start for 51820.
USUAL_PORTS: Dict[str, int] = {OPENVPN: 1194, WIREGUARD: 51820, IPSEC: 500, TLS: 443}
_BLOCK = re.compile(r"<(\w[\w-]*)>")  # of a file inside the file; keys stand there (openvpn(8), INLINE FILE SUPPORT)
_NM_SERVICES = {
    "openvpn": OPENVPN,
    "strongswan": IPSEC,
    "libreswan": IPSEC,
    "vpnc": IPSEC,
    "l2tp": IPSEC,
    "openconnect": TLS,
    "fortisslvpn": TLS,
    "sstp": TLS,
}


@dataclass(frozen=True)
class Connection:
    """One VPN that is set up.

    Attributes:
        name: What it is called: the file's name without ending, or the name a person gave it.
        kind: openvpn, wireguard, ipsec, tls (SSL VPNs) or other.
        server: Host name or address; empty when the file names none.
        port: The server's port; 0 when it is not told.
        protocol: udp or tcp.
        answers_strangers: True when the server answers a first packet from anybody: what speaks TLS or IKE
            does; WireGuard, and OpenVPN with a shared key (tls-auth, tls-crypt), stay silent on purpose.
        dns: Name servers it brings.
        domains: Domains it brings.
        source: Where it was found.
        running: True when a program that uses it runs.
    """

    name: str
    kind: str
    server: str = ""
    port: int = 0
    protocol: str = UDP
    answers_strangers: bool = True
    dns: Tuple[str, ...] = ()
    domains: Tuple[str, ...] = ()
    source: str = ""
    running: bool = False


def of_openvpn(content: str, name: str, source: str) -> Connection:
    """An OpenVPN client configuration; without `remote` (a server's own) the server stays empty."""
    given: Dict[str, List[str]] = {}
    inside = ""
    for line in map(str.strip, content.splitlines()):
        block = _BLOCK.fullmatch(line)
        if inside:
            inside = "" if line == f"</{inside}>" else inside
        elif block and block.group(1) != "connection":  # which holds options like any other line
            inside = block.group(1)
            given.setdefault(inside, ["[inline]"])
        elif line and line[0] not in "#;":
            word = line.split()
            given.setdefault(word[0], word[1:])
    return openvpn_options(given, name, source)


def openvpn_options(given: Dict[str, List[str]], name: str, source: str) -> Connection:
    """The connection that OpenVPN options describe: option to its words, the first of each (openvpn(8))."""
    remote = given.get("remote", [])
    protocol = remote[2] if len(remote) > 2 else next(iter(given.get("proto", [])), UDP)
    port = remote[1] if len(remote) > 1 else next(iter(given.get("port", [])), "")
    secret = any(option in given for option in ("tls-auth", "tls-crypt", "tls-crypt-v2", "secret"))
    dns = [given["dhcp-option"][1]] if given.get("dhcp-option", [""])[0].upper() == "DNS" else []
    return Connection(
        name,
        OPENVPN,
        remote[0] if remote else "",
        port_of(port) or USUAL_PORTS[OPENVPN],
        TCP if protocol.startswith(TCP) else UDP,
        not secret,
        tuple(dns),
        (),
        source,
    )


def of_wireguard(content: str, name: str, source: str) -> Connection:
    """A wg-quick(8) configuration; the first peer with an endpoint is the server."""
    values: Dict[str, str] = {}
    for line in content.splitlines():
        key, equals, value = line.partition("#")[0].partition("=")
        if equals and key.strip().lower() in ("endpoint", "dns"):
            values.setdefault(key.strip().lower(), value.strip())
    server, port = host_and_port(values.get("endpoint", ""))
    listed = [word for word in re.split(r"[,\s]+", values.get("dns", "")) if word]
    dns = tuple(word for word in listed if _is_address(word))
    domains = tuple(word for word in listed if not _is_address(word))
    return Connection(name, WIREGUARD, server, port, UDP, False, dns, domains, source)


def of_network_manager(content: str, name: str, source: str) -> Connection:
    """A keyfile of NetworkManager (nm-settings-keyfile(5)); kind "other" and no server for what is no VPN."""
    section = ""
    values: Dict[str, str] = {}
    for line in map(str.strip, content.splitlines()):
        if line.startswith("["):
            section = line.strip("[]").partition("-peer.")[0]
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values.setdefault(f"{section}.{key.strip()}", value.strip())
    title = values.get("connection.id", name)
    dns = tuple(d for d in re.split(r"[;,]", values.get("ipv4.dns", "")) if _is_address(d))
    domains = tuple(d for d in re.split(r"[;,]", values.get("ipv4.dns-search", "")) if d)
    made = Connection(title, OTHER, source=source, dns=dns, domains=domains)
    if values.get("connection.type") == "wireguard":
        server, port = host_and_port(values.get("wireguard.endpoint", ""))
        return replace(made, kind=WIREGUARD, server=server, port=port, answers_strangers=False)
    if values.get("connection.type") != "vpn":
        return made
    service = values.get("vpn.service-type", "").rpartition(".")[2]
    return _of_plugin(replace(made, kind=_NM_SERVICES.get(service, OTHER)), values)


def _of_plugin(made: Connection, values: Dict[str, str]) -> Connection:
    """A plug-in's own keys: remote of OpenVPN ("host:port:proto"), gateway of most others, address of strongSwan."""
    keys = ("remote", "gateway", "address", "IPSec gateway", "right")
    where = next((values[f"vpn.{key}"] for key in keys if values.get(f"vpn.{key}")), "")
    first = re.split(r"[,\s]+", where)[0]
    parts = first.split(":") if made.kind == OPENVPN and first.count(":") in (1, 2) else []
    host, port = (parts[0], port_of(parts[1])) if parts else host_and_port(first)
    named = values.get("vpn.port", "")
    by_tcp = values.get("vpn.proto-tcp") == "yes" or parts[2:] == [TCP] or made.kind == TLS
    return replace(
        made,
        server=host,
        port=port or port_of(named) or USUAL_PORTS.get(made.kind, 0),
        protocol=TCP if by_tcp else UDP,
        answers_strangers=not any(f"vpn.{key}" in values for key in ("ta", "tls-crypt", "tls-crypt-v2", "static-key")),
    )


def of_ipsec(content: str, name: str, source: str) -> Connection:
    """The first server named in strongSwan's swanctl.conf (remote_addrs) or ipsec.conf (right)."""
    found = re.search(r"^[ \t]*(?:remote_addrs|right)[ \t]*=[ \t]*([^\s,#]+)", content, re.M)
    server = found.group(1) if found and found.group(1) not in ("%any", "0.0.0.0/0") else ""
    return Connection(name, IPSEC, server, USUAL_PORTS[IPSEC], source=source)


def of_phonebook(content: str, name: str, source: str) -> Connection:
    """Windows' rasphone.pbk: the first entry with an address. Its kind is not told in words: IKE, SSTP or PPTP."""
    title = re.search(r"^\[(.+)\]\s*$", content, re.M)
    found = re.search(r"^PhoneNumber=(\S+)", content, re.M)
    return Connection(title.group(1) if title else name, OTHER, found.group(1) if found else "", source=source)


READERS: Tuple[Tuple[str, Callable[[str, str, str], Connection]], ...] = (
    (".ovpn", of_openvpn),
    ("wireguard", of_wireguard),
    ("openvpn", of_openvpn),
    ("system-connections", of_network_manager),
    ("swanctl", of_ipsec),
    ("ipsec.conf", of_ipsec),
    ("rasphone.pbk", of_phonebook),
)


def of_file(path: str, content: str) -> Connection:
    """A connection from a file, read as its place and name tell."""
    name = os.path.splitext(os.path.basename(path))[0]
    lower = path.lower()
    reader = next((reader for word, reader in READERS if word in lower), of_openvpn)
    return reader(content, name, path)


def host_and_port(text: str) -> Tuple[str, int]:
    """The parts of "vpn.example:51820", "[2001:db8::1]:51820" or a host alone (port 0)."""
    found = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:\s]+)(?::(\d+))?", text.strip())
    if found is None:
        return text.strip() if _is_address(text.strip()) else "", 0
    return found.group(1) or found.group(3), port_of(found.group(2) or found.group(4) or "")


def port_of(text: str) -> int:
    """A port as it is written; 0 for what is none."""
    number = int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0
    return number if number < 1 << 16 else 0


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return True
