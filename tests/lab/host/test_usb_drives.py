"""A drive that is there and not opened, for real: found, opened read-only, closed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import accuracy
from tests.lab.host.disks import Machine, machine
from tests.lab.host.usb_faults import DRIVES

pytestmark = pytest.mark.lab
ASKED = "usb drive not recognised"


@pytest.fixture
def drives(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path) as built:
        yield built


@pytest.mark.parametrize("fault", DRIVES)
def test_fault(drives: Machine, fault: str) -> None:
    expected, breaks = DRIVES[fault]
    breaks(drives)
    outcome = drives.diagnose(words=ASKED)
    assert outcome.cause == f"fs.usb.{expected}", outcome.fact("plugged")
    assert accuracy.complaint_is_gone(outcome.tree) is False


def test_drive_is_opened_read_only_and_closed_again(drives: Machine) -> None:
    DRIVES["stick not opened"][1](drives)
    answers = drives.folder / "answers.yaml"
    answers.write_text("open_read_only: 'yes'\n")
    outcome = drives.diagnose("--answers", str(answers), words=ASKED)
    assert (outcome.cause, outcome.tree["end"]) == ("fs.usb.not_mounted", "solved")
    assert " /media/HOLIDAY ro," in drives.sh("cat /proc/self/mountinfo")
    undone = drives.techdoctor("session", "undo", outcome.tree["session"], "--yes", variables={})
    assert undone.returncode == 0, undone.stderr
    assert "/media/HOLIDAY" not in drives.sh("cat /proc/mounts; rmdir /media/HOLIDAY")
