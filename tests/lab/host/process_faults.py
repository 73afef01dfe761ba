"""What can go wrong with processes: each fault for real, within bounds, and busy machines that are healthy."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.host.breakage import SPIN, Program, group, into, need_cgroup, python, running, wait_for

# A parent of vfork waits uninterruptibly until its child runs something or ends.
STUCK = "import ctypes, time\nif ctypes.CDLL(None).vfork() == 0:\n    time.sleep(60)"
MANY_FILES = (
    "import os, resource, time\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
    "try:\n    while True: os.open('/dev/null', 0)\nexcept OSError: time.sleep(60)"
)
FORKS = (
    "import os, time\nfor _ in range(40):\n    try:\n        if os.fork() == 0: time.sleep(60)\n"
    "    except OSError: pass\ntime.sleep(60)"
)
AS_STRANGER = (
    "import os, resource\nresource.setrlimit(resource.RLIMIT_NPROC, (20, 20))\nos.setgroups([])\n"
    "os.setresgid(61234, 61234, 61234)\nos.setresuid(61234, 61234, 61234)\n"
)
WATCHERS = "import ctypes, time\nlibc = ctypes.CDLL(None)\nwhile libc.inotify_init1(0) >= 0: pass\ntime.sleep(60)"
CHILDREN_LEFT = "import os, time\nfor _ in range({n}): os.fork() or os._exit(0)\ntime.sleep(60)"
SPINNERS = "import os, time\nfor _ in range({n}): os.fork() or exec('while True: pass')\ntime.sleep(60)"
# Short work again and again: busy for a third of the time.
NOW_AND_THEN = (
    "import time\nwhile True:\n    end = time.monotonic() + 0.1\n"
    "    while time.monotonic() < end: pass\n    time.sleep(0.2)"
)
IDLE = "import os, time\nfor _ in range(300): os.fork() or (time.sleep(60), os._exit(0))\ntime.sleep(60)"

Broken = AbstractContextManager[tuple[str, ...]]


@dataclass(frozen=True)
class Fault:
    """A fault or a control: how it is made, and what people would type.

    Attributes:
        broken: Makes it in a folder; gives words to put in front of techdoctor's command.
        words: What people would type.
        cause: Global id of the cause; empty for a control.
    """

    broken: Callable[[Path], Broken]
    words: tuple[str, ...]
    cause: str = ""


def program(*argv: str, settle_s: float = 1.0) -> Callable[[Path], Broken]:
    """A fault that is one program running."""

    @contextmanager
    def made(folder: Path) -> Iterator[tuple[str, ...]]:
        with running(*argv, cwd=folder):
            time.sleep(settle_s)
            yield ()

    return made


@contextmanager
def paused(folder: Path) -> Iterator[tuple[str, ...]]:
    del folder
    with running("sleep", "60") as stopped:
        os.kill(stopped.pid, signal.SIGSTOP)
        wait_for(lambda: state_of(stopped) == "T")
        yield ()


@contextmanager
def full_group(folder: Path) -> Iterator[tuple[str, ...]]:
    del folder
    need_cgroup("pids")
    with group("pids", pids__max="20") as limited, running(*python(FORKS), group=limited):
        time.sleep(0.7)
        yield ()


@contextmanager
def slowed_group(folder: Path) -> Iterator[tuple[str, ...]]:
    del folder
    need_cgroup("cpu")
    with group("cpu", cpu__cfs_quota_us="20000") as limited, running(*python(SPIN), group=limited):
        time.sleep(1)
        yield tuple(into(limited))


@contextmanager
def building(folder: Path) -> Iterator[tuple[str, ...]]:
    (folder / "a.c").write_text("\n".join(f"int f{i}(int x) {{ return x * {i} + x / 3; }}" for i in range(3000)))
    build = "while :; do for i in 1 2 3 4; do gcc -O2 -c a.c -o $i.o & done; wait; done"
    with running("sh", "-c", build, cwd=folder):
        time.sleep(3)
        yield ()


@contextmanager
def giving_way(folder: Path) -> Iterator[tuple[str, ...]]:
    del folder
    with running("nice", "-n", "19", *python(SPIN)), running("chrt", "--idle", "0", *python(SPIN)):
        time.sleep(3)
        yield ()


def state_of(stopped: Program) -> str:
    """The letter that the kernel gives a process's state."""
    return Path(f"/proc/{stopped.pid}/stat").read_text().rpartition(")")[2].split()[0]


_CORES = os.cpu_count() or 1
FAULTS: dict[str, Fault] = {
    "runaway": Fault(
        program(*python(SPIN), settle_s=2),
        ("my computer is slow", "everything is sluggish today", "the CPU is at 100 percent all the time"),
        "perf.slow.runaway_process",
    ),
    "runaway shell": Fault(
        program("sh", "-c", "while :; do :; done", settle_s=2), ("the PC lags",), "perf.slow.runaway_process"
    ),
    "runaway that reads": Fault(
        program("sh", "-c", "exec cat /dev/zero > /dev/null", settle_s=2),
        ("windows react late and the fan runs",),
        "perf.slow.runaway_process",
    ),
    "too many busy": Fault(
        program(*python(SPINNERS.format(n=_CORES * 4)), settle_s=6),
        ("the computer is very slow with many programs open",),
        "perf.slow.many_busy",
    ),
    "slowed session": Fault(slowed_group, ("my container is slow", "slow computer"), "perf.slow.cpu_limited"),
    "stuck in the kernel": Fault(program(*python(STUCK)), ("programs hang for minutes",), "perf.slow.stuck_processes"),
    "zombies": Fault(
        program(*python(CHILDREN_LEFT.format(n=80)), settle_s=1.5),
        ("there are many zombie processes", "computer is slow and full of defunct processes"),
        "perf.slow.zombies",
    ),
    "group full": Fault(full_group, ("cannot fork, resource temporarily unavailable",), "perf.slow.pids_exhausted"),
    "too many files": Fault(
        program(*python(MANY_FILES), settle_s=0.5), ("Too many open files",), "perf.slow.files_exhausted"
    ),
    "paused": Fault(paused, ("a program is frozen since I pressed ctrl z",), "perf.slow.stopped_process"),
    "user limit": Fault(
        program(*python(AS_STRANGER + FORKS), settle_s=0.7),
        ("no more programs can be started, fork failed",),
        "perf.slow.user_limit",
    ),
    "too many watchers": Fault(
        program(*python(WATCHERS), settle_s=0.5),
        ("the editor says it cannot watch more files", "inotify limit reached"),
        "perf.slow.watches_exhausted",
    ),
}
CONTROLS: dict[str, Fault] = {
    "work that gives way": Fault(giving_way, ("computer is slow",)),
    "a build": Fault(building, ("computer is slow",)),
    "a few zombies": Fault(program(*python(CHILDREN_LEFT.format(n=5)), settle_s=0.5), ("computer is slow",)),
    "short work": Fault(program(*python(NOW_AND_THEN)), ("everything is sluggish",)),
    "many idle programs": Fault(
        program(*python(IDLE)),
        ("too many programs are running",),
    ),
}
