"""Probe vpn.server: does the VPN's server have a name, is it there, does it take connections? CPython 3.9 syntax."""

from __future__ import annotations

import functools
import ipaddress
import itertools
import socket
import threading
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, SKIPPED, Value
from techdoctor.probes.base import Parameter, Probe, Probing, Reading, boolean, number, portable, text
from techdoctor.probes.names import system_lookup
from techdoctor.probes.network import knock, own_network
from techdoctor.probes.network.bounded_socket import is_loopback
from techdoctor.probes.network.knock import DENIED_HERE, PING, REFUSED, TCP, Answer, Knock
from techdoctor.probes.vpn import configs, first_packets, udp_knock, wg
from techdoctor.probes.vpn.udp_knock import ANSWERS, BLOCKED_HERE, UdpKnock

_NAME_S = 1.6
_KNOCK_S = 1.5
# WireGuard sends a handshake as soon as it has something to send, and again after 5 s (Rekey-Timeout; whitepaper,
# section 6.1). One that is under way already has had no answer so far.
_HANDSHAKE_S = 1.6
_FRESH_S = 180.0  # Reject-After-Time: an older session carries nothing (whitepaper, section 6.1)
_SIGNS_OF_LIFE = (443, 80, 22)
# Where VPN servers listen that nobody has told the port of: TLS, OpenVPN; OpenVPN, IKE, WireGuard.
_USUAL_TCP = (443, 1194)
_USUAL_UDP = ((1194, configs.OPENVPN), (500, configs.IPSEC), (51820, configs.WIREGUARD))


@dataclass(frozen=True)
class Asked:
    """What is asked after.

    Attributes:
        server: Name or address.
        port: 0 when nobody told it: then the usual ones of all kinds are tried.
        protocol: udp, tcp or empty.
        kind: A kind of probes/vpn/configs.py, or empty.
        answers_strangers: True when silence says that nobody listens.
    """

    server: str
    port: int = 0
    protocol: str = ""
    kind: str = ""
    answers_strangers: bool = True

    @property
    def tcp_ports(self) -> Tuple[int, ...]:
        if not self.port:
            return _USUAL_TCP
        return (self.port,) if self.protocol == configs.TCP else ()

    @property
    def udp_ports(self) -> Tuple[Tuple[int, str], ...]:
        if not self.port:
            return _USUAL_UDP
        return () if self.protocol == configs.TCP else ((self.port, self.kind),)

    @property
    def tried(self) -> str:
        """The ports in words, e.g. "TCP 443, UDP 1194"."""
        return ", ".join([*(f"TCP {p}" for p in self.tcp_ports), *(f"UDP {p}" for p, _ in self.udp_ports)])


def _measure(probing: Probing) -> Reading:
    asked = _asked(probing)
    if probing.settings.offline and not is_loopback(asked.server):
        raise CannotMeasure(SKIPPED, "offline: nothing may be sent beyond this machine")
    addresses, error = _addresses(asked.server, probing.left_s(_NAME_S))
    if not addresses:
        return reading(asked, "", error, [], [])
    begun = time.monotonic()
    wait_s = max(0.2, probing.left_s(_KNOCK_S))
    udp: List[str] = []
    packets = [_udp(addresses[0], port, kind) for port, kind in asked.udp_ports]
    ages: List[Optional[float]] = []
    heard = threading.Thread(target=lambda: udp.extend(udp_knock.knock(packets, wait_s)), daemon=True)
    shaking = threading.Thread(target=lambda: ages.append(_provoked(asked, addresses, probing)), daemon=True)
    heard.start()
    shaking.start()
    ports = dict.fromkeys((*asked.tcp_ports, *_SIGNS_OF_LIFE))
    knocks = [*(Knock(addresses[0], TCP, port) for port in ports), Knock(addresses[0], PING)]
    enough = functools.partial(_enough, asked, heard)
    answers = knock.knock(knocks, wait_s, enough)
    heard.join(wait_s)
    shaking.join(probing.left_s(_HANDSHAKE_S))
    age = ages[0] if ages else None
    waited_s = time.monotonic() - begun
    found = reading(asked, addresses[0], "", answers, udp or ["silent"] * len(packets), age, waited_s)
    return Reading({**found.data, "via_tunnel": _leads_into(addresses[0], probing.params.get("addresses"))}, found.gaps)


def _leads_into(address: str, tunnel: Value) -> bool:
    """True when the routing table sends packets to an address from one of these own ones. No packet is sent."""
    own = [str(entry).partition("/")[0] for entry in tunnel] if isinstance(tunnel, list) else []
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, 9))
            return str(sock.getsockname()[0]) in own
    except OSError:
        return False


