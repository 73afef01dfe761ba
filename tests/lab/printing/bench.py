"""One printing laboratory: scheduler, printers, and techdoctor run against them as a person runs it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, cast

from tests.lab.printing.fake_printer import FakePrinter
from tests.lab.printing.scheduler import Scheduler

# Every laboratory process has a loopback address of its own, so that side ports collide with nobody's.
OWN_ADDRESS = f"127.{80 + os.getpid() // 62500 % 100}.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
_LIMITS = '[limits."print.printing"]\nstuck_s = 2\n'


@dataclass(frozen=True)
class Diagnosed:
    """What `techdoctor diagnose --json` said."""

    exit_code: int
    report: Mapping[str, Any]
    seconds: float

    @property
    def cause(self) -> str | None:
        """The root cause without its playbook; None when none was named."""
        cause = self.report["cause"]
        return None if cause is None else str(cause).removeprefix("print.printing.")


@dataclass
class Bench:
    """The laboratory; a context manager.

    Attributes:
        cups: The scheduler.
        printer: A printer that behaves until told otherwise.
        options: More options for `diagnose`.
        env: More environment for `diagnose`.
    """

    cups: Scheduler = field(default_factory=Scheduler)
    printer: FakePrinter = field(default_factory=FakePrinter)
    options: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Bench:
        self.closing.enter_context(self.printer)
        self.closing.enter_context(self.cups)
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        self.closing.close()

    def office(self) -> None:
        """A healthy queue `office` for the printer, made the default."""
        self.cups.add_default("office", self.printer.uri)

    def listen(self, host: str, port: int, *, silent: bool = False) -> int:
        """Listens at a port; `silent` lets connections run into nothing.

        Returns:
            The port.
        """
        door = self.closing.enter_context(socket.socket())
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
        door.listen(0)
        found = int(door.getsockname()[1])
        for _ in range(3 if silent else 0):  # a full queue of unaccepted connections drops all further ones
            filler = self.closing.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((host, found))
        return found

    def environment(self) -> dict[str, str]:
        """The environment in which techdoctor runs."""
        config = self.cups.folder / "techdoctor.toml"
        config.write_text(_LIMITS)
        own = {"TECHDOCTOR_CONFIG": str(config), "XDG_STATE_HOME": str(self.cups.folder / "state")}
        return {**self.cups.env, **own, **self.env}

    def techdoctor(
        self, *arguments: str, prefix: tuple[str, ...] = (), stdin: str = "", timeout_s: float = 90.0
    ) -> tuple[subprocess.CompletedProcess[str], float]:
        """Runs techdoctor.

        Returns:
            How it ended, and its wall time in seconds.

        Raises:
            subprocess.TimeoutExpired: It did not end in time.
        """
        begun = time.monotonic()
        argv = [*prefix, sys.executable, "-m", "techdoctor", *arguments]
        ran = subprocess.run(
            argv,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return ran, time.monotonic() - begun

    def diagnose(self, *more: str, prefix: tuple[str, ...] = ()) -> Diagnosed:
        """Runs `diagnose --batch --json` for a printer that does not print."""
        words = ["diagnose", "nothing prints", "--batch", "--json", *self.options, *more]
        ran, seconds = self.techdoctor(*words, prefix=prefix)
        assert ran.stdout, ran.stderr
        return Diagnosed(ran.returncode, cast("Mapping[str, Any]", json.loads(ran.stdout)), seconds)

    def probe(self, name: str, *settings: str) -> dict[str, Any]:
        """Runs `probe NAME --json` and returns its fact."""
        options = [word for setting in settings for word in ("--set", setting)]
        ran, _ = self.techdoctor("probe", name, "--json", *options)
        assert ran.stdout, ran.stderr
        return cast("dict[str, Any]", json.loads(ran.stdout)["facts"][name])

    def until(self, done: Callable[[], bool], seconds: float = 10.0) -> None:
        """Waits for something to come true."""
        limit = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < limit, "it did not come true in time"
            time.sleep(0.05)
