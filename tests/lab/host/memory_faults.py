"""What can go wrong with memory: each fault for real, within bounds, and full memories that are healthy."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.host.breakage import group, into, need_cgroup, python, running, wait_for
from tests.lab.host.process_faults import Broken, Fault, program

MIB = 1 << 20
GROWS = "import time\nx = []\nwhile True: x.append(b'x' * (1 << 20) * 2); time.sleep(0.1)"
TOO_MUCH = "x = bytearray(100 << 20); x[::4096] = x[::4096]"
HOLDS = "import time\nx = bytearray({n} << 20)\nx[::4096] = b'x' * len(x[::4096])\ntime.sleep(60)"
HOLDS_AND_WRITES = (
    "import sys\nheld = bytearray(52 << 20)\nheld[::4096] = b'x' * len(held[::4096])\n"
    "while True:\n    with open('big', 'wb', 0) as f:\n        for _ in range(60): f.write(bytes(1 << 20))"
)
WRITES = "while True:\n    with open('big', 'wb', 0) as f:\n        for _ in range(120): f.write(bytes(1 << 20))"
TURNS_OVER = "x = bytearray(90 << 20)\nwhile True:\n    for i in range(0, len(x), 4096): x[i] = (x[i] + 1) % 256"


def kills(folder: Path) -> int:
    """How often the kernel ended a program of a v1 group."""
    return int((folder / "memory.oom_control").read_text().split()[-1])


def hits(folder: Path) -> int:
    """How often a v1 group reached its limit."""
    return int((folder / "memory.failcnt").read_text())


def in_group(mib: int, *argv: str, until: Callable[[Path], bool], within: bool = False) -> Callable[[Path], Broken]:
    """A program in a group that may have so much memory, when something has come about there."""

    @contextmanager
    def made(folder: Path) -> Iterator[tuple[str, ...]]:
        need_cgroup("memory")
        with (
            group("memory", memory__limit_in_bytes=str(mib * MIB)) as limited,
            running(*argv, group=limited, cwd=folder),
        ):
            wait_for(lambda: until(limited))
            yield tuple(into(limited)) if within else ()

    return made


def holding(limited: Path, mib: int) -> bool:
    return int((limited / "memory.usage_in_bytes").read_text()) > mib * MIB


@contextmanager
def swap_space(folder: Path, mib: int) -> Iterator[None]:
    """A swap file on this machine, for as long as the test takes."""
    path = folder / "swap"
    path.write_bytes(bytes(mib * MIB))
    path.chmod(0o600)
    subprocess.run(["mkswap", str(path)], check=True, capture_output=True)
    added = subprocess.run(["swapon", str(path)], check=False, capture_output=True, text=True)
    if added.returncode:
        pytest.skip(f"no swap file can be used on this file system: {added.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["swapoff", str(path)], check=True, capture_output=True)
        path.unlink()


@contextmanager
def swapping(folder: Path) -> Iterator[tuple[str, ...]]:
    del folder
    need_cgroup("memory")
    real = Path("/var/tmp/techdoctor-lab")  # a real disk: swap files do not work on tmpfs or overlays
    real.mkdir(exist_ok=True)
    with (
        swap_space(real, 160),
        group("memory", memory__limit_in_bytes=str(48 * MIB)) as limited,
        running(*python(TURNS_OVER), group=limited),
    ):
        wait_for(lambda: "swap 0\n" not in (limited / "memory.stat").read_text())
        time.sleep(2)
        yield ()


@contextmanager
def used_up(folder: Path) -> Iterator[tuple[str, ...]]:
    """Filling this machine's memory would hurt everybody on it: the kernel's report of it is covered instead."""
    report = Path("/proc/meminfo").read_text().splitlines()
    spent = {"MemFree:": 60_000, "MemAvailable:": 90_000, "Cached:": 40_000, "Buffers:": 1_000}
    lines = [f"{line.split()[0]} {spent[line.split()[0]]} kB" if line.split()[0] in spent else line for line in report]
    (folder / "meminfo").write_text("\n".join(lines) + "\n")
    cover = f'mount --bind {folder}/meminfo /proc/meminfo && exec "$@"'
    yield ("unshare", "--mount", "sh", "-c", cover, "sh")


@contextmanager
def cached(folder: Path) -> Iterator[tuple[str, ...]]:
    (folder / "big").write_bytes(bytes(600 * MIB))  # what was just written is in the page cache
    yield ()


_AGAIN = 'while :; do "$0" -c "' + TOO_MUCH + '"; done'
FAULTS: dict[str, Fault] = {
    "memory used up": Fault(
        used_up, ("out of memory", "the computer has no memory left", "RAM is full"), "perf.mem.memory_full"
    ),
    "swapping": Fault(
        swapping, ("the disk works all the time and memory is short", "not enough memory"), "perf.mem.swap_thrash"
    ),
    "growing program": Fault(
        program(*python(GROWS)), ("a program eats more and more memory", "memory leak"), "perf.mem.leak"
    ),
    "group at its limit": Fault(
        in_group(64, *python(HOLDS_AND_WRITES), until=lambda limited: hits(limited) > 100),
        ("my container needs more memory",),
        "perf.mem.cgroup_limit",
    ),
    "group ended again and again": Fault(
        in_group(40, "sh", "-c", _AGAIN, *python("")[:1], until=lambda limited: kills(limited) > 1),
        ("programs are killed, out of memory", "OOMKilled"),
        "perf.mem.cgroup_limit",
    ),
    "inside a full group": Fault(
        in_group(500, *python(HOLDS.format(n=440)), until=lambda limited: holding(limited, 440), within=True),
        ("not enough memory in this container",),
        "perf.mem.cgroup_limit",
    ),
}
CONTROLS: dict[str, Fault] = {
    "page cache": Fault(cached, ("out of memory", "RAM is full")),
    "page cache fills a group": Fault(
        in_group(60, *python(WRITES), until=lambda limited: hits(limited) > 100), ("not enough memory",)
    ),
    "group with room": Fault(
        in_group(600, *python(HOLDS.format(n=100)), until=lambda limited: holding(limited, 90), within=True),
        ("not enough memory",),
    ),
    "loads something once": Fault(
        program(*python("import time\ntime.sleep(2.5)\n" + HOLDS.format(n=200)), settle_s=0), ("memory leak",)
    ),
}
