"""Knocking over real sockets on the loopback: every outcome that a machine by itself can show."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from techdoctor.probes.network import knock
from techdoctor.probes.network.knock import NAMES, PING, TCP, Answer, Knock


@contextmanager
def listening(kind: socket.SocketKind) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            server.listen()
        yield server


def _port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def _free_port(kind: socket.SocketKind) -> int:
    with listening(kind) as server:
        return _port(server)


def test_a_listening_port_answers() -> None:
    with listening(socket.SOCK_STREAM) as server:
        [answer] = knock.knock([Knock("127.0.0.1", TCP, _port(server))], 1.0)
    assert answer.answered
    assert answer.ms is not None and answer.ms < 1000


@pytest.mark.parametrize(("way", "kind"), [(TCP, socket.SOCK_STREAM), (NAMES, socket.SOCK_DGRAM)])
def test_a_closed_port_refuses_and_shows_life(way: str, kind: socket.SocketKind) -> None:
    [answer] = knock.knock([Knock("127.0.0.1", way, _free_port(kind))], 1.0)
    assert (answer.error, answer.shows_life, answer.answered) == (knock.REFUSED, True, False)


def test_who_refused_a_datagram_is_known() -> None:
    [answer] = knock.knock([Knock("127.0.0.1", NAMES, _free_port(socket.SOCK_DGRAM))], 1.0)
    assert answer.said_by == "127.0.0.1"


def test_a_refusal_by_somebody_else_is_no_sign_of_life() -> None:
    assert not Answer(Knock("192.0.2.9", NAMES, 53), knock.REFUSED, said_by="192.0.2.1").shows_life


def test_silence_is_repeated_three_times_and_then_told() -> None:
    with listening(socket.SOCK_DGRAM) as server:
        server.settimeout(0.1)
        [answer] = knock.knock([Knock("127.0.0.1", NAMES, _port(server))], 1.0)
        received = 0
        try:
            while True:
                server.recv(512)
                received += 1
        except TimeoutError:
            pass
    assert (answer.error, received) == (knock.SILENT, len(knock.KNOCK_AT_S))


@pytest.mark.parametrize(("rcode", "answered"), [(0, True), (3, True), (5, False), (2, False)])
def test_only_answers_of_substance_count(rcode: int, answered: bool) -> None:
    """A resolver that refuses or fails says nothing about what lies beyond it."""
    with listening(socket.SOCK_DGRAM) as server:

        def reply() -> None:
            query, sender = server.recvfrom(512)
            server.sendto(query[:2] + bytes([0x81, 0x80 | rcode]) + query[4:], sender)

        thread = threading.Thread(target=reply)
        thread.start()
        [answer] = knock.knock([Knock("127.0.0.1", NAMES, _port(server))], 0.3)
        thread.join()
    assert answer.answered is answered


def test_enough_ends_the_waiting() -> None:
    with listening(socket.SOCK_DGRAM) as silent, listening(socket.SOCK_STREAM) as server:
        knocks = [Knock("127.0.0.1", TCP, _port(server)), Knock("127.0.0.1", NAMES, _port(silent))]
        seconds: list[float] = []

        def enough(answers: object, gone_s: float) -> bool:
            seconds.append(gone_s)
            return bool(answers)

        outcomes = knock.knock(knocks, 5.0, enough)
    assert [a.error for a in outcomes] == ["", knock.SILENT]
    assert seconds[-1] < 1.0


def test_no_socket_is_left_open() -> None:
    import os

    before = len(os.listdir("/proc/self/fd"))
    knock.knock([Knock("127.0.0.1", TCP, _free_port(socket.SOCK_STREAM)), Knock("127.0.0.1", PING)], 0.2)
    assert len(os.listdir("/proc/self/fd")) == before
