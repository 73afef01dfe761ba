"""Real memory trouble within bounds: limits of control groups, swapping, growth; and what only looks like it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.lab.host import memory_faults
from tests.lab.host.breakage import diagnose, group, into, need_cgroup, python, running, wait_for
from tests.lab.host.memory_faults import GROWS, TOO_MUCH, hits, kills

pytestmark = [
    pytest.mark.lab,
    pytest.mark.alone,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux' /proc"),
]
MEMORY = "out of memory"
_MIB = memory_faults.MIB


def test_healthy() -> None:
    outcome = diagnose(MEMORY)
    assert outcome.cause is None
    assert outcome.findings == {}
    assert (outcome.tree["end"], outcome.code) == ("not_reproduced", 0)


def test_page_cache_is_no_fault(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(600 * _MIB))  # what was just written is in the page cache
    outcome = diagnose(MEMORY)
    assert outcome.cause is None


def test_page_cache_that_fills_a_group_is_no_fault(tmp_path: Path) -> None:
    """The counter of limit hits grows all the time, and nothing is lacking."""
    need_cgroup("memory")
    writer = (
        "import sys\nwhile True:\n    with open(sys.argv[1], 'wb', 0) as f:\n"
        "        for _ in range(120): f.write(bytes(1 << 20))"
    )
    with (
        group("memory", memory__limit_in_bytes=str(60 * _MIB)) as folder,
        running(*python(writer, str(tmp_path / "big")), group=folder),
    ):
        wait_for(lambda: hits(folder) > 100)
        before = hits(folder)
        outcome = diagnose(MEMORY)
        assert hits(folder) > before
    assert outcome.cause is None


def test_group_that_keeps_hitting_its_limit(tmp_path: Path) -> None:
    """Seen from outside: a program holds nearly all its group may have and writes files beside it."""
    need_cgroup("memory")
    code = (
        "import sys\nheld = bytearray(52 << 20)\nheld[::4096] = b'x' * len(held[::4096])\n"
        "while True:\n    with open(sys.argv[1], 'wb', 0) as f:\n        for _ in range(60): f.write(bytes(1 << 20))"
    )
    with (
        group("memory", memory__limit_in_bytes=str(64 * _MIB)) as folder,
        running(*python(code, str(tmp_path / "big")), group=folder),
    ):
        wait_for(lambda: hits(folder) > 100)
        outcome = diagnose(MEMORY)
    assert outcome.cause == "perf.mem.cgroup_limit"
    assert outcome.fact("groups")["memory_name"] == f"/{folder.name}"
    assert "perf.mem.memory_full" not in outcome.findings


def test_group_whose_programs_are_ended_again_and_again() -> None:
    need_cgroup("memory")
    grow = 'while :; do "$0" -c "x = bytearray(100 << 20); x[::4096] = x[::4096]"; done'
    with (
        group("memory", memory__limit_in_bytes=str(40 * _MIB)) as folder,
        running("sh", "-c", grow, *python("")[:1], group=folder),
    ):
        wait_for(lambda: kills(folder) > 1)
        outcome = diagnose(MEMORY)
    assert outcome.cause == "perf.mem.cgroup_limit"


def test_program_of_a_group_was_ended_before() -> None:
    """One kill, long over when techdoctor looks: only the kernel's log and the counter tell."""
    need_cgroup("memory")
    with (
        group("memory", memory__limit_in_bytes=str(40 * _MIB)) as folder,
        running(*python(TOO_MUCH), group=folder),
    ):
        wait_for(lambda: kills(folder) > 0)
        outcome = diagnose(MEMORY)
        asked = diagnose(MEMORY, "--set", f"unit={folder.name}")
    assert (outcome.cause, asked.cause) == ("perf.mem.cgroup_limit", "perf.mem.cgroup_limit")
    assert outcome.fact("oom")["kills"][0]["group"] == f"/{folder.name}"


