"""A quick look orders what the words left open."""

from __future__ import annotations

import threading
import time

import pytest

from techdoctor.model import Fact, Value
from techdoctor.playbooks.search import Hit
from techdoctor.probes.runner import Call
from techdoctor.session import triage

HITS = [Hit("web.pages", "Pages", 10.0, "page, open", 1.0), Hit("net.dns", "Names", 9.0, "page, open", 1.0)]


def fact(probe: str, data: dict[str, Value], status: str = "ok") -> dict[str, Fact]:
    return {probe: Fact(probe, status, data)}


def test_evidence_raises_its_playbook_and_says_so() -> None:
    found = triage.raised(HITS, fact("dns.lookup", {"ok": False}))
    assert [hit.id for hit in found] == ["net.dns", "web.pages"]
    assert "2 of your words" in found[0].why
    assert found[1] == HITS[0]


@pytest.mark.parametrize(
    "facts", [{}, fact("dns.lookup", {"ok": True}), fact("dns.lookup", {"ok": False}, "timeout"), fact("net.link", {})]
)
def test_without_evidence_the_words_decide(facts: dict[str, Fact]) -> None:
    assert triage.raised(HITS, facts) == HITS


@pytest.mark.parametrize(
    ("probe", "broken", "well"),
    [
        ("disk.filesystems", {"worst_avail_percent": 1.0}, {"worst_avail_percent": 2.0}),
        ("mem.usage", {"left_percent": 4.0}, {"left_percent": 5.0}),
        ("clock.offset", {"wrong_by_s": 300.0}, {"wrong_by_s": 299.0}),
        ("cups.scheduler", {"kind": "stopped", "installed": True}, {"kind": "stopped", "installed": False}),
        ("net.gateway", {"answers": False}, {"answers": None}),
    ],
)
def test_each_sign_tells_broken_from_well(probe: str, broken: dict[str, Value], well: dict[str, Value]) -> None:
    sign = next(sign for sign in triage.SIGNS if sign.probe == probe)
    assert sign.seen(broken)
    assert not sign.seen(well)
    assert not sign.seen({})


def test_a_probe_that_hangs_is_not_awaited() -> None:
    let_go = threading.Event()

    def measure(call: Call, cancelled: threading.Event) -> Fact:
        if call.probe == "disk.filesystems":
            let_go.wait(20)
        return Fact(call.probe, "ok", {})

    begun = time.monotonic()
    facts = triage.look(measure, 1.0)
    let_go.set()
    assert "disk.filesystems" not in facts
    assert "mem.usage" in facts
    assert time.monotonic() - begun < 10
