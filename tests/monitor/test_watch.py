"""Series of bounded length, what is judged over time, and how it looks."""

from __future__ import annotations

import random

import pytest

from techdoctor.console.sparkline import sparkline
from techdoctor.console.watch import watch_page
from techdoctor.monitor.watch import trouble as troubles
from techdoctor.monitor.watch.look import Look, Process, look
from techdoctor.monitor.watch.series import MOST_POINTS, Series
from techdoctor.monitor.watch.watching import Watch, interval_for
from tests.console.test_check_page import Outline
from tests.monitor.made import FOREIGN

MIB = 1 << 20


def series(values: list[float]) -> Series:
    made = Series("bytes")
    for at, value in enumerate(values):
        made.add(float(at), value)
    return made


def test_a_week_of_looks_takes_no_more_room_than_an_hour() -> None:
    made = series([float(n % 97) for n in range(100_000)])
    assert len(made.points) < MOST_POINTS
    assert (made.low, made.high, made.count) == (0.0, 96.0, 100_000)
    assert made.all_points()[-1][0] > 99_000
    assert max(highest for _, _, highest in made.points) == 96.0  # a peak survives merging


@pytest.mark.parametrize(
    ("values", "leaks"),
    [
        ([100 * MIB + n * MIB for n in range(60)], True),
        ([100 * MIB] * 30 + [100 * MIB + n * MIB for n in range(60)], True),  # begins in the middle
        ([100 * MIB + min(n, 20) * 5 * MIB for n in range(60)], False),  # loads, then stops
        ([100 * MIB + (n % 10) * MIB for n in range(60)], False),  # gives back what it took
        ([100 * MIB] * 60, False),
        ([300 * MIB - n * MIB for n in range(60)], False),
        ([100 * MIB + n * 4096 for n in range(60)], False),  # too little to matter
    ],
)
def test_what_is_a_leak(values: list[float], leaks: bool) -> None:
    found = troubles.leak("browser", 7, series(values), 4000.0 * MIB, 10)
    assert (found is not None) is leaks


def test_noise_is_no_leak() -> None:
    chance = random.Random(7)
    for _ in range(200):
        values = [100 * MIB + chance.random() * 8 * MIB for _ in range(60)]
        assert troubles.leak("x", 1, series(values), 4000.0 * MIB, 10) is None


def test_links_and_packets() -> None:
    grown = {
        "eth0 link_changes": 4.0, "eth1 link_changes": 1.0,
        "eth0 drops": 50.0, "eth0 packets": 1000.0, "eth1 drops": 50.0, "eth1 packets": 1_000_000.0,
        "tcp_sent": 1000.0, "tcp_resent": 90.0,
    }  # fmt: skip
    found = [(trouble.kind, trouble.who) for trouble in troubles.network(grown, 20)]
    assert found == [("link_flaps", "eth0"), ("packets_dropped", "eth0"), ("packets_lost", "")]


def test_a_disk_that_fills_and_one_that_only_breathes() -> None:
    falling = series([10_000 * MIB - n * 10.0 * MIB for n in range(60)])
    assert troubles.filling(falling) is not None
    assert troubles.filling(series([10_000 * MIB - (n % 7) * 100.0 * MIB for n in range(60)])) is None


def looks(count: int, rate: int, log: int, foreign: str = "greedy") -> list[Look]:
    return [
        Look(
            at_s=float(n),
            gauges={"cpu_percent": 10.0, "memory_percent": 40.0, "available_bytes": 8e9, "free_bytes": 1e11},
            counters={"net_bytes": n * 1000.0},
            processes=(Process(7, foreign, 5.0, 100 * MIB + n * rate), Process(8, "calm", 5.0, 50 * MIB)),
            logs={"/var/log/a.log": 1000 + n * log, "/var/log/b.log": 500},
            unseen=("heat: none",),
        )
        for n in range(count)
    ]


def test_trouble_is_told_once_and_looked_into_while_it_is_there() -> None:
    asked: list[str] = []

    def diagnose(playbook: str) -> list[object]:
        asked.append(playbook)
        return []

    watch = Watch(diagnose=diagnose)  # type: ignore[arg-type] # an empty list of findings
    told = [trouble for one in looks(60, MIB, MIB) for trouble in watch.take(one)]
    assert sorted(t.kind for t in told) == ["leak", "log_flood"]
    result = watch.result()
    assert sorted(asked) == ["disk.full", "perf.mem"]
    assert [d.playbook for d in result.diagnoses] != []
    assert result.exit_code == 1
    assert "greedy (7)" in [t.who for t in result.troubles]


def test_an_area_is_watched_alone() -> None:
    watch = Watch(["disk"])
    told = [trouble for one in looks(60, MIB, MIB) for trouble in watch.take(one)]
    assert [t.kind for t in told] == ["log_flood"]


def test_a_rotated_log_is_no_flood() -> None:
    watch = Watch()
    made = [Look(float(n), {"cpu_percent": 1.0}, logs={"/var/log/a": 1000 + (n % 8) * 10_000}) for n in range(60)]
    assert [trouble for one in made for trouble in watch.take(one) if trouble.who] == []


def test_memory_is_bounded_with_thousands_of_programs() -> None:
    watch = Watch()
    for n in range(40):
        programs = tuple(Process(pid, f"p{pid}", float(n), MIB) for pid in range(n * 1000, n * 1000 + 900))
        watch.take(Look(float(n), processes=programs))
    assert sum(1 for _ in watch._processes.items()) <= 900


def test_the_page_has_plots_and_no_scripts() -> None:
    watch = Watch()
    for one in looks(60, MIB, 0, FOREIGN):
        watch.take(one)
    html = watch_page(watch.result(), f"host {FOREIGN}")
    outline = Outline(html)
    assert outline.tags.count("svg") >= 3
    assert outline.tags.count("polyline") >= 3
    assert not {"script", "img", "link"} & set(outline.tags)
    assert "<script" not in html


def test_sparklines() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
    assert sparkline([0, 0, 9, 0, 0, 0], 3) == "\u2581\u2588\u2581"
    assert sparkline([5, 5], 8, ascii_only=True) == "__"
    assert sparkline([], 8) == ""


def test_one_real_look() -> None:
    seen = look()
    assert seen.gauges["memory_percent"] > 0
    assert seen.processes


def test_short_watches_look_often() -> None:
    assert (interval_for(10), interval_for(600), interval_for(86400)) == (0.5, 5.0, 5.0)
