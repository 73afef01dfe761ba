"""A real terminal for tests: tmux with its own server, a window of so many columns."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Screen:
    """A program in a terminal window.

    Args:
        socket: Path of the tmux server's socket; each test has its own.
        argv: The program.
        env: Its whole environment.
        columns, rows: Size of the window.
    """

    def __init__(self, socket: Path, argv: Sequence[str], env: Mapping[str, str], columns: int, rows: int = 60) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in env.items())
        # The exit code stays readable after the end; cat keeps the window open.
        command = f"trap : INT; env -i {settings} {shlex.join(argv)}; code=$?; echo; echo ended with $code; exec cat"
        size = ["-x", str(columns), "-y", str(rows)]
        self._do("new-session", "-d", "-c", str(socket.parent), *size, "sh", "-c", command)

    def _do(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def text(self) -> str:
        """Everything shown so far, lines joined that the window has wrapped are not."""
        return self._do("capture-pane", "-p", "-S", "-500")

    def wait(self, *wanted: str, times: int = 1, timeout_s: float = 20.0) -> str:
        """Waits until all of these texts are shown so many times; returns the screen."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            shown = self.text()
            if all(shown.count(text) >= times for text in wanted):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"not shown: {wanted}\n{self.text()}")

    def type(self, line: str) -> None:
        """Types a line and Enter."""
        self._do("send-keys", "-l", line)
        self._do("send-keys", "Enter")

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._do("send-keys", "C-c")

    def close(self) -> None:
        """Ends the window and its server."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False, timeout=20)
