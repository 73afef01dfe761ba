"""Knocking at UDP ports with packets that a service would answer. CPython 3.9 syntax."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Sequence

from techdoctor.probes.network import icmp

ANSWERS, REFUSED, UNREACHABLE, BLOCKED_HERE, SILENT = "answers", "refused", "unreachable", "blocked_here", "silent"
# A packet is sent at these seconds: one lost out of ten must not read as silence.
SEND_AT_S = (0.0, 0.3, 0.7)
_ERRNO = {
    errno.ECONNREFUSED: REFUSED,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETUNREACH: UNREACHABLE,
    errno.EPERM: BLOCKED_HERE,
    errno.EACCES: BLOCKED_HERE,
}


@dataclass(frozen=True)
class UdpKnock:
    """A packet for a port, and how to know an answer to it."""

    address: str
    port: int
    packet: bytes
    is_answer: Callable[[bytes], bool]


def knock(knocks: Sequence[UdpKnock], wait_s: float) -> List[str]:
    """Sends every packet up to three times and returns what came of each: one of the words above.

    It ends as soon as one is answered, or every one is settled.
    """
    begun = time.monotonic()
    results: Dict[int, str] = {}
    socks: Dict[int, socket.socket] = {}
    rounds = [at for at in SEND_AT_S if at < wait_s]
    with selectors.DefaultSelector() as selector:
        try:
            while len(results) < len(knocks) and ANSWERS not in results.values():
                gone_s = time.monotonic() - begun
                if gone_s >= wait_s:
                    break
                if rounds and gone_s >= rounds[0]:
                    rounds.pop(0)
                    for number, item in enumerate(knocks):
                        if number not in results:
                            _send(number, item, socks, selector, results)
                until = begun + (rounds[0] if rounds else wait_s)
                for key, _ in selector.select(max(0.0, min(until - time.monotonic(), 0.1))):
                    _hear(key.data, knocks[key.data], socks, selector, results)
        finally:
            for sock in socks.values():
                sock.close()
    return [results.get(number, SILENT) for number in range(len(knocks))]


def _send(
    number: int,
    item: UdpKnock,
    socks: Dict[int, socket.socket],
    selector: selectors.BaseSelector,
    results: Dict[int, str],
) -> None:
    try:
        if number not in socks:
            family = socket.AF_INET6 if ":" in item.address else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_DGRAM)
            socks[number] = sock
            sock.setblocking(False)
            icmp.keep_errors(sock)
            sock.connect((item.address, item.port))
            selector.register(sock, selectors.EVENT_READ, number)
        socks[number].send(item.packet)
    except BlockingIOError:
        return  # the send queue is full: the next round tries again
    except OSError as error:
        _settle(number, _ERRNO.get(error.errno or 0, SILENT), socks, selector, results)


def _hear(
    number: int,
    item: UdpKnock,
    socks: Dict[int, socket.socket],
    selector: selectors.BaseSelector,
    results: Dict[int, str],
) -> None:
    sock = socks[number]
    code, said_by, _ = icmp.pending_error(sock)
    answer = b""
    if not code:
        try:
            answer = sock.recv(4096)
        except BlockingIOError:
            return
        except OSError as error:
            code = error.errno or 0
    if code:
        kind = _ERRNO.get(code, SILENT)
        # "Port unreachable" of another host on the way is that host's firewall, not the server's word.
        foreign = kind == REFUSED and said_by not in ("", item.address)
        _settle(number, UNREACHABLE if foreign or kind == BLOCKED_HERE else kind, socks, selector, results)
    elif item.is_answer(answer):
        _settle(number, ANSWERS, socks, selector, results)


def _settle(
    number: int,
    result: str,
    socks: Dict[int, socket.socket],
    selector: selectors.BaseSelector,
    results: Dict[int, str],
) -> None:
    results[number] = result
    if number in socks and socks[number].fileno() in selector.get_map():
        selector.unregister(socks[number])
