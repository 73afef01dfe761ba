"""Linux' process table read as text: one pass over /proc, and a close look at a few processes.

CPython 3.9 syntax: this module travels to remote hosts.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

# Field 41 of proc(5)'s stat, "policy": SCHED_IDLE weighs even less than nice 19 does (sched(7)).
_SCHED_IDLE, _NICEST = b"5", 19
# include/linux/sched.h: PF_KTHREAD, "I am a kernel thread".
_KERNEL_THREAD = 0x00200000
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_THREADS_LOOKED_AT = 128


class Stat(NamedTuple):
    """One /proc/PID/stat (proc_pid_stat(5)).

    Attributes:
        name: As the kernel keeps it: 15 bytes that its owner chose, raw.
        state: R, S, D, T, t, Z, I ...
        tty: Device number of the controlling terminal; 0 without one.
        faults: Page faults that needed no disk, since its start.
        ticks: User and system time in ticks of TICKS_PER_S.
        nice: How much it gives way to others: -20 to 19, the most for one that is scheduled as idle work.
        start_ticks: Start after boot in ticks.
        rss_pages: Resident memory in pages.
    """

    pid: int
    name: str
    state: str
    ppid: int
    session: int
    tty: int
    kernel: bool
    faults: int
    ticks: int
    nice: int
    threads: int
    start_ticks: int
    rss_pages: int

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return max(0.0, seconds_since_boot() - self.start_ticks / TICKS_PER_S)


def parse_stat(line: bytes) -> Stat:
    """Parses the one line of a stat file.

    Raises:
        ValueError: It is cut short (the process ended while it was read).
    """
    opened, closed = line.find(b"("), line.rfind(b")")
    rest = line[closed + 2 :].split()
    if opened < 0 or len(rest) < 22:
        raise ValueError("not a process's stat line")
    return Stat(
        pid=int(line[:opened]),
        name=line[opened + 1 : closed].decode("utf-8", "replace"),
        state=rest[0].decode("ascii", "replace"),
        ppid=int(rest[1]),
        session=int(rest[3]),
        tty=int(rest[4]),
        kernel=bool(int(rest[6]) & _KERNEL_THREAD),
        faults=int(rest[7]),
        ticks=int(rest[11]) + int(rest[12]),
        nice=_NICEST if len(rest) > 38 and rest[38] == _SCHED_IDLE else int(rest[16]),
        threads=int(rest[17]),
        start_ticks=int(rest[19]),
        rss_pages=int(rest[21]),
    )


def read_bytes(path: str, cap_bytes: int = 1 << 16) -> Optional[bytes]:
    """A small procfs file, or None when it is gone or not ours to read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(descriptor, cap_bytes)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def pids(root: str = "/proc") -> List[int]:
    """All process ids, newest numbers last."""
    return sorted(int(name) for name in os.listdir(root) if name.isdigit())


@dataclass(frozen=True)
class Table:
    """One pass over the process table.

    Attributes:
        lines: Process id to its raw stat line.
        taken_s: Monotonic time in the middle of the pass.
        missed: Processes not looked at because the time was over.
    """

    lines: Mapping[int, bytes]
    taken_s: float
    missed: int = 0


def read_table(deadline: float, root: str = "/proc") -> Table:
    """Reads every stat line until the monotonic `deadline`; parsing is left for those that matter."""
    begun = time.monotonic()
    lines: Dict[int, bytes] = {}
    numbers = pids(root)
    for index, pid in enumerate(numbers):
        if not index % 256 and time.monotonic() > deadline:
            return Table(lines, (begun + time.monotonic()) / 2, len(numbers) - index)
        line = read_bytes(f"{root}/{pid}/stat", 1024)
        if line:
            lines[pid] = line
    return Table(lines, (begun + time.monotonic()) / 2)


def parse_table(lines: Mapping[int, bytes]) -> Dict[int, Stat]:
    """Parses a table's lines; those cut short are left out."""
    stats = {}
    for pid, line in lines.items():
        try:
            stats[pid] = parse_stat(line)
        except ValueError:
            continue  # it ended while it was read
    return stats


