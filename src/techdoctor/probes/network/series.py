"""What a series of round trips says: how many were lost, how long they took, how much that varied.

Pure. CPython 3.9 syntax.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import List, Optional, Sequence

PING, TCP = "ping", "tcp"


@dataclass(frozen=True)
class Series:
    """Round trips to one address, in the order in which they were begun.

    Attributes:
        address: The address.
        way: PING or TCP (the answer to the first packet of a connection, be it a refusal).
        rtts_ms: Milliseconds each took; None for one that was not answered.
        sent_s: Seconds since the first of all series began, one for each.
    """

    address: str
    way: str
    rtts_ms: Sequence[Optional[float]]
    sent_s: Sequence[float]

    @property
    def sent(self) -> int:
        return len(self.rtts_ms)

    @property
    def lost(self) -> int:
        return sum(1 for rtt in self.rtts_ms if rtt is None)

    @property
    def answers(self) -> bool:
        return self.lost < self.sent


@dataclass(frozen=True)
class Spread:
    """Delay of one or more series.

    Attributes:
        median_ms: The middle round trip.
        jitter_ms: How much longer than the middle one the slowest tenth begins. For delays that vary evenly it is
            close to the mean difference of neighbours (RFC 3550), yet a few late answers of a busy machine do not
            move it (a quantile, as RFC 5481, section 4.2, takes).
    """

    median_ms: float
    jitter_ms: float


def spread(rtts_ms: Sequence[Optional[float]]) -> Optional[Spread]:
    """Delay and its variation; None without an answer."""
    known = sorted(rtt for rtt in rtts_ms if rtt is not None)
    if not known:
        return None
    middle = statistics.median(known)
    return Spread(round(middle, 1), round(known[min(len(known) - 1, (len(known) * 9) // 10)] - middle, 1))


def percent(lost: int, sent: int) -> float:
    """Share of what was lost."""
    return round(100.0 * lost / sent, 1) if sent else 0.0


@dataclass(frozen=True)
class Runs:
    """How losses lie together.

    Attributes:
        longest: Most lost one after the other.
        mean: How many were lost in a row on average; by pure chance 1 / (1 - loss), so 1.2 at 15 %.
        count: How many such rows of three or more.
        longest_ms: The longest time in which everything that was sent was lost.
    """

    longest: int
    mean: float
    count: int
    longest_ms: float


def runs(all_series: Sequence[Series]) -> Runs:
    """The rows of losses over all series together, in order of sending."""
    events = sorted((at, rtt is not None) for s in all_series for at, rtt in zip(s.sent_s, s.rtts_ms))
    lengths: List[int] = []
    row, since, longest_s = 0, 0.0, 0.0
    for at, answered in [*events, *([(events[-1][0], True)] if events else [])]:
        if not answered:
            since = at if not row else since
            row += 1
        elif row:
            lengths.append(row)
            longest_s, row = max(longest_s, at - since), 0
    return Runs(
        max(lengths, default=0),
        round(statistics.mean(lengths), 1) if lengths else 0.0,
        sum(1 for length in lengths if length >= 3),
        round(longest_s * 1000),
    )