def _asked(probing: Probing) -> Asked:
    server, port = probing.text("name"), probing.params.get("port")
    if not server:
        raise CannotMeasure(NOT_APPLICABLE, "no VPN server is known here; name one: --set name=SERVER")
    stranger = probing.params.get("answers_strangers")
    number_ = port if isinstance(port, int) and 0 < port < 1 << 16 else 0
    return Asked(server, number_, probing.text("protocol"), probing.text("kind"), stranger is not False)


def _addresses(server: str, wait_s: float) -> Tuple[List[str], str]:
    try:
        return [str(ipaddress.ip_address(server))], ""
    except ValueError:
        pass  # a name: the system knows its address, or does not
    answer = system_lookup.look_up(server, max(0.2, wait_s))
    return sorted(answer.addresses, key=lambda a: ":" in a), answer.error


def _udp(address: str, port: int, kind: str) -> UdpKnock:
    if kind == configs.IPSEC:
        packet = first_packets.ike_init()
        return UdpKnock(address, port, packet, functools.partial(first_packets.is_ike, sent=packet))
    if kind == configs.WIREGUARD:
        return UdpKnock(address, port, first_packets.wireguard_nonsense(), bool)
    return UdpKnock(address, port, first_packets.openvpn_reset(), first_packets.is_openvpn_reset)


def _enough(asked: Asked, heard: threading.Thread, answers: Sequence[Answer], gone_s: float) -> bool:
    served = [a for a in answers if a.knock.way == TCP and a.knock.port in asked.tcp_ports]
    if any(a.answered for a in served):
        return True
    return not heard.is_alive() and gone_s > 0.3 and any(a.shows_life for a in answers) and bool(served)


def _provoked(asked: Asked, addresses: Sequence[str], probing: Probing) -> Optional[float]:
    """Age of WireGuard's handshake after a packet was sent into its tunnel; None when it cannot be told."""
    if asked.kind != configs.WIREGUARD:
        return None
    end = time.monotonic() + max(0.0, probing.left_s(_HANDSHAKE_S) - 0.2)
    peer = next((p for p in wg.peers()[0].values() if p.endpoint in addresses), None)
    if peer is None:
        return None
    if peer.handshake_age_s is None or peer.handshake_age_s > _FRESH_S / 2:
        _send_into(peer)
        while time.monotonic() < end:
            time.sleep(0.15)
            peer = wg.peers()[0].get(peer.interface, peer)
            if peer.handshake_age_s is not None and peer.handshake_age_s < _FRESH_S / 2:
                break
    return float("inf") if peer.handshake_age_s is None else peer.handshake_age_s


def _send_into(peer: wg.Peer) -> None:
    """One empty packet to the discard port (RFC 863) of an address behind the tunnel."""
    own = [a for a in own_network.addresses() if a.interface == peer.interface]
    networks = [ipaddress.ip_network(n, strict=False) for n in peer.networks if not n.endswith("/0")]
    for network in [*(a.network for a in own), *networks]:
        hosts = itertools.chain(network.hosts(), [network.network_address])
        target = next((str(h) for h in hosts if str(h) not in [a.address for a in own]), "")
        try:
            with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(b"", (target, 9))
        except OSError:
            continue  # no own neighbour in this network, or no way to it
        return


def reading(
    asked: Asked,
    address: str,
    name_error: str,
    answers: Sequence[Answer],
    udp: Sequence[str],
    handshake_age_s: Optional[float] = None,
    seconds: float = 0.0,
) -> Reading:
    """The probe's fields.

    Args:
        asked: What was asked after.
        address: Its address; empty when its name is not known.
        name_error: Why.
        answers: What came back over TCP and ping.
        udp: What came of each of `asked.udp_ports`.
        handshake_age_s: Age of WireGuard's handshake after a packet was sent; inf for none; None when not known.
        seconds: How long was waited.
    """
    served = [a for a in answers if a.knock.way == TCP and a.knock.port in asked.tcp_ports]
    opened = [a.knock.port for a in served if a.answered]
    spoken = [port for (port, _), said in zip(asked.udp_ports, udp) if said == ANSWERS]
    alive = bool(opened or spoken) or any(a.shows_life for a in answers) or REFUSED in udp
    shaken = handshake_age_s is not None and handshake_age_s < _FRESH_S
    ok: Optional[bool] = True if opened or spoken or shaken else None
    failure = ""
    if ok is None:
        failure = _failure(asked, name_error, served, udp, alive, handshake_age_s)
        ok = False if failure else None
    how = f"TCP {opened[0]}" if opened else f"UDP {spoken[0]}" if spoken else "handshake" if shaken else ""
    data: Dict[str, Value] = {
        "server": asked.server,
        "address": address,
        "name_ok": bool(address),
        "ok": ok,
        "failure": failure,
        "how": how,
        "via_tunnel": False,
        "tried": asked.tried,
        "answers_otherwise": alive and not ok,
        "waited_s": round(seconds, 2),
    }
    why = "its UDP port gives no answer to strangers: whether it is open or silent cannot be told from outside"
    return Reading(data, {"ok": why} if ok is None else {})


