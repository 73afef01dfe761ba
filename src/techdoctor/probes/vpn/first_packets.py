"""First packets of VPN protocols, as a stranger sends them, to hear whether anybody answers. CPython 3.9 syntax."""

from __future__ import annotations

import secrets
import struct

_RESET_CLIENT, _RESET_SERVER = 7, 8  # P_CONTROL_HARD_RESET_*_V2, OpenVPN's ssl_pkt.h
_NO_ACKS, _FIRST = 0, 0
_IKE_SA_INIT, _IKE_VERSION, _INITIATOR = 34, 0x20, 0x08  # RFC 7296, section 3.1
_SA, _KE, _NONCE = 33, 34, 40
_GROUP_14_BYTES, _GROUP_14 = 256, 14  # RFC 3526, section 3


def openvpn_reset() -> bytes:
    """The packet that begins an OpenVPN session; a server without a shared key answers it."""
    return struct.pack("!B8sBI", _RESET_CLIENT << 3, secrets.token_bytes(8), _NO_ACKS, _FIRST)


def is_openvpn_reset(answer: bytes) -> bool:
    """True for a server's answer to it."""
    return len(answer) >= 14 and answer[0] >> 3 == _RESET_SERVER


def ike_init() -> bytes:
    """IKE_SA_INIT with one common proposal; a server that wants another says so, which is an answer too."""
    transforms = [(1, 12, 0x800E0100), (2, 5, 0), (3, 12, 0), (4, _GROUP_14, 0)]  # AES-256, SHA2-256, group 14
    body = b""
    for number, (kind, name, attribute) in enumerate(transforms):
        tail = struct.pack("!I", attribute) if attribute else b""
        more = 0 if number == len(transforms) - 1 else 3
        body += struct.pack("!BBHBBH", more, 0, 8 + len(tail), kind, 0, name) + tail
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(body), 1, 1, 0, len(transforms)) + body
    exchange = struct.pack("!HH", _GROUP_14, 0) + b"\x01" + secrets.token_bytes(_GROUP_14_BYTES - 1)
    payloads = _payload(_KE, proposal) + _payload(_NONCE, exchange) + _payload(0, secrets.token_bytes(32))
    length = 28 + len(payloads)
    head = struct.pack("!8s8xBBBBII", secrets.token_bytes(8), _SA, _IKE_VERSION, _IKE_SA_INIT, _INITIATOR, 0, length)
    return head + payloads


def _payload(following: int, content: bytes) -> bytes:
    return struct.pack("!BBH", following, 0, 4 + len(content)) + content


def is_ike(answer: bytes, sent: bytes) -> bool:
    """True when an answer belongs to that IKE_SA_INIT: it repeats the initiator's number."""
    return len(answer) >= 28 and answer[:8] == sent[:8]


def wireguard_nonsense() -> bytes:
    """A packet that no WireGuard server answers; a closed port does, by ICMP."""
    return b"\x01\0\0\0" + secrets.token_bytes(144)
