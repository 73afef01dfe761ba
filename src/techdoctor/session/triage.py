"""A quick look at the machine while words leave several playbooks open: what is plainly wrong raises its playbook."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from techdoctor.messages import say
from techdoctor.model import Fact, Value
from techdoctor.playbooks.search import Hit
from techdoctor.probes import registry
from techdoctor.probes.runner import Call, Runner

# A person waits for it.
MOST_S = 1.8
# Evidence counts for about half as much again as the words: it orders what the words found, and adds nothing else.
RAISE = 1.5
FULL_PERCENT = 2.0
MEMORY_PERCENT = 5.0
# Source: RFC 4120, 1.6: tickets are refused from five minutes on.
CLOCK_S = 300.0


@dataclass(frozen=True)
class Sign:
    """What one probe tells about one playbook.

    Attributes:
        probe: Its name.
        playbook: The id that it raises.
        seen: True when the field shows the trouble; it gets the probe's data.
    """

    probe: str
    playbook: str
    seen: Callable[[Mapping[str, Value]], bool]


def _below(name: str, limit: float) -> Callable[[Mapping[str, Value]], bool]:
    def check(data: Mapping[str, Value]) -> bool:
        value = data.get(name)
        return isinstance(value, (int, float)) and not isinstance(value, bool) and value < limit

    return check


def _clock_is_wrong(data: Mapping[str, Value]) -> bool:
    return data.get("wrong_by_s") is not None and not _below("wrong_by_s", CLOCK_S)(data)


SIGNS: Sequence[Sign] = (
    Sign("net.link", "net.connection", lambda data: data.get("up") is False),
    Sign("net.gateway", "net.connection", lambda data: data.get("answers") is False),
    Sign("dns.lookup", "net.dns", lambda data: data.get("ok") is False),
    Sign("disk.filesystems", "disk.full", _below("worst_avail_percent", FULL_PERCENT)),
    Sign("mem.usage", "perf.mem", _below("left_percent", MEMORY_PERCENT)),
    Sign("clock.offset", "sys.clock", _clock_is_wrong),
    Sign("cups.scheduler", "print.printing", lambda d: d.get("kind") == "stopped" and d.get("installed") is True),
)


def look(measure: Callable[[Call, threading.Event], Fact], most_s: float = MOST_S) -> dict[str, Fact]:
    """Measures all signs side by side; what is not there in time is left out.

    Args:
        measure: A host's method.
        most_s: Seconds after which nothing more is awaited.
    """
    until = time.monotonic() + most_s
    runner = Runner(measure)
    wanted = {sign.probe for sign in SIGNS}
    for name in sorted(wanted):
        found = registry.get(name)
        params = {key: each.default for key, each in found.parameters.items()}
        runner.start(Call(name, name, params, min(found.timeout_s, most_s), found.alone, found.network))
    facts: dict[str, Fact] = {}
    try:
        while len(facts) < len(wanted) and (left := until - time.monotonic()) > 0:
            answer = runner.next(min(left, 0.25))
            if answer is not None:
                facts[answer[0]] = answer[1]
    finally:
        runner.stop()
    return facts


def raised(hits: Sequence[Hit], facts: Mapping[str, Fact]) -> list[Hit]:
    """The hits in the order of words and evidence; a raised one says so in its title and its reason."""
    told: list[Hit] = []
    for hit in hits:
        names = [
            registry.get(sign.probe).title
            for sign in SIGNS
            if sign.playbook == hit.id and (fact := facts.get(sign.probe)) and fact.ok and sign.seen(fact.data)
        ]
        told.append(_with(hit, names) if names else hit)
    return sorted(told, key=lambda hit: (-round(hit.score, 6), hit.id))


def _with(hit: Hit, checks: Sequence[str]) -> Hit:
    words = len([word for word in hit.why.split(", ") if word])
    why = say("diagnose.raised", words=words, check=" + ".join(checks))
    return replace(hit, title=f"{hit.title} ({why})", score=hit.score * RAISE, why=f"{hit.why}; {why}")
