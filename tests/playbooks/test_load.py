"""A checked tree becomes the playbook the engine walks: nothing lost, defaults filled in."""

from __future__ import annotations

import time
from typing import Any

import pytest

from techdoctor.actions import registry as actions
from techdoctor.playbooks.checked import checked_tree
from techdoctor.playbooks.forms import seconds
from techdoctor.playbooks.load import build
from techdoctor.playbooks.tree import AskNode, BranchNode, CallNode, CausesNode, EndNode, Playbook
from techdoctor.probes import registry as probes
from tests.playbooks.sample import DNS, edited
from tests.playbooks.test_mistakes import ASKING


def loaded(content: bytes) -> Playbook:
    tree, problems = checked_tree(content, "x.yaml")
    assert tree is not None, problems
    return build(tree, "x.yaml", "0" * 64)


def test_the_design_example() -> None:
    book = loaded(DNS.encode())
    assert (book.id, book.version, book.start) == ("net.dns", "1.0.0", "triage")
    assert book.platforms == ("linux", "macos", "windows")
    assert book.inputs["name"].default == "example.com"
    triage = book.nodes["triage"]
    assert isinstance(triage, BranchNode)
    assert [(entry.goto, entry.call) for entry in triage.entries] == [
        ("", "net.connection"),
        ("works_now", ""),
        ("find_cause", ""),
        ("cannot_tell", ""),
    ]
    assert triage.entries[3].when is None
    assert triage.entries[1].when is not None
    assert triage.entries[1].when.owners == {"system"}
    assert book.nodes["find_cause"] == CausesNode("find_cause", ("dead_server",), "unexplained")
    assert isinstance(book.nodes["unexplained"], EndNode)
    assert book.nodes["unexplained"].end == "escalated"
    cause = book.causes["dead_server"]
    assert (cause.likelihood, cause.severity, cause.rule_out) == ("common", "problem", None)
    assert [fix.id for fix in cause.fixes] == ["renew_lease", "reorder"]
    assert cause.fixes[1].params == {"server": "$each.best"}
    assert cause.fixes[1].undo == "dns.restore_servers"
    assert book.verify is not None
    assert (book.verify.fact, book.verify.times, book.verify.wait_s) == ("system", 3, 2.0)
    assert book.tests[0].expect == {"end": "solved", "cause": "dead_server", "fixes": ["renew_lease"]}


def test_a_fact_that_is_silent_takes_what_its_probe_declares() -> None:
    book = loaded(DNS.encode())
    assert book.facts["egress"].timeout_s == 4.0
    for name in ("link", "system"):
        probe, fact = probes.get(book.facts[name].probe), book.facts[name]
        assert (fact.cost, fact.alone, fact.network) == (probe.cost, probe.alone, probe.network)
    assert book.facts["link"].timeout_s == probes.get("net.link").timeout_s


def test_a_fact_may_differ_from_its_probe() -> None:
    book = loaded(edited(("probe: net.link", "probe: net.link, cost: slow, alone: true, discloses: [name]")))
    assert (book.facts["link"].cost, book.facts["link"].alone, book.facts["link"].discloses) == (
        "slow",
        True,
        ("name",),
    )


def test_questions_take_the_node_s_name_when_they_have_none() -> None:
    node = loaded(ASKING.encode()).nodes["asking"]
    assert isinstance(node, AskNode)
    assert (node.question, dict(node.choices)) == ("asking", {"yes": "Yes", "no": "No"})
    assert node.on["unknown"] == "ending"


MORE_OF_A_CAUSE = """\
    detail: port 53
    explains: [dead_server, web.pages.proxy_name]
    rule_out: system.ms < limits.slow_ms
    ask: {id: policy, text: Managed?, effort: look, choices: {yes: 'Yes', no: 'No'}}
    confirm: each.first_dead"""
MORE_NODES = """\
  calling: {call: net.slow, then: cannot_tell}
  cannot_tell: {cause: dead_server, see: net.slow, end: inconclusive,"""
FIRST_FIX = "{id: call, instruct: Call, when: answers.policy == 'yes', ends: referred}\n      - {id: renew_lease,"


def test_everything_else_a_playbook_can_say() -> None:
    text = DNS.replace("verify:", "limits: {slow_ms: {value: 300, unit: ms, source: a study}}\nverify:")
    text = text.replace("    confirm: each.first_dead", MORE_OF_A_CAUSE).replace("{id: renew_lease,", FIRST_FIX)
    text = text.replace("  cannot_tell: {end: inconclusive,", MORE_NODES)
    book = loaded(text.encode())
    cause = book.causes["dead_server"]
    assert cause.ask is not None
    assert (cause.ask.id, cause.ask.effort) == ("policy", "look")
    assert cause.explains == ("net.dns.dead_server", "web.pages.proxy_name")
    assert cause.rule_out is not None
    assert cause.detail == "port 53"
    assert (cause.fixes[0].ends, cause.fixes[0].instruct) == ("referred", "Call")
    assert cause.fixes[0].when is not None
    assert book.limits["slow_ms"].source == "a study"
    assert book.nodes["calling"] == CallNode("calling", "net.slow", "cannot_tell")
    assert isinstance(book.nodes["cannot_tell"], EndNode)
    assert (book.nodes["cannot_tell"].cause, book.nodes["cannot_tell"].see) == ("dead_server", "net.slow")


@pytest.mark.parametrize(
    ("text", "value"), [("250ms", 0.25), ("4s", 4.0), ("1.5s", 1.5), ("10m", 600.0), ("1h", 3600.0)]
)
def test_durations_are_seconds(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["4", "4 s", "-4s", "s", "4d", "1e3s", ""])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        seconds(text)


def test_a_cold_file_costs_little() -> None:
    for name in probes.names():
        probes.get(name)  # importing probes is not what is measured
    for name in actions.names():
        actions.get(name)
    loaded(DNS.encode())
    costs: list[float] = []
    for _ in range(5):
        started = time.process_time()
        loaded(DNS.encode())
        costs.append(time.process_time() - started)
    assert min(costs) < 0.015


def test_the_design_example_names_only_what_exists() -> None:
    tree, problems = checked_tree(DNS.encode(), "net.dns.yaml")
    assert problems == []
    assert isinstance(tree, dict)
    facts: Any = tree["facts"]
    assert facts["link"]["timeout_s"] > 0
