"""No planted value may be found in a finished bundle, neither in its bytes nor in its members."""

from __future__ import annotations

import zipfile

import pytest

from techdoctor.bundle import BundleResult
from tests.bundle.plants import IDENTIFIERS, SECRETS

IN_WORDS = ("Planted-In-Words-1", "9917-abc", "Detail-Secret-5", "undo-Secret-31")
ALL = [*(v for v, _ in SECRETS), *(v for v, _ in IDENTIFIERS), *IN_WORDS]


def _texts(bundle: BundleResult) -> list[str]:
    with zipfile.ZipFile(bundle.path) as archive:
        members = [archive.read(name).decode() for name in archive.namelist()]
        return [*members, "\n".join(archive.namelist()), bundle.path.name]


@pytest.mark.parametrize("value", ALL)
def test_planted_value_is_in_no_member(bundle: BundleResult, value: str) -> None:
    escaped = value.replace("\\", "\\\\")
    found = [text for text in _texts(bundle) for form in (value, escaped) if form.lower() in text.lower()]
    assert found == []


def test_no_planted_value_in_the_raw_bytes(bundle: BundleResult) -> None:
    raw = bundle.path.read_bytes().lower()
    assert [value for value in ALL if value.lower().encode() in raw] == []


def test_what_is_public_and_what_was_measured_stays(bundle: BundleResult) -> None:
    session = _texts(bundle)[3]
    assert '"free_bytes": 12' in _texts(bundle)[0]
    assert '"net.dns": "' + "ab" * 32 in session  # a playbook's hash
    assert "net.dns.dead_server" in bundle.summary
    assert '"yesterday"' in session


def test_names_are_those_of_the_contract(bundle: BundleResult) -> None:
    assert bundle.path.name == "TD-20261122-0915-k3f.zip"
    assert sorted(bundle.members) == ["facts.json", "manifest.json", "redaction.json", "session.jsonl", "summary.txt"]
