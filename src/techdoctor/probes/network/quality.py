"""net.quality: loss, delay and its variation, to the router and beyond it. CPython 3.9 syntax."""

from __future__ import annotations

import statistics
from typing import Dict, List, Mapping, Optional, Sequence

from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, TIMEOUT, Value
from techdoctor.probes.base import (
    Parameter,
    Probe,
    Probing,
    Reading,
    integer,
    number,
    portable,
    records,
    text,
)
from techdoctor.probes.network import knock, own_network, targets
from techdoctor.probes.network.line_sample import Sample, take
from techdoctor.probes.network.series import Series, Spread, percent, runs, spread

_MOST_OUTSIDE = 3
_MOST_S = 120.0


def _measure(probing: Probing) -> Reading:
    v4, v6 = targets.internet(probing.settings.targets)
    outside = [a for a in v4 if knock.has_way_to(a)] or [a for a in v6 if knock.has_way_to(a)]
    if not outside:
        raise CannotMeasure(NOT_APPLICABLE, "there is no way out to measure")
    router = own_network.router()
    watched_s = min(_MOST_S, max(0.0, float(str(probing.params.get("for") or 0.0))))
    sample = take(router.address if router else "", outside[:_MOST_OUTSIDE], watched_s, probing)
    if not any(series.sent for series in sample.outside):
        raise CannotMeasure(TIMEOUT, "there was no time to send anything")
    return reading(sample)


def reading(sample: Sample) -> Reading:
    """The fields of a sample."""
    answering = [series for series in sample.outside if series.answers]
    judged = _without_the_odd_one(answering)
    near = sample.router if sample.router is not None and sample.router.answers else None
    outside, router = _together(answering), _together([near] if near else [])
    rows = runs(judged)
    sent, lost = sum(s.sent for s in judged), sum(s.lost for s in judged)
    data: Dict[str, Value] = {
        "loss_percent": percent(lost, sent) if answering else None,
        "sent": sent,
        "lost": lost,
        "hosts_losing": sum(1 for s in answering if s.lost),
        "hosts_answering": len(answering),
        "rtt_ms": outside.median_ms if outside else None,
        "jitter_ms": outside.jitter_ms if outside else None,
        "way": answering[0].way if answering else "",
        "router_loss_percent": percent(near.lost, near.sent) if near else None,
        "router_sent": near.sent if near else None,
        "router_lost": near.lost if near else None,
        "router_rtt_ms": router.median_ms if router else None,
        "router_jitter_ms": router.jitter_ms if router else None,
        "router_way": near.way if near else "",
        "beyond_rtt_ms": round(max(0.0, outside.median_ms - router.median_ms), 1) if outside and router else None,
        "longest_run": rows.longest,
        "mean_run": rows.mean,
        "bursts": rows.count,
        "longest_gap_ms": rows.longest_ms,
        "sampled_s": round(max((s.sent_s[-1] for s in sample.outside if s.sent), default=0.0), 1),
        "hosts": [_record(series) for series in sample.outside],
    }
    return Reading(data, _gaps(data, sample))


def _without_the_odd_one(series: Sequence[Series]) -> List[Series]:
    """All series, or all but one host that loses alone: it limits its answers, the line is not at fault."""
    losing = [s for s in series if s.lost]
    if len(losing) == 1 and len(series) > 1:
        return [s for s in series if s is not losing[0]]
    return list(series)


def _together(series: Sequence[Series]) -> Optional[Spread]:
    """Delay to the nearest host and the middle one's variation: one far away says nothing of the line."""
    found = [each for s in series if (each := spread(s.rtts_ms)) is not None]
    if not found:
        return None
    return Spread(min(s.median_ms for s in found), round(statistics.median(s.jitter_ms for s in found), 1))


def _record(series: Series) -> Dict[str, Value]:
    delay = spread(series.rtts_ms)
    return {
        "address": series.address,
        "way": series.way,
        "sent": series.sent,
        "lost": series.lost,
        "rtt_ms": delay.median_ms if delay else None,
        "jitter_ms": delay.jitter_ms if delay else None,
    }


def _gaps(data: Mapping[str, Value], sample: Sample) -> Dict[str, str]:
    gaps = {}
    for name in ("loss_percent", "rtt_ms", "jitter_ms"):
        if data[name] is None:
            gaps[name] = "no host outside answered, neither pings nor connections"
    without = "no router's address is set" if sample.router is None else sample.why_no_router
    for name in [name for name in data if name.startswith("router_") or name == "beyond_rtt_ms"]:
        if data[name] is None:
            gaps[name] = without or "the router answers neither pings nor connections"
    return gaps


def _summary(data: Mapping[str, Value]) -> str:
    if data.get("loss_percent") is None:
        return "nothing outside answers"
    return f"{data['loss_percent']} % lost, answers in {data['rtt_ms']} ms, up to {data['jitter_ms']} ms later"


PROBES = (
    Probe(
        name="net.quality",
        title="Quality of the line",
        doc="Loss, round trip and its variation, to the router and to addresses of three operators at the same time: "
        "40 pings each, 15 ms apart, and 40 more (120 to the router) when one is lost; with `for` so many seconds, "
        "40 ms apart. About 30 kB. Where pings are not allowed the system's ping, and where they are not answered the "
        "first answers of TCP connections (port 443; router: 53, 80, 443) take their place. Times are the kernel's.",
        fields={
            "loss_percent": number(
                "Share of round trips to outside that were not answered, without a host that loses alone.", "percent"
            ),
            "sent": integer("How many were sent for that.", "count"),
            "lost": integer("How many of these were not answered.", "count"),
            "hosts_losing": integer("To how many of the outside hosts something was lost.", "count"),
            "hosts_answering": integer("How many outside hosts answer at all.", "count"),
            "rtt_ms": number("Middle round trip to the nearest of them.", "ms"),
            "jitter_ms": number(
                "How much longer the slowest tenth of round trips takes than the middle one; of the middle host.", "ms"
            ),
            "way": text("How they were asked: ping or tcp."),
            "router_loss_percent": number("The same for the router.", "percent"),
            "router_sent": integer("How many were sent to it.", "count"),
            "router_lost": integer("How many it did not answer.", "count"),
            "router_rtt_ms": number("Middle round trip to the router.", "ms"),
            "router_jitter_ms": number("Its variation.", "ms"),
            "router_way": text("How it was asked: ping, tcp, or empty."),
            "beyond_rtt_ms": number("Middle round trip without the part to the router.", "ms"),
            "longest_run": integer(
                "Most round trips lost one after the other, to all outside hosts together.", "count"
            ),
            "mean_run": number("How many were lost in a row on average; near 1 when chance alone loses them."),
            "bursts": integer("How many rows of three or more.", "count"),
            "longest_gap_ms": number("Longest time without any answer from outside.", "ms"),
            "sampled_s": number("How long it was looked at.", "s"),
            "hosts": records(
                "Each host outside.",
                address=text("Address."),
                way=text("ping or tcp."),
                sent=integer("Round trips begun.", "count"),
                lost=integer("Not answered.", "count"),
                rtt_ms=number("Middle round trip.", "ms"),
                jitter_ms=number("Variation.", "ms"),
            ),
        },
        parameters={"for": Parameter("float", "Seconds to watch; 0 for the shortest sample.", 0.0)},
        methods=portable(_measure),
        timeout_s=5.0,
        cost="slow",
        alone=True,
        network=True,
        reach="beyond",
        summary=_summary,
    ),
)
