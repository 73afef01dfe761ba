"""Faults of VPNs: a real OpenVPN and a real WireGuard (in userspace) between the client and the lab's internet."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from tests.lab.network.faults.base import FORWARD, Fault, filtered
from tests.lab.network.lab import HEALTHY_ETC, Lab
from tests.lab.network.namespaces import CannotBuild

SERVER, NAME, NOBODY = "198.51.100.77", "vpn.example.com", "198.51.100.78"
INSIDE, INSIDE_NAME = "10.8.0.80", "intranet.corp.example"
_WITHIN_S = 8.0
_CLIENT = "client\ndev tun\nproto {protocol}\nremote {server} {port}\n{more}"


def _set_up(lab: Lab, server: str = NAME, protocol: str = "udp", port: int = 1194, more: str = "") -> None:
    """Gives the server its address and name, and the client an OpenVPN configuration."""
    lab.ip("internet", f"addr replace {SERVER}/32 dev isp0")
    lab.write_etc("hosts", f"{HEALTHY_ETC['hosts']}{SERVER} {NAME}\n{NOBODY} away.example.com\n")
    folder = lab.folder / "etc/openvpn/client"
    folder.mkdir(parents=True, exist_ok=True)
    config = _CLIENT.format(server=server, protocol=protocol, port=port, more=more)
    (folder / "office.conf").write_text(config)


def _clear(lab: Lab) -> None:
    for key in ("openvpn", "dnsmasq", "wg-client", "wg-server"):
        lab.world.stop(key)
    for folder in ("openvpn", "wireguard"):
        shutil.rmtree(lab.folder / "etc" / folder, ignore_errors=True)
    lab.ip("internet", f"addr replace {SERVER}/32 dev isp0\naddr del {SERVER}/32 dev isp0")


def _serve_openvpn(lab: Lab, protocol: str = "udp", port: int = 1194) -> None:
    """A real OpenVPN server that anybody may begin to talk to; what comes after the handshake is not needed."""
    folder = lab.folder / "openvpn"
    folder.mkdir(exist_ok=True)
    key, certificate = folder / "key.pem", folder / "cert.pem"
    if not key.exists():
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        files = ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=vpn", "-days", "30"]
        subprocess.run([*words, *files], check=True, capture_output=True)
    server = "tcp-server" if protocol == "tcp" else "udp"
    command = ["openvpn", "--dev", "null", "--tls-server", "--dh", "none", "--proto", server, "--port", str(port)]
    command += ["--local", SERVER, "--ca", str(certificate), "--cert", str(certificate), "--key", str(key)]
    lab.serve("openvpn", "internet", command)
    _until(lab, "openvpn", f"ss -Hlnut 'sport = :{port}' | grep -q {SERVER}", "internet")


def _until(lab: Lab, what: str, command: str, role: str = "client") -> None:
    end = time.monotonic() + _WITHIN_S
    while lab.world.run(role, ["sh", "-c", command]).code:
        if time.monotonic() > end:
            raise CannotBuild(f"{what} did not come up")
        time.sleep(0.05)


def _works(lab: Lab) -> None:
    _set_up(lab)
    _serve_openvpn(lab)


def _works_by_tcp(lab: Lab) -> None:
    _set_up(lab, protocol="tcp-client", port=443)
    _serve_openvpn(lab, "tcp", 443)


_DROP = filtered("vpn_port_dropped", "", "router", f"{FORWARD} udp dport 1194 drop")


def _drop(lab: Lab) -> None:
    _works(lab)
    _DROP.inject(lab)


def _pass(lab: Lab) -> None:
    _DROP.heal(lab)
    _clear(lab)


def _tunnel(lab: Lab) -> None:
    """A tunnel whose other end is in the company: it has a name server that alone knows the company's names.

    Ordinary users may not open /dev/net/tun everywhere; a pair of adapters of a tunnel's name carries packets as well.
    """
    lab.ip("client", "link add tun1 type veth peer tun0 netns internet")
    lab.ip("client", "addr add 10.8.0.2/24 dev tun1\nlink set tun1 up")
    lab.ip("internet", f"addr add 10.8.0.1/24 dev tun0\naddr add {INSIDE}/32 dev tun0\nlink set tun0 up")
    names = [f"--address=/{INSIDE_NAME}/{INSIDE}", f"--address=/{NAME}/{SERVER}", "--server=8.8.8.8"]
    listen = ["--listen-address=10.8.0.1", "--bind-interfaces", "--no-hosts", "--no-resolv", "--pid-file="]
    # --no-daemon also keeps it from changing its user, which an ordinary user's namespace does not allow.
    lab.serve("dnsmasq", "internet", ["dnsmasq", "--no-daemon", *listen, *names])
    _until(lab, "dnsmasq", "ss -Hlnu 'sport = :53' | grep -q 10.8.0.1", "internet")


def _no_tunnel(lab: Lab) -> None:
    lab.ip("client", "link del tun1")
    _clear(lab)


def _tunnel_and_server(lab: Lab) -> None:
    _works(lab)
    _tunnel(lab)


def _tunnel_with_names(lab: Lab) -> None:
    _tunnel_and_server(lab)
    lab.write_etc("resolv.conf", "nameserver 10.8.0.1\n")


def _wireguard(lab: Lab, listening: bool) -> None:
    """WireGuard in userspace on both sides; `listening` False: nobody at the server's port answers."""
    _set_up(lab)
    shutil.rmtree(lab.folder / "etc" / "openvpn")
    if not Path("/dev/net/tun").exists():
        raise CannotBuild("no /dev/net/tun here")
    keys = {role: _key_pair() for role in ("client", "internet")}
    _wg(lab, "client", "wg-client", keys["client"][0], keys["internet"][1], "10.8.0.2/24", f"endpoint {SERVER}:51820")
    if listening:
        _wg(lab, "internet", "wg-server", keys["internet"][0], keys["client"][1], "10.8.0.1/24", "")


