"""Taking the samples of net.quality: by pings, else by the system's ping or by TCP. CPython 3.9 syntax."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Dict, Optional, Sequence, Tuple

from techdoctor import system
from techdoctor.probes.base import Probing
from techdoctor.probes.network.ping_program import ping_series
from techdoctor.probes.network.pinging import Pinging
from techdoctor.probes.network.series import PING, TCP, Series, runs, spread
from techdoctor.probes.network.tcp_series import knock_series

# 120 round trips to outside find a loss of 2 % nine times in ten, and 100 bytes each 4 ms load no line that is in use.
ROUNDS, APART_S = 40, 0.015
# Once something is lost the router gets as many as all others together: where it is lost is the question then.
ROUTER_MORE = 3
WATCH_APART_S = 0.04
# While one watches: what is lost by chance, at any rate, shows in so many seconds.
_FIRST_LOOK_S, _STEADY_LOST, _BY_CHANCE = 1.2, 6, 1.8
TCP_ROUNDS, TCP_APART_S = 20, 0.03
_ROUTER_PORTS, _OUTSIDE_PORT = (53, 80, 443), 443
_MARGIN_S = 0.1
# Round trips beyond this, or a variation beyond the next, are reason enough to ask a router that ignores pings by TCP.
_SLOW_MS, _UNSTEADY_MS = 100.0, 20.0
_NOT_ASKED = "it ignores pings, and what lies beyond it gave no reason to ask in another way"


@dataclass(frozen=True)
class Sample:
    """Series to the router (None: there is none, or it could not be asked) and to hosts outside."""

    router: Optional[Series]
    outside: Sequence[Series]
    why_no_router: str = ""


def take(router: str, outside: Sequence[str], watched_s: float, probing: Probing) -> Sample:
    """Samples for about a second, or for `watched_s` seconds; TCP takes about a second more."""
    deadline = time.monotonic() + probing.left_s() - _MARGIN_S
    found = _pings(router, outside, watched_s, deadline, probing)
    near = found.get(router)
    settled = not router or (near is not None and near.answers)
    places = [] if settled else [(router, port) for port in _ROUTER_PORTS]
    if not any(address in found and found[address].answers for address in outside):
        by_tcp = _connections([*((a, _OUTSIDE_PORT) for a in outside), *places], watched_s, deadline, probing)
        near = by_tcp.get(router, near)
        return Sample(near, [by_tcp.get(a) or found.get(a) or Series(a, PING, (), ()) for a in outside])
    series = [found.get(a) or Series(a, PING, (), ()) for a in outside]
    if settled or not _matters(series):
        return Sample(near, series, _NOT_ASKED)
    return Sample(_connections(places, 0.0, deadline, probing).get(router), series)


def _pings(
    router: str, outside: Sequence[str], watched_s: float, deadline: float, probing: Probing
) -> Dict[str, Series]:
    everybody = [*([router] if router else []), *outside]
    with Pinging(everybody, outside, probing.cancelled.is_set) as pinging:
        if not pinging.series():
            return _by_program(everybody, watched_s, probing)
        if watched_s:
            first_s = min(watched_s, _FIRST_LOOK_S)
            pinging.rounds(max(1, int(first_s / WATCH_APART_S)), WATCH_APART_S, deadline)
            if not _is_steady_loss([pinging.series()[a] for a in outside if a in pinging.series()]):
                pinging.rounds(int((watched_s - first_s) / WATCH_APART_S), WATCH_APART_S, deadline)
            return pinging.series()
        pinging.rounds(ROUNDS, APART_S, deadline)
        if any(0 < series.lost < series.sent for series in pinging.series().values()):
            pinging.rounds(ROUNDS, APART_S, deadline, {router: ROUTER_MORE})
        return pinging.series()


def _is_steady_loss(outside: Sequence[Series]) -> bool:
    """Whether so much is lost so evenly that watching longer tells nothing more."""
    answering = [series for series in outside if series.answers]
    rows = runs(answering)
    return sum(s.lost for s in answering) >= _STEADY_LOST and rows.mean < _BY_CHANCE and rows.longest < 2 * _STEADY_LOST


def _by_program(everybody: Sequence[str], watched_s: float, probing: Probing) -> Dict[str, Series]:
    if system.platform_name() != "linux":  # macOS lets everybody ping by sockets; Windows' program pings once a second
        return {}
    count, apart_s = (int(watched_s / WATCH_APART_S), WATCH_APART_S) if watched_s else (2 * ROUNDS, APART_S)
    return ping_series(everybody, count, apart_s, probing.left_s() - _MARGIN_S)


def _connections(
    places: Sequence[Tuple[str, int]], watched_s: float, deadline: float, probing: Probing
) -> Dict[str, Series]:
    """Series by TCP to each address that answers: all of its ports that do, together."""
    rounds = max(TCP_ROUNDS, int(watched_s / TCP_APART_S / 4))
    apart_s = max(TCP_APART_S, watched_s / rounds)
    stop = probing.cancelled.is_set
    first = knock_series(places, rounds, apart_s, deadline, stop)
    good = [place for place, series in first.items() if series.answers]
    if any(first[place].lost for place in good) and not watched_s:
        again = knock_series(good, TCP_ROUNDS, TCP_APART_S, deadline, stop)
        first.update({place: _one_after_the_other(first[place], again[place]) for place in good})
    found: Dict[str, Series] = {}
    for place in good:
        address = place[0]
        found[address] = _side_by_side(found[address], first[place]) if address in found else first[place]
    return found


def _one_after_the_other(one: Series, two: Series) -> Series:
    after = (one.sent_s[-1] if one.sent_s else 0.0) + TCP_APART_S
    at = (*one.sent_s, *(after + s for s in two.sent_s))
    return Series(one.address, TCP, (*one.rtts_ms, *two.rtts_ms), at)


def _side_by_side(one: Series, two: Series) -> Series:
    return Series(one.address, TCP, (*one.rtts_ms, *two.rtts_ms), (*one.sent_s, *two.sent_s))


def _matters(outside: Sequence[Series]) -> bool:
    if any(0 < series.lost < series.sent for series in outside):
        return True
    delays = [found for series in outside if (found := spread(series.rtts_ms)) is not None]
    return any(d.median_ms > _SLOW_MS or d.jitter_ms > _UNSTEADY_MS for d in delays)
