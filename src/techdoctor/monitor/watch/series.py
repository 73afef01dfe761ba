"""Figures over time in bounded memory: when a series is full, neighbours are merged and every second look counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_POINTS = 240


@dataclass
class Series:
    """One figure over time.

    Attributes:
        unit: One of probes.base.UNITS.
        points: (seconds since the beginning, mean, highest) of each stretch of time.
        low, high, last: Over the whole time, whatever was merged.
    """

    unit: str = ""
    points: list[tuple[float, float, float]] = field(default_factory=list)
    low: float = float("inf")
    high: float = float("-inf")
    last: float = 0.0
    _sum: float = 0.0
    _count: int = 0
    _stretch: int = 1
    _open: list[tuple[float, float]] = field(default_factory=list)

    def add(self, at_s: float, value: float) -> None:
        """Takes the next look."""
        self.low, self.high, self.last = min(self.low, value), max(self.high, value), value
        self._sum += value
        self._count += 1
        self._open.append((at_s, value))
        if len(self._open) >= self._stretch:
            self.points.append(_merged(self._open))
            self._open = []
        if len(self.points) >= MOST_POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=True)
            self.points = [(a[0], (a[1] + b[1]) / 2, max(a[2], b[2])) for a, b in pairs]
            self._stretch *= 2

    @property
    def mean(self) -> float:
        return self._sum / self._count if self._count else 0.0

    @property
    def count(self) -> int:
        """How many looks there were."""
        return self._count

    def values(self) -> list[float]:
        """Means in order of time, the stretch that is still open included."""
        return [mean for _, mean, _ in self.all_points()]

    def all_points(self) -> list[tuple[float, float, float]]:
        """Points in order of time, the stretch that is still open included."""
        return [*self.points, _merged(self._open)] if self._open else list(self.points)

    def buckets(self, count: int, since_s: float = 0.0) -> list[float]:
        """Means of `count` equal stretches of time since a moment; fewer when one has no look."""
        points = [(at, mean) for at, mean, _ in self.all_points() if at >= since_s]
        if len(points) < count:
            return []
        begun, length = points[0][0], (points[-1][0] - points[0][0]) / count or 1.0
        stretches: list[list[float]] = [[] for _ in range(count)]
        for at, mean in points:
            stretches[min(count - 1, int((at - begun) / length))].append(mean)
        return [sum(s) / len(s) for s in stretches if s]


def _merged(looks: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    values = [value for _, value in looks]
    return looks[0][0], sum(values) / len(values), max(values)


class Book:
    """Series by name, at most so many.

    Args:
        most: Further names are not kept; `left_out` counts them.
    """

    def __init__(self, most: int) -> None:
        self._most, self._series = most, dict[str, Series]()
        self.left_out = 0

    def add(self, name: str, at_s: float, value: float, unit: str = "") -> None:
        """Takes a look at one figure."""
        series = self._series.get(name)
        if series is None:
            if len(self._series) >= self._most:
                self.left_out += 1
                return
            series = self._series[name] = Series(unit)
        series.add(at_s, value)

    def keep(self, names: Sequence[str]) -> None:
        """Forgets every series but these (processes that have ended)."""
        wanted = set(names)
        self._series = {name: series for name, series in self._series.items() if name in wanted}

    def get(self, name: str) -> Series | None:
        return self._series.get(name)

    def items(self) -> Iterator[tuple[str, Series]]:
        """Name and series, in the order in which they came."""
        return iter(self._series.items())
