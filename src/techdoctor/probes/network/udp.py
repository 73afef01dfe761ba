"""net.udp: does UDP other than name lookup get out and back, as calls and meetings need it? CPython 3.9 syntax."""

from __future__ import annotations

import secrets
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Sequence, Tuple

from techdoctor.errors import CannotMeasure
from techdoctor.model import TIMEOUT, Value
from techdoctor.probes.base import Probe, Probing, Reading, boolean, integer, portable, texts
from techdoctor.probes.names import name_targets
from techdoctor.probes.names.dns_ask import connect_to
from techdoctor.probes.network import icmp, knock, targets

_WAIT_S = 1.8
_LOOK_UP_S = 0.7
_MARGIN_S = 0.1
# After a first answer the other kinds get this long.
_GRACE_S = 0.15
# Single packets prove nothing on a line that loses some: four tries leave 0.01 % of a tenth.
_SEND_AT_S = (0.0, 0.25, 0.55, 0.95)
NTP, STUN, QUIC = "ntp", "stun", "quic"
_STUN_COOKIE = b"\x21\x12\xa4\x42"  # RFC 8489, section 5
_QUIC_PORT, _NTP_PORT = 443, 123
_QUIC_LEAST_BYTES = 1200  # RFC 9000, section 14.1


@dataclass
class _Asked:
    kind: str
    address: str
    port: int
    packet: bytes
    nonce: bytes
    sock: socket.socket = field(init=False)
    answered: bool = False


def _ntp(address: str) -> _Asked:
    nonce = secrets.token_bytes(8)
    return _Asked(NTP, address, _NTP_PORT, b"\x23" + bytes(39) + nonce, nonce)


def _stun(address: str, port: int) -> _Asked:
    nonce = secrets.token_bytes(12)
    return _Asked(STUN, address, port, b"\0\x01\0\0" + _STUN_COOKIE + nonce, nonce)


def _quic(address: str) -> _Asked:
    """An Initial of a version that nobody has: every server answers it with the versions it knows (RFC 9000, 6.1)."""
    theirs, ours = secrets.token_bytes(8), secrets.token_bytes(8)
    head = b"\xc0\x1a\x2a\x3a\x4a" + b"\x08" + theirs + b"\x08" + ours
    return _Asked(QUIC, address, _QUIC_PORT, head + bytes(_QUIC_LEAST_BYTES - len(head)), ours)


def _is_answer(asked: _Asked, data: bytes) -> bool:
    if asked.kind == NTP:
        return len(data) >= 48 and data[0] & 7 == 4 and data[24:32] == asked.nonce
    if asked.kind == STUN:
        return len(data) >= 20 and data[8:20] == asked.nonce
    return len(data) >= 14 and bool(data[0] & 0x80) and data[6:14] == asked.nonce


def _measure(probing: Probing) -> Reading:
    until = time.monotonic() + max(0.1, min(_WAIT_S, probing.left_s() - _MARGIN_S))
    quic = [_quic(address) for _, address in targets.secure_hosts()]
    named = _named(probing.settings.targets, until)
    asked = [item for item in [*quic, *named] if knock.has_way_to(item.address)]
    passed = _exchange(asked, until) if asked else []
    return reading([item.kind for item in asked], passed)


def _named(own: Mapping[str, Value], until: float) -> List[_Asked]:
    """Packets to the servers known by name; those whose names are not found in time are left out."""
    wanted: List[Tuple[str, int]] = [
        (name, _NTP_PORT) for name in name_targets.listed(own, "ntp_servers", name_targets.NTP_SERVERS)
    ]
    wanted += [
        (host, int(port))
        for host, _, port in (
            entry.rpartition(":") for entry in name_targets.listed(own, "stun_servers", name_targets.STUN_SERVERS)
        )
        if port.isdigit()
    ]
    found: Dict[Tuple[str, int], str] = {}

    def look_up(host: str, port: int) -> None:
        try:
            entries = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)
        except OSError:
            return  # this server cannot be asked; the others are
        addresses = sorted((str(entry[4][0]) for entry in entries), key=lambda address: ":" in address)
        found[(host, port)] = next((a for a in addresses if knock.has_way_to(a)), addresses[0])

    threads = [threading.Thread(target=look_up, args=entry, daemon=True) for entry in wanted]
    for thread in threads:
        thread.start()
    limit = min(until, time.monotonic() + _LOOK_UP_S)
    for thread in threads:
        thread.join(max(0.0, limit - time.monotonic()))
    return [_ntp(address) if port == _NTP_PORT else _stun(address, port) for (_, port), address in list(found.items())]


