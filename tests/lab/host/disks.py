"""Disks of our own to break: file systems in private mount and process namespaces, gone when the test ends."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.host.breakage import Outcome

FULL = "disk is full"
# Some user that owns nothing here; it may read what root may, for the Python of a laboratory often lies in root's home.
_READS_ALL = "+dac_read_search"
_NOBODY = (
    *("setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"),
    *(f"--inh-caps={_READS_ALL}", f"--ambient-caps={_READS_ALL}"),
)
_MOST_S = 120


class Machine:
    """This machine with mounts of its own, which nobody else sees.

    Args:
        folder: Where images and mount points go.
        leader: Process id of the first process of the namespaces.
    """

    def __init__(self, folder: Path, leader: int) -> None:
        self.folder = folder
        self.inside = ("nsenter", "-t", str(leader), "-m", "-p")
        self._started: list[subprocess.Popen[bytes]] = []
        (folder / "home").mkdir(mode=0o777)
        (folder / "home").chmod(0o777)

    def sh(self, script: str) -> str:
        """Runs a shell script in there; a failing command fails the test."""
        ran = subprocess.run(
            [*self.inside, "sh", "-ec", script], capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def place(self, name: str) -> Path:
        """A mount point."""
        point = self.folder / name
        point.mkdir(exist_ok=True)
        point.chmod(0o777)
        return point

    def memory(self, name: str, options: str) -> Path:
        """A file system in memory, e.g. with `size=16m`."""
        point = self.place(name)
        self.sh(f"mount -t tmpfs -o {options} lab {shlex.quote(str(point))}")
        return point

    def image(self, name: str, size: str, make: str, kind: str = "") -> Path:
        """A file system in a file: `make` is the mkfs command without the file."""
        point, image = self.place(name), self.folder / f"{name}.img"
        self.sh(
            f"truncate -s {size} {image}; {make} {image} >&2; mount {kind} -o loop {image} {point}; chmod 777 {point}"
        )
        return point

    def fill(self, point: Path, user: bool = False) -> None:
        """Writes one file until nothing more fits."""
        prefix = shlex.join(_NOBODY) if user else ""
        file = shlex.quote(str(point / "big file"))
        self.sh(f"{prefix} dd if=/dev/zero of={file} bs=64k 2>/dev/null || true")

    def start(self, *argv: str) -> None:
        """Starts a process that ends with the namespaces."""
        child = subprocess.Popen(
            [*self.inside, "timeout", "-s", "KILL", str(_MOST_S), *argv], stderr=subprocess.DEVNULL
        )
        self._started.append(child)

    def gone(self) -> None:
        """Waits for what was started, once the namespaces have ended."""
        for child in self._started:
            child.wait(10)

    def diagnose(self, *options: str, user: bool = False, **variables: str) -> Outcome:
        """Asks techdoctor in there, as root or as an ordinary user."""
        home = self.folder / "home"
        own = {"HOME": home, "XDG_STATE_HOME": home / "state", "XDG_CONFIG_HOME": home / "config"}
        environment = {**own, "TECHDOCTOR_OFFLINE": "1", **variables}
        settings = [f"{key}={value}" for key, value in environment.items()]
        program = [sys.executable, "-m", "techdoctor", "diagnose", *FULL.split(), "--batch", "--json", *options]
        begun = time.monotonic()
        ran = subprocess.run(
            [*self.inside, *(_NOBODY if user else ()), "env", *settings, *program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert ran.stdout.startswith("{"), f"exit {ran.returncode}: {ran.stdout[:500]}{ran.stderr[-2000:]}"
        return Outcome(ran.returncode, json.loads(ran.stdout), time.monotonic() - begun, ran.stderr)


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine of our own; skips where namespaces may not be made."""
    if not shutil.which("unshare") or os.geteuid() != 0:
        pytest.skip("needs root and unshare for private mounts")
    argv = ["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child", "--propagation", "private", "sleep", "300"]
    outer = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    made: list[Machine] = []
    try:
        made.append(Machine(folder, _first_child(outer)))
        yield made[0]
    finally:
        outer.send_signal(signal.SIGKILL)
        outer.wait(10)
        for built in made:
            built.gone()
        assert outer.stderr is not None
        outer.stderr.close()


def _first_child(outer: subprocess.Popen[str]) -> int:
    listing = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    for _ in range(200):
        if outer.poll() is not None:
            assert outer.stderr is not None
            pytest.skip(f"no private mounts here: {outer.stderr.read().strip()}")
        children = listing.read_text().split()
        if children and Path(f"/proc/{children[0]}/comm").read_text().strip() == "sleep":
            return int(children[0])
        time.sleep(0.02)
    pytest.skip("the namespaces did not come up")
