"""Running the real command line in a child process, with its own state folders and the made-up playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).parent / "techdoctor")
PLAYBOOKS = Path(__file__).parent / "playbooks"


@dataclass
class Program:
    """techdoctor as a user would start it.

    Attributes:
        home: Its HOME; state, cache and settings stay below it.
        env: Variables on top.
    """

    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        base = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
        own = {
            "HOME": str(self.home),
            "TECHDOCTOR_OFFLINE": "1",
            "TECHDOCTOR_PLAYBOOKS": str(PLAYBOOKS),
            "TERM": "xterm",
            "PYTHONWARNINGS": "error",
        }
        return {**base, **own, **self.env, **(more or {})}

    def argv(self, *arguments: str) -> list[str]:
        return [COMMAND, *arguments]

    def run(self, *arguments: str, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs it to its end; without `stdin` standard input is closed."""
        return subprocess.run(
            self.argv(*arguments),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self.environment(env),
            timeout=120,
            check=False,
        )

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Starts it with pipes; the caller ends it."""
        return subprocess.Popen(
            self.argv(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(env),
        )

    def json(self, *arguments: str, **env: str) -> tuple[int, Any]:
        """Exit code and the one JSON document on standard output."""
        done = self.run(*arguments, **env)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)
