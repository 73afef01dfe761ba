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
    rounds = [at for at in SEND_AT_S if at < wait_s]
    with selectors.DefaultSelector() as selector:
        knocking = _Knocking(knocks, selector)
        try:
            while len(knocking.results) < len(knocks) and ANSWERS not in knocking.results.values():
                gone_s = time.monotonic() - begun
                if gone_s >= wait_s:
                    break
                if rounds and gone_s >= rounds[0]:
                    rounds.pop(0)
                    knocking.send()
                until = begun + (rounds[0] if rounds else wait_s)
                for key, _ in selector.select(max(0.0, min(until - time.monotonic(), 0.1))):
                    knocking.hear(key.data)
        finally:
            knocking.close()
    return [knocking.results.get(number, SILENT) for number in range(len(knocks))]


class _Knocking:
    """The sockets of knocks under way, and what has come of each so far."""

    def __init__(self, knocks: Sequence[UdpKnock], selector: selectors.BaseSelector) -> None:
        self.results: Dict[int, str] = {}
        self._knocks, self._selector = knocks, selector
        self._socks: Dict[int, socket.socket] = {}

    def send(self) -> None:
        """Sends the packets of all that are not settled."""
        for number, item in enumerate(self._knocks):
            if number not in self.results:
                self._send_one(number, item)

    def _send_one(self, number: int, item: UdpKnock) -> None:
        try:
            if number not in self._socks:
                family = socket.AF_INET6 if ":" in item.address else socket.AF_INET
                sock = socket.socket(family, socket.SOCK_DGRAM)
                self._socks[number] = sock
                sock.setblocking(False)
                icmp.keep_errors(sock)
                sock.connect((item.address, item.port))
                self._selector.register(sock, selectors.EVENT_READ, number)
            self._socks[number].send(item.packet)
        except BlockingIOError:
            return  # the send queue is full: the next round tries again
        except OSError as error:
            self._settle(number, _ERRNO.get(error.errno or 0, SILENT))

    def hear(self, number: int) -> None:
        """Takes what has come for a knock: an answer, or an error somebody on the way sent."""
        item, sock = self._knocks[number], self._socks[number]
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
            self._settle(number, UNREACHABLE if foreign or kind == BLOCKED_HERE else kind)
        elif item.is_answer(answer):
            self._settle(number, ANSWERS)

    def _settle(self, number: int, result: str) -> None:
        self.results[number] = result
        if number in self._socks and self._socks[number].fileno() in self._selector.get_map():
            self._selector.unregister(self._socks[number])

    def close(self) -> None:
        """Closes the sockets."""
        for sock in self._socks.values():
            sock.close()
