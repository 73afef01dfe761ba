"""Advice on what to buy or have mended, from what was measured and recorded; silent where nothing speaks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from techdoctor.messages import say
from techdoctor.model import Value
from techdoctor.monitor.kept import Kept
from techdoctor.text import duration, size

SCHEMA = "techdoctor.advice/1"
_DAY_S = 86400.0
_LOOKED_BACK_S = 180 * _DAY_S
# Ours: one bad moment is no reason to buy anything; two on different days are a habit.
_LEAST_DAYS = 2
# A forecast from fewer check-ups, or over less time, is a guess.
_LEAST_POINTS, _LEAST_SPAN_S, _FORECAST_S = 5, 7 * _DAY_S, 180 * _DAY_S
_FREE, _TOTAL = "disk.filesystems.worst_avail_bytes", "disk.filesystems.worst_total_bytes"
_HEALTH = "power.battery.health_percent"
_WORN_PERCENT, _AGING_PERCENT = 60.0, 80.0  # the catalogue of causes; battery makers call it consumed below 80 %
NOW, SOON, LATER = "now", "soon", "later"


@dataclass(frozen=True)
class Advice:
    """One thing worth doing.

    Attributes:
        id: "memory", "disk_failing", "disk_space", "battery", "cooling", "faster_disk" or "system".
        urgency: NOW, SOON or LATER.
        title: What to do.
        evidence: What was measured, one line each.
        cost_of_nothing: What happens when nothing is done.
    """

    id: str
    urgency: str
    title: str
    evidence: tuple[str, ...]
    cost_of_nothing: str

    def to_json(self) -> dict[str, Value]:
        return {
            "id": self.id,
            "urgency": self.urgency,
            "title": self.title,
            "evidence": list(self.evidence),
            "cost_of_nothing": self.cost_of_nothing,
        }


@dataclass(frozen=True)
class Advised:
    """All advice, most urgent first, and what it rests on.

    Attributes:
        check_ups: How many kept check-ups were looked at.
        days: On how many days they were.
        since_s: When the first of them began; 0 without any.
    """

    advice: tuple[Advice, ...]
    check_ups: int
    days: int
    since_s: float

    def to_json(self) -> dict[str, Value]:
        """The document of `advise --json`."""
        return {
            "schema": SCHEMA,
            "advice": [entry.to_json() for entry in self.advice],
            "check_ups": self.check_ups,
            "days": self.days,
            "since_s": round(self.since_s, 1),
        }


def advise(history: Sequence[Kept], now_s: float | None = None) -> Advised:
    """Advice from kept check-ups.

    Args:
        history: Kept check-ups, oldest first; the last one is the newest state.
        now_s: Seconds since 1970; the clock's when None.
    """
    now = time.time() if now_s is None else now_s
    past = [kept for kept in history if now - kept.at_s <= _LOOKED_BACK_S]
    rules: tuple[Callable[[Sequence[Kept]], Advice | None], ...] = (
        _failing_disk, _memory, _space, _battery, _cooling, _faster_disk, _system,
    )  # fmt: skip
    found = [entry for rule in rules if (entry := rule(past)) is not None]
    found.sort(key=lambda entry: (NOW, SOON, LATER).index(entry.urgency))
    return Advised(tuple(found), len(past), _days(past), past[0].at_s if past else 0.0)


def _days(past: Sequence[Kept]) -> int:
    return len({int(kept.at_s // _DAY_S) for kept in past})


def _with(past: Sequence[Kept], *ids: str) -> list[Kept]:
    """The check-ups in which one of these causes was found."""
    return [kept for kept in past if any(finding.id in ids for finding in kept.findings)]


def _how_often(hits: Sequence[Kept], past: Sequence[Kept]) -> str:
    last = time.strftime("%Y-%m-%d", time.localtime(hits[-1].at_s))
    return say("advise.how_often", hits=len(hits), n=len(past), last=last)


def _titles(hits: Sequence[Kept], *ids: str) -> list[str]:
    return list(dict.fromkeys(f.title.rstrip(".") + "." for kept in hits for f in kept.findings if f.id in ids))


def _failing_disk(past: Sequence[Kept]) -> Advice | None:
    """A disk that announces its end is replaced at the first sign, so the newest check-up suffices."""
    ids = ("disk.health.smart_failing", "disk.health.smart_prefail", "disk.health.ssd_worn", "disk.health.io_errors")
    hits = _with(past[-1:], *ids)
    if not hits:
        return None
    urgent = bool(_with(hits, "disk.health.smart_failing", "disk.health.io_errors"))
    evidence = (*_titles(hits, *ids), _how_often(_with(past, *ids), past))
    urgency = NOW if urgent else SOON
    return Advice("disk_failing", urgency, say("advise.disk_failing"), evidence, say("advise.disk_failing_cost"))


def _memory(past: Sequence[Kept]) -> Advice | None:
    ids = ("perf.mem.memory_full", "perf.mem.swap_thrash", "perf.mem.oom_killed")
    hits = _with(past, *ids)
    if _days(hits) < _LEAST_DAYS:
        return None
    # A program that leaks eats any amount of memory: it is mended, not fed.
    if _with(hits, "perf.mem.leak"):
        return None
    total = past[-1].figures.get("mem.usage.total_bytes")
    evidence = [_how_often(hits, past), *_titles(hits, *ids)]
    if total:
        evidence.append(say("advise.memory_now", size=size(total)))
    return Advice("memory", SOON, say("advise.memory"), tuple(evidence), say("advise.memory_cost"))


def _space(past: Sequence[Kept]) -> Advice | None:
    total = past[-1].figures.get(_TOTAL) if past else None
    same = [kept for kept in past if _FREE in kept.figures and kept.figures.get(_TOTAL) == total]  # not of another disk
    points = [(kept.at_s, kept.figures[_FREE]) for kept in same]
    hits = _with(past, "disk.full.space_used_up")
    if _days(hits) >= _LEAST_DAYS:
        return Advice("disk_space", SOON, say("advise.space"), (_how_often(hits, past),), say("advise.space_cost"))
    rate = slope(points)
    if rate is None or rate >= 0:
        return None
    lasts = points[-1][1] / -rate
    if lasts > _FORECAST_S:
        return None
    evidence = say("advise.space_trend", n=len(points), rate=size(-rate * _DAY_S), free=size(points[-1][1]))
    title = say("advise.space_soon", lasts=duration(lasts))
    return Advice("disk_space", LATER, title, (evidence,), say("advise.space_cost"))


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Change per second by least squares; None from too few check-ups or too short a time."""
    if len(points) < _LEAST_POINTS or points[-1][0] - points[0][0] < _LEAST_SPAN_S:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def _battery(past: Sequence[Kept]) -> Advice | None:
    seen = [kept.figures[_HEALTH] for kept in past if _HEALTH in kept.figures]
    if not seen or seen[-1] >= _AGING_PERCENT:
        return None
    evidence = [say("advise.battery_now", percent=f"{seen[-1]:.0f}")]
    if seen[0] - seen[-1] >= 1:
        evidence.append(say("advise.battery_trend", percent=f"{seen[0]:.0f}", n=len(seen)))
    cycles = past[-1].figures.get("power.battery.cycles")
    if cycles:
        evidence.append(say("advise.battery_cycles", n=int(cycles)))
    urgency = SOON if seen[-1] < _WORN_PERCENT else LATER
    return Advice("battery", urgency, say("advise.battery"), tuple(evidence), say("advise.battery_cost"))


