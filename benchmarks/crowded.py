"""Crowded machines and one whose disk never answers, in one run: python -m benchmarks.crowded (as root)."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import write_table
from tests.lab.host.disks import Machine, machine

# A peer that hangs is ended after this.
LIMIT_S = 20.0
_FORKS = "import os, time\nfor _ in range({n}): os.fork() or (time.sleep(100), os._exit(0))\ntime.sleep(100)"


def processes(count: int) -> Callable[[Machine], None]:
    def made(there: Machine) -> None:
        there.start("python3", "-c", _FORKS.format(n=count))
        while len(there.running("python3")) < count:
            time.sleep(0.2)

    return made


def mounts(count: int) -> Callable[[Machine], None]:
    def made(there: Machine) -> None:
        point = there.place("many")
        there.sh(f"cd {point}; for i in $(seq {count}); do mkdir $i && mount -t tmpfs -o size=64k lab $i; done")

    return made


def never_answers(there: Machine) -> None:
    """A file system whose program is stopped: statvfs waits for good."""
    point = there.place("hung")
    there.sh(f"truncate -s 32M {there.folder}/hung.img; mkfs.ext4 -q -F {there.folder}/hung.img")
    there.start("fuse2fs", "-f", f"{there.folder}/hung.img", str(point))
    there.sh(
        f"for i in $(seq 100); do grep -q ' {point} ' /proc/mounts && break; sleep 0.1; done; ls {point} >/dev/null"
    )
    for pid in there.running("fuse2fs"):
        there.sh(f"kill -STOP {pid}")


CROWDS: dict[str, tuple[Callable[[Machine], None], ...]] = {
    "nothing": (),
    "a statvfs that never returns": (never_answers,),
    "2,000 processes": (processes(2000),),
    "1,000 mounts": (mounts(1000),),
    "10,000 mounts": (mounts(10_000),),
    "all of these (2,000 processes, 1,000 mounts, one hangs)": (never_answers, processes(2000), mounts(1000)),
}


def peer(there: Machine, *argv: str) -> str:
    """Wall time of another program in there."""
    begun = time.monotonic()
    with subprocess.Popen([*there.inside, "timeout", "-s", "KILL", str(LIMIT_S), *argv], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as child:  # fmt: skip
        try:
            child.wait(LIMIT_S + 1)
        except subprocess.TimeoutExpired:  # waits in the kernel, where no signal reaches it
            child.returncode = None
            return f"> {LIMIT_S:.0f}"
    took = time.monotonic() - begun
    return f"> {LIMIT_S:.0f}" if took >= LIMIT_S else f"{took:.2f}"


def ours(there: Machine, *words: str) -> tuple[str, dict[str, object]]:
    begun = time.monotonic()
    ran = there.techdoctor(*words, "--json", variables={})
    return f"{time.monotonic() - begun:.2f}", json.loads(ran.stdout)


def row(name: str, breaks: tuple[Callable[[Machine], None], ...]) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, machine(Path(folder)) as there:
        Path(folder).chmod(0o755)
        ours(there, "check")  # fills caches, as the first check-up of a machine does
        for broken in breaks:
            broken(there)
        check_s, report = ours(there, "check")
        diagnose_s, told = ours(there, "diagnose", "disk", "is", "full", "--batch")
        findings = report["findings"]
        assert isinstance(findings, list)
        named = ", ".join(f["id"] for f in findings if f["severity"] in ("problem", "danger")) or "no problem"
        df_s, glances_s = peer(there, "df"), peer(there, "glances", "--stdout", "fs", "--stop-after", "1")
        return (
            f"| {name} | {check_s} | {named} | {diagnose_s} | {told['cause'] or told['end']} | {df_s} | {glances_s} |"
        )


def main() -> None:
    lines = ["| machine | check s | check says | diagnose s | diagnose says | df s | glances s |",
             "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    lines += [row(name, breaks) for name, breaks in CROWDS.items()]
    write_table("crowded", lines)


if __name__ == "__main__":
    main()
