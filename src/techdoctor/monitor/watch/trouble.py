"""What shows only over time: leaks, floods, links that come and go, lost packets, heat, a disk that fills.

Each threshold names its source. What one look can tell is the business of a check-up.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from techdoctor.messages import say
from techdoctor.model import Value
from techdoctor.monitor.watch.series import Series
from techdoctor.text import clean_line, duration, size

LEAK, FLOOD, FLAPS, DROPS, RESENT, HEAT, MEMORY, FILLS, BUSY = (
    "leak", "log_flood", "link_flaps", "packets_dropped", "packets_lost", "throttled", "memory", "disk_fills", "busy",
)  # fmt: skip
# Area of a trouble (the AREA argument) and the playbook that looks into it.
PLAYBOOKS = {
    LEAK: "perf.mem", MEMORY: "perf.mem", BUSY: "perf.slow", HEAT: "perf.hot", FLOOD: "disk.full", FILLS: "disk.full",
    FLAPS: "net.connection", DROPS: "net.slow", RESENT: "net.slow",
}  # fmt: skip
_BUCKETS = 6
_LEAST_SHARE_OF_MEAN = 0.25  # as probes/load/growth.py: a leak grows evenly, a program that loads does it in bursts
# Ours: what a program takes while it works is given back within a watch; at this growth memory ends within three days.
_LEAK_LEAST_BYTES, _LEAK_LASTS_S = 4 << 20, 3 * 86400.0
# Ours: 100 KiB/s is 8 GiB a day, more than journald keeps by default (4 GiB, journald.conf(5)).
_FLOOD_BYTES_PER_S = 100 << 10
# node-exporter mixin, NodeFilesystemSpaceFillingUp: full within 24 h.
_FILLS_S, _FILLS_LEAST_BYTES = 86400.0, 64 << 20
_FLAP_CHANGES = 2  # lost and found again
# node-exporter mixin, NodeNetworkReceiveErrs: more than 1 % of the packets; netdata (health.d/net.conf): drops 2 %.
_BAD_PACKETS_SHARE, _LEAST_BAD_PACKETS = 0.01, 10
# Ours: each loss about halves the speed (RFC 5681, section 3.1); 2 % sent again is felt.
_RESENT_SHARE, _LEAST_RESENT = 0.02, 10
_MEMORY_PERCENT = 95.0  # perf.mem: less than 5 % available
_BUSY_PERCENT, _BUSY_SHARE = (
    90.0,
    0.5,
)  # netdata (health.d/cpu.conf): warning above 85 %, critical above 95 %, for 10 min


@dataclass(frozen=True)
class Trouble:
    """Something that showed over time.

    Attributes:
        kind: LEAK, FLOOD ...
        who: The program, file or interface; one line, harmless.
        title: In plain words, without a full stop.
        detail: Figures.
        severity: One of model.SEVERITIES.
        since_s: Seconds after the beginning at which it was first judged so.
    """

    kind: str
    who: str
    title: str
    detail: str
    severity: str = "problem"
    since_s: float = 0.0

    @property
    def playbook(self) -> str:
        """The playbook that looks into it."""
        return PLAYBOOKS[self.kind]

    def to_json(self) -> dict[str, Value]:
        return {
            "kind": self.kind,
            "who": self.who,
            "title": self.title,
            "detail": self.detail,
            "severity": self.severity,
            "since_s": round(self.since_s, 1),
            "playbook": self.playbook,
        }


def steady_growth(series: Series) -> float:
    """Growth per second of what grew evenly, over the whole time or its second half; 0 when it did not.

    Evenly is: in each of six stretches of the time, in none much less than in the mean.
    """
    points = series.all_points()
    if len(points) < _BUCKETS:
        return 0.0
    begun, ended = points[0][0], points[-1][0]
    for since in (begun, begun + (ended - begun) / 2):
        buckets = series.buckets(_BUCKETS, since)
        steps = [now - old for old, now in itertools.pairwise(buckets)]
        mean = sum(steps) / len(steps) if len(steps) == _BUCKETS - 1 else 0.0
        if mean > 0 and min(steps) >= mean * _LEAST_SHARE_OF_MEAN:
            return mean * _BUCKETS / (ended - since)
    return 0.0


def leak(name: str, pid: int, series: Series, available_bytes: float, least_s: float) -> Trouble | None:
    """A program whose memory grows all the time.

    Args:
        name: Of the program.
        pid: Its number.
        series: Its resident bytes.
        available_bytes: Memory that is left.
        least_s: Seconds it must have been watched.
    """
    points = series.all_points()
    if not points or points[-1][0] - points[0][0] < least_s or series.last - series.low < _LEAK_LEAST_BYTES:
        return None
    rate = steady_growth(series)
    if rate <= 0 or available_bytes / rate > _LEAK_LASTS_S:
        return None
    who = f"{clean_line(name, 60)} ({pid})"
    lasts = duration(available_bytes / rate)
    detail = say("watch.leak_detail", rate=size(rate), now=size(series.last), lasts=lasts)
    return Trouble(LEAK, who, say("watch.leak", name=clean_line(name, 60)), detail)


def flood(path: str, grown_bytes: float, seconds: float) -> Trouble | None:
    """A log file that grows faster than anybody reads; `seconds` is the time in which it grew so much."""
    if seconds < 1 or grown_bytes / seconds < _FLOOD_BYTES_PER_S:
        return None
    file = clean_line(path, 120)
    detail = say("watch.flood_detail", rate=size(grown_bytes / seconds), day=size(grown_bytes / seconds * 86400))
    return Trouble(FLOOD, file, say("watch.flood", file=file), detail)


def network(grown: Mapping[str, float], looks: int) -> list[Trouble]:
    """Links that come and go, and packets that are dropped or sent again.

    Args:
        grown: Counter to how much it grew over the whole watch.
        looks: How many looks there were.
    """
    found: list[Trouble] = []
    for counter, count in grown.items():
        name, _, kind = counter.rpartition(" ")
        shown = clean_line(name, 40)
        packets = grown.get(f"{name} packets", 0.0)
        if kind == "link_changes" and count >= _FLAP_CHANGES and looks > 1:
            found.append(Trouble(FLAPS, shown, say("watch.flaps", name=shown), say("watch.flaps_detail", n=int(count))))
        bad = count >= max(_LEAST_BAD_PACKETS, packets * _BAD_PACKETS_SHARE)
        if kind in ("errors", "drops") and bad:
            detail = say("watch.drops_detail", n=int(count), packets=int(packets))
            found.append(Trouble(DROPS, shown, say("watch.drops", name=shown), detail))
    sent, resent = grown.get("tcp_sent", 0.0), grown.get("tcp_resent", 0.0)
    if resent >= _LEAST_RESENT and resent >= sent * _RESENT_SHARE:
        detail = say("watch.resent_detail", share=f"{resent / max(sent, 1) * 100:.0f}", n=int(resent))
        found.append(Trouble(RESENT, "", say("watch.resent"), detail))
    return found


def heat(celsius: Series | None, over_high: Series | None, throttled: float) -> Trouble | None:
    """A processor that slowed itself down while it was watched."""
    if throttled <= 0 and not (over_high is not None and over_high.high > 0):
        return None
    shown = f"{celsius.high:.0f}" if celsius is not None else "?"
    return Trouble(HEAT, "", say("watch.heat"), say("watch.heat_detail", n=int(throttled), celsius=shown))


def memory(used: Series | None) -> Trouble | None:
    """Memory that ran out while it was watched."""
    if used is None or used.high < _MEMORY_PERCENT:
        return None
    return Trouble(MEMORY, "", say("watch.memory"), say("watch.memory_detail", high=f"{used.high:.0f}"))


def filling(free: Series | None) -> Trouble | None:
    """A disk that will be full within a day if that goes on."""
    if free is None or free.high - free.last < _FILLS_LEAST_BYTES:
        return None
    reverse = Series()
    for at, mean, _ in free.all_points():
        reverse.add(at, -mean)
    rate = steady_growth(reverse)
    if rate <= 0 or free.last / rate > _FILLS_S:
        return None
    detail = say("watch.fills_detail", rate=size(rate), lasts=duration(free.last / rate))
    return Trouble(FILLS, "", say("watch.fills"), detail)


def busy(cpu: Series | None) -> Trouble | None:
    """A processor without time left for more than half of the watch."""
    values = cpu.values() if cpu is not None else []
    full = sum(value >= _BUSY_PERCENT for value in values)
    if len(values) < _BUCKETS or full < len(values) * _BUSY_SHARE:
        return None
    detail = say("watch.busy_detail", share=f"{full / len(values) * 100:.0f}")
    return Trouble(BUSY, "", say("watch.busy"), detail, "note")
