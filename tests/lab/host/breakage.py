"""Breaking this machine's processes and memory for real, within bounds, and asking techdoctor about it.

As root everything happens in a process namespace of the tests' own, so that what else runs on the
machine, other tests above all, is neither seen nor touched.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SPIN = "while True: pass"
# Every process of the laboratory ends by itself, even when the test that started it is killed.
_MOST_S = 90
# Words in front of a command that take every right from it.
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
CGROUPS = Path("/sys/fs/cgroup")
# The first process of the namespace: takes note of orphans and ends when the tests' end of its input closes.
_INIT = "import signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); print(flush=True); sys.stdin.read()"


@dataclass(frozen=True)
class Program:
    """A running program: its number on this machine, and in the namespace that techdoctor looks at."""

    pid: int
    inner: int


@functools.cache
def entering() -> tuple[str, ...]:
    """Words in front of a command that take it into the namespace; none for ordinary users."""
    if os.geteuid() != 0:
        return ()
    space = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-c", _INIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert space.stdout is not None
    space.stdout.readline()
    _spaces.append(space)
    return ("nsenter", "--target", str(_children(space.pid)[0]), "--mount", "--pid", "--")


_spaces: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Outcome:
    """What `techdoctor diagnose --batch --json` said."""

    code: int
    tree: Mapping[str, Any]
    seconds: float
    errors: str

    @property
    def cause(self) -> str | None:
        named = self.tree["cause"]
        assert named is None or isinstance(named, str)
        return named

    @property
    def findings(self) -> dict[str, str]:
        """Confirmed findings and their severity."""
        return {f["id"]: f["severity"] for f in self.tree["findings"] if f["confirmed"]}

    def fact(self, name: str) -> dict[str, Any]:
        data = self.tree["facts"][name]["data"]
        assert isinstance(data, dict)
        return data


def techdoctor(
    *arguments: str, prefix: Sequence[str] = (), home: Path | None = None, timeout_s: float = 90
) -> subprocess.CompletedProcess[str]:
    """Runs the real command line, as a person would, offline."""
    # What the kernel had to end before the tests began, on whatever machine they run, is not their fault.
    config = str(Path(__file__).parent / "lately.toml")
    environment = {**os.environ, "TECHDOCTOR_OFFLINE": "1", "TECHDOCTOR_SITE_CONFIG": config}
    if home is not None:
        environment.update(HOME=str(home), XDG_STATE_HOME=str(home / "state"), XDG_CONFIG_HOME=str(home / "config"))
    return subprocess.run(
        [*entering(), *prefix, sys.executable, "-m", "techdoctor", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def diagnose(words: str, *options: str, prefix: Sequence[str] = (), home: Path | None = None) -> Outcome:
    """What `diagnose WORDS --batch --json` says."""
    begun = time.monotonic()
    ran = techdoctor("diagnose", *words.split(), "--batch", "--json", *options, prefix=prefix, home=home)
    assert ran.stdout.startswith("{"), f"exit {ran.returncode}: {ran.stdout[:500]}{ran.stderr[-2000:]}"
    return Outcome(ran.returncode, json.loads(ran.stdout), time.monotonic() - begun, ran.stderr)


@contextmanager
def running(*argv: str, group: Path | None = None, cwd: Path | None = None) -> Iterator[Program]:
    """Runs a program in a session of its own, as from somewhere else, and ends it afterwards."""
    there = ["env", f"--chdir={cwd}"] if cwd else []
    bounded = ["timeout", "-s", "KILL", str(_MOST_S), *argv]
    started = subprocess.Popen(
        [*entering(), *there, *(into(group) if group else []), *bounded],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _below_timeout(started.pid)
    finally:
        _end(started.pid)
        started.wait(10)


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _below_timeout(pid: int) -> Program:
    """The program below nsenter and `timeout`, once it is there."""
    for _ in range(400):
        for parent in (pid, *_children(pid)):
            if Path(f"/proc/{parent}/comm").read_text().strip() == "timeout" and _children(parent):
                child = _children(parent)[0]
                status = Path(f"/proc/{child}/status").read_text()
                return Program(child, int(next(x for x in status.splitlines() if x.startswith("NSpid")).split()[-1]))
        time.sleep(0.01)
    raise AssertionError("the program of the laboratory did not start")


def _end(session: int) -> None:
    """Ends every process of a session that this module started."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                if int(fields[3]) == session:
                    os.kill(int(entry.name), 9)
            except (OSError, IndexError):
                continue  # it has ended already


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the fault did not come about"
        time.sleep(0.05)


def need_cgroup(controller: str) -> None:
    """Skips where this user may not make groups of cgroup v1."""
    root = CGROUPS / controller
    if os.geteuid() != 0 or not (root / "cgroup.procs").exists() or not os.access(root, os.W_OK):
        pytest.skip(f"needs root and the {controller} controller of cgroup v1 at {root}")


@contextmanager
def group(controller: str, **files: str) -> Iterator[Path]:
    """A v1 control group of one's own with these files written; removed afterwards with all in it."""
    need_cgroup(controller)
    folder = CGROUPS / controller / f"tdlab-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    try:
        for name, value in files.items():
            (folder / name.replace("__", ".", 1)).write_text(value)
        yield folder
    finally:
        _empty(folder)
        folder.rmdir()


def _empty(folder: Path) -> None:
    for _ in range(100):
        pids = (folder / "cgroup.procs").read_text().split()
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                continue
        time.sleep(0.05)


def into(folder: Path) -> list[str]:
    """Words in front of a command that put it into a control group."""
    return ["sh", "-c", f'echo 0 > {folder}/cgroup.procs; exec "$@"', "sh"]
