"""Real failing, read-only, silent, slow and missing drives: the command line names each, and none of sound ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import accuracy
from tests.lab.host import drive_faults
from tests.lab.host.booted import booted
from tests.lab.host.disks import Machine, machine
from tests.lab.host.drive_cases import CASES, CONTROLS, FAULTS

pytestmark = pytest.mark.lab
FAILS = "the disk is failing"


@pytest.fixture
def drives(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path) as built:
        yield built


@pytest.mark.parametrize("fault", drive_faults.HEALTH)
def test_fault(drives: Machine, fault: str) -> None:
    expected, breaks = drive_faults.HEALTH[fault]
    breaks(drives)
    outcome = drives.diagnose(words=FAILS)
    assert outcome.cause == f"disk.health.{expected}", outcome.tree["findings"]
    assert (outcome.tree["end"], outcome.code) == ("found", 1)
    assert accuracy.complaint_is_gone(outcome.tree) is False
    assert outcome.seconds < 15


@pytest.mark.parametrize("control", drive_faults.HEALTHY)
def test_healthy(drives: Machine, control: str) -> None:
    drive_faults.HEALTHY[control](drives)
    outcome = drives.diagnose(words=FAILS)
    assert (outcome.cause, outcome.findings, outcome.tree["end"]) == (None, {}, "not_reproduced")


def test_ordinary_user_sees_what_an_error_stopped(drives: Machine) -> None:
    drive_faults.HEALTH["ext4 error"][1](drives)
    outcome = drives.diagnose(words=FAILS, user=True)
    assert outcome.cause == "disk.health.read_only"


def test_asked_path_is_no_exception_of_fstab(drives: Machine) -> None:
    drive_faults.HEALTHY["read-only by fstab"](drives)
    outcome = drives.diagnose("--set", "path={folder}/start/letter.txt", words=FAILS)
    assert outcome.cause == "disk.health.mounted_read_only"
    assert outcome.fact("attached")["locked_why"] == "fstab"


def _answer(drives: Machine, fix: str) -> tuple[str, ...]:
    answers = drives.folder / "answers.yaml"
    answers.write_text(f"{fix}: 'yes'\n")
    return ("--answers", str(answers))


def test_remounted_drive_is_made_writable_and_taken_back(drives: Machine) -> None:
    drive_faults.HEALTH["remounted read-only"][1](drives)
    outcome = drives.diagnose(*_answer(drives, "make_writable"), words=FAILS)
    assert (outcome.cause, outcome.tree["end"], outcome.code) == ("disk.health.mounted_read_only", "solved", 0)
    drives.sh(f"touch '{drives.folder}/my photos/new'")
    undone = drives.techdoctor("session", "undo", outcome.tree["session"], "--yes", variables={})
    assert undone.returncode == 0, undone.stderr
    assert " ro," in drives.sh("grep my.040photos /proc/self/mountinfo")


def test_disk_with_an_error_is_never_made_writable(drives: Machine) -> None:
    drive_faults.HEALTH["ext4 error"][1](drives)
    outcome = drives.diagnose(*_answer(drives, "make_writable"), words=FAILS)
    assert outcome.tree["end"] != "solved"
    assert all(fix["id"] != "make_writable" for finding in outcome.tree["findings"] for fix in finding["fixes"])


def test_hung_drive_is_detached(drives: Machine) -> None:
    drive_faults.hang(drives)
    outcome = drives.diagnose(*_answer(drives, "detach"), words=FAILS)
    assert (outcome.cause, outcome.tree["end"]) == ("disk.health.hung_mount", "solved")
    assert "fuse2fs" not in drives.sh("cat /proc/mounts")


def test_drive_of_fstab_is_attached_and_detached_again(drives: Machine) -> None:
    drive_faults.HEALTH["drive of fstab is not attached"][1](drives)
    outcome = drives.diagnose(*_answer(drives, "attach"), words=FAILS)
    assert (outcome.cause, outcome.tree["end"]) == ("disk.health.mount_failed", "solved")
    undone = drives.techdoctor("session", "undo", outcome.tree["session"], "--yes", variables={})
    assert undone.returncode == 0, undone.stderr
    assert "/archive " not in drives.sh("cat /proc/mounts")


def test_a_thousand_mounts_and_one_that_hangs(drives: Machine) -> None:
    many = drives.memory("many", "size=4m")
    drives.sh(f"cd {many}; for i in $(seq 1000); do mkdir $i; mount -t tmpfs -o size=64k lab $i; done")
    hung = drive_faults.hang(drives)
    outcome = drives.diagnose(words=FAILS)
    assert outcome.cause == "disk.health.hung_mount"
    assert outcome.fact("fs")["hung_mounts"] == [str(hung)]
    assert outcome.fact("fs")["mount_count"] > 1000
    assert outcome.seconds < 30
    assert len(json.dumps(outcome.tree["facts"]["fs"])) < 40_000


def test_mount_units_that_failed_or_wait_for_a_drive() -> None:
    unit = "[Mount]\nWhat={what}\nWhere=/srv/{name}\nType=ext4\n[Install]\nWantedBy=multi-user.target\n"
    with booted() as machine_:
        machine_.sh("mkdir -p /srv/photos /srv/films")
        machine_.unit("srv-photos.mount", unit.format(what="/srv/photos.img", name="photos"))
        machine_.sh("systemctl start srv-photos.mount || true")
        outcome = machine_.diagnose("my data drive is gone")
        assert outcome.cause == "disk.health.mount_failed", outcome.fact("fstab")
        assert (outcome.fact("fstab")["first_unit"], outcome.fact("fstab")["first_why"]) == (
            "srv-photos.mount",
            "no_device",
        )
        machine_.unit("srv-films.mount", unit.format(what="/dev/disk/by-uuid/no-such-drive", name="films"))
        machine_.sh(
            "systemctl enable -q srv-films.mount; systemctl reset-failed; rm /etc/systemd/system/srv-photos.mount"
        )
        machine_.sh("systemctl daemon-reload; systemctl start --no-block srv-films.mount")
        waiting = machine_.diagnose("my data drive is gone")
        assert waiting.fact("fstab")["first_mount"] == "/srv/films"
        assert waiting.cause == "disk.health.mount_failed"


def test_every_fault_and_control_has_a_case() -> None:
    told = {case.id for case in CASES}
    assert {fault for faults in FAULTS.values() for fault in faults} <= told
    assert {f"healthy:{control}" for control in CONTROLS} <= told
