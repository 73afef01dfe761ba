"""Runs techdoctor by a Windows CPython under Wine: python tests/windows/under_wine.py FOLDER [STEP]...

The folder is made by build.sh.
It shows that the portable code, the console and the paths through psutil run on Windows' Python. It is not Windows:
Wine has no PowerShell, no performance counters and no list of processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
# Tests that touch no POSIX system.
PORTABLE = ("tests/test_text.py", "tests/engine/test_walk.py", "tests/engine/test_driver.py",
            "tests/playbooks/test_condition.py", "tests/playbooks/test_search.py", "tests/console/test_layout.py",
            "tests/console/test_prompt.py", "tests/monitor/test_advise.py", "tests/probes/hardware")  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """What a run gave."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        return json.loads(self.out)


class Wine:
    """The Windows Python of a folder that build.sh made."""

    def __init__(self, folder: Path, home: Path) -> None:
        self._python = folder / "py" / "python.exe"
        self._environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG")},
            "HOME": str(home),
            "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all",
            "WINEARCH": "win64",
            "DISPLAY": "",
            "PYTHONPATH": f"Z:{ROOT / 'src'};Z:{ROOT}".replace("/", "\\"),
            "TECHDOCTOR_OFFLINE": "1",
            "TECHDOCTOR_STATE_DIR": f"Z:{home / 'state'}".replace("/", "\\"),
            "TECHDOCTOR_CACHE_DIR": f"Z:{home / 'cache'}".replace("/", "\\"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *words: str, stdin: str | None = None) -> Ran:
        """Python with these words; its streams must be pipes: Wine has no console here."""
        done = subprocess.run(
            ["wine", str(self._python), *words],
            env=self._environment,
            cwd=ROOT,
            input=stdin.encode() if stdin is not None else None,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=600,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode("cp1252", "replace"), done.stderr.decode("cp1252", "replace"))

    def techdoctor(self, *words: str, stdin: str | None = None) -> Ran:
        return self.run("-m", "techdoctor", *words, stdin=stdin)


def version(wine: Wine, home: Path) -> str:
    ran = wine.run("-c", "import sys, platform, psutil; print(sys.platform, platform.version(), psutil.__version__)")
    assert ran.out.startswith("win32 "), ran.err
    return ran.out.strip()


def every_probe(wine: Wine, home: Path) -> str:
    """No probe crashes; what psutil or the sockets can tell there is told."""
    listed = wine.techdoctor("probe", "--list", "--json").document()["probes"]
    names = [probe["name"] for probe in listed if not any(p.get("required") for p in probe["parameters"].values())]
    facts = wine.techdoctor("probe", *names, "--json").document()["facts"]
    crashed = {name: fact["reason"] for name, fact in facts.items() if fact["status"] == "crashed"}
    assert not crashed, crashed
    ok = sorted(name for name, fact in facts.items() if fact["status"] == "ok")
    assert {"mem.usage", "cpu.load", "disk.filesystems"} <= set(ok), ok
    return f"{len(facts)} probes, none crashed, measured: {', '.join(ok)}"


def check(wine: Wine, home: Path) -> str:
    document = wine.techdoctor("check", "--json").document()
    broken = [entry for entry in document["not_judged"] if "itself failed" in entry["reason"]]
    assert not broken, broken
    page = home / "check.html"
    ran = wine.techdoctor("check", "perf", "disk", "--format", "html", "--output", f"Z:{page}".replace("/", "\\"))
    assert "<!doctype html>" in page.read_text(encoding="utf-8"), ran.err
    nagios = wine.techdoctor("check", "perf", "--format", "nagios").out
    assert nagios.startswith("TECHDOCTOR "), nagios
    return f"{document['duration_ms'] / 1000:.1f} s, healthy: {', '.join(document['healthy'])}"


def baseline(wine: Wine, home: Path) -> str:
    wine.techdoctor("check", "--baseline")
    ran = wine.techdoctor("check", "--baseline", "--plain")
    assert "since the check-up of" in ran.out, ran.out + ran.err
    return "kept and compared"


def watch(wine: Wine, home: Path) -> str:
    document = wine.techdoctor("watch", "--for", "4s", "--every", "0.5s", "--json").document()
    assert document["figures"]["memory_percent"]["points"], document
    return f"{document['looks']} looks at {', '.join(document['figures'])}; unseen: {len(document['unseen'])}"


def schedule(wine: Wine, home: Path) -> str:
    ran = wine.techdoctor("schedule", "add", "--print")
    assert "<Task version" in ran.out and "schtasks /Create" in ran.out, ran.out + ran.err
    return "a task for the Task Scheduler"


def diagnose(wine: Wine, home: Path) -> str:
    ends = []
    for words in ("the disk is full", "the computer is slow", "not enough memory", "no internet", "no sound"):
        document = wine.techdoctor("diagnose", *words.split(), "--batch", "--json").document()
        assert document["end"] in ("not_reproduced", "inconclusive", "found"), document
        ends.append(f"{words}: {document['end']}")
    return "; ".join(ends)


def console(wine: Wine, home: Path) -> str:
    """Questions over pipes, and signs that code page 1252 does not have."""
    ran = wine.techdoctor("diagnose", stdin="s\n")
    assert "Traceback" not in ran.err, ran.err
    for words in (("--help",), ("playbook", "list"), ("session", "list"), ("config", "show"), ("self-check",)):
        ran = wine.techdoctor(*words)
        assert ran.code == 0 and "Traceback" not in ran.err, (words, ran.out, ran.err)
    return "menu, lists and settings"


def portable_tests(wine: Wine, home: Path) -> str:
    ran = wine.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "default", *PORTABLE)
    last = ran.out.strip().splitlines()[-1] if ran.out.strip() else ran.err
    assert ran.code == 0, ran.out[-3000:] + ran.err[-1000:]
    return last


STEPS: Sequence[Callable[[Wine, Path], str]] = (
    version, every_probe, check, baseline, watch, schedule, diagnose, console, portable_tests,
)  # fmt: skip


def main() -> int:
    """Runs every step; the exit code is 1 when one failed."""
    failed = 0
    with tempfile.TemporaryDirectory() as home:
        wine = Wine(Path(sys.argv[1]).absolute(), Path(home))
        for step in (step for step in STEPS if not sys.argv[2:] or step.__name__ in sys.argv[2:]):
            try:
                print(f"ok      {step.__name__}: {step(wine, Path(home))}", flush=True)
            except (AssertionError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"failed  {step.__name__}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
