"""Real processes gone wrong: the real command line names the cause, and names none where nothing is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.host.breakage import SPIN, diagnose, entering, group, into, need_cgroup, python, running, wait_for
from tests.lab.host.process_faults import (
    AS_STRANGER,
    CHILDREN_LEFT,
    FORKS,
    MANY_FILES,
    SPINNERS,
    STUCK,
    WATCHERS,
    building,
    giving_way,
    state_of,
)

pytestmark = [
    pytest.mark.lab,
    pytest.mark.alone,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux' /proc"),
]
SLOW = "computer is slow"
# Sets the name under which the kernel lists a process; it may hold anything but zero bytes.
_NAMED = "import ctypes, time; ctypes.CDLL(None).prctl(15, {name!r}); exec({code!r})"


def test_healthy() -> None:
    outcome = diagnose(SLOW)
    assert outcome.cause is None
    assert outcome.findings == {}
    assert (outcome.tree["end"], outcome.code) == ("not_reproduced", 0)


def test_runaway() -> None:
    with running(*python(SPIN)) as program:
        time.sleep(2)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.runaway_process"
    assert outcome.fact("proc")["top_pid"] == program.inner
    assert outcome.code == 1
    assert outcome.seconds < 8


def test_runaway_in_a_shell() -> None:
    with running("sh", "-c", "while :; do :; done") as program:
        time.sleep(2)
        assert diagnose(SLOW).fact("proc")["top_pid"] == program.inner


def test_runaway_that_writes_nowhere() -> None:
    with running("sh", "-c", "exec cat /dev/zero > /dev/null"):
        time.sleep(2)
        assert diagnose(SLOW).cause == "perf.slow.runaway_process"


def test_runaway_beside_other_load() -> None:
    work = "import mmap\nwhile True:\n    with mmap.mmap(-1, 1 << 22) as m: m.write(b'x' * (1 << 22))"
    with running(*python(work)), running(*python(work)), running(*python(SPIN)) as program:
        time.sleep(2)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.runaway_process"
    assert outcome.fact("proc")["top_pid"] == program.inner


def test_hostile_name_is_only_text() -> None:
    code = _NAMED.format(name=b"\x1b[31m\x1b]0;x\x07", code=SPIN)
    with running(*python(code)):
        time.sleep(2)
        outcome = diagnose(SLOW)
        shown = subprocess.run(
            [*entering(), sys.executable, "-m", "techdoctor", "diagnose", *SLOW.split(), "--batch"],
            env={**os.environ, "TECHDOCTOR_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    assert outcome.cause == "perf.slow.runaway_process"
    assert b"\x1b" not in shown.stdout + shown.stderr
    assert b"\x07" not in shown.stdout + shown.stderr


def test_runaway_is_ended_and_measured_gone(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("close_it: no\nend_it: yes\n")
    with running(*python(SPIN)) as program:
        time.sleep(2)
        outcome = diagnose(SLOW, "--answers", str(answers))
        assert not Path(f"/proc/{program.pid}").exists() or state_of(program) == "Z"
    assert (outcome.tree["end"], outcome.cause, outcome.code) == ("solved", "perf.slow.runaway_process", 0)
    (fix,) = [f for f in outcome.tree["findings"][0]["fixes"] if f["applied"]]
    assert (fix["id"], fix["result"]) == ("end_it", "solved")


def test_work_that_gives_way_is_no_fault(tmp_path: Path) -> None:
    with giving_way(tmp_path):
        assert diagnose(SLOW).cause is None


def test_a_build_started_a_moment_ago_is_no_fault(tmp_path: Path) -> None:
    with building(tmp_path):
        assert diagnose(SLOW).findings == {}


def test_too_many_busy() -> None:
    cores = os.cpu_count() or 1
    with running(*python(SPINNERS.format(n=cores * 4))):
        time.sleep(6)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.many_busy"


def test_zombies() -> None:
    with running(*python(CHILDREN_LEFT.format(n=80))) as program:
        time.sleep(1.5)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.zombies"
    assert outcome.fact("proc")["zombie_parent_pid"] == program.inner


def test_a_few_zombies_are_no_fault() -> None:
    with running(*python(CHILDREN_LEFT.format(n=5))):
        time.sleep(0.5)
        assert diagnose(SLOW).cause is None


def test_stuck_in_the_kernel() -> None:
    with running(*python(STUCK)) as program:
        wait_for(lambda: state_of(program) == "D")
        outcome = diagnose(SLOW)
        assert state_of(program) == "D"
    assert outcome.cause == "perf.slow.stuck_processes"
    assert outcome.fact("proc")["stuck_pid"] == program.inner


def test_paused_program_goes_on(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("continue_it: yes\n")
    with running("sleep", "60") as program:
        os.kill(program.pid, signal.SIGSTOP)
        wait_for(lambda: state_of(program) == "T")
        found = diagnose(SLOW)
        solved = diagnose(SLOW, "--answers", str(answers))
        assert state_of(program) == "S"
    assert found.cause == "perf.slow.stopped_process"
    assert (solved.tree["end"], solved.cause) == ("solved", "perf.slow.stopped_process")


def test_too_many_open_files() -> None:
    with running(*python(MANY_FILES)) as program:
        time.sleep(0.5)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.files_exhausted"
    assert outcome.fact("lim")["files_pid"] == program.inner


def test_no_more_processes_in_a_group() -> None:
    need_cgroup("pids")
    with group("pids", pids__max="20") as folder, running(*python(FORKS), group=folder):
        time.sleep(0.7)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.pids_exhausted"
    assert outcome.fact("groups")["pids_name"] == f"/{folder.name}"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_user_may_start_no_more() -> None:
    with running(*python(AS_STRANGER + FORKS)):
        time.sleep(0.7)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.user_limit"


def test_too_many_watchers() -> None:
    with running(*python(WATCHERS)):
        time.sleep(0.5)
        outcome = diagnose(SLOW)
    assert outcome.cause == "perf.slow.watches_exhausted"


def test_session_with_little_processing_power() -> None:
    need_cgroup("cpu")
    with group("cpu", cpu__cfs_quota_us="20000") as folder, running(*python(SPIN), group=folder):
        time.sleep(1)
        within = diagnose(SLOW, prefix=into(folder))
        outside = diagnose(SLOW)
    assert (within.cause, outside.cause) == ("perf.slow.cpu_limited", "perf.slow.cpu_limited")
    assert outside.fact("groups")["cpu_name"] == f"/{folder.name}"


def test_hung_drive_does_not_stop_the_report() -> None:
    """The rest of the report arrives within its time although a process hangs for good."""
    with running(*python(STUCK)), running(*python(STUCK)):
        time.sleep(0.5)
        outcome = diagnose(SLOW)
    assert {fact["status"] for fact in outcome.tree["facts"].values()} <= {"ok", "not_applicable"}
    assert outcome.seconds < 8
