"""Probes of what went wrong before: restarts without a shutdown, crashed programs, failed sleep. CPython 3.9 syntax."""

from __future__ import annotations

import re
from collections import Counter
from typing import Dict, List, Mapping, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes import kernel_log
from techdoctor.probes.base import (
    RECORDED,
    UNTRIED,
    Params,
    Probe,
    Probing,
    Raws,
    Reading,
    Source,
    boolean,
    integer,
    measured,
    parsed,
    text,
    texts,
    unsupported,
)
from techdoctor.text import clean_line

_MOST = 8
_CRASH = re.compile(
    r"\]\s+(?:traps: )?(?P<program>[^\[\]]{1,40})\[\d+\]:? "
    r"(?:segfault at|general protection|trap (?:invalid opcode|int3|divide error))"
)
_NO_OTHER = {
    "macos": unsupported("no recorded output of macOS' reports to test against"),
    "windows": unsupported("no recorded output of Windows' event log to test against"),
}


def restart_sources(params: Params) -> Sequence[Source]:
    """The record of starts and shutdowns, and what a dying kernel left. Source: last(1), ABI/testing/pstore."""
    return [
        Source("last", argv=("last", "-x", "-n", "200"), timeout_s=2.0, cap_bytes=1 << 17),
        Source("pstore", path="/sys/fs/pstore/dmesg-*", cap_bytes=1 << 16),
        Source("saved", path="/var/lib/systemd/pstore/*/dmesg.txt", cap_bytes=1 << 16),
    ]


def parse_restarts(raws: Raws, params: Params) -> Reading:
    """Counts starts that no shutdown came before; newest lines stand first.

    Raises:
        CannotMeasure: The record of starts is not kept here, or begins after the last start.
    """
    listing = raws["last"].need("the record of starts")
    kinds = [line.split()[0] for line in listing.splitlines() if line.startswith(("reboot ", "shutdown "))]
    if "reboot" not in kinds:
        raise CannotMeasure(NOT_APPLICABLE, "no start of this computer is on record")
    pairs = list(zip(kinds, kinds[1:]))
    unclean = sum(now == before == "reboot" for now, before in pairs)
    first = kinds.index("reboot")
    reports = {**raws["pstore"].files, **raws["saved"].files}
    panics = re.findall(r"Kernel panic - not syncing: (.*)", "\n".join(reports.values()))
    return Reading(
        {
            "starts": kinds.count("reboot"),
            "unclean": unclean,
            "last_unclean": kinds[first + 1 : first + 2] == ["reboot"],
            "panic": bool(reports),
            "panic_why": clean_line(panics[-1], 120) if panics else "",
        }
    )


def crashes_in(log: str) -> Reading:
    """Programs that the kernel ended for a fault of their own, as its log names them."""
    programs: List[str] = [clean_line(found["program"].strip(), 40) for found in _CRASH.finditer(log)]
    most = Counter(programs).most_common(_MOST)
    return Reading(
        {
            "count": len(programs),
            "programs": [name for name, _ in most],
            "most_name": most[0][0] if most else "",
            "most_count": most[0][1] if most else 0,
            "last_name": programs[-1] if programs else "",
            "lockups": len(re.findall(r"soft lockup - CPU|hard LOCKUP|blocked for more than \d+ seconds", log)),
            "graphics_hangs": len(re.findall(r"GPU HANG|ring \S+ timeout|NVRM: Xid", log)),
            "machine_checks": len(
                re.findall(r"\[Hardware Error\]: (?:Machine check events logged|CPU \d+: Machine)", log)
            ),
        }
    )


def measure_crashes(probing: Probing) -> Reading:
    """Reads the kernel's log of this start.

    Raises:
        CannotMeasure: The log may not be read.
    """
    log, why = kernel_log.read(2.0)
    if log is None:
        raise CannotMeasure("denied", why)
    return crashes_in(log)


def sleep_sources(params: Params) -> Sequence[Source]:
    """What the kernel can do and has done. Source: admin-guide/pm/sleep-states.rst, ABI/testing/sysfs-power."""
    return [
        Source("state", path="/sys/power/state", cap_bytes=256),
        Source("kind", path="/sys/power/mem_sleep", cap_bytes=256),
        Source("stats", path="/sys/power/suspend_stats/*", cap_bytes=256),
        Source(
            "masked", argv=("systemctl", "is-enabled", "suspend.target", "sleep.target"), timeout_s=2.0, cap_bytes=256
        ),
    ]


