"""Real backups by real programs: none, old or failing ones are named, fresh ones are believed."""

from __future__ import annotations

import pytest

from tests.lab import accuracy
from tests.lab.host.backup_faults import BACKUPS, HEALTHY
from tests.lab.host.booted import booted
from tests.lab.host.disks import Machine

pytestmark = pytest.mark.lab
ASKED = "the backup does not run"


@pytest.mark.parametrize("fault", BACKUPS)
def test_fault(files: Machine, fault: str) -> None:
    expected, breaks = BACKUPS[fault]
    breaks(files)
    outcome = files.diagnose(words=ASKED, user=True)
    assert outcome.cause == f"backup.fail.{expected}", outcome.tree["facts"]["backups"]
    assert accuracy.complaint_is_gone(outcome.tree) is not True


@pytest.mark.parametrize("control", HEALTHY)
def test_fresh_backups(files: Machine, control: str) -> None:
    HEALTHY[control](files)
    outcome = files.diagnose(words=ASKED, user=True)
    assert (outcome.findings, outcome.tree["end"]) == ({}, "not_reproduced"), outcome.fact("backups")
    assert outcome.fact("backups")["last_age_s"] < 600


def test_age_is_right_to_the_hour(files: Machine) -> None:
    BACKUPS["old borg backup"][1](files)
    age = files.diagnose(words=ASKED, user=True).fact("backups")["last_age_s"]
    assert abs(age - 17 * 86400) < 4000


_SERVICE = """
    [Unit]
    Description=Nightly copy
    [Service]
    Type=oneshot
    ExecStart=/usr/local/bin/run-restic
    """
_TIMER = """
    [Timer]
    OnCalendar=03:00
    [Install]
    WantedBy=timers.target
    """
_SCRIPT = """
    #!/bin/sh
    # stands for a script around restic
    [ -d /srv/drive ] && exit 0
    echo "Fatal: unable to open config file: /srv/drive/config: no such file or directory"
    exit 1
    """


def test_a_failing_unit_is_named_with_its_reason_and_started_again() -> None:
    with booted() as machine_:
        machine_.write("/usr/local/bin/run-restic", _SCRIPT, 0o755)
        machine_.unit("nightly.service", _SERVICE)
        machine_.unit("nightly.timer", _TIMER)
        machine_.sh("systemctl enable -q --now nightly.timer; systemctl start nightly.service || true")
        outcome = machine_.diagnose(ASKED)
        assert outcome.cause == "backup.fail.failing", outcome.fact("backups")
        fact = outcome.fact("backups")
        assert (fact["failing_unit"], fact["planned"]) == ("nightly.service", ["nightly.service"])
        assert "unable to open config file" in fact["failing_line"]
        machine_.sh("mkdir /srv/drive")
        mended = machine_.diagnose(ASKED, yes=("run_again",))
        assert (mended.cause, mended.tree["end"]) == ("backup.fail.failing", "solved")
        assert machine_.diagnose(ASKED).tree["end"] == "not_reproduced"
