"""Scanner settings of our own, the real drivers, and techdoctor run against them as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from tests.lab.scanning.fake_scanner import Scanner


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass
class Bench:
    """The laboratory; a context manager.

    Attributes:
        scanner: A scanner that behaves until told otherwise.
        options: More options for `diagnose`.
    """

    scanner: Scanner = field(default_factory=Scanner)
    options: list[str] = field(default_factory=list)

    def __enter__(self) -> Bench:
        self.folder = Path(tempfile.mkdtemp(prefix="td-scan-"))
        (self.folder / "sane").mkdir()
        self.scanner.__enter__()
        self.backends("airscan")
        self.devices(self.scanner.url)
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None) -> None:
        self.scanner.__exit__(kind, e, t)
        shutil.rmtree(self.folder, ignore_errors=True)

    def backends(self, *names: str) -> None:
        """Switches these drivers on."""
        (self.folder / "sane/dll.conf").write_text("# drivers\n#airscan\n" + "".join(f"{name}\n" for name in names))

    def devices(self, *urls: str) -> None:
        """Sets scanners up by address; announcements are never listened to."""
        lines = [f'"Scanner {number}" = {url}, eSCL' for number, url in enumerate(urls)]
        text = "\n".join(["[options]", "discovery = disable", "[devices]", *lines])
        (self.folder / "sane/airscan.conf").write_text(text + "\n")

    def run(self, *argv: str, timeout_s: float = 60.0) -> Done:
        """Runs a program with these settings."""
        env = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
        env |= {"SANE_CONFIG_DIR": str(self.folder / "sane"), "HOME": str(self.folder), "CUPS_SERVER": "/nonexistent"}
        env |= {"XDG_STATE_HOME": str(self.folder / "state"), "TECHDOCTOR_OFFLINE": "1"}
        begun = time.monotonic()
        ran = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=timeout_s, check=False)
        return Done(ran.returncode, ran.stdout, ran.stderr, time.monotonic() - begun)

    def techdoctor(self, *arguments: str) -> Done:
        return self.run(sys.executable, "-m", "techdoctor", *arguments)

    def diagnose(self, *more: str) -> dict[str, Any]:
        """Runs `diagnose --batch --json` for a scanner that does not scan."""
        done = self.techdoctor("diagnose", "the scanner does not work", "--batch", "--json", *self.options, *more)
        assert done.out, done.err
        return cast("dict[str, Any]", json.loads(done.out))