def test_group_that_is_gone_is_told_but_no_cause() -> None:
    need_cgroup("memory")
    with (
        group("memory", memory__limit_in_bytes=str(40 * _MIB)) as folder,
        running(*python(TOO_MUCH), group=folder),
    ):
        wait_for(lambda: kills(folder) > 0)
    outcome = diagnose(MEMORY)
    assert outcome.cause is None
    assert outcome.fact("oom")["last_scope"] == "limit"
    assert "was ended" in outcome.tree["say"]


def test_paused_for_want_of_memory() -> None:
    need_cgroup("memory")
    files = {"memory__limit_in_bytes": str(40 * _MIB), "memory__oom_control": "1"}
    with (
        group("memory", **files) as folder,
        running(*python(TOO_MUCH), group=folder),
    ):
        wait_for(lambda: "under_oom 1" in (folder / "memory.oom_control").read_text())
        outcome = diagnose(MEMORY)
        (folder / "memory.oom_control").write_text("0")
    assert outcome.cause == "perf.mem.cgroup_limit"


def test_techdoctor_inside_the_limited_group() -> None:
    need_cgroup("memory")
    hold = "import time\nx = bytearray({n} << 20)\nx[::4096] = b'x' * len(x[::4096])\ntime.sleep(60)"
    with (
        group("memory", memory__limit_in_bytes=str(500 * _MIB)) as folder,
        running(*python(hold.format(n=440)), group=folder),
    ):
        time.sleep(1)
        outcome = diagnose(MEMORY, prefix=into(folder))
    assert outcome.cause == "perf.mem.cgroup_limit"
    assert outcome.fact("groups")["own_memory_limit_bytes"] == 500 * _MIB


def test_limited_group_with_room_is_no_fault() -> None:
    need_cgroup("memory")
    with group("memory", memory__limit_in_bytes=str(600 * _MIB)) as folder:
        outcome = diagnose(MEMORY, prefix=into(folder))
    assert outcome.cause is None
    assert outcome.fact("mem")["limit_bytes"] == 600 * _MIB


def test_asked_for_a_group_that_is_not_there() -> None:
    outcome = diagnose(MEMORY, "--set", "unit=nosuch.service")
    assert (outcome.tree["end"], outcome.cause) == ("inconclusive", None)


def test_memory_goes_to_disk_and_back(tmp_path: Path) -> None:
    with memory_faults.swapping(tmp_path):
        assert diagnose(MEMORY).cause == "perf.mem.swap_thrash"


def test_growing_program() -> None:
    with running(*python(GROWS)) as program:
        time.sleep(1)
        outcome = diagnose(MEMORY)
    assert outcome.cause == "perf.mem.leak"
    assert outcome.fact("growth")["pid"] == program.inner


def test_growing_program_is_ended_and_measured_gone(tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("restart_it: no\nend_it: yes\n")
    with running(*python(GROWS)) as program:
        time.sleep(1)
        outcome = diagnose(MEMORY, "--answers", str(answers))
        assert not Path(f"/proc/{program.pid}").exists() or " Z " in Path(f"/proc/{program.pid}/stat").read_text()
    assert (outcome.tree["end"], outcome.cause) == ("solved", "perf.mem.leak")


def test_program_that_loads_something_once_is_no_fault() -> None:
    code = "import time\ntime.sleep(2.5)\nx = bytearray(200 << 20)\nx[::4096] = b'x' * len(x[::4096])\ntime.sleep(60)"
    with running(*python(code)):
        outcome = diagnose(MEMORY)
    assert outcome.cause is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a mount namespace")
def test_memory_used_up(tmp_path: Path) -> None:
    with memory_faults.used_up(tmp_path) as prefix:
        assert diagnose(MEMORY, prefix=prefix).cause == "perf.mem.memory_full"
        assert diagnose("computer is slow", prefix=prefix).cause == "perf.mem.memory_full"
