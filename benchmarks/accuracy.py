"""Every case of an area through the real command line: python -m benchmarks.accuracy network [--all] [--write].

One row a case: the fault, what was expected, what was found, the time. Root's laboratory and, with
--unprivileged, one that an ordinary user makes in a user namespace, where techdoctor has no rights at all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import accuracy_table
from tests.lab import accuracy
from tests.lab.accuracy import Case, Outcome
from tests.lab.ordinary_user import as_ordinary_user

# A laboratory that does not start this often is not tried further: the rest of its cases is told as not run.
MOST_VAIN_STARTS = 3
# Paths of the machine that made the table say nothing to those who read it.
_TEMPORARY = re.compile(r"/tmp/[^\s'\",|\\]*")
_RIGHTS = re.compile("administrator|rights|permission", re.IGNORECASE)


def row(outcome: Outcome) -> dict[str, Any]:
    """What is kept of an outcome: one line of docs/accuracy/<area>.jsonl."""
    case, report = outcome.case, outcome.report
    kept: dict[str, Any] = {
        "case": case.id,
        "fault": case.fault,
        "words": case.words,
        "expected": case.expected,
        "found": outcome.found,
        "right": outcome.right,
        "seconds": round(outcome.seconds, 2),
        "load": round(outcome.load, 1),
        "playbook": report.get("playbook"),
        "end": report.get("end"),
        "exit_code": outcome.exit_code,
        "questions": len(report.get("questions", ())),
        "confirmed": [f["id"] for f in report.get("findings", ()) if f["confirmed"]],
        "alarms": outcome.alarms,
    }
    if case.options:
        kept["options"] = list(case.options)
    if case.needs != "any":
        kept["needs"] = case.needs
    if outcome.error:
        kept["error"] = _TEMPORARY.sub("(a temporary folder)", outcome.error)
    if accuracy.is_of_walked_playbook(outcome) and accuracy.complaint_is_gone(report) is True:
        kept["verify"] = "true although the fault is there"
    reasons = [entry["reason"] for entry in report.get("not_judged", ()) if entry["cause"] == case.expected]
    if reasons:
        kept["not_judged"] = reasons[0]
    if unseen := _unseen(report):
        kept["unseen"] = unseen
    if outcome.right in ("no", "not first") and report:
        kept["path"] = [step["node"] for step in report["path"]]
        kept["facts"] = {name: _told(fact) for name, fact in report["facts"].items()}
    return kept


def _unseen(report: Mapping[str, Any]) -> dict[str, str]:
    """What further rights would have shown: probes and causes, each with what techdoctor says of it."""
    found: dict[str, str] = {}
    for fact in report.get("facts", {}).values():
        if fact["status"] == "denied":
            found[fact["probe"]] = fact["reason"]
        found |= {f"{fact['probe']}.{name}": why for name, why in fact.get("gaps", {}).items() if _RIGHTS.search(why)}
    judged = {entry["cause"]: entry["reason"] for entry in report.get("not_judged", ())}
    return found | {cause: why for cause, why in judged.items() if _RIGHTS.search(why)}


def _told(fact: dict[str, Any]) -> Any:
    """A fact without its lists: what conditions read is mostly plain."""
    plain = {key: value for key, value in fact["data"].items() if not isinstance(value, list | dict)}
    return plain or f"{fact['status']}: {fact['reason']}"


def measure(name: str, cases: Sequence[Case], ordinary: bool) -> Iterator[dict[str, Any]]:
    """Runs cases one after the other; a laboratory in which something failed is made anew."""
    place = accuracy.area(name)
    left, vain = list(cases), 0
    while left and vain < MOST_VAIN_STARTS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as closing:
            try:
                site = closing.enter_context(place.site(Path(folder), ordinary))
            except (OSError, RuntimeError) as error:
                print(f"the laboratory of {name} does not start: {error}", file=sys.stderr)
                vain += 1
                continue
            outcome = None
            while left and (outcome is None or not outcome.error):
                outcome = accuracy.run(left.pop(0), site)
                yield row(outcome)
    for case in left:
        yield row(Outcome(case, "not run", error="the laboratory does not start"))


def as_nobody(name: str, only: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a run of this program without root's rights."""
    command = [sys.executable, "-m", "benchmarks.accuracy", name, "--unprivileged", "--rows"]
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o777)  # the other user works there
        env = {**os.environ, "HOME": home, "TMPDIR": home, "PYTHONDONTWRITEBYTECODE": "1"}
        child = subprocess.Popen(
            as_ordinary_user([*command, *(f"--only={case}" for case in only)]),
            env=env, cwd=accuracy.ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert child.stdout is not None
        with child, child.stdout as lines:
            yield from (json.loads(line) for line in lines)
    if child.returncode:
        raise SystemExit(f"the run without root's rights ended with {child.returncode}")


def heading(command: str) -> dict[str, Any]:
    """What the rows of one run have in common."""
    head = accuracy.commit()[:12]
    changed = subprocess.run(["git", "status", "--porcelain", "src", "playbooks", "tests"],
                             cwd=accuracy.ROOT, capture_output=True, text=True, check=False).stdout  # fmt: skip
    return {
        "commit": head + ("+" if changed else ""),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} processors, "
        f"CPython {platform.python_version()}",
        "command": command,
    }


def main(arguments: list[str]) -> int:
    """The command line. Returns 0 when every case that needs no further rights is right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("area", choices=list(accuracy.AREAS))
    parser.add_argument("--unprivileged", action="store_true", help="without root's rights instead of with them")
    parser.add_argument("--all", action="store_true", help="both, one after the other")
    parser.add_argument("--only", action="append", default=[], help="a case or a fault by its id (several times)")
    parser.add_argument("--write", action="store_true", help="write docs/accuracy.md and docs/accuracy/<area>.jsonl")
    parser.add_argument("--rows", action="store_true", help="print rows as JSON lines")
    chosen = parser.parse_args(arguments)
    if chosen.write and chosen.only:
        parser.error("a part of the cases is no table to write")
    cases = [c for c in accuracy.area(chosen.area).CASES if not chosen.only or {c.id, c.fault} & set(chosen.only)]
    command = "python -m benchmarks.accuracy " + shlex.join(arguments)
    bad = 0
    for rights in ("root", "none") if chosen.all else (("none",) if chosen.unprivileged else ("root",)):
        head = {"rights": rights, **heading(command)}
        borrowed = rights == "none" and os.geteuid() == 0
        kept = []
        for each in as_nobody(chosen.area, chosen.only) if borrowed else measure(chosen.area, cases, rights == "none"):
            kept.append(each)
            print(json.dumps(each) if chosen.rows else accuracy_table.line(each), flush=True)
        bad += sum(not accuracy_table.good(each, rights) for each in kept)
        if not chosen.rows:
            print(accuracy_table.summary(kept, rights))
        if chosen.write:
            accuracy_table.write(chosen.area, head, kept)
    return 1 if bad and not chosen.rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
