"""A userspace link that impairs what it forwards: `wire.py INTERFACE_A INTERFACE_B CONTROL.json`.

Stands in for `tc netem`, which many kernels lack. It forwards Ethernet frames between two
interfaces of its namespace (AF_PACKET, so CAP_NET_RAW there is enough). CONTROL.json is read again
when it changes; a key may begin with "ab." or "ba." to hold for one direction only:

    delay_ms, jitter_ms     one-way delay, plus uniform 0..jitter
    loss, dup, reorder      probabilities 0..1 (reorder = sent without its delay)
    maxlen                  IP packets longer than this vanish (MTU black hole)
    rate_kbit, queue_kb     serialisation rate and tail-drop queue
    burst_loss              [p_enter, p_leave]: two-state Gilbert loss
"""

from __future__ import annotations

import array
import fcntl
import heapq
import json
import random
import select
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

_SIOCETHTOOL = 0x8946
_OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # ETHTOOL_STXCSUM, STSO, SGSO, SGRO
_SOL_PACKET, _ADD_MEMBERSHIP, _IGNORE_OUTGOING = 263, 1, 23
_PACKET_OUTGOING = 4
_IP = (b"\x08\x00", b"\x86\xdd")
_LOOK_EVERY_S = 0.05


def offload_off(interface: str) -> None:
    """Turns checksum and segmentation offload off, so that real frames reach the link."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in _OFFLOADS:
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), value.buffer_info()[0]) + bytes(16)
            try:
                fcntl.ioctl(control.fileno(), _SIOCETHTOOL, request)
            except OSError:
                pass  # this interface has no such offload


def _port(interface: str) -> socket.socket:
    offload_off(interface)
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        port.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
    port.bind((interface, 0))
    try:
        port.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    except OSError:
        pass  # kernels before 4.20: outgoing frames are told by their packet type below
    port.setblocking(False)
    promiscuous = struct.pack("IHH8s", socket.if_nametoindex(interface), 1, 0, b"")
    port.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, promiscuous)
    return port


class Impairment:
    """The control file's present content, per direction (0: a to b, 1: b to a)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = 0
        self._looked = 0.0
        self._values: dict[str, Any] = {}
        self._bad = [False, False]
        self._busy_until = [0.0, 0.0]

    def look(self, now: float) -> None:
        """Reads the control file again, at most every 50 ms."""
        if now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        changed = self._path.stat().st_mtime_ns
        if changed != self._changed:
            self._changed = changed
            self._values = json.loads(self._path.read_text())
            self._bad, self._busy_until = [False, False], [0.0, 0.0]

    def of(self, direction: int, key: str) -> Any:
        """The value of a key in one direction; 0 when it is not set."""
        return self._values.get(("ab.", "ba.")[direction] + key, self._values.get(key, 0))

    def due(self, direction: int, frame: bytes, now: float) -> float | None:
        """When the frame leaves, or None when it is lost."""
        is_ip = frame[12:14] in _IP
        longest = self.of(direction, "maxlen")
        if (longest and is_ip and len(frame) - 14 > longest) or self._in_burst(direction):
            return None
        if is_ip and random.random() < self.of(direction, "loss"):
            return None
        leaves = now
        rate = self.of(direction, "rate_kbit")
        if rate:
            queued_kb = max(0.0, self._busy_until[direction] - now) * rate / 8
            if queued_kb > (self.of(direction, "queue_kb") or 64):
                return None
            leaves = max(now, self._busy_until[direction]) + len(frame) * 8 / (rate * 1000)
            self._busy_until[direction] = leaves
        if random.random() < self.of(direction, "reorder"):
            return leaves
        wait_ms: float = self.of(direction, "delay_ms") + random.random() * self.of(direction, "jitter_ms")
        return leaves + wait_ms / 1000

    def _in_burst(self, direction: int) -> bool:
        burst = self.of(direction, "burst_loss")
        if burst:
            enter, leave = burst
            bad = self._bad[direction]
            self._bad[direction] = random.random() >= leave if bad else random.random() < enter
        return bool(burst) and self._bad[direction]


def _send(port: socket.socket, frame: bytes) -> None:
    try:
        port.send(frame)
    except OSError:
        pass  # the other side is down: a frame on a dead cable is lost


def forward(ports: list[socket.socket], impairment: Impairment) -> None:
    """Forwards for ever."""
    queue: list[tuple[float, int, int, bytes]] = []
    count = 0
    while True:
        now = time.monotonic()
        impairment.look(now)
        while queue and queue[0][0] <= now:
            _, _, out, frame = heapq.heappop(queue)
            _send(ports[out], frame)
        wait = max(0.0, min(_LOOK_EVERY_S, queue[0][0] - now)) if queue else _LOOK_EVERY_S
        for port in select.select(ports, [], [], wait)[0]:
            direction = ports.index(port)
            for frame in _received(port):
                due = impairment.due(direction, frame, time.monotonic())
                if due is None:
                    continue
                for _ in range(2 if random.random() < impairment.of(direction, "dup") else 1):
                    count += 1
                    heapq.heappush(queue, (due, count, 1 - direction, frame))


def _received(port: socket.socket) -> list[bytes]:
    frames: list[bytes] = []
    for _ in range(64):
        try:
            frame, address = port.recvfrom(65535)
        except OSError:
            break
        if address[2] != _PACKET_OUTGOING:
            frames.append(frame)
    return frames


if __name__ == "__main__":
    interface_a, interface_b, control_file = sys.argv[1:4]
    both = [_port(interface_a), _port(interface_b)]
    print("ready", flush=True)
    forward(both, Impairment(Path(control_file)))