def _cooling(past: Sequence[Kept]) -> Advice | None:
    ids = ("perf.hot.throttled", "perf.hot.fan_stopped")
    hits = _with(past, *ids)
    if not hits or (_days(hits) < _LEAST_DAYS and not _with(hits[-1:], "perf.hot.fan_stopped")):
        return None
    urgency = NOW if _with(past[-1:], "perf.hot.fan_stopped") else SOON
    evidence = (*_titles(hits, *ids), _how_often(hits, past))
    return Advice("cooling", urgency, say("advise.cooling"), evidence, say("advise.cooling_cost"))


def _faster_disk(past: Sequence[Kept]) -> Advice | None:
    ids = ("perf.slow.io_wait", "disk.health.slow_disk")
    hits = _with(past, *ids)
    if _days(hits) < _LEAST_DAYS:
        return None
    evidence = (*_titles(hits, *ids), _how_often(hits, past))
    return Advice("faster_disk", LATER, say("advise.faster_disk"), evidence, say("advise.faster_disk_cost"))


def _system(past: Sequence[Kept]) -> Advice | None:
    hits = _with(past[-1:], "sys.update.system_too_old")
    if not hits:
        return None
    evidence = tuple(_titles(hits, "sys.update.system_too_old"))
    return Advice("system", SOON, say("advise.system"), evidence, say("advise.system_cost"))
