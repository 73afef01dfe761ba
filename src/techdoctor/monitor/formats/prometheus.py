"""A check-up for node_exporter's textfile collector.

Source: Prometheus documentation, "Exposition formats" (text format 0.0.4: HELP, TYPE, escaping).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from techdoctor.model import SEVERITIES
from techdoctor.monitor.kept import figures_of
from techdoctor.probes import registry
from techdoctor.session.check import CheckUp
from techdoctor.text import clean_line

_PREFIX = "techdoctor_"
_Labels = Mapping[str, str]


@dataclass(frozen=True)
class _Unit:
    """How a field's unit is told: base unit in the name, factor to it, what it says."""

    suffix: str
    factor: float
    text: str


# Base units. Source: Prometheus documentation, "Metric and label naming".
_UNITS = {
    "count": _Unit("number", 1, "Measured numbers."),
    "ms": _Unit("seconds", 0.001, "Measured times in seconds."),
    "s": _Unit("seconds", 1, "Measured times in seconds."),
    "bytes": _Unit("bytes", 1, "Measured sizes in bytes."),
    "bytes_per_s": _Unit("bytes_per_second", 1, "Measured rates in bytes per second."),
    "percent": _Unit("ratio", 0.01, "Measured shares, 1 is all."),
    "celsius": _Unit("celsius", 1, "Measured temperatures."),
    "dbm": _Unit("dbm", 1, "Measured signal strengths."),
    "mbit_s": _Unit("bytes_per_second", 125_000, "Measured rates in bytes per second."),
    "per_s": _Unit("per_second", 1, "Measured rates."),
}


def prometheus(result: CheckUp) -> str:
    """The metrics: state, findings by severity, one series per finding and playbook, measured values."""
    lines = _family("check_timestamp_seconds", "When the check-up began.", [({}, result.begun_s)])
    lines += _family("check_duration_seconds", "How long it took.", [({}, result.duration_ms / 1000)])
    lines += _family("check_exit_code", "Its exit code.", [({}, result.exit_code)])
    counts = [({"severity": s}, sum(f.severity == s for f in result.findings)) for s in SEVERITIES]
    lines += _family("findings", "Findings by severity.", counts)
    found = [({"id": f.id, "severity": f.severity, "title": f.title}, 1) for f in result.findings]
    lines += _family("finding", "1 for each finding.", found)
    lines += _family(
        "healthy", "1 for each playbook without a finding.", [({"playbook": p}, 1) for p in result.healthy]
    )
    lines += _family("not_judged", "Causes that could not be judged.", [({}, len(result.not_judged))])
    return "\n".join([*lines, *_measured(result)]) + "\n"


def _measured(result: CheckUp) -> list[str]:
    series: dict[str, list[tuple[_Labels, float]]] = {}
    texts: dict[str, str] = {}
    for name, value in figures_of(result.facts).items():
        probe, _, field = name.rpartition(".")
        unit = _UNITS[registry.get(probe).fields[field].unit]
        metric = f"measured_{unit.suffix}"
        texts[metric] = unit.text
        series.setdefault(metric, []).append(({"probe": probe, "field": field}, value * unit.factor))
    return [line for metric, rows in sorted(series.items()) for line in _family(metric, texts[metric], rows)]


def _family(name: str, text: str, rows: Iterable[tuple[_Labels, float]]) -> list[str]:
    samples = [_sample(name, labels, value) for labels, value in rows]
    if not samples:
        return []
    return [f"# HELP {_PREFIX}{name} {text}", f"# TYPE {_PREFIX}{name} gauge", *samples]


def _sample(name: str, labels: _Labels, value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    shown = repr(float(value)) if math.isfinite(value) else "NaN"
    return f"{_PREFIX}{name}{{{told}}} {shown}" if told else f"{_PREFIX}{name} {shown}"


def _escaped(text: str) -> str:
    return clean_line(text, 300).replace("\\", "\\\\").replace('"', '\\"')
