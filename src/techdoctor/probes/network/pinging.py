"""Series of pings to several addresses at once, evenly spaced. CPython 3.9 syntax."""

from __future__ import annotations

import errno
import select
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence

from techdoctor.probes.network.echo import EchoSocket
from techdoctor.probes.network.series import PING, Series

# After the last ping answers are awaited this much longer than the slowest one so far took.
_PATIENCE = 3.0
_LEAST_WAIT_S, _MOST_WAIT_S, _SILENT_WAIT_S = 0.25, 1.5, 1.0
_NOT_SENT = (errno.EPERM, errno.EACCES, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


@dataclass
class _Target:
    address: str
    echo: EchoSocket
    at_s: List[float] = field(default_factory=list)
    wall_s: List[Optional[float]] = field(default_factory=list)
    rtts_ms: List[Optional[float]] = field(default_factory=list)

    @property
    def answers(self) -> bool:
        return any(rtt is not None for rtt in self.rtts_ms)

    def series(self) -> Series:
        return Series(self.address, PING, tuple(self.rtts_ms), tuple(self.at_s))


def _wait_s(target: _Target) -> float:
    """How long after the last ping an answer may still come."""
    if not target.answers:
        return _SILENT_WAIT_S
    slowest = max(rtt for rtt in target.rtts_ms if rtt is not None)
    return min(_MOST_WAIT_S, max(_LEAST_WAIT_S, _PATIENCE * slowest / 1000))


class Pinging:
    """Pings to some addresses; a context manager that closes its sockets.

    Args:
        addresses: Numeric; those this user may not ping, or that no way leads to, are left out.
        far: Those among them of which one at least is waited for when all keep silent.
        stop: Told between two pings; True ends the sending.
    """

    def __init__(self, addresses: Sequence[str], far: Sequence[str], stop: Callable[[], bool]) -> None:
        self._targets: List[_Target] = []
        self._far, self._stop = far, stop
        self._begun = time.monotonic()
        for address in addresses:
            try:
                self._targets.append(_Target(address, EchoSocket(address)))
            except OSError:
                continue  # another way has to do for this one

    def __enter__(self) -> Pinging:
        return self

    def __exit__(self, *_: object) -> None:
        for target in self._targets:
            target.echo.close()

    def series(self) -> Dict[str, Series]:
        """What has come so far, by address."""
        return {target.address: target.series() for target in self._targets}

    def since_s(self) -> float:
        """Monotonic time at which the times of all series begin."""
        return self._begun

    def latest_ms(self) -> float:
        """The longest of the last answers, one of each address; 0 without any."""
        last = [next((r for r in reversed(t.rtts_ms) if r is not None), 0.0) for t in self._targets]
        return max(last, default=0.0)

    def rounds(
        self,
        count: int,
        apart_s: float,
        deadline: float,
        times: Optional[Dict[str, int]] = None,
        enough: Optional[Callable[[], bool]] = None,
    ) -> None:
        """Sends rounds of pings, one to each address, and waits for the answers.

        Args:
            count: How many rounds.
            apart_s: Seconds from one round to the next; the pings of a round are spread over it.
            deadline: Monotonic time at which the last answer is no longer awaited.
            times: Addresses that get more than one ping in a round.
            enough: True ends the sending; answers are still awaited.
        """
        order = [target for target in self._targets for _ in range((times or {}).get(target.address, 1))]
        if not order:
            return
        step_s = apart_s / len(order)
        next_s = time.monotonic()
        for number in range(count * len(order)):
            self._hear_until(next_s)
            if self._stop() or (enough is not None and enough()) or next_s >= deadline - _LEAST_WAIT_S:
                break
            self._send(order[number % len(order)])
            # A busy machine that comes late does not catch up in a burst: that would load the line.
            next_s = max(next_s + step_s, time.monotonic())
        self._await_rest(deadline)

    def _send(self, target: _Target) -> None:
        target.at_s.append(time.monotonic() - self._begun)
        target.rtts_ms.append(None)
        try:
            target.wall_s.append(target.echo.send(len(target.at_s) - 1))
        except OSError as error:
            if error.errno in _NOT_SENT:  # this machine did not let it out: as good as lost
                target.wall_s.append(None)
                return
            for kept in (target.at_s, target.rtts_ms):
                kept.pop()

    def _await_rest(self, deadline: float) -> None:
        last = time.monotonic()
        while not self._stop():
            out = [target for target in self._waited_for() if None in target.rtts_ms]
            until = min(deadline, last + max((_wait_s(target) for target in out), default=0.0))
            if time.monotonic() >= until:
                return
            self._hear_until(min(until, time.monotonic() + 0.05))

    def _waited_for(self) -> List[_Target]:
        """Whoever has answered before; and those far away while none of them has."""
        heard = [t for t in self._targets if t.answers]
        far = [t for t in self._targets if t.address in self._far]
        return heard if any(t in far for t in heard) else heard + far

    def _hear_until(self, until: float) -> None:
        sockets = {target.echo.sock: target for target in self._targets}
        while True:
            ready = select.select(list(sockets), [], [], max(0.0, until - time.monotonic()))[0]
            for sock in ready:
                self._take(sockets[sock])
            if time.monotonic() >= until:
                return

    def _take(self, target: _Target) -> None:
        for sequence, came_s in target.echo.replies():
            sent_s = target.wall_s[sequence] if sequence < len(target.wall_s) else None
            if sent_s is not None and target.rtts_ms[sequence] is None:
                target.rtts_ms[sequence] = max(0.0, (came_s - sent_s) * 1000)
