"""vpn.status and vpn.server: which VPN is meant, and what the answers of its server come to."""

from __future__ import annotations

import pytest

from techdoctor.probes.network.knock import PING, REFUSED, SILENT, TCP, Answer, Knock
from techdoctor.probes.vpn import first_packets, server, status, wg
from techdoctor.probes.vpn.configs import OPENVPN, WIREGUARD, Connection
from techdoctor.probes.vpn.server import Asked
from techdoctor.probes.vpn.status import Tunnel

_OFFICE = Connection("office", OPENVPN, "vpn.example", 1194)
_HOME = Connection("wg0", WIREGUARD, "home.example", 51820, answers_strangers=False, dns=("192.0.2.53",))
_WG0 = Tunnel("wg0", ("192.0.2.2/24",))


def test_the_vpn_in_use_is_meant() -> None:
    data = status.reading([_WG0], [_OFFICE, _HOME], "").data
    assert (data["connection"], data["server"], data["interface"]) == ("wg0", "home.example", "wg0")
    assert (data["dns_servers"], data["dns_used"]) == (["192.0.2.53"], False)
    assert status.reading([_WG0], [_OFFICE, _HOME], "", listed=["192.0.2.53"]).data["dns_used"] is True


def test_the_server_a_person_names_is_meant() -> None:
    assert status.reading([_WG0], [_OFFICE, _HOME], "VPN.example").data["connection"] == "office"
    assert status.reading([], [_OFFICE], "other.example").data["server"] == "other.example"


def test_a_name_inside_is_no_server_while_a_tunnel_is_up() -> None:
    assert status.reading([_WG0], [_HOME], "intranet.example").data["server"] == "home.example"


# Keys as wg(8) prints them are base64; these are made up.
_HANDSHAKES = "wg0\tAAAA=\t1700000000\nwg0\tBBBB=\t0\nwg1\tCCCC=\t0\n"
_ENDPOINTS = "wg0\tAAAA=\t192.0.2.1:51820\nwg0\tBBBB=\t(none)\nwg1\tCCCC=\t[2001:db8::1]:51821\n"
_ALLOWED = "wg0\tAAAA=\t10.8.0.0/24 fd00::/64\nwg0\tBBBB=\t(none)\nwg1\tCCCC=\t0.0.0.0/0\n"


def test_wireguards_tables() -> None:
    peers = wg.parse(_HANDSHAKES, _ENDPOINTS, _ALLOWED, 1700000100.0)
    assert peers["wg0"] == wg.Peer("wg0", "192.0.2.1", 51820, 100.0, ("10.8.0.0/24", "fd00::/64"))
    assert peers["wg1"] == wg.Peer("wg1", "2001:db8::1", 51821, None, ("0.0.0.0/0",))
    assert "AAAA" not in repr(peers)


def _tcp(port: int, error: str = "") -> Answer:
    return Answer(Knock("192.0.2.1", TCP, port), error, None if error == SILENT else 5.0)


_PINGED = Answer(Knock("192.0.2.1", PING), "", 5.0)
_UNPINGED = Answer(Knock("192.0.2.1", PING), SILENT)
_BY_TCP = Asked("vpn.example", 443, "tcp", "tls")
_BY_UDP = Asked("vpn.example", 1194, "udp", OPENVPN)
_HIDDEN = Asked("vpn.example", 1194, "udp", OPENVPN, False)
_BY_WG = Asked("vpn.example", 51820, "udp", WIREGUARD, False)
_UNKNOWN = Asked("vpn.example")


@pytest.mark.parametrize(
    ("asked", "answers", "udp", "age", "expected"),
    [
        (_BY_TCP, [_tcp(443)], [], None, (True, "")),
        (_BY_TCP, [_tcp(443, REFUSED)], [], None, (False, "refused")),
        (_BY_TCP, [_tcp(443, SILENT), _PINGED], [], None, (False, "port_silent")),
        (_BY_TCP, [_tcp(443, SILENT), _UNPINGED], [], None, (False, "silent")),
        (_BY_UDP, [_PINGED], ["answers"], None, (True, "")),
        (_BY_UDP, [_PINGED], ["refused"], None, (False, "refused")),
        (_BY_UDP, [_PINGED], ["silent"], None, (False, "port_silent")),
        (_BY_UDP, [_PINGED], ["unreachable"], None, (False, "port_blocked")),
        (_HIDDEN, [_PINGED], ["silent"], None, (None, "")),
        (_HIDDEN, [_UNPINGED], ["silent"], None, (False, "silent")),
        (_BY_WG, [_UNPINGED], ["silent"], 20.0, (True, "")),
        (_BY_WG, [_PINGED], ["silent"], 900.0, (False, "no_handshake")),
        (_BY_WG, [_PINGED], ["silent"], None, (None, "")),
        (_UNKNOWN, [_tcp(443, REFUSED), _tcp(1194, REFUSED)], ["silent", "answers", "silent"], None, (True, "")),
        (_UNKNOWN, [_tcp(443, REFUSED), _tcp(1194, REFUSED)], ["refused"] * 3, None, (False, "refused")),
        (_UNKNOWN, [_tcp(443, REFUSED), _tcp(1194, REFUSED)], ["silent"] * 3, None, (None, "")),
        (_UNKNOWN, [_tcp(443, SILENT), _tcp(1194, SILENT), _PINGED], ["silent"] * 3, None, (False, "port_silent")),
        (_BY_UDP, [_PINGED], ["blocked_here"], None, (False, "blocked_here")),
    ],
)
def test_what_answers_come_to(
    asked: Asked, answers: list[Answer], udp: list[str], age: float | None, expected: tuple[bool | None, str]
) -> None:
    data = server.reading(asked, "192.0.2.1", "", answers, udp, age).data
    assert (data["ok"], data["failure"]) == expected


@pytest.mark.parametrize(("error", "failure"), [("no_name", "name_unknown"), ("timeout", "name_silent")])
def test_a_name_without_an_address(error: str, failure: str) -> None:
    data = server.reading(_BY_UDP, "", error, [], []).data
    assert (data["ok"], data["failure"], data["name_ok"]) == (False, failure, False)


def test_first_packets() -> None:
    """RFC 7296: a header of 28 bytes tells the whole length; OpenVPN's reset has 14 bytes."""
    sent = first_packets.ike_init()
    assert (int.from_bytes(sent[24:28], "big"), sent[16], sent[17], sent[18]) == (len(sent), 33, 0x20, 34)
    assert first_packets.is_ike(sent[:8] + bytes(20), sent)
    assert not first_packets.is_ike(bytes(28), sent)
    reset = first_packets.openvpn_reset()
    assert (len(reset), reset[0]) == (14, 0x38)
    assert first_packets.is_openvpn_reset(b"\x40" + bytes(25))
    assert not first_packets.is_openvpn_reset(reset)
