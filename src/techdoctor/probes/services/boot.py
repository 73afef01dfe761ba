"""Probe boot.units: how long starting took, and which unit held it up. CPython 3.9 syntax."""

from __future__ import annotations

import re
import threading
import time
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import TIMEOUT, Value
from techdoctor.probes.base import (
    Probe,
    Probing,
    Reading,
    boolean,
    measured,
    number,
    records,
    text,
    unsupported,
)
from techdoctor.probes.services import systemd
from techdoctor.probes.services.systemd import Manager, Properties
from techdoctor.text import clean_line, duration

_MOST_SHOWN = 8
_UNITS_S = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001}
_SPAN = re.compile(r"([\d.]+)(h|min|ms|us|s)\b")
# Drawn with └─, in the C locale with `-; a unit's own name may begin with a dash.
_CHAIN_LINE = re.compile(r"^\s*(?:`-|└─)?(\S+\.[a-z]+) @(.+)$")
# They wait for the end of the start by design: showing the start-up picture, and telling others that it is over.
_WAITERS = ("plymouth-quit-wait.service", "systemd-update-utmp-runlevel.service")
_SHOWN = (
    "Id",
    "UnitFileState",
    "Type",
    "ActiveState",
    "InactiveExitTimestampMonotonic",
    "ActiveEnterTimestampMonotonic",
)


def span_s(words: str) -> float:
    """A time span of systemd in seconds: "1min 2.5s" is 62.5 (systemd.time(7))."""
    return sum(float(count) * _UNITS_S[unit] for count, unit in _SPAN.findall(words))


def parse_time(words: str) -> Dict[str, float]:
    """Parses `systemd-analyze time`: stage to seconds, and "total"."""
    line = next((row for row in words.splitlines() if row.startswith("Startup finished in")), "")
    found = {stage: span_s(span) for span, stage in re.findall(r"([\d][\w. ]*?) \((\w+)\)", line)}
    return {**found, "total": sum(found.values())} if found else {}


def parse_blame(words: str) -> Dict[str, float]:
    """Parses `systemd-analyze blame`: unit to seconds, without devices, which only appear."""
    found = {}
    for line in words.splitlines():
        span, _, unit = line.strip().rpartition(" ")
        if "." in unit and span and not unit.endswith(".device"):
            found[unit] = span_s(span)
    return found


def parse_chain(words: str) -> Dict[str, float]:
    """Parses `systemd-analyze critical-chain`: units the start waited for, with the seconds each took."""
    found = {}
    for line in words.splitlines():
        match = _CHAIN_LINE.match(line)
        if match and "+" in match[2]:
            found[match[1]] = span_s(match[2].partition("+")[2])
    return found


class Culprit(NamedTuple):
    """The unit that took longest.

    Attributes:
        how: "chain" when the start waited for it, "waiting" when it still does, "later" when it was started
            afterwards and will hold up the next start.
    """

    unit: str
    took_s: float
    how: str


def culprit(
    chain: Mapping[str, float], blame: Mapping[str, float], waiting: Mapping[str, float], enabled: Mapping[str, bool]
) -> Optional[Culprit]:
    """Who is to blame: what the start waits for now, else what it waited for, else what will hold up the next one.

    Args:
        chain: `parse_chain`, which leaves out oneshot units that have done their work and are gone.
        blame: `parse_blame`.
        waiting: Units whose start is still running, to seconds.
        enabled: Oneshot units that start with the computer, to whether they did so this time.
    """
    for units, how in ((waiting, "waiting"), (chain, "chain")):
        some = {unit: took for unit, took in units.items() if unit not in _WAITERS}
        if some:
            unit = max(some, key=lambda name: some[name])
            later = {u: t for u, t in blame.items() if u in enabled and u not in chain and t > some[unit]}
            if how == "chain" and later:
                unit = max(later, key=lambda name: later[name])
                return Culprit(unit, later[unit], "chain" if enabled[unit] else "later")
            return Culprit(unit, some[unit], how)
    return None


