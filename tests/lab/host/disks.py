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
from collections.abc import Callable, Iterator, Mapping
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
        self.home = folder / "home"
        self._started: list[subprocess.Popen[bytes]] = []
        self._undone: list[Callable[[], None]] = []
        self.home.mkdir(mode=0o777)
        self.home.chmod(0o777)

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

    def image(self, name: str, size: str = "64M", make: str = "mkfs.ext4 -q -F", options: str = "loop") -> Path:
        """A file system in a file: `make` is the mkfs command without the file."""
        point, image = self.place(name), self.folder / f"{name}.img"
        self.sh(f"truncate -s {size} '{image}'; {make} '{image}' >&2")
        self.sh(f"mount -o {options} '{image}' '{point}'; chmod 777 '{point}'")
        return point

    def block_device(self, name: str) -> str:
        """Name of the loop device of an image, e.g. loop0."""
        return Path(self.sh(f"losetup -j '{self.folder}/{name}.img' | cut -d: -f1").strip()).name

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

    def running(self, command: str) -> list[int]:
        """Process ids in there, by the name of the program."""
        match = f'[ "$(cat $p/comm 2>/dev/null)" = {command} ] && echo ${{p#/proc/}} || true'
        script = f"for p in /proc/[0-9]*; do {match}; done"
        return [int(word) for word in self.sh(script).split()]

    def afterwards(self, undo: Callable[[], None]) -> None:
        """What has to be taken back when the namespaces have ended, the last first."""
        self._undone.append(undo)

    def gone(self) -> None:
        """Waits for what was started, once the namespaces have ended, and takes back what they leave."""
        for child in self._started:
            child.wait(10)
        for undo in reversed(self._undone):
            undo()

    def techdoctor(
        self, *arguments: str, variables: Mapping[str, str], user: bool = False, timeout_s: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Runs techdoctor in there, as root or as an ordinary user; `{folder}` in an argument is this machine's."""
        own = {"HOME": self.home, "XDG_STATE_HOME": self.home / "state", "XDG_CONFIG_HOME": self.home / "config"}
        environment = {**own, "TECHDOCTOR_OFFLINE": "1", **variables}
        settings = [f"{key}={value}" for key, value in environment.items()]
        filled = [argument.replace("{folder}", str(self.folder)) for argument in arguments]
        return subprocess.run(
            [*self.inside, *(_NOBODY if user else ()), "env", *settings, sys.executable, "-m", "techdoctor", *filled],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def diagnose(self, *options: str, words: str = FULL, user: bool = False, **variables: str) -> Outcome:
        """Asks techdoctor in there what is wrong, as a person would."""
        begun = time.monotonic()
        ran = self.techdoctor("diagnose", *words.split(), "--batch", "--json", *options, user=user, variables=variables)
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
