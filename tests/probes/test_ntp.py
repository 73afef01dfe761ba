"""Time servers on a loopback port: right ones, liars, lossy ones."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from techdoctor.probes.network import ntp

TO_UNIX_S = 2208988800


def _stamp(seconds: float) -> bytes:
    since = seconds + TO_UNIX_S
    return struct.pack("!II", int(since) & 0xFFFFFFFF, int((since % 1) * (1 << 32)))


def _answer(packet: bytes, ahead_s: float = 0.0, stratum: int = 2, mode: int = 4) -> bytes:
    now = _stamp(time.time() + ahead_s)
    return bytes([0x20 | mode, stratum, 6, 0xEC]) + bytes(12) + now + packet[40:48] + now + now


Serve = Callable[[Callable[[bytes], "bytes | None"]], None]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    monkeypatch.setattr(ntp, "_PORT", sock.getsockname()[1])
    threads: list[threading.Thread] = []

    def start(bend: Callable[[bytes], bytes | None]) -> None:
        def run() -> None:
            while True:
                packet, peer = sock.recvfrom(512)
                if not packet:
                    return
                answer = bend(packet)
                if answer is not None:
                    sock.sendto(answer, peer)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()

    yield start
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
        stop.sendto(b"", sock.getsockname())
    for thread in threads:
        thread.join(2)
    sock.close()


@pytest.mark.parametrize("server_ahead_s", [0.0, 420.0, -86400.0 * 365])
def test_the_offset_has_its_sign(serve: Serve, server_ahead_s: float) -> None:
    serve(lambda packet: _answer(packet, server_ahead_s))
    (answer,) = ntp.ask_servers(["127.0.0.1"], 1.0)
    assert answer.ahead_s == pytest.approx(-server_ahead_s, abs=0.2)


def test_a_lost_packet_is_sent_again(serve: Serve) -> None:
    seen: list[bytes] = []

    def second_time(packet: bytes) -> bytes | None:
        seen.append(packet)
        return _answer(packet) if len(seen) > 1 else None

    serve(second_time)
    assert len(ntp.ask_servers(["127.0.0.1"], 1.2)) == 1


@pytest.mark.parametrize(
    "bend",
    [
        lambda packet: None,
        lambda packet: b"short",
        lambda packet: _answer(bytes(48)),
        lambda packet: _answer(packet, stratum=0),
        lambda packet: _answer(packet, stratum=16),
        lambda packet: _answer(packet, mode=3),
    ],
    ids=["silent", "short", "not our question", "kiss of death", "not synchronised", "not a server"],
)
def test_no_answer_is_better_than_a_false_one(serve: Serve, bend: Callable[[bytes], bytes | None]) -> None:
    serve(bend)
    assert ntp.ask_servers(["127.0.0.1"], 0.5) == []


def test_an_impossible_address_is_passed_over(serve: Serve) -> None:
    serve(_answer)
    assert len(ntp.ask_servers(["not-an-address", "127.0.0.1"], 1.0)) == 1


def test_times_after_2036_are_in_the_next_era() -> None:
    assert ntp._unix(0, 0) == (1 << 32) - TO_UNIX_S