def reading(
    stages: Mapping[str, float],
    chain: Mapping[str, float],
    blame: Mapping[str, float],
    waiting: Mapping[str, float],
    shown: Sequence[Properties],
    over_us: int,
) -> Reading:
    """The fields.

    Args:
        stages: `parse_time`; empty while the start is not over.
        chain: `parse_chain`.
        blame: `parse_blame`.
        waiting: Units whose start is still running, to seconds.
        shown: systemd's properties of the slowest units.
        over_us: When the start was over, in microseconds of the monotonic clock; 0 while it is not.
    """
    states = {unit.get("Id", ""): unit.get("UnitFileState", "") for unit in shown}
    # A oneshot unit holds up what comes after it; others are started in the background.
    enabled = {
        unit.get("Id", ""): int(unit.get("InactiveExitTimestampMonotonic") or 0) <= over_us
        for unit in shown
        if unit.get("UnitFileState") == "enabled" and unit.get("Type") == "oneshot"
    }
    found = culprit(chain, blame, waiting, enabled)
    userspace = stages.get("userspace")
    whole = userspace if userspace else sum(waiting.values())
    rows: List[Value] = [
        {"unit": clean_line(unit, 100), "took_s": round(took, 3), "waited_for": unit in chain}
        for unit, took in sorted(blame.items(), key=lambda item: -item[1])[:_MOST_SHOWN]
    ]
    data: Dict[str, Value] = {
        "finished": bool(stages),
        "total_s": round(stages["total"], 3) if stages else None,
        "userspace_s": userspace,
        "firmware_s": stages.get("firmware", 0.0) + stages.get("loader", 0.0),
        "slowest": rows,
        "culprit": clean_line(found.unit, 100) if found else "",
        "culprit_s": round(found.took_s, 3) if found else 0.0,
        "culprit_percent": round(min(100.0, 100 * found.took_s / whole), 1) if found and whole else 0.0,
        "culprit_how": found.how if found else "",
        "culprit_enabled": states.get(found.unit, "") if found else "",
    }
    gaps = {} if stages else dict.fromkeys(("total_s", "userspace_s"), "the start is not over yet")
    return Reading(data, gaps)


def _ask(probing: Probing) -> Dict[str, str]:
    """Output of the three questions, asked side by side."""
    answers: Dict[str, str] = {}

    def one(question: str) -> None:
        ran = system.run(("systemd-analyze", "--no-pager", question), probing.left_s(8))
        answers[question] = ran.out if ran.status == "ok" else ""

    threads = [threading.Thread(target=one, args=(q,), daemon=True) for q in ("time", "blame", "critical-chain")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(probing.left_s(8))
    return answers


def _waiting(probing: Probing) -> Dict[str, float]:
    """Units that are being started now, with how long they have been at it."""
    ran = system.run(("systemctl", "list-jobs", "--no-legend", "--no-pager"), probing.left_s(3))
    rows = [line.split() for line in ran.out.splitlines()]
    names = [row[1] for row in rows if len(row) >= 4 and row[2] == "start" and row[3] == "running"]
    now_s = time.monotonic()
    found = {}
    for unit in systemd.show(Manager(), names, _SHOWN, probing.left_s(3)) if names else []:
        began = unit.get("InactiveExitTimestampMonotonic", "0")
        if began.isdigit() and int(began) and unit.get("ActiveState") == "activating":
            found[unit.get("Id", "")] = max(0.0, now_s - int(began) / 1e6)
    return found


def _measure(probing: Probing) -> Reading:
    systemd.need_systemd()
    answers = _ask(probing)
    blame = parse_blame(answers.get("blame", ""))
    stages = parse_time(answers.get("time", ""))
    waiting = _waiting(probing) if not stages else {}
    if not stages and not waiting and not blame:
        raise CannotMeasure(TIMEOUT, "systemd-analyze gave no answer in time")
    names = sorted(blame, key=lambda name: -blame[name])[:_MOST_SHOWN] + list(waiting)
    shown = systemd.show(Manager(), names, _SHOWN, probing.left_s(3)) if names else []
    over = system.run(("systemctl", "show", "-P", "FinishTimestampMonotonic"), probing.left_s(3)).out.strip()
    over_us = int(over) if over.isdigit() else 0
    return reading(stages, parse_chain(answers.get("critical-chain", "")), blame, waiting, shown, over_us)


def _summary(data: Mapping[str, Value]) -> str:
    total, took = data.get("total_s"), data.get("culprit_s")
    words = duration(total) if isinstance(total, (int, float)) else "not over yet"
    held = f", {data['culprit']} {duration(took)}" if data.get("culprit") and isinstance(took, (int, float)) else ""
    return clean_line(words + held)


PROBES = (
    Probe(
        name="boot.units",
        title="Start of the computer",
        doc="systemd-analyze time, blame and critical-chain: how long the start took and the unit that it waited for"
        " longest; while it is not over, the jobs that still run. systemd-analyze(1).",
        fields={
            "finished": boolean("True when the start is over."),
            "total_s": number("How long it took, with firmware where that is known.", "s"),
            "userspace_s": number("How long services took.", "s"),
            "firmware_s": number("How long firmware and boot loader took.", "s"),
            "slowest": records(
                "Units that took longest; at most 8.",
                unit=text("The unit."),
                took_s=number("How long it took.", "s"),
                waited_for=boolean("True when the start waited for it."),
            ),
            "culprit": text("The unit to blame; empty when none."),
            "culprit_s": number("How long it took.", "s"),
            "culprit_percent": number("Its share of the time that services took.", "percent"),
            "culprit_how": text("chain: the start waited for it; waiting: it still does; later: the next one will."),
            "culprit_enabled": text("Whether it starts with the computer: enabled, static."),
        },
        methods={
            "linux": measured(_measure),
            "macos": unsupported("macOS tells no durations of its start"),
            "windows": unsupported("no recorded start-up event (Diagnostics-Performance, 100) was found"),
        },
        timeout_s=10.0,
        summary=_summary,
    ),
)