def _exchange(asked: Sequence[_Asked], until: float) -> List[str]:
    """Sends everything up to four times; returns the kinds that got an answer."""
    begun, limit = time.monotonic(), until
    rounds = [begun + at for at in _SEND_AT_S]
    with selectors.DefaultSelector() as selector:
        opened = [item for item in asked if _open(item, selector)]
        try:
            while not all(item.answered for item in opened):
                now = time.monotonic()
                if now >= limit:
                    break
                if rounds and now >= rounds[0]:
                    rounds.pop(0)
                    _send_all(opened)
                    continue
                for key, _ in selector.select(max(0.0, min([limit, *rounds[:1]]) - now)):
                    _hear(key.data)
                    if key.data.answered:
                        limit = min(limit, time.monotonic() + _GRACE_S)
        finally:
            for item in opened:
                item.sock.close()
    return [item.kind for item in opened if item.answered]


def _open(item: _Asked, selector: selectors.BaseSelector) -> bool:
    try:
        item.sock = connect_to(item.address, item.port, socket.SOCK_DGRAM)
    except OSError:
        return False
    icmp.keep_errors(item.sock)
    selector.register(item.sock, selectors.EVENT_READ, item)
    return True


def _send_all(opened: Sequence[_Asked]) -> None:
    for item in opened:
        if not item.answered:
            try:
                item.sock.send(item.packet)
            except OSError:
                continue  # refused here or an older error came back: the next round tries again


def _hear(item: _Asked) -> None:
    _, said_by, _ = icmp.pending_error(item.sock)
    if said_by == item.address:
        item.answered = True  # nobody listens there, but the packet arrived and the host could say so
        return
    try:
        item.answered = _is_answer(item, item.sock.recv(2048))
    except OSError:
        return


def reading(asked: Sequence[str], passed: Sequence[str]) -> Reading:
    """The probe's fields.

    Args:
        asked: Kind of each server asked.
        passed: Kinds that were answered.

    Raises:
        CannotMeasure: Nobody could be asked.
    """
    if not asked:
        raise CannotMeasure(TIMEOUT, "no server could be asked: there is no way out, or no name was found")
    kinds = [kind for kind in (NTP, STUN, QUIC) if kind in asked]
    data: Dict[str, Value] = {
        "ok": bool(passed),
        "blocked": not passed and len(kinds) > 1,
        "tried": list(kinds),
        "passed": [kind for kind in kinds if kind in passed],
        "servers": len(asked),
        "tries": len(_SEND_AT_S),
    }
    return Reading(data)


def _summary(data: Mapping[str, Value]) -> str:
    passed = data["passed"]
    return "passes: " + ", ".join(map(str, passed)) if isinstance(passed, list) and passed else "nothing comes back"


PROBES = (
    Probe(
        name="net.udp",
        title="Calls (UDP)",
        doc="UDP packets of three kinds to documented servers, each up to four times within two seconds: time (NTP), "
        "own address (STUN, RFC 8489), and QUIC version negotiation (RFC 9000, section 6). One answer of any kind, or "
        "a host that says by ICMP that nobody listens, shows that UDP passes. "
        "Site settings: targets.ntp_servers, targets.stun_servers (host:port).",
        fields={
            "ok": boolean("UDP other than names gets out and back."),
            "blocked": boolean("Two kinds or more were asked and nothing at all came back."),
            "tried": texts("Kinds that were asked: ntp, stun, quic."),
            "passed": texts("Kinds that were answered."),
            "servers": integer("How many servers were asked.", "count"),
            "tries": integer("How often each was asked at most.", "count"),
        },
        methods=portable(_measure),
        timeout_s=3.0,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
