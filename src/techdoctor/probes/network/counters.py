"""net.counters: errors that adapters count while one looks, and links that come and go. CPython 3.9 syntax."""

from __future__ import annotations

import re
import time
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import MISSING_TOOL, Value
from techdoctor.probes.base import (
    UNTRIED,
    Parameter,
    Params,
    Probe,
    Probing,
    Raw,
    Raws,
    Reading,
    Source,
    integer,
    measured,
    number,
    parsed,
    records,
    text,
    texts,
    under_wine,
)
from techdoctor.text import clean_line

_MOST_SHOWN, _MOST_LINES = 8, 5
_LEAST_S, _MOST_S = 0.3, 60.0
# Lines of the last minutes count: a computer that was docked this morning has no trouble with its cable.
RECENT_S = 600.0
_BASE = "/sys/class/net/*/"
_COUNTED = {
    "errors_in": "statistics/rx_errors",
    "errors_out": "statistics/tx_errors",
    "drops_in": "statistics/rx_dropped",
    "drops_out": "statistics/tx_dropped",
    "packets_in": "statistics/rx_packets",
    "packets_out": "statistics/tx_packets",
    "link_changes": "carrier_changes",
}
_SAMPLED = tuple(_COUNTED)
_STAMP = re.compile(r"^\[\s*(\d+\.\d+)\]\s+(?:\S+ kernel: )?(.*)$")
# As drivers write it: "e1000e: eth0 NIC Link is Down", "r8169 0000:02:00.0 enp2s0: Link is Down", "eth0: link down";
# and the Wi-Fi stack: "wlan0: deauthenticated from ..." (net/mac80211/mlme.c)
_WENT_DOWN = re.compile(
    r"\b([\w.@-]+):? (?:NIC )?(?:[Ll]ink is down|[Ll]ink is Down|link down)|\b([\w.-]+): (?:deauth|disassoc)"
)
_NO_LOG = "the kernel's log may not be read (needs administrator rights)"
Counts = Dict[str, Dict[str, int]]


def _sources(params: Params) -> Sequence[Source]:
    later_s = window_s(params)
    files = [
        Source(f"{name}_{when}", path=_BASE + path, cap_bytes=32, at_s=at)
        for when, at in (("before", 0.0), ("after", later_s))
        for name, path in _COUNTED.items()
    ]
    return [
        *files,
        Source("device", path=f"{_BASE}device/uevent", cap_bytes=64),
        Source("uptime", path="/proc/uptime", at_s=later_s),
        Source("dmesg", argv=("dmesg",), cap_bytes=8 << 20, at_s=later_s, timeout_s=2.0),
        Source(
            "journal",
            argv=("journalctl", "-k", "-b", "-o", "short-monotonic", "--no-pager", "-q", "-n", "3000"),
            cap_bytes=4 << 20,
            at_s=later_s,
            timeout_s=2.0,
        ),
    ]


def window_s(params: Params) -> float:
    """How long is looked, in seconds."""
    return min(_MOST_S, max(_LEAST_S, float(str(params.get("for") or 0.0))))


def _parse(raws: Raws, params: Params) -> Reading:
    before, after = (_counts(raws, when) for when in ("before", "after"))
    took_s = raws["errors_in_after"].taken_s - raws["errors_in_before"].taken_s
    log = _log(raws)
    lines = went_down(log, _uptime(raws["uptime"]), list(after)) if log is not None else None
    return _reading(before, after, took_s, lines)


def _counts(raws: Raws, when: str) -> Counts:
    """Counters of each adapter but loopback."""
    found: Counts = {}
    for name in _SAMPLED:
        for path, content in raws[f"{name}_{when}"].files.items():
            adapter = path.split("/")[4]
            if adapter != "lo" and content.strip().isdigit():
                found.setdefault(adapter, {})[name] = int(content)
    return found


def _uptime(raw: Raw) -> Optional[float]:
    words = raw.text.split()
    return float(words[0]) if words else None


def _log(raws: Raws) -> Optional[str]:
    for name in ("dmesg", "journal"):
        raw = raws[name]
        if raw.status == "ok" and raw.exit_code == 0 and raw.text.strip():
            return raw.text
    return None


def went_down(log: str, uptime_s: Optional[float], adapters: Sequence[str]) -> List[str]:
    """Lines of the last ten minutes that say that one of the adapters lost its link, oldest first.

    Args:
        log: Output of `dmesg`, or of `journalctl -o short-monotonic`.
        uptime_s: Seconds since the machine started; None leaves the age of lines out.
        adapters: Names of this machine's adapters.
    """
    found = []
    for line in log.splitlines():
        stamp = _STAMP.match(line)
        if stamp is None or (uptime_s is not None and uptime_s - float(stamp[1]) > RECENT_S):
            continue
        told = _WENT_DOWN.search(stamp[2])
        if told and (told[1] or told[2]) in adapters:
            found.append(clean_line(stamp[2]))
    return found


