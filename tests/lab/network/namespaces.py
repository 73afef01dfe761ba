"""A private world of network namespaces: nothing outside sees it, and all of it ends with it.

Works as root and, where the system allows user namespaces, as an ordinary user. One process (the
anchor) holds a mount, a network and a process namespace with its own /run, so names never collide
with another world's. It reads a pipe of ours: when this program ends in any way, the pipe closes,
the anchor ends, and the kernel ends every process of its process namespace.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

# A distribution may keep /etc/resolv.conf as a link into /run, which the anchor covers.
_SET_UP = """
set -e
mount --make-rprivate / 2>/dev/null || true
mount -t tmpfs tmpfs /run
mkdir /run/netns
target=$(readlink -m /etc/resolv.conf)
[ -e "$target" ] || { mkdir -p "${target%/*}"; : > "$target"; }
echo ready
exec cat
"""
_ENTER = 'mount -t sysfs sysfs /sys; for f in "$1"/*; do mount --bind "$f" "/etc/${f##*/}"; done; shift; exec "$@"'
_READY_WITHIN_S = 10.0


class CannotBuild(RuntimeError):
    """Namespaces cannot be made here; the message says why."""


@dataclass(frozen=True)
class Done:
    """What a command inside did.

    Attributes:
        code: Exit code; negative for a signal.
        out: Standard output.
        err: Standard error.
        seconds: Wall time.
    """

    code: int
    out: str
    err: str
    seconds: float


class World:
    """Network namespaces that live as long as this object (or this program)."""

    def __init__(self) -> None:
        self._user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
        unshare = ["unshare", *mapped, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._anchor = subprocess.Popen(
            [*unshare, "sh", "-c", _SET_UP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._anchor.stdout is not None and self._anchor.stderr is not None
        if self._anchor.stdout.readline() != b"ready\n":
            reason = self._anchor.stderr.read().decode(errors="replace").strip()
            self._anchor.wait(_READY_WITHIN_S)
            raise CannotBuild(f"no namespaces here: {reason or 'unshare failed'}")
        children = Path(f"/proc/{self._anchor.pid}/task/{self._anchor.pid}/children").read_text().split()
        self._init = children[0]

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def argv(self, name: str, command: Sequence[str], etc: Path | None = None) -> list[str]:
        """The command line that runs `command` in namespace `name`.

        Args:
            name: A namespace made by `add`, or "" for the anchor's own.
            command: Program and arguments.
            etc: A folder whose files lie over those of the same name in /etc; with it /sys shows
                the adapters of this namespace.
        """
        argv = ["nsenter", "--target", self._init, *self._user, "--mount", "--net", "--pid"]
        if name:
            argv += ["nsenter", f"--net=/run/netns/{name}"]
        if etc is not None:
            argv += ["unshare", "--mount", "sh", "-c", _ENTER, "sh", str(etc)]
        return [*argv, *command]

    def run(
        self,
        name: str,
        command: Sequence[str],
        timeout_s: float = 60.0,
        etc: Path | None = None,
        stdin: str = "",
        env: dict[str, str] | None = None,
    ) -> Done:
        """Runs a command inside; whatever is left of it at the deadline is ended.

        Raises:
            TimeoutError: It did not end in time.
        """
        begun = time.monotonic()
        child = subprocess.Popen(
            self.argv(name, command, etc),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            start_new_session=True,
        )
        try:
            out, err = child.communicate(stdin.encode(), timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            out, err = child.communicate()
            raise TimeoutError(
                f"{command!r} did not end within {timeout_s} s: {err.decode(errors='replace')}"
            ) from None
        seconds = time.monotonic() - begun
        return Done(child.returncode, out.decode(errors="replace"), err.decode(errors="replace"), seconds)

    def need(self, name: str, command: Sequence[str], stdin: str = "") -> str:
        """Runs a command that must work and returns its output.

        Raises:
            CannotBuild: It failed; the message holds its errors.
        """
        done = self.run(name, command, stdin=stdin)
        if done.code:
            raise CannotBuild(f"{' '.join(command)} -> {done.code}: {done.err.strip()[:400]}")
        return done.out

    def add(self, *names: str) -> None:
        """Makes namespaces with loopback up."""
        for name in names:
            self.need("", ["ip", "netns", "add", name])
            self.need(name, ["ip", "link", "set", "lo", "up"])

    def start(
        self,
        key: str,
        name: str,
        command: Sequence[str],
        log: IO[bytes],
        ready: bool = False,
        env: dict[str, str] | None = None,
    ) -> None:
        """Starts a server inside, to be ended by `stop(key)` or with the world.

        Args:
            key: What `stop` knows it by.
            name: Namespace.
            command: Program and arguments.
            log: Where its errors (and, without `ready`, its output) go.
            ready: Wait for a first line "ready" on its output.
            env: Its whole environment; None for ours.

        Raises:
            CannotBuild: It ended instead of saying "ready".
        """
        child = subprocess.Popen(
            self.argv(name, command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if ready else log,
            stderr=log,
            env=env,
            start_new_session=True,
        )
        self._started[key] = child
        if ready:
            assert child.stdout is not None
            if child.stdout.readline() != b"ready\n":
                raise CannotBuild(f"{key} did not start; see its log {getattr(log, 'name', '')}")

    def stop(self, key: str) -> None:
        """Ends a server; nothing when it is not running."""
        child = self._started.pop(key, None)
        if child is None:
            return
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(2.0)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        if child.stdout is not None:
            child.stdout.close()

    def close(self) -> None:
        """Ends every process inside; the namespaces go with the last of them."""
        for pipe in (self._anchor.stdin, self._anchor.stdout, self._anchor.stderr):
            assert pipe is not None
            pipe.close()
        self._anchor.wait()
        for key in list(self._started):
            self.stop(key)