def _failure(
    asked: Asked,
    name_error: str,
    served: Sequence[Answer],
    udp: Sequence[str],
    alive: bool,
    handshake_age_s: Optional[float],
) -> str:
    """Why the server cannot be used; empty when that cannot be told."""
    if name_error or not (served or udp):
        silent = name_error in (system_lookup.TIMEOUT, system_lookup.TRY_AGAIN)
        return "name_silent" if silent else "name_unknown"
    errors = {*(a.error for a in served), *udp}
    if errors & {DENIED_HERE, BLOCKED_HERE}:
        return "blocked_here"
    if errors == {REFUSED}:
        return "refused"
    if not alive:
        return "unreachable" if udp_knock.UNREACHABLE in errors else "silent"
    if handshake_age_s is not None:
        return "no_handshake"
    if not asked.port:
        # Some kind of VPN may hide behind silent UDP ports; yet a host that drops TCP as well lets nobody in.
        return "port_silent" if any(a.error != REFUSED for a in served) else ""
    if udp_knock.UNREACHABLE in errors:
        return "port_blocked"
    return "port_silent" if served or asked.answers_strangers else ""


_FAILURES: Mapping[str, str] = {
    "name_unknown": "its name is not known",
    "name_silent": "its name could not be looked up",
    "silent": "no sign of life",
    "unreachable": "no way to it",
    "port_silent": "it is there but the VPN's port is silent",
    "port_blocked": "something on the way forbids the VPN's port",
    "refused": "it is there but no VPN listens",
    "no_handshake": "the tunnel gets no answer",
    "blocked_here": "a firewall of this computer forbids it",
}


def _summary(data: Mapping[str, Value]) -> str:
    words = _FAILURES.get(str(data["failure"])) or ("answers" if data["ok"] else "cannot be told from outside")
    return f"{data['server']}: {words}"


PROBES = (
    Probe(
        name="vpn.server",
        title="VPN server",
        doc="Looks the server's name up as programs do, then knocks at the VPN's port: TCP by a connection, OpenVPN by "
        "UDP by its first packet, IKE by IKE_SA_INIT, WireGuard by a packet sent into the tunnel and its handshake (wg "
        "show, administrators only). Without a port: TCP 443 and 1194, UDP 1194, 500 and 51820. Nobody logs in. "
        "A UDP port that hides from strangers cannot be told from a dead one; then `ok` is unknown.",
        parameters={
            "name": Parameter("hostname", "The server's name or address."),
            "port": Parameter("int", "Its port; 0 for the usual ones.", default=0),
            "protocol": Parameter("text", "udp, tcp or empty.", default=""),
            "kind": Parameter("text", "openvpn, wireguard, ipsec, tls or empty.", default=""),
            "answers_strangers": Parameter("bool", "False: it stays silent to whom it does not know.", default=True),
            "addresses": Parameter("list", "Addresses of a tunnel that is up, with prefixes."),
        },
        fields={
            "server": text("The server asked after.", private="host_name"),
            "address": text("Its address.", private="ip"),
            "name_ok": boolean("The name has an address."),
            "ok": boolean("It answers as a VPN server, or takes connections on the VPN's port."),
            "failure": text(
                "Why not: name_unknown, name_silent, silent (no sign of life), unreachable, port_silent (there, but "
                "the VPN's port says nothing), port_blocked, refused, no_handshake (WireGuard), blocked_here; or empty."
            ),
            "how": text("What answered: TCP or UDP with its port, or handshake."),
            "tried": text("The VPN ports knocked at."),
            "via_tunnel": boolean("The way to it leads into that tunnel: it is a computer inside, no VPN server."),
            "answers_otherwise": boolean("The host is there although the VPN's port is not."),
            "waited_s": number("How long was waited for answers.", "s"),
        },
        methods=portable(_measure),
        timeout_s=8.0,
        network=True,
        reach="decides",
        summary=_summary,
    ),
)