def _key_pair() -> tuple[str, str]:
    private = subprocess.run(["wg", "genkey"], check=True, capture_output=True, text=True).stdout
    public = subprocess.run(["wg", "pubkey"], input=private, check=True, capture_output=True, text=True).stdout
    return private.strip(), public.strip()


def _wg(lab: Lab, role: str, key: str, private: str, other: str, address: str, more: str) -> None:
    interface = f"wg{role[0]}"
    lab.serve(key, role, ["env", "LOG_LEVEL=error", "wireguard-go", "-f", interface])
    _until(lab, "wireguard-go", f"test -S /var/run/wireguard/{interface}.sock", role)
    networks = "10.8.0.0/24"
    command = f"wg set {interface} listen-port 51820 private-key /dev/stdin peer {other} allowed-ips {networks} {more}"
    lab.world.need(role, ["sh", "-c", command], private)
    lab.ip(role, f"addr add {address} dev {interface}\nlink set {interface} up")


_DROP_WIREGUARD = filtered("vpn_no_handshake", "", "router", f"{FORWARD} udp dport 51820 drop")


def _drop_wireguard(lab: Lab) -> None:
    _wireguard(lab, True)
    _DROP_WIREGUARD.inject(lab)


def _pass_wireguard(lab: Lab) -> None:
    _DROP_WIREGUARD.heal(lab)
    _clear(lab)


def _tunnel_told(lab: Lab) -> None:
    """The VPN's settings name its name server, and nobody asks it."""
    _tunnel_and_server(lab)
    config = lab.folder / "etc/openvpn/client/office.conf"
    config.write_text(config.read_text() + "dhcp-option DNS 10.8.0.1\n")


FAULTS = (
    Fault(
        "vpn_name_unknown", "the VPN server's name is not known", lambda lab: _set_up(lab, "vpn.nosuch.example"), _clear
    ),
    Fault("vpn_server_off", "the VPN server is off", lambda lab: _set_up(lab, "away.example.com"), _clear),
    Fault("vpn_refused", "the VPN server's program does not run", _set_up, _clear),
    Fault("vpn_port_dropped", "this network blocks the VPN's port", _drop, _pass),
    Fault(
        "vpn_tcp_refused",
        "the VPN over TCP is refused",
        lambda lab: _set_up(lab, protocol="tcp-client", port=443),
        _clear,
    ),
    Fault("vpn_not_listening", "nobody listens for WireGuard", lambda lab: _wireguard(lab, False), _clear),
    Fault("vpn_no_handshake", "WireGuard gets no answer", _drop_wireguard, _pass_wireguard),
    Fault("vpn_dns", "company names are not found over the VPN", _tunnel_and_server, _no_tunnel),
    Fault("vpn_dns_told", "the VPN's own name server is not asked", _tunnel_told, _no_tunnel),
)

CONTROLS = (
    Fault("vpn_works", "a VPN server that answers", _works, _clear, healthy=True),
    Fault("vpn_works_by_tcp", "a VPN server that answers over TCP", _works_by_tcp, _clear, healthy=True),
    Fault("vpn_with_names", "a tunnel whose names are found", _tunnel_with_names, _no_tunnel, healthy=True),
    Fault("vpn_handshake", "WireGuard that works", lambda lab: _wireguard(lab, True), _clear, healthy=True),
    Fault(
        "vpn_hidden",
        "a VPN server that hides from strangers",
        lambda lab: _set_up(lab, port=1195, more="tls-crypt key\n"),
        _clear,
        healthy=True,
    ),
)