def _reading(before: Counts, after: Counts, took_s: float, lines: Optional[List[str]]) -> Reading:
    grown = {name: _growth(before.get(name, {}), counts) for name, counts in after.items()}
    worst = max(grown, key=lambda name: _wrong(grown[name]), default="")
    unsteady = max(grown, key=lambda name: grown[name].get("link_changes", 0), default="")
    changes = grown[unsteady].get("link_changes") if unsteady else None
    busiest = sorted(after, key=lambda name: -_moved(after[name]))[:_MOST_SHOWN]
    data: Dict[str, Value] = {
        "link_changes": changes,
        "link_adapter": unsteady if changes else _named(lines, list(after)),
        "link_lost_recently": None if lines is None else len(lines),
        "log": list((lines or [])[-_MOST_LINES:]),
        "errors": _wrong(grown[worst], "errors_in", "errors_out") if worst else 0,
        "drops": _wrong(grown[worst], "drops_in", "drops_out") if worst else 0,
        "worst_adapter": worst if worst and _wrong(grown[worst]) else "",
        "window_s": round(took_s, 2),
        "adapters": [_record(name, after[name], grown[name]) for name in busiest],
        "adapters_of": len(after),
    }
    gaps = {}
    if lines is None:
        gaps["link_lost_recently"] = _NO_LOG
    if changes is None:
        gaps["link_changes"] = "this system does not count how often a link came and went"
    return Reading(data, gaps)


def _named(lines: Optional[Sequence[str]], adapters: Sequence[str]) -> str:
    last = lines[-1] if lines else ""
    return next((name for name in adapters if re.search(rf"\b{re.escape(name)}\b", last)), "")


def _growth(before: Mapping[str, int], after: Mapping[str, int]) -> Dict[str, int]:
    return {name: max(0, after[name] - before[name]) for name in after if name in before}


def _wrong(counts: Mapping[str, int], *names: str) -> int:
    return sum(counts.get(name, 0) for name in names or ("errors_in", "errors_out", "drops_in", "drops_out"))


def _moved(counts: Mapping[str, int]) -> int:
    return counts.get("packets_in", 0) + counts.get("packets_out", 0)


def _record(name: str, totals: Mapping[str, int], grown: Mapping[str, int]) -> Dict[str, Value]:
    return {
        "name": name,
        "errors_total": _wrong(totals, "errors_in", "errors_out"),
        "drops_total": _wrong(totals, "drops_in", "drops_out"),
        "link_changes_total": totals.get("link_changes"),
        "packets_total": _moved(totals),
        "errors": _wrong(grown, "errors_in", "errors_out"),
        "drops": _wrong(grown, "drops_in", "drops_out"),
        "link_changes": grown.get("link_changes"),
    }


def _portable(probing: Probing) -> Reading:
    try:
        import psutil
    except ImportError:
        raise CannotMeasure(MISSING_TOOL, "the Python library psutil is not installed") from None

    def taken() -> Counts:
        fields = {
            "errors_in": "errin",
            "errors_out": "errout",
            "drops_in": "dropin",
            "drops_out": "dropout",
            "packets_in": "packets_recv",
            "packets_out": "packets_sent",
        }
        found = psutil.net_io_counters(pernic=True)
        return {
            n: {k: int(getattr(c, f)) for k, f in fields.items()} for n, c in found.items() if n not in ("lo", "lo0")
        }

    before, begun = taken(), time.monotonic()
    probing.cancelled.wait(min(window_s(probing.params), probing.left_s()))
    reading = _reading(before, taken(), time.monotonic() - begun, None)
    why = "the log of this system is not read for lost links"
    return Reading(reading.data, {**reading.gaps, "link_lost_recently": why})


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("link_changes"):
        return f"the link of {data['link_adapter']} changed {data['link_changes']} times"
    return f"{data.get('errors')} errors, {data.get('drops')} drops"


PROBES = (
    Probe(
        name="net.counters",
        title="Errors of the adapters",
        doc="Growth of each adapter's counters of errors, drops and link changes while one looks (0.3 s, or `for` "
        "seconds), and the kernel's lines of the last ten minutes that say that a link was lost. Totals since the "
        "start of the machine are shown, but are no sign of a fault.",
        fields={
            "link_changes": integer(
                "How often a link came or went while one looked: the most of one adapter.", "count"
            ),
            "link_adapter": text("That adapter; empty when no link did."),
            "link_lost_recently": integer("Kernel lines of the last ten minutes about a lost link.", "count"),
            "log": texts(f"The last {_MOST_LINES} of these lines.", private="text"),
            "errors": integer("Errors counted while one looked, on the worst adapter.", "count"),
            "drops": integer("Packets it dropped.", "count"),
            "worst_adapter": text("That adapter; empty without any."),
            "window_s": number("How long was looked.", "s"),
            "adapters": records(
                f"Each adapter, {_MOST_SHOWN} at most, busiest first.",
                name=text("Name."),
                errors_total=integer("Errors since its start.", "count"),
                drops_total=integer("Drops since its start.", "count"),
                link_changes_total=integer("Link changes since its start.", "count"),
                packets_total=integer("Packets since its start.", "count"),
                errors=integer("Errors while one looked.", "count"),
                drops=integer("Drops while one looked.", "count"),
                link_changes=integer("Link changes while one looked.", "count"),
            ),
            "adapters_of": integer("How many adapters there are in all.", "count"),
        },
        parameters={"for": Parameter("float", "Seconds to look; 0 for the shortest time.", 0.0)},
        methods={
            "linux": parsed(_sources, _parse),
            "macos": measured(_portable, UNTRIED, "psutil.net_io_counters, documented as portable"),
            "windows": under_wine(measured(_portable)),
        },
        timeout_s=4.0,
        summary=_summary,
    ),
)
