"""CPU and wall time of whole commands, and tables for docs/benchmarks.md."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Cost:
    """What one run of a command took.

    Attributes:
        cpu_ms: User plus system time of the process and its ended children, milliseconds.
        wall_ms: Wall time in milliseconds.
        code: Exit code; negative for a signal; None when the limit ended it.
        peak_mib: Most memory of the process, or of a child that it waited for, MiB.
    """

    cpu_ms: float
    wall_ms: float
    code: int | None
    peak_mib: float = 0.0


def cost_of(
    argv: Sequence[str], env: Mapping[str, str] | None = None, until_first_line: bool = False, limit_s: float = 45.0
) -> Cost:
    """Runs a command once.

    Args:
        argv: The command.
        env: Its whole environment; ours when None.
        until_first_line: Ends it (SIGKILL) when it has written its first line on standard error.
        limit_s: Wall time after which it is ended.
    """
    begun = time.monotonic()
    child = subprocess.Popen(
        list(argv), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if until_first_line else subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    if until_first_line:
        assert child.stderr is not None
        child.stderr.readline()
        os.killpg(child.pid, signal.SIGKILL)
    ended = False
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        if not ended and time.monotonic() - begun > limit_s:
            os.killpg(child.pid, signal.SIGKILL)
            ended = True
        time.sleep(0.001)
    if child.stderr is not None:
        child.stderr.close()
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = (time.monotonic() - begun) * 1000
    cpu = (usage.ru_utime + usage.ru_stime) * 1000
    return Cost(cpu, wall, None if ended else child.returncode, usage.ru_maxrss / 1024)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def write_table(mark: str, lines: Sequence[str]) -> None:
    """Puts a table between its marks in docs/benchmarks.md and prints it."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    DOCUMENT.write_text(before + begin + "\n" + "\n".join(lines) + "\n" + end + after)
    print("\n".join(lines))
