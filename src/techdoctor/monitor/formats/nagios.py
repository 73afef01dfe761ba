"""A check-up as the output of a monitoring plugin.

Source: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios" (first line, `|`, long output).
"""

from __future__ import annotations

import math

from techdoctor.messages import say
from techdoctor.monitor.kept import figures_of
from techdoctor.probes import registry
from techdoctor.session.check import CheckUp
from techdoctor.text import clean_line

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
# Units of fields to units of performance data; other units are given without one.
_UNITS = {"percent": "%", "bytes": "B", "s": "s", "ms": "ms"}
_MOST_FIGURES = 40
_MOST_LINES = 20


def code_of(result: CheckUp) -> int:
    """0 nothing above note, 1 warning, 2 problem or danger, 3 nothing could be judged (design.md 5.4)."""
    severities = {finding.severity for finding in result.findings}
    if severities & {"problem", "danger"}:
        return CRITICAL
    if "warning" in severities:
        return WARNING
    return OK if result.findings or result.healthy else UNKNOWN


def nagios(result: CheckUp) -> str:
    """The plugin's output: one line with performance data, then one line for each finding."""
    code = code_of(result)
    titles = [_safe(finding.title).rstrip(".") for finding in result.findings if finding.severity != "note"]
    if titles:
        said = "; ".join(titles)
    elif code == UNKNOWN:
        said = say("check.nothing_judged")
    else:
        said = say("check.all_well")
    lines = [f"TECHDOCTOR {_WORDS[code]} - {_safe(said, 400)} | {' '.join(_performance(result))}"]
    lines += [
        f"[{finding.severity}] {_safe(finding.title)} ({_safe(finding.id)})"
        for finding in result.findings[:_MOST_LINES]
    ]
    if result.not_judged:
        lines.append(_safe(say("check.not_judged_count", n=len(result.not_judged))))
    return "\n".join(lines) + "\n"


def _performance(result: CheckUp) -> list[str]:
    """'label'=value[unit];warn;crit;min;max - counts first, then the measured figures."""
    counted = {s: sum(f.severity == s for f in result.findings) for s in ("danger", "problem", "warning", "note")}
    data = [
        f"dangers={counted['danger']};;0;0",
        f"problems={counted['problem']};;0;0",
        f"warnings={counted['warning']};0;;0",
        f"notes={counted['note']};;;0",
        f"not_judged={len(result.not_judged)};;;0",
        f"duration={result.duration_ms / 1000:.3f}s;;;0",
    ]
    for name, value in list(figures_of(result.facts).items())[:_MOST_FIGURES]:
        probe, _, field = name.rpartition(".")
        if math.isfinite(value):
            unit = _UNITS.get(registry.get(probe).fields[field].unit, "")
            data.append(f"'{name}'={value:.10g}{unit}")
    return data


def _safe(text: str, limit: int = 200) -> str:
    """One line without the sign that begins performance data."""
    return clean_line(text, limit).replace("|", "/")
