"""The playbook of design.md 5.1, to be broken in many ways."""

from __future__ import annotations

from techdoctor.playbooks.checked import examine
from techdoctor.playbooks.problem import Problem

DNS = """\
# yaml-language-server: $schema=../schema/playbook-1.json
schema: techdoctor.playbook/1
id: net.dns
version: 1.0.0
title: Web addresses cannot be found, or are slow to be found
symptoms: [server not found, name not resolved, pages start slowly]
platforms: [linux, macos, windows]
inputs: {name: {type: hostname, default: example.com, ask: Which address does not open?}}
facts:                                 # read-only, run once each, in parallel, cached in the session
  link:      {probe: net.link}
  egress:    {probe: net.tcp_by_address, after: [link], timeout: 4s}
  system:    {probe: dns.lookup, with: {name: $name, via: system}, timeout: 12s}
  each:      {probe: dns.each_server, with: {name: $name}, timeout: 8s}
start: triage
nodes:
  triage:
    branch:
      - {when: not link.up, call: net.connection, why: without a link nothing else can be judged}
      - {when: system.ok and system.ms <= 300, goto: works_now}
      - {when: known(system.ok), goto: find_cause}
      - {else: true, goto: cannot_tell}
  find_cause: {causes: [dead_server], then: unexplained}
  works_now:   {end: not_reproduced, say: "Looking up {name} works now ({system.ms} ms)."}
  cannot_tell: {end: inconclusive, say: "The check of name lookup itself could not be run."}
  unexplained: {end: escalate, say: "Name lookup fails and none of the known causes fits."}
causes:
  dead_server:
    title: The first name server in the list does not answer
    likelihood: common                 # common | occasional | rare | very_rare
    severity: problem                  # note | warning | problem | danger
    confirm: each.first_dead and each.alive >= 1
    fix:                               # effort: probe | look | ask | do | replace; risk: none | low | medium | high
      - {id: renew_lease, effort: do, risk: low, action: net.renew_lease, needs: admin, undo: none_needed}
      - {id: reorder, effort: do, risk: low, action: dns.prefer_server, with: {server: $each.best}, needs: admin, undo: dns.restore_servers}
verify: {fact: system, until: system.ok and system.ms <= 300, retry: {times: 3, wait: 2s}}
tests:
  - name: first server dead, a new lease cures it
    facts: {link: {up: true}, egress: {ok: true}, system: {ok: true, ms: 5020}, each: {first_dead: true, alive: 1, best: 10.0.0.2}}
    after: {renew_lease: {system: {ok: true, ms: 25}}}
    expect: {end: solved, cause: dead_server, fixes: [renew_lease]}
"""

# Everything a playbook needs, and nothing else.
SMALL = """\
schema: techdoctor.playbook/1
id: net.small
version: 1.0.0
title: A small playbook
facts: {link: {probe: net.link}}
start: ending
nodes: {ending: {end: escalate}}
"""


def edited(*edits: tuple[str, str], text: str = DNS) -> bytes:
    """The sample with each (old, new) put in once; the old text must be there."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


def problems(content: bytes) -> list[Problem]:
    """All problems of a file called x.yaml."""
    return examine(content, "x.yaml")[0].problems


def messages(content: bytes) -> list[str]:
    return [str(problem) for problem in problems(content)]
