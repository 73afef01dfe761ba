"""The watch itself: looks at intervals, judges what was seen so far, and calls for a diagnosis when trouble shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from techdoctor.errors import EXIT_CANNOT_TELL, EXIT_FOUND, EXIT_OK
from techdoctor.model import Finding, Value
from techdoctor.monitor.watch import trouble as troubles
from techdoctor.monitor.watch.look import Look
from techdoctor.monitor.watch.series import Book, Series
from techdoctor.monitor.watch.trouble import Trouble

SCHEMA = "techdoctor.watch/1"
# Figures that are shown: name to unit. A rate is made of a counter.
GAUGES = {"cpu_percent": "percent", "memory_percent": "percent", "free_bytes": "bytes", "celsius": "celsius"}
HIDDEN = {"available_bytes": "bytes", "swap_bytes": "bytes", "over_high": ""}
RATES = {"disk_read_bytes": "bytes_per_s", "disk_written_bytes": "bytes_per_s", "net_bytes": "bytes_per_s"}
_MOST_FIGURES, _MOST_PROCESSES, _MOST_COUNTERS, _MOST_LOGS = 24, 600, 2000, 6000
_MOST_DIAGNOSES = 6
# A leak or a flood is judged only after so long: programs load, logs rotate.
_LEAST_S = 10.0


@dataclass(frozen=True)
class Diagnosed:
    """What the diagnosis found that was started when a trouble showed."""

    playbook: str
    at_s: float
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Value]:
        found: list[Value] = [finding.to_json() for finding in self.findings]
        return {"playbook": self.playbook, "at_s": round(self.at_s, 1), "findings": found}


Diagnose = Callable[[str], Sequence[Finding]]


@dataclass
class Watched:
    """What a watch gave, so far or in all.

    Attributes:
        seconds: How long it lasted.
        looks: How many looks there were.
        figures: Name to series.
        troubles: In the order in which they showed.
        diagnoses: What was found when they showed.
        unseen: What could not be watched here.
        interrupted: True when a person ended it.
    """

    seconds: float = 0.0
    looks: int = 0
    figures: Mapping[str, Series] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    diagnoses: tuple[Diagnosed, ...] = ()
    unseen: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """1 when a problem showed, 3 when nothing could be seen, else 0."""
        if any(trouble.severity in ("problem", "danger") for trouble in self.troubles):
            return EXIT_FOUND
        return EXIT_OK if self.looks > 1 else EXIT_CANNOT_TELL

    def to_json(self) -> dict[str, Value]:
        """The document of `watch --json`."""
        figures: dict[str, Value] = {name: _figure(series) for name, series in self.figures.items()}
        return {
            "schema": SCHEMA,
            "seconds": round(self.seconds, 1),
            "looks": self.looks,
            "interrupted": self.interrupted,
            "troubles": [trouble.to_json() for trouble in self.troubles],
            "diagnoses": [diagnosed.to_json() for diagnosed in self.diagnoses],
            "figures": figures,
            "unseen": list(self.unseen),
            "exit_code": self.exit_code,
        }


def _figure(series: Series) -> Value:
    points: list[Value] = [[round(at, 1), round(mean, 2)] for at, mean, _ in series.all_points()]
    return {
        "unit": series.unit,
        "low": round(series.low, 2),
        "high": round(series.high, 2),
        "mean": round(series.mean, 2),
        "last": round(series.last, 2),
        "points": points,
    }


class Watch:
    """Collects looks and judges them.

    Args:
        areas: First parts of playbook ids ("perf", "disk", "net"); empty for all.
        diagnose: Walks a playbook now and returns what it confirmed; None starts no diagnosis.
    """

    def __init__(self, areas: Sequence[str] = (), diagnose: Diagnose | None = None) -> None:
        self._areas, self._diagnose = tuple(areas), diagnose
        self._figures, self._processes = Book(_MOST_FIGURES), Book(_MOST_PROCESSES)
        self._names: dict[str, tuple[str, int]] = {}
        self._first: Look | None = None
        self._before: Look | None = None
        self._logs: dict[str, tuple[float, int]] = {}
        self._shown: dict[tuple[str, str], Trouble] = {}
        self._diagnosed: list[Diagnosed] = []
        self._threads: list[threading.Thread] = []
        self._looks = 0

    def take(self, look: Look) -> list[Trouble]:
        """Takes a look; returns the troubles that show for the first time."""
        first = self._first = self._first or look
        at = look.at_s - first.at_s
        self._looks += 1
        for name, unit in {**GAUGES, **HIDDEN}.items():
            if name in look.gauges and (name != "cpu_percent" or self._looks > 1):  # the first is since the start
                self._figures.add(name, at, look.gauges[name], unit)
        self._rates(look, at)
        self._follow(look, at)
        self._before = look
        fresh = []
        for found in self._judged(look, at):
            key = (found.kind, found.who)
            if key not in self._shown and self._wanted(found):
                fresh.append(replace(found, since_s=at))
            if self._wanted(found):  # the figures of the last judgement, the time of the first
                self._shown[key] = replace(found, since_s=self._shown[key].since_s if key in self._shown else at)
        for found in fresh:
            self._look_into(found, at)
        return fresh

    def result(self, interrupted: bool = False, patience_s: float = 20.0) -> Watched:
        """What was seen so far; waits for diagnoses that are under way."""
        until = time.monotonic() + patience_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        last, first = self._before, self._first
        figures = {name: series for name, series in self._figures.items() if name not in HIDDEN}
        seconds = last.at_s - first.at_s if last is not None and first is not None else 0.0
        shown = tuple(self._shown.values())
        unseen = last.unseen if last is not None else ()
        return Watched(seconds, self._looks, figures, shown, tuple(self._diagnosed), unseen, interrupted)

    def _wanted(self, found: Trouble) -> bool:
        return not self._areas or found.playbook.split(".")[0] in self._areas or found.playbook in self._areas

    def _rates(self, look: Look, at: float) -> None:
        if self._before is None or look.at_s <= self._before.at_s:
            return
        for name, unit in RATES.items():
            old, new = self._before.counters.get(name), look.counters.get(name)
            if old is not None and new is not None and new >= old:
                self._figures.add(name, at, (new - old) / (look.at_s - self._before.at_s), unit)

    def _follow(self, look: Look, at: float) -> None:
        """Notes the memory of every process; those that have ended are forgotten."""
        keys = []
        for process in look.processes:
            key = f"{process.pid} {process.started_s:.2f}"
            keys.append(key)
            self._names[key] = (process.name, process.pid)
            self._processes.add(key, at, float(process.rss_bytes), "bytes")
        self._processes.keep(keys)
        self._names = {key: self._names[key] for key in keys}
        for path, length in list(look.logs.items())[:_MOST_LOGS]:
            before = self._before.logs.get(path) if self._before is not None else None
            if path not in self._logs or before is None or length <= before:  # new, rotated, or quiet since
                self._logs[path] = (look.at_s, length)

    def _judged(self, look: Look, at: float) -> list[Trouble]:
        if at < _LEAST_S / 2 or self._first is None:
            return []
        available = look.gauges.get("available_bytes", 0.0)
        found: list[Trouble | None] = []
        if at >= _LEAST_S:
            for key, series in self._processes.items():
                name, pid = self._names[key]
                found.append(troubles.leak(name, pid, series, available, _LEAST_S))
            found += [self._flood(path, length, look.at_s) for path, length in look.logs.items()]
            found.append(troubles.filling(self._figures.get("free_bytes")))
            found.append(troubles.busy(self._figures.get("cpu_percent")))
        grown = {n: v - self._first.counters.get(n, v) for n, v in list(look.counters.items())[:_MOST_COUNTERS]}
        found += troubles.network(grown, self._looks)
        figures = self._figures
        found.append(troubles.heat(figures.get("celsius"), figures.get("over_high"), grown.get("throttled", 0.0)))
        found.append(troubles.memory(figures.get("memory_percent")))
        return [entry for entry in found if entry is not None]

    def _flood(self, path: str, length: int, now_s: float) -> Trouble | None:
        begun_s, begun = self._logs.get(path, (now_s, length))
        return troubles.flood(path, length - begun, now_s - begun_s) if now_s - begun_s >= _LEAST_S / 2 else None

    def _look_into(self, found: Trouble, at: float) -> None:
        """Starts the diagnosis of a trouble while it is there to be measured, each playbook once."""
        if self._diagnose is None or len(self._threads) >= _MOST_DIAGNOSES:
            return
        name = f"diagnosis of {found.playbook}"
        if any(thread.name == name for thread in self._threads):
            return
        diagnose = self._diagnose

        def work() -> None:
            self._diagnosed.append(Diagnosed(found.playbook, at, tuple(diagnose(found.playbook))))

        thread = threading.Thread(target=work, daemon=True, name=name)
        self._threads.append(thread)
        thread.start()


def interval_for(seconds: float) -> float:
    """Seconds between looks: often enough to see what comes and goes, seldom enough to cost nothing."""
    return min(5.0, max(0.5, seconds / 120))
