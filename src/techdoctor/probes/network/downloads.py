"""Several downloads at once, bounded in time and bytes: they load the line and show its rate. CPython 3.9 syntax."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, List, Optional, Tuple
from urllib.parse import urlsplit

_CHUNK = 1 << 15
# One lost packet may be repeated meanwhile (RFC 6298: after 1 s).
_CONNECT_S = 1.5
_MOST_HEAD_BYTES = 1 << 14


@dataclass
class Loading:
    """What came of some downloads.

    Attributes:
        got: (monotonic seconds, bytes), one for each piece of content that came.
        failed: Why flows failed, in words.
        ended_s: When the last flow ended.
    """

    got: List[Tuple[float, int]] = field(default_factory=list)
    failed: List[str] = field(default_factory=list)
    ended_s: float = 0.0

    @property
    def bytes(self) -> int:
        return sum(count for _, count in self.got)

    @property
    def seconds(self) -> float:
        """From the first piece to the last."""
        times = [at for at, _ in self.got]
        return max(times) - min(times) if times else 0.0

    def mbit_s(self) -> Optional[float]:
        """The rate over all flows; None when too little came to tell."""
        times = sorted(at for at, _ in self.got)
        if len(times) < 8 or times[-1] - times[0] <= 0:
            return None
        first = min(self.got)[1]
        return round((self.bytes - first) * 8 / (times[-1] - times[0]) / 1e6, 2)


def load(url: str, flows: int, most_bytes: int, seconds: float, until: float, stop: Callable[[], bool]) -> Loading:
    """Downloads a URL in several flows at the same time.

    Args:
        url: http or https; `{bytes}` in it stands for how many bytes one flow wants.
        flows: How many.
        most_bytes: Most bytes in all.
        seconds: Longest time from the first content on.
        until: Monotonic time at which every flow has ended.
        stop: True ends them.
    """
    loading, begun = Loading(), time.monotonic()
    share = max(1, most_bytes // flows)
    context = ssl.create_default_context() if url.startswith("https") else None

    def one() -> None:
        try:
            _flow(url, share, context, seconds, min(until, begun + _CONNECT_S + seconds), stop, loading)
        except (OSError, ValueError) as error:
            loading.failed.append(f"{type(error).__name__}: {error}")
        loading.ended_s = time.monotonic()

    threads = [threading.Thread(target=one, daemon=True) for _ in range(flows)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, min(until, begun + _CONNECT_S + seconds) - time.monotonic()) + 0.2)
    return loading


def _flow(
    url: str,
    share: int,
    context: Optional[ssl.SSLContext],
    seconds: float,
    until: float,
    stop: Callable[[], bool],
    loading: Loading,
) -> None:
    parts = urlsplit(url.replace("{bytes}", str(share)))
    host = parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    left_s = max(0.05, min(_CONNECT_S, until - time.monotonic()))
    with socket.create_connection((host, parts.port or (443 if context else 80)), timeout=left_s) as plain:
        link = context.wrap_socket(plain, server_hostname=host) if context else plain
        request = (
            f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
        link.sendall(request.encode("ascii", "replace"))
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _MOST_HEAD_BYTES:
            chunk = _receive(link, until)
            if not chunk:
                raise ValueError("no answer")
            head += chunk
        status = head.split(b" ", 2)[1:2]
        if status != [b"200"]:
            raise ValueError(f"answered {b' '.join(status).decode('latin-1')}")
        count = len(head.partition(b"\r\n\r\n")[2])
        loading.got.append((time.monotonic(), count))
        until = min(until, loading.got[0][0] + seconds)
        while count < share and not stop() and time.monotonic() < until:
            chunk = _receive(link, until)
            if not chunk:
                return
            count += len(chunk)
            loading.got.append((time.monotonic(), len(chunk)))


def _receive(link: socket.socket, until: float) -> bytes:
    left_s = until - time.monotonic()
    if left_s <= 0:  # a byte now and then must not keep us here
        raise socket.timeout
    link.settimeout(max(0.01, left_s))
    return link.recv(_CHUNK)
