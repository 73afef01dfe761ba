"""Asking time servers over UDP (SNTP, RFC 4330). CPython 3.9 syntax."""

from __future__ import annotations

import secrets
import selectors
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence

from techdoctor.probes.names.dns_ask import SEND_AT_S, connect_to

_PORT = 123
_PACKET = struct.Struct("!BBBb11I")
_CLIENT_V4 = 0x23  # version 4, mode 3
_SERVER_MODE = 4
_TO_UNIX_S = 2208988800  # from 1900 to 1970, RFC 5905, figure 4
# Once one has answered, the others get this long: one false ticker must not decide alone.
_OTHERS_S = 0.25


@dataclass(frozen=True)
class TimeAnswer:
    """What a time server says.

    Attributes:
        server: Its address.
        ahead_s: How far this computer's clock is ahead of it, seconds.
        delay_ms: Round trip without the server's own time.
        stratum: Its distance from a reference clock, 1 to 15.
    """

    server: str
    ahead_s: float
    delay_ms: float
    stratum: int


@dataclass
class _Asked:
    server: str
    sock: socket.socket
    nonces: Dict[int, float] = field(default_factory=dict)
    answer: Optional[TimeAnswer] = None


def ask_servers(servers: Sequence[str], wait_s: float) -> List[TimeAnswer]:
    """Asks servers by address, each up to three times, all at once.

    Returns:
        The answers that came; none at all when every server was silent.
    """
    begun = time.monotonic()
    asked: List[_Asked] = []
    with selectors.DefaultSelector() as selector:
        try:
            for server in servers:
                try:
                    asked.append(_Asked(server, connect_to(server, _PORT, socket.SOCK_DGRAM)))
                except OSError:
                    continue  # no way to this one, e.g. IPv6 where there is none
                selector.register(asked[-1].sock, selectors.EVENT_READ, asked[-1])
            _exchange(asked, selector, begun, begun + wait_s)
        finally:
            for item in asked:
                item.sock.close()
    return [item.answer for item in asked if item.answer is not None]


def _exchange(asked: Sequence[_Asked], selector: selectors.BaseSelector, begun: float, until: float) -> None:
    rounds = [begun + at for at in SEND_AT_S]
    while any(item.answer is None for item in asked):
        now = time.monotonic()
        if now >= until:
            return
        if rounds and now >= rounds[0]:
            rounds.pop(0)
            for item in asked:
                _send(item)
            continue
        for key, _ in selector.select(max(0.0, min([until, *rounds[:1]]) - now)):
            had = any(item.answer for item in asked)
            _receive(key.data)
            if not had and key.data.answer is not None:
                until = min(until, time.monotonic() + _OTHERS_S)


def _send(item: _Asked) -> None:
    if item.answer is not None:
        return
    nonce = secrets.randbits(64)
    try:
        item.sock.send(_PACKET.pack(_CLIENT_V4, 0, 0, 0, *([0] * 9), nonce >> 32, nonce & 0xFFFFFFFF))
    except OSError:
        return  # refused or no way: the next round tries again, silence decides
    item.nonces[nonce] = time.time()


def _receive(item: _Asked) -> None:
    try:
        packet = item.sock.recv(1024)
    except OSError:
        return
    arrived = time.time()
    if item.answer is not None or len(packet) < _PACKET.size:
        return
    words = _PACKET.unpack(packet[: _PACKET.size])
    stratum, nonce = words[1], (words[9] << 32) | words[10]
    # The server sends our transmit time back as origin: we sent a random number there instead (RFC 4330).
    sent = item.nonces.get(nonce)
    if sent is None or words[0] & 7 != _SERVER_MODE or not 1 <= stratum <= 15:
        return
    received, transmitted = _unix(words[11], words[12]), _unix(words[13], words[14])
    ahead_s = -((received - sent) + (transmitted - arrived)) / 2
    delay_ms = max(0.0, (arrived - sent) - (transmitted - received)) * 1000
    item.answer = TimeAnswer(item.server, ahead_s, delay_ms, stratum)


def _unix(seconds: int, fraction: int) -> float:
    """An NTP time as Unix time; before 1968 it is meant in the next era, after 2036 (RFC 4330, 3)."""
    era = 0 if seconds & 0x80000000 else 1 << 32
    return seconds + era - _TO_UNIX_S + fraction / (1 << 32)
