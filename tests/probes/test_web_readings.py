"""What the web probes make of answers, silence and refusals."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.network import ipv6, knock, page, path_mtu, udp, web_reach, web_site
from techdoctor.probes.network.knock import TCP, Answer, Knock
from techdoctor.probes.network.large_packets import HUNG, NOT_REACHED, PASSED, Try
from techdoctor.probes.network.page import Page, Route


def _knocked(port: int, error: str = "", address: str = "192.0.2.1") -> Answer:
    return Answer(Knock(address, TCP, port), error, None if error else 9.0)


@pytest.mark.parametrize(
    ("secure", "plain", "https_ok", "https_error", "http_ok"),
    [
        (["", ""], [""], True, "", True),
        ([knock.SILENT, ""], [""], True, "", True),
        ([knock.SILENT, knock.SILENT], [""], False, "silent", True),
        ([knock.SILENT, knock.REFUSED], [""], False, "refused", True),
        ([knock.UNREACHABLE, knock.UNREACHABLE], [knock.SILENT], False, "unreachable", False),
    ],
)
def test_how_a_port_fails(secure: list[str], plain: list[str], https_ok: bool, https_error: str, http_ok: bool) -> None:
    answers = [*(_knocked(443, error) for error in secure), *(_knocked(80, error) for error in plain)]
    data = web_reach.reading(answers).data
    assert (data["https_ok"], data["https_error"], data["http_ok"]) == (https_ok, https_error, http_ok)


def test_without_plain_servers_port_80_is_not_judged() -> None:
    found = web_reach.reading([_knocked(443)])
    assert found.data["http_ok"] is None
    assert "http_ok" in found.gaps


@pytest.mark.parametrize(
    ("error", "said_by", "ok", "silent"),
    [
        ("", "", True, False),
        (knock.SILENT, "", False, True),
        (knock.UNREACHABLE, "2001:db8::ffff", False, False),
        (knock.UNREACHABLE, "2001:db8::10", False, True),  # of itself: the router does not answer
        (knock.DENIED_HERE, "", False, False),
    ],
)
def test_ipv6_that_keeps_programs_waiting(error: str, said_by: str, ok: bool, silent: bool) -> None:
    answer = Answer(Knock("2001:db8:1::1", TCP, 443), error, None if error else 5.0, said_by)
    data = ipv6.reading([answer], ["2001:db8::10"]).data
    assert (data["ok"], data["silent"]) == (ok, silent)


def test_udp_is_blocked_only_when_several_kinds_are_silent() -> None:
    assert udp.reading(["ntp", "stun", "quic"], []).data["blocked"] is True
    assert udp.reading(["ntp", "ntp"], []).data["blocked"] is False
    assert udp.reading(["ntp", "quic"], ["quic"]).data["ok"] is True
    with pytest.raises(CannotMeasure):
        udp.reading([], [])


def _try(port: int, size: int, end: str) -> Try:
    return Try("a.example", port, size, end, 9.0)


def test_large_packets() -> None:
    hole = path_mtu.reading([_try(443, 1400, PASSED), _try(443, 1280, PASSED)], True, 1.6, 1500).data
    assert (hole["black_hole"], hole["largest_bytes"], hole["full_passes"]) == (True, 1400, False)
    lost = path_mtu.reading([_try(443, 1280, PASSED)], True, 0.9, 1500).data
    assert lost["black_hole"] is False, "too early to say"
    told = path_mtu.reading([_try(443, 0, PASSED), _try(443, 1400, PASSED)], True, 1.6, 1400).data
    assert (told["black_hole"], told["full_passes"], told["learned_bytes"]) == (False, True, 1400)
    with pytest.raises(CannotMeasure):
        path_mtu.reading([_try(443, 0, HUNG)], True, 2.0, None)


def test_large_packets_where_secure_servers_are_out_of_reach() -> None:
    plain = path_mtu.reading([_try(443, 0, NOT_REACHED), _try(80, 0, PASSED)], False, 0.2, 1500).data
    assert (plain["full_passes"], plain["black_hole"], plain["secure_hangs"]) == (True, False, False)
    swallowed = path_mtu.reading([_try(443, 0, HUNG), _try(443, 1280, HUNG), _try(80, 0, PASSED)], True, 2.2, 1500).data
    assert (swallowed["secure_hangs"], swallowed["black_hole"]) == (True, False)


@pytest.mark.parametrize(
    ("secure", "plain", "address", "ok", "error", "fault"),
    [
        (Page(status=200), None, "192.0.2.1", True, "", False),
        (Page(status=404), None, "192.0.2.1", True, "", False),
        (Page(status=503), None, "192.0.2.1", False, "", True),
        (Page(error="silent"), Page(status=200), "192.0.2.1", False, "silent", False),
        (Page(error="refused"), Page(status=200), "192.168.1.1", True, "", False),
        (Page(error="refused"), Page(status=301, to_https=True), "192.168.1.1", False, "refused", False),
        (Page(error="no_name"), None, "", False, "no_name", False),
    ],
)
def test_one_site(secure: Page, plain: Page | None, address: str, ok: bool, error: str, fault: bool) -> None:
    data = web_site.reading("www.example.com", address, secure, plain, False).data
    assert (data["ok"], data["error"], data["fault"]) == (ok, error, fault)


def test_silence_of_the_name_server_says_nothing_of_the_name() -> None:
    assert web_site.reading("a.example", "", Page(error="name_silent"), None, False).data["name_known"] is None


def test_a_site_that_drips_its_answer_hangs() -> None:
    """A byte every few milliseconds once kept a flow for minutes beyond its time."""
    over = threading.Event()

    def drip(door: socket.socket) -> None:
        with suppress(OSError), door.accept()[0] as link:
            link.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not over.wait(0.005):
                link.sendall(b"a")

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=drip, args=(door,), daemon=True)
        thread.start()
        route = Route("127.0.0.1", door.getsockname()[1], "localhost")
        found = page.fetch(route, ssl.create_default_context(), time.monotonic() + 0.2)
        over.set()
        thread.join(5)
    assert (found.status, found.error) == (None, "hangs")
