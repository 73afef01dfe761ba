"""What `wg show` tells of WireGuard tunnels: endpoints, handshakes, traffic. Keys are dropped at once.

CPython 3.9 syntax.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from techdoctor import system
from techdoctor.probes.vpn import configs

_ASK_S = 1.0


@dataclass(frozen=True)
class Peer:
    """The peer of a tunnel that was heard last.

    Attributes:
        interface: The tunnel.
        endpoint: Server address; empty when none is set.
        port: Its port.
        handshake_age_s: Seconds since the last handshake; None when there never was one.
        networks: What is sent to it, as prefixes.
    """

    interface: str
    endpoint: str = ""
    port: int = 0
    handshake_age_s: Optional[float] = None
    networks: Tuple[str, ...] = ()


def peers() -> Tuple[Dict[str, Peer], str]:
    """Interface to its peer, and why it could not be told (empty when it could)."""
    tables = []
    for what in ("latest-handshakes", "endpoints", "allowed-ips"):
        ran = system.run(("wg", "show", "all", what), _ASK_S, cap_bytes=1 << 16)
        if ran.status == "missing_tool":
            return {}, "the program wg is not installed"
        if ran.status != "ok" or ran.exit_code or "not permitted" in ran.err:
            return {}, "when the tunnel last heard of its server is told to administrators only (wg show)"
        tables.append(ran.out)
    return parse(tables[0], tables[1], tables[2], time.time()), ""


def parse(handshakes: str, endpoints: str, allowed: str, now_s: float) -> Dict[str, Peer]:
    """Puts the three tables of `wg show all ...` together (wg(8)): interface, peer's key, value, by tabs."""
    seen = _rows(handshakes)
    where = {(i, key): value for i, key, value in _rows(endpoints)}
    routed = {(i, key): value for i, key, value in _rows(allowed)}
    found: Dict[str, Peer] = {}
    for interface, key, stamp in seen:
        server, port = configs.host_and_port(where.get((interface, key), "").replace("(none)", ""))
        networks = tuple(word for word in routed.get((interface, key), "").split() if word != "(none)")
        age = max(0.0, now_s - float(stamp)) if stamp.isdigit() and stamp != "0" else None
        peer = Peer(interface, server, port, age, networks)
        best = found.get(interface)
        if best is None or (age is not None and (best.handshake_age_s is None or age < best.handshake_age_s)):
            found[interface] = peer
    return found


def _rows(table: str) -> List[Tuple[str, str, str]]:
    lines = [line.split("\t") for line in table.splitlines()]
    return [(words[0], words[1], words[2]) for words in lines if len(words) >= 3]
