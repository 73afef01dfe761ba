"""A name server on a loopback port, bent to a test's wishes: real sockets, real messages."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType

from techdoctor.probes.names.dns_wire import TYPES, decode

Answer = Callable[[bytes], "bytes | None"]


def reply(packet: bytes, rcode: int = 0, address: str = "", flags: int = 0) -> bytes:
    """An answer to a query: a code, and one A record when an address is given."""
    asked = decode(packet).question[1]
    records = b""
    if address and asked == TYPES["A"]:
        records = b"\xc0\x0c" + struct.pack("!HHIH", asked, 1, 60, 4) + socket.inet_aton(address)
    head = packet[:2] + struct.pack("!HHHHH", 0x8180 | rcode | flags, 1, 1 if records else 0, 0, 0)
    return head + packet[12:] + records


class NameServer:
    """Answers over UDP as `answer` says; None means silence. `received` counts questions."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self.port: int = self._sock.getsockname()[1]
        self.received = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stop.sendto(b"", ("127.0.0.1", self.port))
        stop.close()
        self._thread.join(2)
        self._sock.close()

    def _serve(self) -> None:
        while True:
            packet, peer = self._sock.recvfrom(4096)
            if not packet:
                return
            self.received += 1
            answer = self._answer(packet)
            if answer is not None:
                self._sock.sendto(answer, peer)
