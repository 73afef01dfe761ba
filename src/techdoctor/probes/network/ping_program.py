"""The system's own `ping`, for users who may not open such sockets themselves. CPython 3.9 syntax."""

from __future__ import annotations

import re
import threading
from typing import Dict, List, Optional, Sequence

from techdoctor import system
from techdoctor.probes.network.series import PING, Series

# iputils of 2021 and later let everybody ping this often (ping(8): 2 ms), older ones five times a second.
_REPLY = re.compile(r"icmp_seq=(\d+) .*time[=<]([\d.]+) ?ms")
_SLOWER_S = 0.2


def ping_series(addresses: Sequence[str], count: int, apart_s: float, wait_s: float) -> Dict[str, Series]:
    """Pings all addresses at the same time.

    Args:
        addresses: Numeric.
        count: How many pings each.
        apart_s: Seconds between two of one address.
        wait_s: Most seconds for everything.

    Returns:
        A series for each address that could be pinged; none where there is no such program or it may not.
    """
    found: Dict[str, Series] = {}

    def one(address: str) -> None:
        series = _one(address, count, apart_s, wait_s)
        if series is not None:
            found[address] = series

    threads = [threading.Thread(target=one, args=(address,), daemon=True) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(wait_s + 0.5)
    return found


def _one(address: str, count: int, apart_s: float, wait_s: float) -> Optional[Series]:
    ran = _ping(address, count, apart_s, wait_s)
    if "minimal interval" in ran.err:
        fewer = max(1, int(wait_s / _SLOWER_S) - 5)
        apart_s, count = _SLOWER_S, min(count, fewer)
        ran = _ping(address, count, apart_s, wait_s)
    if ran.status not in ("ok", "timeout") or not ran.out:
        return None
    return parse(address, ran.out, count, apart_s)


def _ping(address: str, count: int, apart_s: float, wait_s: float) -> system.Ran:
    return system.run(["ping", "-n", "-c", str(count), "-W", "1", "-i", f"{apart_s:g}", address], wait_s)


def parse(address: str, out: str, count: int, apart_s: float) -> Series:
    """The series in what `ping -n` printed; numbers that are missing were lost."""
    rtts: List[Optional[float]] = [None] * count
    for match in _REPLY.finditer(out):
        index = int(match[1]) - 1
        if 0 <= index < count and "DUP!" not in out[match.start() : out.find("\n", match.start())]:
            rtts[index] = float(match[2])
    return Series(address, PING, tuple(rtts), tuple(index * apart_s for index in range(count)))
