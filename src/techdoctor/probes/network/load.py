"""net.load: how fast the line is, and how late it answers while it is busy. CPython 3.9 syntax."""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, Value
from techdoctor.probes.base import Parameter, Probe, Probing, Reading, boolean, number, portable, text
from techdoctor.probes.network import knock, targets
from techdoctor.probes.network.downloads import load
from techdoctor.probes.network.echo import EchoSocket
from techdoctor.probes.network.pinging import Pinging
from techdoctor.probes.network.series import Series
from techdoctor.probes.network.train import CONTENT_BYTES, ON_WIRE_BYTES, narrowest_mbit_s

# Several flows at once, as a page and a browser have them: one alone grows too slowly to fill a queue.
# Source: github.com/network-quality/goresponsiveness, constants (16 flows); here half of it, for a small budget
_FLOWS = 8
# On a narrow line their first packets alone would fill any queue.
_NARROW_MBIT_S = 4.0
_IDLE_ROUNDS, _IDLE_APART_S, _BUSY_APART_S = 8, 0.015, 0.02
# A queue needs a moment to fill; what was sent before says nothing of a busy line.
_SETTLED_SHARE = 0.3
_FEWEST_PINGS = 4
# Load made of pings, where no download is to be had, is kept below this: three operators share it.
_MOST_PING_BYTES, _PING_STEP, _PING_PAUSE_S = 600_000, 12, 0.002
_LATE_ENOUGH_MS = 450.0
# Downloads that end sooner have not grown to the line's rate.
_TOO_SHORT_S = 0.5
_MARGIN_S = 0.2


@dataclass
class _Busy:
    """A load on the line: when it began and ended, and what is known of it."""

    how: str
    begun_s: float
    ended_s: float
    moved_bytes: int
    mbit_s: Optional[float] = None
    whole: bool = False
    failed: str = ""


def _measure(probing: Probing) -> Reading:
    v4, v6 = targets.internet(probing.settings.targets)
    outside = [a for a in v4 if knock.has_way_to(a)] or [a for a in v6 if knock.has_way_to(a)]
    if not outside:
        raise CannotMeasure(NOT_APPLICABLE, "there is no way out to load")
    deadline = time.monotonic() + probing.left_s() - _MARGIN_S
    stop = probing.cancelled.is_set
    done = threading.Event()
    with Pinging(outside, outside, stop) as pinging:
        pinging.rounds(_IDLE_ROUNDS, _IDLE_APART_S, deadline)
        heard = [series.address for series in pinging.series().values() if series.answers]
        idle = _idle(list(pinging.series().values()))
        rate = narrowest_mbit_s(heard, deadline, stop)
        watching = threading.Thread(target=_watch, args=(pinging, deadline, done.is_set), daemon=True)
        watching.start()
        busy = _load(probing, rate, heard, pinging, idle, deadline)
        done.set()
        watching.join(max(0.0, deadline - time.monotonic()) + _MARGIN_S)
        after = pinging.since_s()
        settled = busy.begun_s + _SETTLED_SHARE * (busy.ended_s - busy.begun_s)
        loaded = _late(list(pinging.series().values()), settled - after, busy.ended_s - after)
    return _reading(idle, loaded, rate, busy)


def _watch(pinging: Pinging, deadline: float, enough: Callable[[], bool]) -> None:
    count = int(max(0.0, deadline - time.monotonic()) / _BUSY_APART_S)
    pinging.rounds(count, _BUSY_APART_S, deadline, enough=enough)


def _load(
    probing: Probing,
    rate: Optional[float],
    heard: Sequence[str],
    pinging: Pinging,
    idle: Optional[float],
    deadline: float,
) -> _Busy:
    """Loads the line by downloads; by pings where none is to be had."""
    seconds = float(str(probing.params["seconds"]))
    budget = int(float(str(probing.params["megabytes"])) * 1e6)
    if rate is not None:  # a slow line needs less to be filled for as long
        budget = min(budget, max(1 << 17, int(rate * 1e6 / 8 * seconds)))
    url = probing.text("server") or targets.download(probing.settings.targets)
    begun = time.monotonic()
    flows = _FLOWS if rate is None or rate > _NARROW_MBIT_S else _FLOWS // 2
    loading = load(url, flows, budget, seconds, deadline, probing.cancelled.is_set)
    if loading.got:
        whole = loading.bytes >= budget * 0.9 and loading.seconds < _TOO_SHORT_S
        first = min(at for at, _ in loading.got)
        return _Busy("downloads", first, max(at for at, _ in loading.got), loading.bytes, loading.mbit_s(), whole)
    failed = loading.failed[0] if loading.failed else "no answer in time"
    if not heard or probing.text("server"):
        return _Busy("", begun, begun, 0, failed=failed)
    return _by_pings(heard, pinging, idle, min(deadline, time.monotonic() + seconds), failed)


