"""Ending and continuing real processes; services by whatever keeps them here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from techdoctor.actions import processes as actions
from techdoctor.actions import services
from techdoctor.hosts.local import LocalHost
from techdoctor.model import Value

HOST = LocalHost()
_STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\ntime.sleep(60)"


@pytest.fixture
def program() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["sleep", "60"])
    while psutil.Process(child.pid).cmdline() != ["sleep", "60"]:  # not yet, in the instant of its start
        time.sleep(0.01)
    yield child
    child.kill()
    child.wait()


def which(pid: int) -> dict[str, Value]:
    return {"pid": pid, "started_s": psutil.Process(pid).create_time()}


def test_end(program: subprocess.Popen[bytes]) -> None:
    preview = HOST.preview("process.end", which(program.pid))
    assert preview.commands[0] == f"kill -TERM {program.pid}"
    assert "sleep 60" in preview.title
    assert preview.undo == ""
    assert HOST.apply("process.end", which(program.pid)).ok
    assert program.wait(5) == -15


def test_one_that_ignores_the_request_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "GRACE_S", 0.3)
    child = subprocess.Popen([sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    assert HOST.apply("process.end", which(child.pid)).ok
    assert child.wait(5) == -9
    child.stdout.close()


def test_reused_number_is_never_hit(program: subprocess.Popen[bytes]) -> None:
    old: dict[str, Value] = {"pid": program.pid, "started_s": time.time() - 86400}
    assert "another program" in HOST.preview("process.end", old).problem
    assert not HOST.apply("process.end", old).ok
    assert program.poll() is None


@pytest.mark.parametrize("whose", [lambda: 1, os.getpid, os.getppid], ids=["init", "ours", "our parent's"])
def test_what_must_not_end(whose: Callable[[], int]) -> None:
    pid = whose()
    assert HOST.preview("process.end", which(pid)).problem
    outcome = HOST.apply("process.end", which(pid))
    assert not outcome.ok
    assert psutil.pid_exists(pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a process namespace")
def test_child_of_process_two_of_a_container(tmp_path: Path) -> None:
    """Outside containers process 2 is the parent of the kernel's threads; inside it is anything."""
    code = (
        "import psutil, subprocess, sys\nfrom techdoctor.hosts.local import LocalHost\n"
        "p = subprocess.Popen(['sleep', '60'])\n"
        "o = LocalHost().apply('process.end', {'pid': p.pid, 'started_s': psutil.Process(p.pid).create_time()})\n"
        "print(psutil.Process().pid, o.ok, p.wait())"
    )
    shell = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", '"$@"; exit', "sh", sys.executable, "-c", code]
    ran = subprocess.run(shell, capture_output=True, text=True, check=True, timeout=30, cwd=tmp_path)
    assert ran.stdout.split() == ["2", "True", "-15"]


def test_ended_already(program: subprocess.Popen[bytes]) -> None:
    params = which(program.pid)
    program.kill()
    program.wait()
    assert not HOST.apply("process.end", params).ok


def test_hostile_name_in_the_preview() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "\x1b[31mred\x07"])
    try:
        time.sleep(0.3)
        title = HOST.preview("process.end", which(child.pid)).title
        assert "\x1b" not in title
        assert "\x07" not in title
    finally:
        child.kill()
        child.wait()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="pausing is a POSIX thing")
def test_continue_and_undo(program: subprocess.Popen[bytes]) -> None:
    params = which(program.pid)
    os.kill(program.pid, 19)
    outcome = HOST.apply("process.continue", params)
    time.sleep(0.1)
    assert psutil.Process(program.pid).status() == psutil.STATUS_SLEEPING
    assert outcome.undo_token is not None
    assert HOST.undo("process.continue", params, outcome.undo_token).ok
    time.sleep(0.1)
    assert psutil.Process(program.pid).status() == psutil.STATUS_STOPPED


@pytest.mark.parametrize("name", ["", "-f", "a b", "../x", "x;reboot", "a'b"])
def test_names_that_are_none(name: str) -> None:
    assert "not the name" in HOST.preview("service.start", {"service": name}).problem
    assert not HOST.apply("service.start", {"service": name}).ok


def test_keepers(tmp_path: Path) -> None:
    assert services.keeper("linux", "cups", str(tmp_path)) is None
    (tmp_path / "etc/init.d").mkdir(parents=True)
    (tmp_path / "etc/init.d/cups").touch()
    sysv = services.keeper("linux", "cups", str(tmp_path))
    assert sysv is not None
    assert (sysv.start, sysv.stop) == (("service", "cups", "start"), ("service", "cups", "stop"))
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    systemd = services.keeper("linux", "cups", str(tmp_path))
    assert systemd is not None
    assert systemd.restart == ("systemctl", "restart", "cups")
    mac, windows = services.keeper("macos", "org.cups.cupsd"), services.keeper("windows", "Spooler")
    assert mac is not None
    assert mac.start == ("launchctl", "kickstart", "system/org.cups.cupsd")
    assert windows is not None
    assert windows.start[-1] == "Start-Service -Name 'Spooler' -ErrorAction Stop"


def test_unknown_service() -> None:
    outcome = HOST.apply("service.restart", {"service": "no-such-service-here"})
    assert not outcome.ok
    assert outcome.text
