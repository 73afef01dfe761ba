"""A session full of plants: a journal as the engine writes it and the diagnosis that goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.bundle import BundleResult, Contents, create_bundle
from techdoctor.engine.journal import Journal
from techdoctor.events import Answered, FactKnown, FixEnded, Started
from techdoctor.model import Fact, Value
from tests.bundle.plants import IDENTIFIERS, MACHINE, SECRETS

SESSION = "20261122-0915-k3f"
CREATED_AT = 1_795_338_900.0


def planted_diagnosis() -> dict[str, Value]:
    texts: list[Value] = [text for _, text in (*SECRETS, *IDENTIFIERS)]
    fact = Fact("no.such_probe", "ok", {"lines": texts, "free_bytes": 12}, at_s=CREATED_AT)
    denied = Fact("net.nothing", "denied", reason="needs administrator rights (sudo) on ws-finance-114")
    return {
        "schema": "techdoctor.diagnosis/1",
        "session": SESSION,
        "playbook": "net.dns",
        "title": "Web addresses cannot be found",
        "words": "hi, jschmidt here, my password is Planted-In-Words-1 and nothing opens",
        "end": "escalated",
        "cause": "net.dns.dead_server",
        "findings": [
            {
                "id": "net.dns.dead_server",
                "title": "The name server 10.20.30.40 does not answer",
                "severity": "problem",
                "confirmed": True,
                "evidence": [
                    {"fact": "each", "field": "first_dead", "value": True, "unit": "", "text": f"seen: {texts[0]}"}
                ],
                "fixes": [
                    {"id": "renew", "applied": True, "result": "no_help", "text": "Get new settings", "commands": []}
                ],
                "caused_by": "",
            }
        ],
        "ruled_out": ["net.dns.refused", "net.dns.slow"],
        "not_judged": [{"cause": "net.dns.other", "reason": "needs root on WS-FINANCE-114"}],
        "questions": [{"id": "since", "answer": "yesterday"}],
        "facts": {"each": fact.to_json(), "link": denied.to_json()},
    }


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / f"{SESSION}.jsonl"
    log = Journal(path)
    log.begin({"session": SESSION, "playbook": "net.dns", "host": "ws-finance-114", "words": "my PIN is 9917-abc"})
    log.add(Started("net.dns", hashes={"net.dns": "ab" * 32}, inputs={"name": "intranet.corp.musterfirma.example"}))
    for number, (_, text) in enumerate((*SECRETS, *IDENTIFIERS)):
        log.add(FactKnown(f"call-{number}", Fact("no.such_probe", "ok", {"out": text})))
    log.add(Answered("since", "yesterday", detail="since Anna M\u00fcller changed the password to Detail-Secret-5"))
    log.add(FixEnded("net.dns.dead_server/renew", True, undo_token={"password": "undo-Secret-31", "old": "x"}))
    log.close({"end": "escalated"})
    return path


@pytest.fixture
def bundle(tmp_path: Path, journal: Path) -> BundleResult:
    contents = Contents(SESSION, planted_diagnosis(), journal, CREATED_AT)
    return create_bundle(contents, tmp_path, identifiers=MACHINE)
