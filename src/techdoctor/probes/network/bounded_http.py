"""One HTTP request over TCP, TLS or a Unix socket, bounded in time and size, with failures told apart.

The standard library's client waits anew for every byte: a device that drips its answer would hold it
for hours. Here one deadline covers the whole exchange. CPython 3.9 syntax.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Tuple

from techdoctor.probes.network.bounded_socket import (
    HANGS,
    NOT_HTTP,
    OVERSIZE,
    RESET,
    Endpoint,
    ExchangeFailed,
    begin_tls,
    connect,
)

MOST_HEAD_BYTES = 1 << 16
MOST_BODY_BYTES = 4 << 20


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer.

    Attributes:
        status: Status code.
        headers: Lower-case name to value.
        body: The content.
        certificate_sha256: Fingerprint of the server's certificate over TLS, else empty.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    certificate_sha256: str = ""


class _Reader:
    """Reads an answer under one deadline and one cap."""

    def __init__(self, link: socket.socket, deadline: float) -> None:
        self._link, self._deadline = link, deadline
        self._held, self._left = b"", MOST_HEAD_BYTES + MOST_BODY_BYTES
        self.received = 0

    def _fill(self) -> bool:
        left = self._deadline - time.monotonic()
        try:
            self._link.settimeout(max(0.001, left))
            chunk = self._link.recv(65536) if left > 0 else None
        except socket.timeout:
            chunk = None
        except OSError as error:
            raise ExchangeFailed(RESET, str(error)) from None
        if chunk is None:
            raise ExchangeFailed(HANGS, f"{self.received} bytes of an answer came, then no end within the time")
        self.received += len(chunk)
        self._left -= len(chunk)
        if self._left < 0:
            raise ExchangeFailed(OVERSIZE, f"more than {MOST_BODY_BYTES} bytes")
        self._held += chunk
        return bool(chunk)

    def line(self) -> bytes:
        while b"\n" not in self._held:
            if len(self._held) > MOST_HEAD_BYTES:
                raise ExchangeFailed(NOT_HTTP, "an endless line")
            if not self._fill():
                raise ExchangeFailed(RESET, "closed in the middle of an answer" if self.received else "closed at once")
        line, _, self._held = self._held.partition(b"\n")
        return line.rstrip(b"\r")

    def exactly(self, count: int) -> bytes:
        if count > MOST_BODY_BYTES:
            raise ExchangeFailed(OVERSIZE, f"{count} bytes announced")
        parts, have = [self._held], len(self._held)
        while have < count:
            self._held = b""
            if not self._fill():
                raise ExchangeFailed(RESET, "closed in the middle of an answer")
            parts.append(self._held)
            have += len(self._held)
        whole = b"".join(parts)
        self._held = whole[count:]
        return whole[:count]

    def rest(self) -> bytes:
        parts = [self._held]
        self._held = b""
        while self._fill():
            parts.append(self._held)
            self._held = b""
        return b"".join(parts)


def _head(reader: _Reader) -> Tuple[int, Dict[str, str]]:
    first = reader.line().split(None, 2)
    if len(first) < 2 or not first[0].startswith(b"HTTP/") or not re.fullmatch(rb"[0-9]{3}", first[1]):
        raise ExchangeFailed(NOT_HTTP, "the answer is not HTTP")
    headers: Dict[str, str] = {}
    for _ in range(200):
        line = reader.line()
        if not line:
            return int(first[1]), headers
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ExchangeFailed(NOT_HTTP, "too many header lines")


def _body(reader: _Reader, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        parts: List[bytes] = []
        total = 0
        while True:
            try:
                size = int(reader.line().split(b";")[0].strip() or b"x", 16)
            except ValueError:
                raise ExchangeFailed(NOT_HTTP, "a chunk without its size") from None
            total += size
            if size < 0 or total > MOST_BODY_BYTES:
                raise ExchangeFailed(OVERSIZE, f"more than {MOST_BODY_BYTES} bytes")
            if size == 0:
                return b"".join(parts)
            parts.append(reader.exactly(size))
            reader.line()
    length = headers.get("content-length", "")
    return reader.exactly(int(length)) if re.fullmatch(r"[0-9]{1,18}", length) else reader.rest()


def exchange(
    endpoint: Endpoint,
    path: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    deadline: float,
    connect_s: float = 2.0,
    method: str = "POST",
) -> HttpAnswer:
    """Sends one request and reads its answer, whatever its status.

    Args:
        endpoint: Where to connect.
        path: Request path; control characters and spaces in it are refused.
        body: Content.
        headers: Extra headers.
        deadline: Monotonic time by which the whole exchange has ended.
        connect_s: Most seconds for name lookup and connection. 2 s lets one lost packet be
            repeated (RFC 6298: first after 1 s).
        method: HTTP method.

    Raises:
        ExchangeFailed: Anything but a complete answer.
    """
    if not path.isascii() or any(c <= " " or c == "\x7f" for c in path):
        raise ExchangeFailed(NOT_HTTP, "the path holds characters that no request may have")
    link = connect(endpoint, min(deadline, time.monotonic() + connect_s))
    fingerprint = ""
    try:
        if endpoint.tls:
            link, fingerprint = begin_tls(link, deadline)
        name = "localhost" if endpoint.unix else _host_header(endpoint)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {name}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        link.settimeout(max(0.05, deadline - time.monotonic()))
        try:
            link.sendall("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)
        except socket.timeout:
            raise ExchangeFailed(HANGS, "the request was not taken in time") from None
        except OSError as error:
            raise ExchangeFailed(RESET, str(error)) from None
        reader = _Reader(link, deadline)
        status, found = _head(reader)
        while 100 <= status < 200 and status != 101:
            status, found = _head(reader)
        return HttpAnswer(status, found, _body(reader, found), fingerprint)
    finally:
        link.close()


def _host_header(endpoint: Endpoint) -> str:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{host}:{endpoint.port}"