def _by_pings(heard: Sequence[str], pinging: Pinging, idle: Optional[float], until: float, failed: str) -> _Busy:
    begun, sent = time.monotonic(), 0
    sockets: List[EchoSocket] = []
    try:
        sockets += [EchoSocket(address) for address in heard]
        while sent < _MOST_PING_BYTES and time.monotonic() < until:
            for number in range(_PING_STEP):
                sockets[number % len(sockets)].send(sent // ON_WIRE_BYTES & 0xFFFF, CONTENT_BYTES)
                sent += ON_WIRE_BYTES
            for each in sockets:
                each.replies()
            time.sleep(_PING_PAUSE_S)
            if idle is not None and pinging.latest_ms() > idle + _LATE_ENOUGH_MS:
                break
        time.sleep(min(0.3, max(0.0, until - time.monotonic())))
    except OSError:
        pass  # this machine's own queue is full: the load is as high as it gets
    finally:
        for each in sockets:
            each.close()
    return _Busy("pings", begun, time.monotonic(), sent, failed=failed)


def _within(all_series: Sequence[Series], since_s: float, until_s: float) -> List[List[float]]:
    """Round trips of what was sent within a time, sorted, of each host that answered often enough."""
    found = [
        sorted(r for at, r in zip(series.sent_s, series.rtts_ms) if r is not None and since_s <= at <= until_s)
        for series in all_series
    ]
    return [rtts for rtts in found if len(rtts) >= _FEWEST_PINGS]


def _idle(all_series: Sequence[Series]) -> Optional[float]:
    """Middle round trip to the nearest host."""
    return min((statistics.median(rtts) for rtts in _within(all_series, 0.0, float("inf"))), default=None)


def _late(all_series: Sequence[Series], since_s: float, until_s: float) -> Optional[float]:
    """What a tenth of the round trips to the nearest host exceed: the queue still grows in a short time.

    Source: github.com/network-quality/goresponsiveness takes the 90th percentile as well.
    """
    return min((rtts[len(rtts) * 9 // 10] for rtts in _within(all_series, since_s, until_s)), default=None)


def _reading(idle: Optional[float], loaded: Optional[float], rate: Optional[float], busy: _Busy) -> Reading:
    added = None if idle is None or loaded is None else round(max(0.0, loaded - idle), 1)
    data: Dict[str, Value] = {
        "idle_ms": None if idle is None else round(idle, 1),
        "loaded_ms": None if loaded is None else round(loaded, 1),
        "added_ms": added,
        "queue_bytes": None if added is None or rate is None else round(added / 1000 * rate * 1e6 / 8),
        "narrowest_mbit_s": rate,
        "down_mbit_s": busy.mbit_s,
        "rate_mbit_s": rate if busy.mbit_s is None else busy.mbit_s,
        "left_mbit_s": busy.mbit_s if busy.mbit_s is not None else None if rate is None else round(rate / 2, 2),
        "down_at_least": busy.whole,
        "how": busy.how,
        "moved_bytes": busy.moved_bytes,
        "busy_s": round(busy.ended_s - busy.begun_s, 2),
    }
    short = "the transfer was over before it could fill the line" if busy.how else f"no download: {busy.failed}"
    gaps = {
        "idle_ms": "nobody outside answers pings",
        "loaded_ms": short if idle is not None else "nobody outside answers pings",
        "added_ms": short if idle is not None else "nobody outside answers pings",
        "queue_bytes": "the delay under load or the rate is not known",
        "narrowest_mbit_s": "nobody outside answers large pings",
        "rate_mbit_s": "neither a download nor large pings were answered",
        "left_mbit_s": "neither a download nor large pings were answered",
        "down_mbit_s": f"no download: {busy.failed}" if busy.failed else "too little came to tell a rate",
    }
    return Reading(data, {name: reason for name, reason in gaps.items() if data[name] is None})


def _summary(data: Mapping[str, Value]) -> str:
    rate = data.get("down_mbit_s") or data.get("narrowest_mbit_s")
    parts = [f"{rate} Mbit/s" if rate else "rate unknown"]
    if data.get("added_ms") is not None:
        parts.append(f"{data['added_ms']} ms later while busy")
    return ", ".join(parts)


PROBES = (
    Probe(
        name="net.load",
        title="Line while busy",
        doc="Rate, and delay while the line is loaded: idle pings; a row of 12 large pings to each of three operators, "
        "pulled apart by the narrowest link (50 kB each way); then 8 downloads at once from a documented place (site "
        "setting targets.download) or a server the technician names, 2 MB and 1.2 s at most, less on a slow line, "
        "with pings beside them. Where no download is to be had, large pings (600 kB each way at most) take their "
        "place. 2 MB is about one usual web page. Source: https://httparchive.org/reports/page-weight",
        fields={
            "idle_ms": number("Middle round trip before the load.", "ms"),
            "loaded_ms": number("Round trip that a tenth exceeds while the line is loaded.", "ms"),
            "added_ms": number("How much longer that is.", "ms"),
            "narrowest_mbit_s": number("Rate of the narrowest link in the slower of both directions.", "mbit_s"),
            "queue_bytes": number("What waits in the queue then: that delay at the narrowest link's rate.", "bytes"),
            "down_mbit_s": number("Rate of all downloads together.", "mbit_s"),
            "rate_mbit_s": number("That rate, or without downloads the narrowest link's.", "mbit_s"),
            "left_mbit_s": number(
                "What a newcomer gets beside other traffic: the downloads' rate, else half of the narrowest link's.",
                "mbit_s",
            ),
            "down_at_least": boolean("The budget was used up before the time: the line may be faster than that."),
            "how": text("What loaded the line: downloads, pings, or nothing."),
            "moved_bytes": number("How much the load moved.", "bytes"),
            "busy_s": number("How long the load lasted.", "s"),
        },
        parameters={
            "megabytes": Parameter("float", "Most data to download.", 2.0),
            "seconds": Parameter("float", "Longest time to load the line.", 1.2),
            "server": Parameter("text", "http(s) address of a large file; {bytes} in it becomes the size wanted.", ""),
        },
        methods=portable(_measure),
        timeout_s=5.0,
        cost="slow",
        alone=True,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
