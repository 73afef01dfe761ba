"""The memory of printers."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from techdoctor.errors import StateError
from techdoctor.model import Fact
from techdoctor.records.printers import FILE_NAME, KnownPrinters


def fact(queue: str = "office", uuid: str = "urn:uuid:1", **more: Any) -> Fact:
    return Fact("printer.device", "ok", {"printer": queue, "uuid": uuid, "model": "Laser", "error": "", **more})


def test_a_printer_that_answered_is_remembered_privately(tmp_path: Path) -> None:
    known = KnownPrinters(tmp_path / "state")
    assert known.load() == {}
    known.learn([fact(), Fact("printer.device", "timeout"), Fact("dns.lookup", "ok", {"uuid": "x", "printer": "y"})])
    assert known.load() == {"office": {"uuid": "urn:uuid:1", "model": "Laser"}}
    assert stat.S_IMODE((tmp_path / "state" / FILE_NAME).stat().st_mode) == 0o600


def test_another_printer_is_not_taken_over_until_the_first_is_forgotten(tmp_path: Path) -> None:
    known = KnownPrinters(tmp_path)
    known.learn([fact()])
    known.learn([fact(uuid="urn:uuid:2"), fact("attic", "urn:uuid:3")])
    assert {queue: row["uuid"] for queue, row in known.load().items()} == {
        "office": "urn:uuid:1",
        "attic": "urn:uuid:3",
    }
    assert known.forget("office")
    assert not known.forget("office")
    known.learn([fact(uuid="urn:uuid:2")])
    assert known.load()["office"]["uuid"] == "urn:uuid:2"


def test_one_that_did_not_answer_is_not_remembered(tmp_path: Path) -> None:
    KnownPrinters(tmp_path).learn([fact(error="timeout"), fact(uuid="")])
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"office": 3}', "[" * 100_000])
def test_a_damaged_file_is_no_memory(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert KnownPrinters(tmp_path).load() == {}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be remembered"):
        KnownPrinters(tmp_path / "file" / "state").learn([fact()])
