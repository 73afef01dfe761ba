"""What is loaded before the first thing is on screen: modules are asserted, not the clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = {"rich", "yaml", "psutil", "pydantic", "asyncio", "speedtest", "netifaces", "requests", "urllib3", "pyrage"}
# Runs techdoctor and stops at the first thing written, to tell what had been loaded by then.
PROBE = """
import json, os, sys
class First:
    encoding = "utf-8"
    def __init__(self, real): self._real = real
    def isatty(self): return self._real.isatty()
    def fileno(self): return self._real.fileno()
    def flush(self): pass
    def write(self, text):
        if text.strip():
            os.write(3, json.dumps([text, sorted(sys.modules)]).encode())
            os._exit(0)
real_out, real_err = sys.stdout, sys.stderr
sys.stdout, sys.stderr = First(real_out), First(real_err)
sys.argv = ["techdoctor", *sys.argv[1:]]
from techdoctor.__main__ import main
main()
"""


def loaded(*arguments: str) -> tuple[str, set[str]]:
    """The first text written, and the top-level modules loaded by then."""
    reading, writing = os.pipe()
    code = f"import os; os.dup2({writing}, 3)\n{PROBE}"
    environment = {**os.environ, "TECHDOCTOR_OFFLINE": "1"}
    subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment, pass_fds=[writing], stdin=subprocess.DEVNULL, check=False, timeout=60,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as stream:
        text, modules = json.loads(stream.read())
    return text, {name.split(".")[0] for name in modules} | {name for name in modules if name == "importlib.metadata"}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], []])
def test_version_and_help_load_next_to_nothing(arguments: list[str]) -> None:
    text, modules = loaded(*arguments)
    assert "echdoctor" in text
    assert not modules & (HEAVY | {"typer", "click", "importlib.metadata", "subprocess", "json5", "platformdirs"})


def test_completion_loads_no_heavy_module() -> None:
    text, modules = loaded("completion", "bash")
    assert "_techdoctor" in text
    assert not modules & HEAVY


def test_diagnose_says_its_first_line_before_anything_heavy_is_loaded() -> None:
    text, modules = loaded("diagnose", "no", "internet")
    assert "change nothing without asking" in text
    assert not modules & (HEAVY | {"importlib.metadata", "sqlite3", "ssl", "typer", "platformdirs"})
