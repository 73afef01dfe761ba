"""Advice needs evidence on several days; without it nothing is advised."""

from __future__ import annotations

import pytest

from techdoctor.monitor.advise import advise, slope
from techdoctor.monitor.kept import TRENDS, Kept, KeptFinding
from techdoctor.probes import registry

DAY = 86400.0
NOW = 1_790_000_000.0
GIB = 1 << 30


def past(days_ago: float, *ids: str, **figures: float) -> Kept:
    found = tuple(KeptFinding(gid, "problem", f"title of {gid}") for gid in ids)
    return Kept(NOW - days_ago * DAY, found, (), {name.replace("__", "."): value for name, value in figures.items()})


def ids(history: list[Kept]) -> list[tuple[str, str]]:
    return [(entry.id, entry.urgency) for entry in advise(history, NOW).advice]


def test_a_healthy_history_gives_no_advice() -> None:
    assert ids([past(n, power__battery__health_percent=91.0) for n in range(30, 0, -1)]) == []
    assert ids([]) == []


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([past(3, "perf.mem.memory_full"), past(1)], []),  # once is no habit
        ([past(3.2, "perf.mem.memory_full"), past(3.1, "perf.mem.memory_full")], []),  # nor is one bad day
        ([past(9, "perf.mem.memory_full"), past(2, "perf.mem.oom_killed")], [("memory", "soon")]),
        ([past(9, "perf.mem.leak", "perf.mem.memory_full"), past(2, "perf.mem.memory_full")], []),  # mended, not fed
        ([past(5), past(1, "disk.health.smart_failing")], [("disk_failing", "now")]),
        ([past(5, "disk.health.smart_failing"), past(1)], []),  # it was replaced
        ([past(9, "perf.hot.throttled"), past(2, "perf.hot.throttled")], [("cooling", "soon")]),
        ([past(1, "perf.hot.fan_stopped")], [("cooling", "now")]),
        ([past(1, power__battery__health_percent=37.0)], [("battery", "soon")]),
        ([past(1, power__battery__health_percent=75.0)], [("battery", "later")]),
        ([past(1, "sys.update.system_too_old")], [("system", "soon")]),
        ([past(200, "perf.mem.memory_full"), past(190, "perf.mem.memory_full"), past(1)], []),  # long ago
    ],
)
def test_rules(history: list[Kept], expected: list[tuple[str, str]]) -> None:
    assert ids(history) == expected


def filling(rate: float, total: float = 500.0 * GIB) -> list[Kept]:
    free = "disk__filesystems__worst_avail_bytes"
    size = "disk__filesystems__worst_total_bytes"
    return [past(20 - n, **{free: 100.0 * GIB - n * rate, size: total}) for n in range(20)]


def test_a_disk_that_will_be_full_is_forecast() -> None:
    [entry] = advise(filling(1.0 * GIB), NOW).advice
    assert (entry.id, entry.urgency) == ("disk_space", "later")
    assert "1.0 GiB a day" in entry.evidence[0]
    assert entry.cost_of_nothing
    assert ids(filling(0.1 * GIB)) == []  # years away
    assert ids(filling(1.0 * GIB)[:3]) == []  # too few to tell


def test_the_trend_of_another_disk_does_not_count() -> None:
    assert ids([*filling(1.0 * GIB), past(0, disk__filesystems__worst_avail_bytes=2.0 * GIB)]) == []


def test_too_short_a_time_has_no_trend() -> None:
    assert slope([(float(n), 1.0 * n) for n in range(10)]) is None


def test_what_advice_rests_on_is_what_probes_measure() -> None:
    for name in TRENDS:
        probe, _, field = name.rpartition(".")
        assert registry.get(probe).fields[field].unit, name
