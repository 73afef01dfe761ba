"""The process table: real processes, a very large table, hostile names."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from techdoctor.probes.base import Probing
from techdoctor.probes.load import process_portable, process_sample, procfs
from techdoctor.probes.load.process_sample import Close
from techdoctor.probes.load.procfs import Effort
from techdoctor.probes.measure import measure_here

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux' /proc")
# Recorded on Linux 6.18.
_LINE = (
    b"1 (process_api) S 0 0 0 0 -1 4194560 41519 354864 0 136 134 393 647 461 10 -10 13 0 24 52953088 5046 "
    b"18446744073709551615 1 1 0 0 0 0 0 4096 1256 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)


def test_real_line() -> None:
    stat = procfs.parse_stat(_LINE)
    assert (stat.pid, stat.name, stat.state, stat.nice, stat.ticks) == (1, "process_api", "S", -10, 134 + 393)
    assert (stat.threads, stat.start_ticks, stat.rss_pages, stat.kernel) == (13, 24, 5046, False)


def test_idle_work_gives_way_most() -> None:
    """Field 41 is the policy; 5 is SCHED_IDLE."""
    words = _LINE.split()
    words[40] = b"5"
    assert procfs.parse_stat(b" ".join(words)).nice == 19


def test_name_with_brackets_and_spaces() -> None:
    assert procfs.parse_stat(_LINE.replace(b"process_api", b"a) R 1 (b")).name == "a) R 1 (b"


def test_cut_line() -> None:
    with pytest.raises(ValueError, match="stat"):
        procfs.parse_stat(_LINE[:20])


@pytest.fixture
def spinner() -> Iterator[int]:
    child = subprocess.Popen(["timeout", "20", sys.executable, "-c", "while True: pass"], start_new_session=True)
    try:
        yield child.pid
    finally:
        os.killpg(child.pid, 9)
        child.wait()


def test_own_children_are_not_named(spinner: int) -> None:
    """What techdoctor itself started is no culprit, however busy."""
    time.sleep(0.5)
    fact = measure_here("proc.top", {})
    assert fact.ok
    records = fact.data["processes"]
    assert isinstance(records, list)
    mine = {spinner, spinner + 1}
    assert not any(isinstance(record, dict) and record["pid"] in mine for record in records)


def _close(at_s: float, run_s: float, wait_s: float = 0.0, sleeps: int = 0, faults: int = 0, disk: int = 0) -> Close:
    return Close(at_s, 0, {1: Effort(int(run_s * 1e9), int(wait_s * 1e9), sleeps, faults)}, disk)


@pytest.mark.parametrize(
    ("after", "demand", "spins"),
    [
        (_close(1, 1.0), 100.0, True),
        (_close(1, 0.3, wait_s=0.7), 100.0, True),  # one of many on a busy machine
        (_close(1, 0.5), 50.0, False),
        (_close(1, 1.0, sleeps=40), 100.0, False),  # waits for something now and then
        (_close(1, 1.0, faults=400), 100.0, False),  # a compiler fills new memory
        (_close(1, 1.0, disk=4096), 100.0, False),  # a packer writes
    ],
)
def test_what_spinning_is(after: Close, demand: float, spins: bool) -> None:
    assert process_sample.work(_close(0, 0.0), after) == (demand, spins)


def test_a_hundred_thousand_processes_arrive_in_time() -> None:
    """A table of that size as files in memory; reading /proc itself costs about as much per process."""
    count = 100_000
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as root:
        (Path(root) / "1").mkdir()
        (Path(root) / "1" / "stat").write_bytes(_LINE)
        for pid in range(2, count + 1):
            os.symlink("1", f"{root}/{pid}")
        begun = time.monotonic()
        sample = process_sample.take(Probing({}, "linux", begun + 10.0), root)
        assert time.monotonic() - begun < 10.5
    assert len(sample.stats) + sample.missed >= count


def test_time_over_is_said(tmp_path: Path) -> None:
    for pid in range(1, 2000):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_bytes(_LINE)
    table = procfs.read_table(time.monotonic() - 1, str(tmp_path))
    assert (len(table.lines), table.missed) == (0, 1999)


def test_portable_way_sees_the_same_kind_of_thing() -> None:
    found = process_portable.take(Probing({}, "linux", time.monotonic() + 10))
    assert found.total > 1
    assert os.getpid() in found.started_s
    assert all(record["pid"] != os.getpid() for record in found.processes)
