"""Asking over real loopback sockets: answers, silence, closed ports, loss, nonsense."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time

import pytest

from techdoctor.errors import CannotMeasure
from techdoctor.probes.names import dns_ask
from techdoctor.probes.names.dns_ask import Question, ask_all, ask_tcp
from tests.probes.name_server import NameServer, reply

HERE = "127.0.0.1"


def _asked(server: NameServer, wait_s: float = 1.0, name: str = "example.com") -> dns_ask.Reply:
    return ask_all([Question(HERE, name, port=server.port)], wait_s)[0]


def test_an_answer_is_read_with_its_time() -> None:
    with NameServer(lambda packet: reply(packet, address="192.0.2.7")) as server:
        got = _asked(server)
    assert (got.error, got.rcode, got.addresses, got.tries) == ("", "NOERROR", ("192.0.2.7",), 1)
    assert got.ms is not None
    assert 0 < got.ms < 500


def test_a_refusal_is_an_answer_but_not_a_useful_one() -> None:
    with NameServer(lambda packet: reply(packet, rcode=5)) as server:
        got = _asked(server)
    assert (got.error, got.rcode, got.useful) == ("", "REFUSED", False)


def test_silence_is_a_timeout_after_three_tries() -> None:
    begun = time.monotonic()
    with NameServer(lambda packet: None) as server:
        got = _asked(server, 1.0)
    assert (got.error, got.tries, server.received) == (dns_ask.TIMEOUT, 3, 3)
    assert time.monotonic() - begun < 1.4


def test_two_lost_questions_do_not_make_a_dead_server() -> None:
    seen: list[bytes] = []

    def third_time(packet: bytes) -> bytes | None:
        seen.append(packet)
        return reply(packet, address="192.0.2.7") if len(seen) == 3 else None

    with NameServer(third_time) as server:
        got = _asked(server, 1.5)
    assert (got.error, got.addresses) == ("", ("192.0.2.7",))
    assert got.ms is not None
    assert got.ms < 300, "the time counts from the try that was answered"


def test_a_late_answer_to_the_first_try_counts_with_its_full_time() -> None:
    def slowly(packet: bytes) -> bytes:
        time.sleep(0.5)
        return reply(packet, address="192.0.2.7")

    with NameServer(slowly) as server:
        got = _asked(server, 1.5)
    assert got.ms is not None
    assert 480 < got.ms < 900


def test_a_closed_port_is_told_from_silence_at_once() -> None:
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.bind((HERE, 0))
    port = probe.getsockname()[1]
    probe.close()
    begun = time.monotonic()
    got = ask_all([Question(HERE, "example.com", port=port)], 1.5)[0]
    assert got.error == dns_ask.REFUSED_PORT
    assert time.monotonic() - begun < 0.3


@pytest.mark.parametrize(
    "bend",
    [
        lambda packet: os.urandom(40),
        lambda packet: b"\xff\xff" + reply(packet)[2:] if packet[:2] != b"\xff\xff" else b"",
        lambda packet: packet,
        lambda packet: reply(packet).replace(b"\x07example", b"\x07elsewhe", 1),
    ],
    ids=["noise", "wrong id", "the query itself", "another name"],
)
def test_what_does_not_answer_the_question_is_garbage(bend: object) -> None:
    assert callable(bend)
    with NameServer(bend) as server:
        got = _asked(server, 1.2)
    assert (got.error, got.message) == (dns_ask.GARBAGE, None)


def test_a_true_answer_after_a_forged_one_is_taken() -> None:
    seen: list[bytes] = []

    def forged_first(packet: bytes) -> bytes:
        seen.append(packet)
        return reply(packet, address="192.0.2.7") if len(seen) > 1 else os.urandom(30)

    with NameServer(forged_first) as server:
        assert _asked(server, 1.2).addresses == ("192.0.2.7",)


def test_questions_to_many_servers_run_side_by_side() -> None:
    with NameServer(lambda packet: None) as dead, NameServer(lambda packet: reply(packet, rcode=3)) as good:
        begun = time.monotonic()
        questions = [Question(HERE, "a.example", port=port) for port in (dead.port, dead.port, good.port)]
        replies = ask_all(questions, 0.6)
    assert [r.error for r in replies] == [dns_ask.TIMEOUT, dns_ask.TIMEOUT, ""]
    assert time.monotonic() - begun < 1.0


def test_enough_ends_the_waiting() -> None:
    with NameServer(lambda packet: None) as dead, NameServer(reply) as good:
        begun = time.monotonic()
        questions = [Question(HERE, "a.example", port=port) for port in (dead.port, good.port)]
        replies = ask_all(questions, 2.0, enough=lambda got: any(r.useful for r in got))
    assert replies[1].useful
    assert time.monotonic() - begun < 0.5


def test_an_address_that_is_none_is_an_error_of_its_own() -> None:
    assert ask_all([Question("not-an-address", "example.com")], 0.2)[0].error == dns_ask.FAILED


def test_a_name_that_is_none_cannot_be_measured() -> None:
    with pytest.raises(CannotMeasure, match="not a host name"):
        ask_all([Question(HERE, "a..b")], 0.2)


class _TcpServer(threading.Thread):
    def __init__(self, head: bytes | None) -> None:
        super().__init__(daemon=True)
        self._head = head
        self._listener = socket.create_server((HERE, 0))
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            (size,) = struct.unpack("!H", connection.recv(2))
            body = reply(connection.recv(size), address="192.0.2.9")
            connection.sendall(struct.pack("!H", len(body)) + body if self._head is None else self._head)


@pytest.mark.parametrize(
    ("head", "error"),
    [(None, ""), (b"\xff\xff..", dns_ask.GARBAGE), (b"", dns_ask.GARBAGE)],
    ids=["whole", "cut", "none"],
)
def test_tcp(head: bytes | None, error: str) -> None:
    server = _TcpServer(head)
    server.start()
    got = ask_tcp(Question(HERE, "example.com", port=server.port), 1.0)
    server.join(2)
    assert got.error == error
    assert got.addresses == (() if error else ("192.0.2.9",))


def test_tcp_to_a_closed_port_is_refused() -> None:
    listener = socket.create_server((HERE, 0))
    port = listener.getsockname()[1]
    listener.close()
    assert ask_tcp(Question(HERE, "example.com", port=port), 1.0).error == dns_ask.REFUSED_PORT
