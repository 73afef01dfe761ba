"""Real files that cannot be opened or saved: the command line names why, mends it, and takes it back."""

from __future__ import annotations

import pytest

from tests.lab import accuracy
from tests.lab.host.disks import Machine
from tests.lab.host.rights_faults import ASKED, BY_USER, HEALTHY, LETTER, RIGHTS

pytestmark = pytest.mark.lab
DENIED = "permission denied"


@pytest.mark.parametrize("fault", RIGHTS)
def test_fault(files: Machine, fault: str) -> None:
    expected, breaks = RIGHTS[fault]
    breaks(files)
    options = ("--set", ASKED[fault]) if fault in ASKED else ()
    outcome = files.diagnose(*options, words=DENIED, user=fault in BY_USER)
    assert outcome.cause == f"file.perm.{expected}", outcome.tree["findings"]
    assert accuracy.complaint_is_gone(outcome.tree) is False


@pytest.mark.parametrize("user", [False, True])
def test_a_home_in_order(files: Machine, user: bool) -> None:
    HEALTHY["a home in order"](files)
    assert files.diagnose(words=DENIED, user=user).findings == {}
    asked = files.diagnose("--set", LETTER, words=DENIED, user=user)
    assert (asked.findings, asked.tree["path"][-1]["node"]) == ({}, "allowed")


def _answer(files: Machine, fix: str) -> tuple[str, ...]:
    answers = files.folder / "answers.yaml"
    answers.write_text(f"{fix}: 'yes'\n")
    return ("--answers", str(answers))


def test_locked_file_is_unlocked_and_locked_again(files: Machine) -> None:
    RIGHTS["locked file"][1](files)
    outcome = files.diagnose(*_answer(files, "unlock_in_home"), words=DENIED)
    assert (outcome.cause, outcome.tree["end"]) == ("file.perm.immutable", "solved")
    files.sh(f"echo more >> '{files.home}/Documents/my letter.txt'")
    undone = files.techdoctor("session", "undo", outcome.tree["session"], "--yes", variables={})
    assert undone.returncode == 0, undone.stderr
    assert "-i-" in files.sh(f"lsattr '{files.home}/Documents/my letter.txt'")
    files.sh(f"chattr -i '{files.home}/Documents/my letter.txt'")


def test_settings_are_given_back_and_taken_again(files: Machine) -> None:
    RIGHTS["settings of root"][1](files)
    files.sh(f"ln -s /etc {files.home}/.config/link")
    outcome = files.diagnose(*_answer(files, "make_own"), words=DENIED)
    assert (outcome.cause, outcome.tree["end"]) == ("file.perm.home_not_writable", "solved")
    owners = files.sh(f"stat -c %u {files.home}/.config {files.home}/.config/app /etc {files.home}/Documents")
    assert owners.split() == ["65533", "65533", "0", "65533"]
    undone = files.techdoctor("session", "undo", outcome.tree["session"], "--yes", variables={})
    assert undone.returncode == 0, undone.stderr
    assert files.sh(f"stat -c %u {files.home}/.config").strip() == "0"


def test_full_and_read_only_homes_are_left_to_their_own_playbooks(files: Machine) -> None:
    HEALTHY["a home in order"](files)
    files.sh(f"mount -o remount,ro {files.home}")
    assert files.diagnose(words=DENIED).cause == "disk.health.mounted_read_only"
    files.sh(f"mount -o remount,rw {files.home}; dd if=/dev/zero of={files.home}/film bs=64k 2>/dev/null || true")
    assert str(files.diagnose(words=DENIED).cause).startswith("disk.full.")
