"""The first line is on screen before anything slow is imported."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from techdoctor.console.opening import greet, open_dialogue
from techdoctor.console.terminal import Terminal
terminal = Terminal.of_process()
greet(terminal)
print(sorted({"dataclasses", "inspect", "techdoctor.events"} & set(sys.modules)))
open_dialogue(terminal).chosen("The internet does not work", "net.connection")
heavy = {"rich", "yaml", "psutil", "typer", "asyncio", "importlib.metadata", "json", "subprocess", "ssl", "logging"}
print(sorted(heavy & set(sys.modules)))
"""


def test_only_light_modules_are_loaded_for_the_first_lines() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=20, check=True)
    assert ran.stdout == "[]\n[]\n"
    assert ran.stderr.startswith("I will look first and change nothing without asking.\nPlaybook: The internet")


def test_the_console_knows_the_bottom_layer_only() -> None:
    script = (
        "import sys, importlib, pkgutil, techdoctor.console as c\n"
        "for m in pkgutil.iter_modules(c.__path__): importlib.import_module(c.__name__ + '.' + m.name)\n"
        "tops = {m.split('.')[1] for m in sys.modules if m.startswith('techdoctor.')}\n"
        "print(sorted(tops))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True)
    assert ran.stdout.strip() == "['console', 'errors', 'events', 'messages', 'model', 'text']"
