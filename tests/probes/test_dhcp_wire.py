"""DHCP messages: what is asked, and offers told from everything else that is on the wire."""

from __future__ import annotations

import socket
import struct

import pytest

from techdoctor.probes.network import dhcp_wire
from techdoctor.probes.network.dhcp_offers import reading
from techdoctor.probes.network.dhcp_wire import Offer

MAC = bytes.fromhex("020000000001")
_ANSWERED = 0x5EED


def _packet(options: bytes, transaction: int = _ANSWERED, operation: int = 2, port: int = 68) -> bytes:
    """An IPv4 packet of a server, with its options."""
    fixed = struct.pack("!BBBBIHH", operation, 1, 6, 0, transaction, 0, 0x8000) + bytes(4)
    fixed += socket.inet_aton("192.0.2.50") + bytes(8) + MAC.ljust(16, b"\0") + bytes(192)
    message = fixed + b"\x63\x82\x53\x63" + options
    datagram = struct.pack("!HHHH", 67, port, 8 + len(message), 0) + message
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, bytes(4), bytes(4))
    return head + datagram


_OFFER = (
    b"\x35\x01\x02\x36\x04\xc0\x00\x02\x01\x33\x04\x00\x00\x0e\x10\x01\x04\xff\xff\xff\x00"
    b"\x03\x04\xc0\x00\x02\x01\x06\x08\xc0\x00\x02\x35\xc0\x00\x02\x36\xff"
)


def test_an_offer_is_read() -> None:
    assert dhcp_wire.offer(_packet(_OFFER), _ANSWERED) == Offer(
        server="192.0.2.1",
        address="192.0.2.50",
        prefix_length=24,
        routers=("192.0.2.1",),
        name_servers=("192.0.2.53", "192.0.2.54"),
        lease_s=3600,
    )


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x45" + bytes(60),
        _packet(_OFFER, transaction=7),
        _packet(_OFFER, operation=1),
        _packet(_OFFER, port=67),
        _packet(b"\x35\x01\x05\xff"),
        _packet(b"\x35\x01\x02\x36\x04\xc0")[:250],
    ],
)
def test_what_is_no_offer_to_us_is_passed_over(packet: bytes) -> None:
    assert dhcp_wire.offer(packet, _ANSWERED) is None


def test_the_question_is_a_whole_packet_to_everybody() -> None:
    packet = dhcp_wire.discover(MAC, _ANSWERED)
    total, protocol = struct.unpack("!H", packet[2:4])[0], packet[9]
    assert (total, protocol, packet[16:20]) == (len(packet), 17, b"\xff" * 4)
    words = struct.unpack("!10H", packet[:20])
    folded = (sum(words) >> 16) + (sum(words) & 0xFFFF)
    assert folded == 0xFFFF
    assert MAC in packet


def _offer(server: str, router: str) -> Offer:
    return Offer(server, "192.0.2.50", 24, (router,), ("192.0.2.1",), 3600)


def test_two_servers_that_agree_are_no_rivals() -> None:
    found = reading({s: _offer(s, "192.0.2.1") for s in ("192.0.2.1", "192.0.2.2")}, "eth0").data
    assert (found["count"], found["disagree"]) == (2, False)


def test_two_servers_with_different_routers_are() -> None:
    found = reading({s: _offer(s, s) for s in ("192.0.2.1", "192.0.2.2")}, "eth0").data
    assert (found["count"], found["disagree"], found["router"]) == (2, True, "")


def test_nobody_is_an_answer_too() -> None:
    found = reading({}, "eth0").data
    assert (found["answered"], found["disagree"]) == (False, False)