def parse_sleep(raws: Raws, params: Params) -> Reading:
    """Makes the fields.

    Raises:
        CannotMeasure: The kernel does not tell what it can do.
    """
    states = raws["state"].need("the list of sleep states").split()
    stats = {path.rsplit("/", 1)[1]: content.strip() for path, content in raws["stats"].files.items()}
    counts = {name: int(stats[name]) for name in ("success", "fail") if stats.get(name, "").isdigit()}
    chosen = re.search(r"\[(\w+)\]", raws["kind"].text)
    data: Dict[str, Value] = {
        "can_sleep": bool({"mem", "freeze", "standby"} & set(states)),
        "can_hibernate": "disk" in states,
        "kind": chosen[1] if chosen else "",
        "locked": "masked" in raws["masked"].text.split(),
        "slept": counts.get("success"),
        "failed": counts.get("fail"),
        "failed_device": clean_line(stats.get("last_failed_dev", ""), 60),
    }
    gaps = {name: "this kernel does not count it" for name in ("slept", "failed") if data[name] is None}
    return Reading(data, gaps)


def _restarts_summary(data: Mapping[str, Value]) -> str:
    return f"{data.get('unclean')} of {data.get('starts')} starts without a shutdown before"


PROBES = (
    Probe(
        name="system.restarts",
        title="Restarts",
        doc="Starts that no shutdown came before, and reports of a crashed kernel. Source: last(1), pstore.",
        fields={
            "starts": integer("Starts on record.", "count"),
            "unclean": integer("Starts that no shutdown came before.", "count"),
            "last_unclean": boolean("The newest start is one of them."),
            "panic": boolean("The kernel left a report when it crashed."),
            "panic_why": text("What that report gives as the reason; empty when none."),
        },
        methods={
            "linux": parsed(restart_sources, parse_restarts, RECORDED, "lists of last(1) in public notes and threads"),
            **_NO_OTHER,
        },
        timeout_s=3.0,
        summary=_restarts_summary,
    ),
    Probe(
        name="program.crashes",
        title="Crashed programs",
        doc="What failed since the start, as the kernel logged it. Source: arch/x86/mm/fault.c and others.",
        fields={
            "count": integer("Crashes of programs.", "count"),
            "programs": texts(f"The programs, the one with most crashes first; at most {_MOST}."),
            "most_name": text("The one with most crashes; empty when none."),
            "most_count": integer("How often it crashed.", "count"),
            "last_name": text("The last one that crashed; empty when none."),
            "lockups": integer("Times that a processor or a program hung.", "count"),
            "graphics_hangs": integer("Times that the graphics card hung.", "count"),
            "machine_checks": integer("Errors that the processor or the memory reported.", "count"),
        },
        methods={"linux": measured(measure_crashes), **_NO_OTHER},
        timeout_s=5.0,
        summary=lambda data: f"{data.get('count')} crashes, {data.get('lockups')} hangs",
    ),
    Probe(
        name="power.sleep",
        title="Sleep",
        doc="Whether this computer can sleep, and how often that failed. Source: sleep-states.rst of the kernel.",
        fields={
            "can_sleep": boolean("The kernel can put this computer to sleep."),
            "can_hibernate": boolean("The kernel can save everything to disk and switch off."),
            "kind": text("Kind of sleep: s2idle, shallow, deep; empty when unknown."),
            "locked": boolean("Sleep is forbidden by the system's settings."),
            "slept": integer("Times it slept since the start.", "count"),
            "failed": integer("Times that falling asleep failed since the start.", "count"),
            "failed_device": text("The device that kept it awake last; empty when none."),
        },
        methods={
            "linux": parsed(
                sleep_sources, parse_sleep, UNTRIED, "values of the kernel's documentation; no machine that sleeps here"
            ),
            **_NO_OTHER,
        },
        timeout_s=3.0,
        summary=lambda data: "sleep is forbidden" if data.get("locked") else f"{data.get('failed')} failures",
    ),
)
