"""The rate of the narrowest place on the way, from how far it pulls a row of large pings apart. CPython 3.9 syntax.

Packets that are sent all at once leave the narrowest link one after the other, so their answers come as far apart
as it needs for one. Both directions are passed: what is found is the slower one's rate.
Source: C. Dovrolis, P. Ramanathan, D. Moore, "Packet-dispersion techniques and a capacity-estimation methodology",
IEEE/ACM Transactions on Networking 12(6), 2004.
"""

from __future__ import annotations

import select
import time
from typing import Callable, List, Optional, Sequence

from techdoctor.probes.network.echo import EchoSocket

COUNT = 12
CONTENT_BYTES = 1400
# ICMP, IPv4 and Ethernet headers: what the line carries beside the content.
ON_WIRE_BYTES = CONTENT_BYTES + 8 + 20 + 14
_FEWEST = 5
# How long after the last answer the next one is awaited: a few times the usual distance.
_FIRST_WITHIN_S, _NEXT_WITHIN_S, _DISTANCES = 1.0, 0.15, 4


def narrowest_mbit_s(addresses: Sequence[str], deadline: float, stop: Callable[[], bool]) -> Optional[float]:
    """The rate in Mbit/s; None when it could not be found.

    Other traffic and a busy machine only ever pull the packets further apart, so the best of one train to each
    address counts.

    Args:
        addresses: Numeric, each gets 12 pings of 1400 bytes.
        deadline: Monotonic time at which it ends.
        stop: True ends it between two trains.
    """
    found = [rate for a in addresses if not stop() and (rate := _rate(_arrivals(a, deadline))) is not None]
    return round(max(found), 2) if found else None


def _arrivals(address: str, deadline: float) -> List[float]:
    """When the answers to one train came, in seconds."""
    try:
        echo = EchoSocket(address)
    except OSError:
        return []
    came: List[float] = []
    try:
        for number in range(COUNT):
            echo.send(number, CONTENT_BYTES)
        until = time.monotonic() + _FIRST_WITHIN_S
        while len(came) < COUNT:
            wait_s = min(until, deadline) - time.monotonic()
            if wait_s <= 0 or not select.select([echo.sock], [], [], wait_s)[0]:
                break
            came += [at for _, at in echo.replies()]
            until = time.monotonic() + _pause_s(came)
    except OSError:
        return came  # the queue of this machine is full: what did leave counts
    finally:
        echo.close()
    return sorted(came)


def _pause_s(came: Sequence[float]) -> float:
    if len(came) < _FEWEST:
        return _NEXT_WITHIN_S
    return min(_NEXT_WITHIN_S, max(0.03, _DISTANCES * (max(came) - min(came)) / (len(came) - 1)))


def _rate(came: Sequence[float]) -> Optional[float]:
    if len(came) < _FEWEST or came[-1] <= came[0]:
        return None
    return (len(came) - 1) * ON_WIRE_BYTES * 8 / (came[-1] - came[0]) / 1e6
