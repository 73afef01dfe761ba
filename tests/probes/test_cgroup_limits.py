"""Control groups v1 and v2 read from trees of files.

No machine with v2 memory controllers is at hand, so v2 trees are laid out here after the kernel's
admin-guide/cgroup-v2.rst; contents marked with a source are quoted from there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from techdoctor.probes.load import cgroup_files as files
from techdoctor.probes.load import cgroups
from techdoctor.probes.measure import measure_here

# Source: opencontainers/runc, libcontainer/cgroups/fs2/memory_test.go, memoryStatContents (shortened).
_STAT_V2 = """anon 6121017344
file 26672709632
kernel 1461346304
kernel_stack 25952256
shmem 6836224
inactive_anon 17866752
active_anon 6109827072
inactive_file 20126994432
active_file 6537940992
slab_reclaimable 1008383568
slab_unreclaimable 35473416
"""
# Source: netdata/netdata issue 12595, Linux, cgroup v2 cpu.stat.
_CPU_V2 = "usage_usec 73899\nuser_usec 27213\nsystem_usec 46685\nnr_periods 7\nnr_throttled 3\nthrottled_usec 139381\n"
# Recorded on Linux 6.18, cgroup v1, one process holding 20 MiB (shortened).
_STAT_V1 = "cache 0\nrss 28004352\nshmem 0\ntotal_cache 0\ntotal_rss 28004352\ntotal_shmem 0\ntotal_inactive_file 0\n"
_V2_MOUNT = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
_EVENTS = "low 0\nhigh 0\nmax {max}\noom {kill}\noom_kill {kill}\noom_group_kill 0\n"


def write(folder: Path, contents: Mapping[str, str]) -> None:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    """A machine with cgroup v2: our session without a limit, and a limited service beside it."""
    service = "sys/fs/cgroup/system.slice/shop.service"
    contents = {
        "proc/self/mountinfo": _V2_MOUNT,
        "proc/self/cgroup": "0::/user.slice/user-1000.slice/session-2.scope\n",
        "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
        "sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope/memory.max": "max\n",
        f"{service}/memory.max": "8589934592\n",
        f"{service}/memory.current": "8589000000\n",
        f"{service}/memory.stat": _STAT_V2,
        f"{service}/memory.events": _EVENTS.format(max=35, kill=0),
        f"{service}/memory.events.local": _EVENTS.format(max=35, kill=0),
        f"{service}/cpu.max": "20000 100000\n",
        f"{service}/cpu.stat": "usage_usec 0\nuser_usec 0\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\n",
        f"{service}/pids.max": "64\n",
        f"{service}/pids.current": "64\n",
        f"{service}/pids.events": "max 4\n",
        f"{service}/cgroup.procs": "",
    }
    write(tmp_path, contents)
    return tmp_path


def read_twice(root: Path, change: Mapping[str, str], unit: str = "") -> dict[str, Any]:
    trees = files.trees(str(root))
    first = cgroups.count(trees, time.monotonic() + 5)
    write(root / "sys/fs/cgroup/system.slice/shop.service", change)
    second = cgroups.count(trees, time.monotonic() + 5)
    return dict(cgroups.reading(trees, first, second, unit).data)


def test_v2_nothing_grew(v2: Path) -> None:
    data = read_twice(v2, {})
    assert (data["memory"], data["cpu"], data["own_memory_limit_bytes"]) == ([], [], 0)
    assert data["versions"] == ["2"]


def test_v2_limit_reached_in_the_sample(v2: Path) -> None:
    hits = {"memory.events": _EVENTS.format(max=36, kill=1), "memory.events.local": _EVENTS.format(max=36, kill=1)}
    (record,) = read_twice(v2, hits)["memory"]
    assert (record["name"], record["why"]) == ("/system.slice/shop.service", "grew")
    assert (record["hits"], record["kills"], record["kills_total"]) == (1, 1, 1)
    # anon + shmem + kernel - slab_reclaimable of the quoted file; its 26 GB of page cache do not count
    assert record["needed_bytes"] == 6121017344 + 6836224 + 1461346304 - 1008383568


def test_v2_kill_below_an_unlimited_group_counts_for_the_limit_above(v2: Path) -> None:
    write(
        v2 / "sys/fs/cgroup/system.slice/shop.service/worker",
        {"memory.max": "max\n", "memory.events": _EVENTS.format(max=0, kill=0)},
    )
    data = read_twice(v2, {"worker/memory.events": _EVENTS.format(max=0, kill=2)})
    assert [(r["name"], r["kills"]) for r in data["memory"]] == [("/system.slice/shop.service", 2)]


def test_v2_held_back(v2: Path) -> None:
    (record,) = read_twice(v2, {"cpu.stat": _CPU_V2})["cpu"]
    assert (record["cores"], record["periods"], record["throttled_percent"]) == (0.2, 7, 42.9)


def test_v2_process_refused(v2: Path) -> None:
    data = read_twice(v2, {"pids.events": "max 9\n", "pids.current": "60\n"})
    assert (data["pids_refused"], data["pids_used_percent"], data["pids_max"]) == (5, 100.0, 64)


@pytest.mark.parametrize("unit", ["shop.service", "shop", "/system.slice/shop.service"])
def test_v2_asked_for(v2: Path, unit: str) -> None:
    (record,) = read_twice(v2, {}, unit)["memory"]
    assert (record["why"], record["hits"], record["hits_total"]) == ("asked", 0, 35)


def test_v2_asked_for_but_missing(v2: Path) -> None:
    assert read_twice(v2, {}, "nosuch.service")["unit_missing"] is True


def test_inside_a_container_our_group_is_the_root(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/self/mountinfo": _V2_MOUNT.replace("0:28 / ", "0:28 /docker/0123abcd "),
            "proc/self/cgroup": "0::/docker/0123abcd\n",
            "sys/fs/cgroup/cgroup.controllers": "memory\n",
            "sys/fs/cgroup/memory.max": "104857600\n",
            "sys/fs/cgroup/memory.current": "104800000\n",
            "sys/fs/cgroup/memory.stat": _STAT_V2,
        },
    )
    data = read_twice(tmp_path, {})
    assert data["own_memory_limit_bytes"] == 104857600
    assert [(r["name"], r["why"]) for r in data["memory"]] == [("/", "own")]


def test_v1_beside_an_empty_v2(tmp_path: Path) -> None:
    """Hybrid machines mount v1 controllers and a v2 tree without them, as this project's own does."""
    write(
        tmp_path,
        {
            "proc/self/mountinfo": (
                "35 31 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
                "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
            ),
            "proc/self/cgroup": "4:memory:/job\n1:cpu:/\n0::/\n",
            "sys/fs/cgroup/unified/cgroup.controllers": "hugetlb\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "41943040\n",
            "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "28409856\n",
            "sys/fs/cgroup/memory/job/memory.failcnt": "7\n",
            "sys/fs/cgroup/memory/job/memory.oom_control": "oom_kill_disable 1\nunder_oom 1\noom_kill 0\n",
            "sys/fs/cgroup/memory/job/memory.stat": _STAT_V1,
        },
    )
    trees = files.trees(str(tmp_path))
    assert {name: (tree.version, tree.own) for name, tree in trees.items()} == {"memory": (1, "/job")}
    (record,) = read_twice(tmp_path, {})["memory"]
    assert (record["limit_bytes"], record["paused"], record["needed_percent"]) == (41943040, True, 66.8)


def test_where_nothing_is_mounted(tmp_path: Path) -> None:
    assert files.trees(str(tmp_path)) == {}


def test_the_real_machine_answers() -> None:
    assert measure_here("cgroup.limits", {}).status in ("ok", "not_applicable")