class Effort(NamedTuple):
    """What one thread did since its start (proc_pid_schedstat and proc_pid_status).

    Attributes:
        run_ns: Time on a processor.
        wait_ns: Time ready to run but waiting for a processor.
        sleeps: Voluntary context switches: how often it waited for something.
        faults: Page faults.
    """

    run_ns: int
    wait_ns: int
    sleeps: int
    faults: int


def efforts(pid: int, root: str = "/proc") -> Dict[int, Effort]:
    """Thread id to effort, for at most 128 threads of a process; empty when it is gone."""
    found: Dict[int, Effort] = {}
    folder = f"{root}/{pid}/task"
    try:
        threads = sorted(int(name) for name in os.listdir(folder))[:_THREADS_LOOKED_AT]
    except OSError:
        return found
    for thread in threads:
        schedule = (read_bytes(f"{folder}/{thread}/schedstat") or b"").split()
        line = read_bytes(f"{folder}/{thread}/stat", 1024)
        switches = keyed(read_bytes(f"{folder}/{thread}/status") or b"").get("voluntary_ctxt_switches", "")
        if len(schedule) < 2 or not line or not switches.isdigit():
            continue
        try:
            faults = parse_stat(line).faults
        except ValueError:
            continue  # the thread ended while it was read
        found[thread] = Effort(int(schedule[0]), int(schedule[1]), int(switches), faults)
    return found


def disk_bytes(pid: int, root: str = "/proc") -> Optional[int]:
    """Bytes it caused to be read from or written to a disk; None when that may not be seen."""
    values = keyed(read_bytes(f"{root}/{pid}/io") or b"")
    try:
        return int(values["read_bytes"]) + int(values["write_bytes"])
    except (KeyError, ValueError):
        return None


def keyed(raw: bytes) -> Dict[str, str]:
    """`key: value` lines as a mapping."""
    pairs = (line.partition(":") for line in raw.decode("utf-8", "replace").splitlines())
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def own_tree(parents: Mapping[int, int], own: Optional[int] = None) -> Set[int]:
    """This process and everything it started, given process id to parent id."""
    own = os.getpid() if own is None else own
    children: Dict[int, List[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found, waiting = {own}, [own]
    while waiting:
        for child in children.get(waiting.pop(), []):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def ancestors(parents: Mapping[int, int], own: Optional[int] = None) -> Set[int]:
    """The processes that this one hangs from: shell, terminal, session, init."""
    pid = os.getpid() if own is None else own
    found: Set[int] = set()
    while pid in parents and parents[pid] not in found and parents[pid] > 0:
        pid = parents[pid]
        found.add(pid)
    return found


def seconds_since_boot() -> float:
    """Seconds since boot, time asleep included: the clock of process start times."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def started_s(start_ticks: int, root: str = "/proc") -> float:
    """A start time in seconds since 1970, on the same clock as psutil's create_time()."""
    for line in (read_bytes(f"{root}/stat", 1 << 20) or b"").splitlines():
        if line.startswith(b"btime "):
            return int(line.split()[1]) + start_ticks / TICKS_PER_S
    return time.time() - seconds_since_boot() + start_ticks / TICKS_PER_S


def user_of(pid: int, root: str = "/proc") -> Tuple[Optional[int], str]:
    """Numeric and written user of a process; (None, "") when it is gone."""
    try:
        uid = os.stat(f"{root}/{pid}").st_uid
    except OSError:
        return None, ""
    return uid, user_name(uid)


def user_name(uid: int) -> str:
    """Login name of a user id, or the number where it has none (containers)."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def command_of(pid: int, root: str = "/proc") -> str:
    """Its command line, raw; empty for kernel threads and when it is gone."""
    raw = read_bytes(f"{root}/{pid}/cmdline", 4096) or b""
    return " ".join(part for part in raw.decode("utf-8", "replace").split("\0") if part)


def names_of(numbers: Iterable[int], root: str = "/proc", most: int = 5) -> List[str]:
    """Names of the first few of these processes that still exist."""
    names: List[str] = []
    for pid in numbers:
        if len(names) >= most:
            break
        raw = read_bytes(f"{root}/{pid}/comm", 64)
        if raw:
            names.append(raw.decode("utf-8", "replace").rstrip("\n"))
    return names
