"""What a round of replies says of each server, without a network."""

from __future__ import annotations

import pytest

from techdoctor.probes.names import dns_ask
from techdoctor.probes.names.dns_ask import Question, Reply
from techdoctor.probes.names.dns_replies import Asked, reading
from techdoctor.probes.names.dns_wire import TYPES, Answer, Message
from techdoctor.probes.names.name_targets import KNOWN_ADDRESSES
from techdoctor.probes.network.host_presence import Presence

NAME = "shop.example"
THERE, AWAY = Presence(True, 2.0, "refusal"), Presence(False, None, "silence")


def _reply(name: str, *addresses: str, rcode: str = "NOERROR", ms: float = 10.0, error: str = "") -> Reply:
    question = Question("192.0.2.1", name)
    if error:
        return Reply(question, error, tries=3)
    answers = tuple(Answer(TYPES["A"], address) for address in addresses)
    return Reply(question, "", ms, Message(1, True, False, rcode, (name, 1), answers), 1)


def _server(address: str = "192.0.2.1", presence: Presence = THERE, **all_alike: str) -> Asked:
    """A server that treats every question alike, or a right one."""
    if all_alike:
        known = {name: _reply(name, **all_alike) for name in KNOWN_ADDRESSES}  # type: ignore[arg-type] # by name
        return Asked(address, (_reply(NAME, **all_alike),), known, presence)  # type: ignore[arg-type] # by name
    known = {name: _reply(name, addresses[0]) for name, addresses in KNOWN_ADDRESSES.items()}
    return Asked(address, (_reply(NAME, "192.0.2.7"),), known, presence)


@pytest.mark.parametrize(
    ("alike", "failure"),
    [
        ({"rcode": "REFUSED"}, "refuses"),
        ({"rcode": "SERVFAIL"}, "fails"),
        ({"rcode": "NOTIMP"}, "fails"),
        ({"error": dns_ask.GARBAGE}, "garbage"),
        ({"error": dns_ask.REFUSED_PORT}, "closed"),
        ({"error": dns_ask.PROHIBITED}, "prohibited"),
        ({"error": dns_ask.TIMEOUT}, "silent"),
        ({"error": dns_ask.UNREACHABLE}, "silent"),
    ],
)
def test_each_way_to_fail_has_its_word(alike: dict[str, str], failure: str) -> None:
    data = reading(NAME, [_server("192.0.2.1", THERE, **alike)], None).data
    assert (data["alive"], data["first_dead"], data["failure"]) == (0, True, failure)


def test_a_healthy_server() -> None:
    data = reading(NAME, [_server()], None).data
    assert (data["alive"], data["failure"], data["known_right"], data["known_wrong"]) == (1, "", 2, 0)
    assert data["own_delay_ms"] == 8.0


def test_without_servers_nothing_is_dead() -> None:
    data = reading(NAME, [], None).data
    assert (data["count"], data["first_dead"], data["failure"], data["all_silent"]) == (0, False, "", False)


def test_a_dead_first_server_before_a_living_one() -> None:
    data = reading(NAME, [_server("192.0.2.9", AWAY, error="timeout"), _server("192.0.2.1")], None).data
    assert (data["first_dead"], data["alive"], data["best"], data["all_silent"]) == (True, 1, "192.0.2.1", False)


def test_of_two_dead_ones_the_one_that_speaks_tells_more() -> None:
    data = reading(NAME, [_server(error="timeout"), _server("192.0.2.2", rcode="REFUSED")], None).data
    assert data["failure"] == "refuses"


def test_a_silent_port_whose_tcp_twin_is_refused_is_closed() -> None:
    refusing = Presence(True, 2.0, "refusal", name_port_refused=True)
    data = reading(NAME, [_server("192.0.2.1", refusing, error=dns_ask.TIMEOUT)], None).data
    assert data["failure"] == "closed"


def test_servfail_to_one_name_does_not_make_a_failing_server() -> None:
    good = _server()
    server = Asked("192.0.2.1", (_reply(NAME, rcode="SERVFAIL"),), good.about_known, THERE)
    data = reading(NAME, [server], None).data
    assert (data["alive"], data["name_fails"], data["failure"]) == (1, True, "")


def test_documented_names_given_one_wrong_address() -> None:
    known = {name: _reply(name, "192.0.2.66") for name in KNOWN_ADDRESSES}
    data = reading(NAME, [Asked("192.0.2.1", (_reply(NAME, "192.0.2.66"),), known, THERE)], None).data
    assert (data["known_wrong"], data["known_same_wrong"], data["wrong_address"]) == (2, True, "192.0.2.66")


def test_a_missing_documented_name_is_not_a_false_answer() -> None:
    known = {name: _reply(name, rcode="NXDOMAIN") for name in KNOWN_ADDRESSES}
    data = reading(NAME, [Asked("192.0.2.1", (_reply(NAME, "192.0.2.7"),), known, THERE)], None).data
    assert (data["known_wrong"], data["known_right"], data["alive"]) == (0, 0, 1)


def test_the_best_server_tells_no_falsehoods_even_when_it_is_slower() -> None:
    known = {name: _reply(name, "192.0.2.66", ms=1.0) for name in KNOWN_ADDRESSES}
    liar = Asked("192.0.2.8", (_reply(NAME, "192.0.2.66", ms=1.0),), known, THERE)
    assert reading(NAME, [liar, _server("192.0.2.1")], None).data["best"] == "192.0.2.1"


def test_answers_that_lead_nowhere() -> None:
    good = _server()
    server = Asked("192.0.2.1", (_reply(NAME, "0.0.0.0"),), good.about_known, THERE)
    assert reading(NAME, [server], None).data["leads_nowhere"] is True


def test_a_closed_forwarder_is_told_apart_from_its_uplinks() -> None:
    forwarder = _server("127.0.0.53", error=dns_ask.REFUSED_PORT)
    data = reading(NAME, [_server()], forwarder).data
    assert (data["alive"], data["first_dead"], data["forwarder"]) == (1, False, "closed")


def test_the_round_trip_is_unknown_when_the_host_says_nothing() -> None:
    got = reading(NAME, [Asked("192.0.2.1", _server().about_name, _server().about_known, AWAY)], None)
    assert got.data["own_delay_ms"] is None
    assert "own_delay_ms" in got.gaps
