"""Every mistake a playbook can have: reported with its place and a suggestion, all at once."""

from __future__ import annotations

import re

import pytest

from tests.playbooks.sample import DNS, SMALL, edited, messages

# (old, new, message with its place)
MISTAKES: list[tuple[str, str, str]] = [
    ("title: Web", "titel: Web", "5:1: titel: a playbook has no key 'titel'; did you mean title?"),
    ("version: 1.0.0", "version: 1.0", "4:10: version: needs a version like 1.0.0, not the number 1.0"),
    ("id: net.dns", "id: NetDns", "3:5: id: needs a playbook's id like net.dns, not 'NetDns'"),
    ("playbook/1", "playbook/2", "2:9: schema: 'techdoctor.playbook/2' is not one of techdoctor.playbook/1"),
    ("macos, windows]", "macos, amiga]", "7:27: platforms[2]: 'amiga' is not one of linux, macos, windows"),
    ("type: hostname", "type: hostnam", "8:23: inputs.name.type: 'hostnam' is not one of"),
    ("default: example.com", "default: 7", "8:42: inputs.name.default: the default is a number, the type hostname"),
    ("probe: net.link", "probe: net.lnk", "10:22: facts.link.probe: unknown probe 'net.lnk'; did you mean net.link?"),
    (
        "timeout: 4s",
        "timeout: 4",
        "11:66: facts.egress.timeout: needs a duration like 250ms, 4s or 10m, not the number 4",
    ),
    ("after: [link]", "after: [lnk]", "11:50: facts.egress.after[0]: no fact lnk; did you mean link?"),
    ("after: [link]", "after: [egress]", "11:3: facts.egress: waits for itself"),
    ("via: system", "vai: system", "12:59: facts.system.with.vai: no parameter vai in dns.lookup; did you mean via?"),
    ("name: $name, via", "name: $nam, via", "12:47: facts.system.with.name: no input nam; did you mean name?"),
    ("name: $name, via", "name: $each.ms, via", "facts.system.with.name: no field ms in dns.each_server"),
    ("name: $name, via", "name: $, via", "12:47: facts.system.with.name: '$' is not a reference"),
    ("name: $name, via", "name: $each.alive, via", "facts.system.with.name: needs text, not a number"),
    ("name: $name, via: system", "name: [x], via: system", "facts.system.with.name: needs text, not a list"),
    ("start: triage", "start: triag", "14:8: start: no node triag; did you mean triage?"),
    ("system.ms <= 300, goto", "system.mss <= 300, goto", "when: no field mss in dns.lookup; did you mean ms?"),
    (
        "system.ms <= 300, goto",
        "sytem.ms <= 300, goto",
        "19:30: nodes.triage.branch[1].when: no fact sytem; did you mean system?",
    ),
    (
        "system.ms <= 300, goto",
        "system.ms <= 'x', goto",
        "19:43: nodes.triage.branch[1].when: a number cannot be compared with text",
    ),
    (
        "system.ms <= 300, goto",
        "system.ms, goto",
        "19:30: nodes.triage.branch[1].when: 'system.ms' is a number, not true or false",
    ),
    ("system.ms <= 300, goto", "system.ok < true, goto", "nodes.triage.branch[1].when: true or false has no order"),
    ("system.ms <= 300, goto", "system.ms in 300, goto", "'in' needs a list or two texts, not a number in a number"),
    ("system.ms <= 300, goto", "system.ms <=, goto", "nodes.triage.branch[1].when: "),
    ("system.ms <= 300, goto", "open(system.ms), goto", "nodes.triage.branch[1].when: calls are not allowed"),
    ("system.ms <= 300, goto", "limits.slow < 3, goto", "19:37: nodes.triage.branch[1].when: no limit slow"),
    ("system.ms <= 300, goto", "answers.a == 'b', goto", "19:38: nodes.triage.branch[1].when: no question a"),
    ("system.ms <= 300, goto", "inputs.nam == 'b', goto", "no input nam; did you mean name?"),
    (
        "known(system.ok)",
        "known(system.okk)",
        "20:29: nodes.triage.branch[2].when: no field okk in dns.lookup; did you mean ok?",
    ),
    ("known(system.ok)", "'any(system.ok, it.x)'", "any() needs a list, not true or false"),
    ("known(system.ok)", "'any(each.servers, it.aliv)'", "the elements have no field aliv; did you mean alive?"),
    ("known(system.ok)", "any(each.servers, it.alive)", "a value with a comma or a brace needs quotes"),
    ("known(system.ok)", "system.ms == None", "nothing can be compared with None; ask known(fact.field)"),
    ("goto: works_now", "goto: work_now", "nodes.triage.branch[1].goto: no node work_now; did you mean works_now?"),
    ("goto: works_now", "goto: works_now, then: find_cause", "'then' goes with 'call' only"),
    (
        "goto: works_now",
        "goto: works_now, call: net.connection",
        "19:9: nodes.triage.branch[1]: a branch entry needs exactly one of 'goto' or 'call'",
    ),
    (
        "{else: true, goto: cannot_tell}",
        "{when: link.up, goto: cannot_tell}",
        "18:7: nodes.triage.branch: the branch needs a last entry `else: true`",
    ),
    ("{else: true, goto: cannot_tell}", "{else: false, goto: cannot_tell}", "branch[3].else: needs true, not false"),
    (
        "[dead_server], then",
        "[dead_sever], then",
        "22:25: nodes.find_cause.causes[0]: no cause dead_sever; did you mean dead_server?",
    ),
    ("[dead_server], then", "[dead_server, dead_server], then", "dead_server stands twice in the list"),
    ("end: not_reproduced", "end: solved", "'solved' is not one of not_reproduced, handed_on"),
    ("{name} works", "{nam} works", "23:56: nodes.works_now.say: no input nam; did you mean name?"),
    ("{system.ms} ms", "{system.mss} ms", "nodes.works_now.say: no field mss in dns.lookup; did you mean ms?"),
    ("{system.ms} ms", "{system} ms", "no input system; there is name; write a field, like {system.ok}"),
    ("likelihood: common", "likelihood: often", "29:17: causes.dead_server.likelihood: 'often' is not one of common"),
    (
        "confirm: each",
        "confrim: each",
        "31:5: causes.dead_server.confrim: a cause has no key 'confrim'; did you mean confirm?",
    ),
    ("risk: low", "risk: tiny", "causes.dead_server.fix[0].risk: 'tiny' is not one of none, low, medium, high"),
    (
        "action: net.renew_lease",
        "action: net.renew_leas",
        "unknown action 'net.renew_leas'; did you mean net.renew_lease?",
    ),
    (
        "action: net.renew_lease",
        "instruct: x, action: net.renew_lease",
        "a fix needs exactly one of 'instruct' or 'action'",
    ),
    (
        "undo: dns.restore_servers",
        "undo: dns.restore",
        "dns.prefer_server has no undo dns.restore; did you mean dns.restore_servers?",
    ),
    (
        "with: {server: $each.best}",
        "with: {sever: $each.best}",
        "no parameter sever in dns.prefer_server; did you mean server?",
    ),
    ("id: reorder", "id: renew_lease", "34:14: causes.dead_server.fix[1].id: two fixes are called renew_lease"),
    ("verify: {fact: system", "verify: {fact: sytem", "35:16: verify.fact: no fact sytem; did you mean system?"),
    ("times: 3", "times: 300", "verify.retry.times: needs a whole number from 1 to 20, not the number 300"),
    ("link: {up: true}", "lnk: {up: true}", "38:13: tests[0].facts.lnk: no fact lnk; did you mean link?"),
    ("link: {up: true}", "link: {up: 1}", "tests[0].facts.link.up: net.link.up is true or false, not the number 1"),
    (
        "link: {up: true}",
        "link: {upp: true}",
        "38:20: tests[0].facts.link.upp: no field upp in net.link; did you mean up?",
    ),
    ("link: {up: true}", "link: timeot", "38:19: tests[0].facts.link: no status timeot; did you mean timeout?"),
    ("expect: {end: solved", "expect: {end: cured", "tests[0].expect.end: 'cured' is not one of solved"),
    (
        "cause: dead_server",
        "cause: dead_sever",
        "tests[0].expect.cause: no cause dead_sever; did you mean dead_server?",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES, ids=[new[:40] for _, new, _ in MISTAKES])
def test_each_mistake_is_reported_where_it_stands(old: str, new: str, message: str) -> None:
    lines = messages(edited((old, new)))
    assert any(message in line for line in lines), lines
    assert all(re.match(r"x\.yaml:[1-9][0-9]*:[1-9][0-9]*: ", line) for line in lines)
    assert len(lines) <= 3, lines


TWENTY = (
    "titel: Web",
    "version: 1.0",
    "id: NetDns",
    "playbook/2",
    "macos, amiga]",
    "type: hostnam",
    "probe: net.lnk",
    "timeout: 4",
    "vai: system",
    "start: triag",
    "sytem.ms <= 300, goto",
    "known(system.okk)",
    "[dead_sever], then",
    "end: solved",
    "{nam} works",
    "likelihood: often",
    "risk: tiny",
    "with: {sever: $each.best}",
    "times: 300",
    "link: timeot",
    "expect: {end: cured",
)


def test_twenty_mistakes_are_reported_at_once() -> None:
    chosen = [mistake for mistake in MISTAKES if mistake[1] in TWENTY]
    assert len(chosen) == len(TWENTY) == 21
    lines = messages(edited(*((old, new) for old, new, _ in chosen)))
    for _, _, message in chosen:
        words = message.partition(": ")[2] if message[0].isdigit() else message
        assert any(words in line for line in lines), (message, lines)


WHOLE_FILES: list[tuple[str, str]] = [
    ("", "x.yaml:1:1: a playbook is a mapping, not nothing"),
    ("- a\n", "a playbook is a mapping, not a list"),
    ("just text\n", "a playbook is a mapping, not 'just text'"),
    ("a: [\n", "not YAML"),
    (SMALL.replace("facts: {link: {probe: net.link}}", "facts: [link]"), "facts: needs a mapping, not a list"),
    (SMALL.replace("{end: escalate}", "7"), "nodes.ending: a node is a mapping, not the number 7"),
    (
        SMALL.replace("{end: escalate}", "{ends: escalate}"),
        "nodes.ending: a node needs one of branch, ask, causes, call, end",
    ),
    (SMALL.replace("{end: escalate}", "{end: escalate, call: net.dns}"), "a node has only one of"),
    (SMALL.replace("ending:", "'End Ing':"), "'End Ing' is not a name"),
    (SMALL.replace("link:", "answers:"), "a fact may not be called answers"),
    (SMALL.replace("title: A small playbook", "title: ''"), "title: needs text, not an empty text"),
    (SMALL.replace("title: A small playbook", "title: 7"), "not the number 7; put it in quotes to make it text"),
    (SMALL + "start: ending\n", "the key 'start' stands twice"),
]


@pytest.mark.parametrize(("text", "message"), WHOLE_FILES)
def test_files_of_the_wrong_shape(text: str, message: str) -> None:
    assert any(message in line for line in messages(text.encode()))


ASK = """\
nodes:
  asking: {ask: {text: Well?, choices: {yes: 'Yes', no: 'No'}, on: {yes: ending, no: ending, unknown: ending}}}
  ending: {end: escalate}
"""
ASKING = SMALL.replace("start: ending", "start: asking").replace("nodes: {ending: {end: escalate}}\n", ASK)


def test_a_question_is_accepted() -> None:
    assert messages(ASKING.encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (", unknown: ending", "", "nodes.asking.ask.on: no node for the answer unknown"),
        ("no: ending, ", "", "no node for the answer no"),
        ("no: ending, ", "no: ending, maybe: ending, ", "no choice maybe"),
        ("no: 'No'}", "no: 'No', unknown: Dunno}", '"I don\'t know" is added by itself'),
        ("on: {yes: ending", "on: {yes: end_ing", "no node end_ing; did you mean ending?"),
    ],
)
def test_mistakes_in_a_question(old: str, new: str, message: str) -> None:
    lines = messages(edited((old, new), text=ASKING))
    assert any(message in line for line in lines), lines


def test_an_answer_is_compared_with_its_choices_only() -> None:
    branch = "asking2: {branch: [{when: answers.asking == 'ye', goto: ending}, {else: true, goto: ending}]}\n  ending:"
    lines = messages(edited(("ending: {end", branch + " {end"), text=ASKING))
    assert lines == ["x.yaml:9:47: nodes.asking2.branch[0].when: no choice 'ye'; did you mean yes?"]


def test_the_design_example_has_no_mistakes() -> None:
    assert messages(DNS.encode()) == []


def test_a_wrong_part_does_not_make_what_names_it_wrong() -> None:
    lines = messages(edited(("{probe: dns.each_server", "{prob: dns.each_server"), ("confirm: each", "confrim: each")))
    assert len(lines) == 4  # the unknown key and the missing one, twice; nothing about `each` or `dead_server`


def test_columns_count_characters_not_bytes() -> None:
    edit = ("system.ok and system.ms <= 300, goto", "system.rcode == 'ü' and system.mss <= 300, goto")
    line = edited(edit).decode().splitlines()[18]
    assert messages(edited(edit))[0].startswith(f"x.yaml:19:{line.index('mss') + 1}: ")
