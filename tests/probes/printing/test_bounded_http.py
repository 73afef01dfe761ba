"""One HTTP exchange against servers that behave and servers that do not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from techdoctor.probes.network.bounded_http import MOST_BODY_BYTES, HttpAnswer, exchange
from techdoctor.probes.network.bounded_socket import Endpoint, ExchangeFailed, is_loopback

Serve = Callable[[Callable[[socket.socket], None]], Endpoint]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that treats its first connection as told."""
    with ExitStack() as stack:

        def start(treat: Callable[[socket.socket], None]) -> Endpoint:
            door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def work() -> None:
                with suppress(OSError):
                    link, _ = door.accept()
                    with link:
                        link.recv(65536)
                        treat(link)

            threading.Thread(target=work, daemon=True).start()
            return Endpoint("127.0.0.1", door.getsockname()[1])

        yield start


def _get(endpoint: Endpoint, seconds: float = 2.0) -> HttpAnswer:
    return exchange(endpoint, "/x", b"body", headers={}, deadline=time.monotonic() + seconds)


def _failure(endpoint: Endpoint, seconds: float = 2.0) -> str:
    begun = time.monotonic()
    with pytest.raises(ExchangeFailed) as caught:
        _get(endpoint, seconds)
    assert time.monotonic() - begun < seconds + 0.5
    return caught.value.kind


def _answering(raw: bytes) -> Callable[[socket.socket], None]:
    return lambda link: link.sendall(raw)


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: \xb2\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, b"abcde"),
    ],
)
def test_good_answers(serve: Serve, raw: bytes, status: int, body: bytes) -> None:
    answer = _get(serve(_answering(raw)))
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "reset"),
        (b"220 mail.example ESMTP\r\n", "not_http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "oversize"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n", "oversize"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not_http"),
        (b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n", "not_http"),
        (b"x" * 200_000, "not_http"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000, "not_http"),
    ],
)
def test_bad_answers(serve: Serve, raw: bytes, kind: str) -> None:
    assert _failure(serve(_answering(raw))) == kind


def test_silence(serve: Serve) -> None:
    assert _failure(serve(lambda link: time.sleep(2)), 0.3) == "hangs"


def test_dripping_does_not_extend_the_deadline(serve: Serve) -> None:
    def drip(link: socket.socket) -> None:
        for letter in b"HTTP/1.1 200 OK and so on for ever and ever":
            link.send(bytes([letter]))
            time.sleep(0.1)

    assert _failure(serve(drip), 0.5) == "hangs"


def test_endless_body_is_cut(serve: Serve) -> None:
    def flood(link: socket.socket) -> None:
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(2 * MOST_BODY_BYTES // (1 << 20)):
            link.sendall(bytes(1 << 20))

    assert _failure(serve(flood), 5.0) == "oversize"


def test_refused_and_missing_socket(tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    assert _failure(Endpoint("127.0.0.1", port)) == "refused"
    assert _failure(Endpoint(unix=str(tmp_path_factory.mktemp("s") / "none.sock"))) == "no_socket"


def test_tls_to_a_plain_port(serve: Serve) -> None:
    plain = serve(_answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert _failure(Endpoint(plain.host, plain.port, tls=True)) == "tls"


@pytest.mark.parametrize("path", ["/a b", "/a\r\nHost: evil", "/\x7f", "/ü"])
def test_paths_that_could_smuggle_are_refused(path: str) -> None:
    with pytest.raises(ExchangeFailed):
        exchange(Endpoint("127.0.0.1", 9), path, b"", headers={}, deadline=time.monotonic() + 1)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.9.8.7", True), ("::1", True), ("192.0.2.1", False), ("localhost.example", False)],
)
def test_loopback_without_a_lookup(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
