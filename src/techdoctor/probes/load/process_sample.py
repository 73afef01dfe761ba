"""Linux: which processes work, and how, over a second or two. Used by the probe proc.top.

CPython 3.9 syntax.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from techdoctor.probes.base import Probing
from techdoctor.probes.load import procfs
from techdoctor.probes.load.procfs import Effort, Stat, Table

FIRST_PAUSE_S = 0.15
WINDOW_S = 1.0
MOST_CANDIDATES = 16
# A thread that only computes: always ready to run, never waits for anything, touches no new
# memory. What reads, writes, builds or renders does at least one of these within a second.
_SPIN_DEMAND, _SPIN_RUN, _SPIN_SLEEPS, _SPIN_FAULTS = 0.9, 0.02, 2, 20
# Programs work like that for a second now and then, above all just after their start: a young
# one is watched for a second window before it is said to spin.
_YOUNG_S = 60.0
_ORPHANS_WAITED_FOR, _INIT_ROUND_S = 20, 2.0


@dataclass(frozen=True)
class Worker:
    """A process that used processor time in the sample.

    Attributes:
        cpu_percent: Of one core; 200 is two whole cores.
        demand_percent: What it would have used had it never waited for a processor; None unseen.
        spins: True when a thread of it did nothing but compute for the whole sample.
    """

    stat: Stat
    cpu_percent: float
    demand_percent: Optional[float]
    spins: bool


@dataclass(frozen=True)
class Close:
    """A close look at one process at one moment."""

    taken_s: float
    ticks: int
    efforts: Mapping[int, Effort]
    disk_bytes: Optional[int]


@dataclass(frozen=True)
class Sample:
    """What the whole sample gave.

    Attributes:
        stats: Every process at the second pass.
        workers: The busiest, by CPU, without techdoctor and what it started.
        blocked: Processes in an uninterruptible wait that did not end during the sample.
        zombies: Ended processes that nobody took note of during the sample.
        window_s: Seconds over which the workers were watched.
        missed: Processes that could not be looked at in time.
    """

    stats: Mapping[int, Stat]
    workers: Sequence[Worker]
    blocked: Sequence[Stat]
    zombies: Sequence[Stat]
    window_s: float
    missed: int


def take(probing: Probing, root: str = "/proc") -> Sample:
    """Takes the sample. Two passes over all processes, then a close look at the busiest."""
    begun = time.monotonic()
    budget = max(1.0, probing.left_s() - WINDOW_S)
    first = procfs.read_table(begun + budget * 0.35, root)
    probing.cancelled.wait(max(0.0, first.taken_s + FIRST_PAUSE_S - time.monotonic()))
    second = procfs.read_table(begun + budget * 0.75, root)
    stats = procfs.parse_table(second.lines)
    own = procfs.own_tree({pid: stat.ppid for pid, stat in stats.items()})
    busiest = candidates(first, second, stats, own)
    waiting = [stat for pid, stat in stats.items() if stat.state == "D" and not stat.kernel and pid not in own]
    before = {stat.pid: _look(stat.pid, root) for stat in (*busiest, *waiting[:MOST_CANDIDATES])}
    probing.cancelled.wait(min(WINDOW_S, probing.left_s()))
    after = {pid: _look(pid, root) for pid in before}
    workers = [worker for stat in busiest for worker in _worked(stat, before[stat.pid], after[stat.pid])]
    blocked = [stat for stat in waiting[:MOST_CANDIDATES] if _still_blocked(stat, before, after, root)]
    workers = _watch_young(workers, before, after, probing, root)
    zombies = _lasting_zombies(stats, probing, root)
    ended = max((look.taken_s for look in after.values() if look), default=time.monotonic())
    return Sample(stats, workers, blocked, zombies, ended - second.taken_s, max(first.missed, second.missed))


def candidates(first: Table, second: Table, stats: Mapping[int, Stat], own: set[int]) -> List[Stat]:
    """The processes that used most CPU between two passes, most first, without our own."""
    used: List[Tuple[int, Stat]] = []
    for pid, stat in stats.items():
        old = first.lines.get(pid)
        if pid in own or stat.kernel or old == second.lines[pid]:
            continue
        earlier = procfs.parse_table({pid: old}).get(pid) if old else None
        same = earlier is not None and earlier.start_ticks == stat.start_ticks
        ticks = stat.ticks - earlier.ticks if same and earlier is not None else stat.ticks
        if ticks > 0:
            used.append((ticks, stat))
    used.sort(key=lambda entry: (-entry[0], entry[1].pid))
    return [stat for _, stat in used[:MOST_CANDIDATES]]


def _look(pid: int, root: str) -> Optional[Close]:
    line = procfs.read_bytes(f"{root}/{pid}/stat", 1024)
    stat = procfs.parse_table({pid: line}).get(pid) if line else None
    if stat is None:
        return None
    return Close(time.monotonic(), stat.ticks, procfs.efforts(pid, root), procfs.disk_bytes(pid, root))


def _worked(stat: Stat, before: Optional[Close], after: Optional[Close]) -> List[Worker]:
    """The worker, or nothing when it ended meanwhile."""
    if before is None or after is None or after.taken_s <= before.taken_s:
        return []
    window_s = after.taken_s - before.taken_s
    cpu_percent = (after.ticks - before.ticks) / procfs.TICKS_PER_S / window_s * 100
    demand, spins = work(before, after)
    return [Worker(stat, round(cpu_percent, 1), demand, spins)]


def work(before: Close, after: Close) -> Tuple[Optional[float], bool]:
    """Demand in percent of one core (None when the kernel does not tell), and whether a thread spins."""
    window_ns = (after.taken_s - before.taken_s) * 1e9
    both = [(before.efforts[thread], now) for thread, now in after.efforts.items() if thread in before.efforts]
    if not both or window_ns <= 0:
        return None, False
    wanted = [(now.run_ns - old.run_ns + now.wait_ns - old.wait_ns) / window_ns for old, now in both]
    disk_idle = before.disk_bytes == after.disk_bytes  # also when neither could be seen
    spins = disk_idle and any(
        share >= _SPIN_DEMAND
        and (now.run_ns - old.run_ns) / window_ns >= _SPIN_RUN
        and now.sleeps - old.sleeps <= _SPIN_SLEEPS
        and now.faults - old.faults <= _SPIN_FAULTS
        for share, (old, now) in zip(wanted, both)
    )
    return round(sum(wanted) * 100, 1), spins


def _still_blocked(
    stat: Stat, before: Mapping[int, Optional[Close]], after: Mapping[int, Optional[Close]], root: str
) -> bool:
    """True when it is in the very same wait: no CPU, no wake-up since."""
    old, now = before[stat.pid], after[stat.pid]
    line = procfs.read_bytes(f"{root}/{stat.pid}/stat", 1024)
    if old is None or now is None or not line:
        return False
    current = procfs.parse_table({stat.pid: line}).get(stat.pid)
    return (
        current is not None
        and current.state == "D"
        and now.ticks == old.ticks
        and {t: e.sleeps for t, e in now.efforts.items()} == {t: e.sleeps for t, e in old.efforts.items()}
    )


def _lasting_zombies(stats: Mapping[int, Stat], probing: Probing, root: str) -> List[Stat]:
    """Zombies of the second pass that are still there; orphans get time, for init takes note in rounds."""
    zombies = [stat for stat in stats.values() if stat.state == "Z"]
    if sum(1 for stat in zombies if stat.ppid == 1) > _ORPHANS_WAITED_FOR:
        probing.cancelled.wait(min(_INIT_ROUND_S, probing.left_s()))
    lines = {stat.pid: procfs.read_bytes(f"{root}/{stat.pid}/stat", 1024) for stat in zombies}
    left = procfs.parse_table({pid: line for pid, line in lines.items() if line})
    return [stat for stat in left.values() if stat.state == "Z"]


def _watch_young(
    workers: List[Worker],
    before: Mapping[int, Optional[Close]],
    after: Dict[int, Optional[Close]],
    probing: Probing,
    root: str,
) -> List[Worker]:
    """Watches young spinning processes for one more window; updates `after`."""
    young = [worker for worker in workers if worker.spins and worker.stat.age_s < _YOUNG_S]
    if not young or probing.left_s() < WINDOW_S:
        return workers
    middle = dict(after)
    probing.cancelled.wait(WINDOW_S)
    watched: Dict[int, Worker] = {}
    for worker in young:
        pid = worker.stat.pid
        after[pid] = _look(pid, root)
        whole = _worked(worker.stat, before[pid], after[pid])
        last = _worked(worker.stat, middle[pid], after[pid])
        if whole and last:
            watched[pid] = Worker(worker.stat, whole[0].cpu_percent, whole[0].demand_percent, last[0].spins)
    gone = {worker.stat.pid for worker in young} - set(watched)
    return [watched.get(w.stat.pid, w) for w in workers if w.stat.pid not in gone]
