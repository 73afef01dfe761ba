"""Series of first answers to TCP connections, where pings are not allowed or not answered. CPython 3.9 syntax.

A refusal is an answer as good as any. The system itself repeats a first packet after a second (RFC 6298, section
2.1), so what comes later than that was lost.
"""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from techdoctor.probes.network.series import TCP, Series

_REPEATED_AFTER_S = 0.99
# After the last packet answers are awaited so much longer than the slowest one so far took.
_PATIENCE, _LEAST_WAIT_S = 3.0, 0.25
_TCP_INFO = 11  # linux/tcp.h
_RTT_AT = 68  # tcpi_rtt, in microseconds: after 8 bytes and 15 numbers of four bytes
_GOING_ON = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


@dataclass
class _Series:
    at_s: List[float] = field(default_factory=list)
    rtts_ms: List[Optional[float]] = field(default_factory=list)


def knock_series(
    places: Sequence[Tuple[str, int]], count: int, apart_s: float, deadline: float, stop: Callable[[], bool]
) -> Dict[Tuple[str, int], Series]:
    """Begins connections evenly spaced and closes each as soon as it is answered.

    Args:
        places: Numeric addresses and ports.
        count: How many to each.
        apart_s: Seconds from one round to the next.
        deadline: Monotonic time at which no answer is awaited any more.
        stop: Told between two; True ends it.
    """
    found = {place: _Series() for place in places}
    begun = time.monotonic()
    step_s = apart_s / max(1, len(places))
    with selectors.DefaultSelector() as selector:
        try:
            next_s = begun
            for number in range(count * len(places)):
                _hear(selector, found, next_s)
                if stop() or next_s > deadline - _LEAST_WAIT_S:
                    break
                _begin(selector, places[number % len(places)], found, begun)
                next_s = max(next_s + step_s, time.monotonic())
            last = time.monotonic()
            while selector.get_map() and not stop():
                until = min(deadline, last + _wait_s(list(found.values())))
                if time.monotonic() >= until:
                    break
                _hear(selector, found, min(until, time.monotonic() + 0.05))
        finally:
            for key in list((selector.get_map() or {}).values()):
                key.fileobj.close()  # type: ignore[union-attr]  # only sockets are registered
    return {place: Series(place[0], TCP, tuple(s.rtts_ms), tuple(s.at_s)) for place, s in found.items()}


def _wait_s(all_series: Sequence[_Series]) -> float:
    """How long after the last packet an answer may still come."""
    heard = [[rtt for rtt in series.rtts_ms if rtt is not None] for series in all_series]
    if not all(heard):
        return _REPEATED_AFTER_S
    slowest = max(max(rtts) for rtts in heard)
    return min(_REPEATED_AFTER_S, max(_LEAST_WAIT_S, _PATIENCE * slowest / 1000))


def _begin(
    selector: selectors.BaseSelector, place: Tuple[str, int], found: Dict[Tuple[str, int], _Series], begun: float
) -> None:
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    family, _, _, _, address = socket.getaddrinfo(*place, 0, socket.SOCK_STREAM, 0, numeric)[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    series = found[place]
    sent = time.monotonic()
    series.at_s.append(sent - begun)
    series.rtts_ms.append(None)
    code = sock.connect_ex(address)
    if code in _GOING_ON:
        selector.register(sock, selectors.EVENT_WRITE, (series, len(series.at_s) - 1, sent))
        return
    if code == errno.ECONNREFUSED:
        series.rtts_ms[-1] = (time.monotonic() - sent) * 1000
    sock.close()


def _hear(selector: selectors.BaseSelector, found: Dict[Tuple[str, int], _Series], until: float) -> None:
    while True:
        wait_s = max(0.0, until - time.monotonic())
        if selector.get_map():
            for key, _ in selector.select(wait_s):
                series, index, sent = key.data
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                series.rtts_ms[index] = _answer_ms(sock, (time.monotonic() - sent) * 1000)
                selector.unregister(sock)
                sock.close()
        else:
            time.sleep(wait_s)
        if time.monotonic() >= until:
            return


def _answer_ms(sock: socket.socket, waited_ms: float) -> Optional[float]:
    """Milliseconds to the answer; None when it came to a repetition only, or is an error of the way."""
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code not in (0, errno.ECONNREFUSED) or waited_ms >= _REPEATED_AFTER_S * 1000:
        return None
    if code == 0 and sys.platform == "linux":  # the kernel's own measurement is free of a busy machine's delays
        info = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 104)
        if len(info) >= _RTT_AT + 4:
            kernel_ms = float(struct.unpack_from("=I", info, _RTT_AT)[0]) / 1000
            return kernel_ms if 0 < kernel_ms <= waited_ms else waited_ms
    return waited_ms
