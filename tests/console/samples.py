"""A session's parts, made up: a dead name server, found and mended."""

from __future__ import annotations

from collections.abc import Mapping

from techdoctor.console.conversation import Conversation
from techdoctor.console.opening import greet, open_dialogue
from techdoctor.console.terminal import Terminal
from techdoctor.events import Announce, Ask, Offer, RunProbe
from techdoctor.model import ActionOutcome, ActionPreview, Evidence, Fact, Finding, FixOutcome, Value

QUESTION = Ask(
    "q1",
    "Is the network cable plugged in at both ends?",
    {"in": "Yes, at both ends", "out": "No, it was out"},
    "A cable that hangs loose cannot be told from a dead socket by measuring.",
)
OFFER = Offer(
    "net.dns.dead_server/renew",
    "net.dns.dead_server",
    "The first name server in the list does not answer",
    "renew",
    number=1,
    total=2,
    confirmed=True,
    risk="low",
    effort="do",
    undo="none_needed",
    action="net.renew_lease",
)
PREVIEW = ActionPreview("Get new settings from the network", ("dhclient -1 wlan0",), needs_admin=True)
INSTRUCTION = Offer(
    "net.dns.dead_server/restart",
    "net.dns.dead_server",
    "The first name server in the list does not answer",
    "restart",
    number=2,
    total=2,
    confirmed=False,
    risk="none",
    effort="do",
    undo="none_needed",
    instruct="Switch the router off, wait ten seconds and switch it on again.",
)
EVIDENCE = (
    Evidence("system", "ok", False, "", "system.ok is no"),
    Evidence("system", "ms", 5000, "ms", "system.ms is 5000 ms"),
    Evidence("egress", "ok", True, "", "egress.ok is yes"),
)
FINDING = Finding(
    "net.dns.dead_server",
    "The first name server in the list does not answer",
    "problem",
    True,
    EVIDENCE,
    (
        FixOutcome("renew", "do", "low", True, "solved", "Get new settings from the network", action="net.renew_lease"),
        FixOutcome(
            "restart", "do", "none", False, "", "Switch the router off, wait ten seconds and switch it on again."
        ),
    ),
)


def _seen(probe: str, text: str, ms: float) -> Fact:
    return Fact(probe, "ok", {"text": text}, duration_ms=ms)


def _lost(probe: str, status: str, reason: str, ms: float = 0) -> Fact:
    return Fact(probe, status, reason=reason, duration_ms=ms)


# Fact, probe, title of the probe, outcome: in the order they come back.
ROWS = (
    ("card", "net.link", "Network card", _seen("net.link", "wlan0 connected, 72 % signal", 120)),
    ("egress", "net.internet", "Internet by number", _seen("net.internet", "192.0.2.1 answers in 19 ms", 310)),
    ("channel", "wifi.channel", "Wi-Fi channel", _lost("wifi.channel", "denied", "needs administrator rights (sudo)")),
    ("proxy", "net.proxy", "Proxy", _lost("net.proxy", "not_applicable", "no proxy is set")),
    (
        "portal",
        "net.portal",
        "Sign-in page",
        _lost("net.portal", "skipped", "offline: nothing is sent beyond this machine"),
    ),
    ("system", "dns.lookup", "Name lookup (DNS)", _seen("dns.lookup", "192.0.2.53 gave no answer within 5 s", 5012)),
    ("clock", "time.offset", "Clock", _lost("time.offset", "timeout", "no answer within 6 s", 6000)),
)


def summarise(_probe: str, data: Mapping[str, Value]) -> str:
    return str(data.get("text", ""))


def run_of(fact: str, probe: str, number: int = 1) -> RunProbe:
    return RunProbe(f"{probe}#{number}", f"net.dns:{fact}", probe, {}, None, alone=False, network=True)


def opened(terminal: Terminal, technician: bool = False) -> Conversation:
    """A conversation that has said which playbook it walks."""
    greet(terminal)
    conversation = open_dialogue(terminal, summarise, technician)
    conversation.chosen("Web addresses cannot be found", "net.dns")
    return conversation


def measure(conversation: Conversation) -> None:
    """All rows, the last one after a wait."""
    for fact, probe, title, _ in ROWS:
        conversation.probe_started(run_of(fact, probe), title)
    for fact, probe, title, known in ROWS:
        conversation.probe_ended(run_of(fact, probe), title, known)


def whole_session(terminal: Terminal, technician: bool = False) -> Conversation:
    """From the first line to the person's own word, with the answers of the stage."""
    conversation = opened(terminal, technician)
    measure(conversation)
    conversation.announce(Announce("found", FINDING.id, "resolv.conf lists a dead server first"), FINDING)
    conversation.ask(QUESTION)
    conversation.offer(OFFER, PREVIEW)
    conversation.fix_started(OFFER, PREVIEW)
    conversation.fix_ended(OFFER, ActionOutcome(True, "wlan0 has new settings"))
    conversation.announce(Announce("measuring_again", OFFER.prompt), None)
    fact, probe, title, _ = ROWS[5]
    conversation.probe_started(run_of(fact, probe, 2), title)
    better = Fact(probe, "ok", {"text": "192.0.2.54 answers in 12 ms"}, duration_ms=14)
    conversation.probe_ended(run_of(fact, probe, 2), title, better)
    conversation.announce(Announce("no_help", OFFER.prompt, "system.ms is 5000 ms"), None)
    conversation.offer(INSTRUCTION, None)
    conversation.announce(Announce("verified", INSTRUCTION.prompt), None)
    conversation.did_it_help()
    return conversation
