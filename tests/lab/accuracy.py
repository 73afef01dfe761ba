"""Whether techdoctor names the right cause: cases, how one is run, and what counts as right.

An area of the laboratory (network, printing, host) lists its cases in a module of its own and says
how one of them is broken. The table of docs/accuracy.md and the tests run them alike: by the words
of a person, through the real command line, without naming a playbook.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from techdoctor.playbooks.condition import Look
from techdoctor.playbooks.library import Library
from techdoctor.playbooks.tree import Playbook

ROOT = Path(__file__).parents[2]
# Area -> the module with its `CASES` and its `site`.
AREAS = {"host": "tests.lab.host.cases", "network": "tests.lab.network.cases", "printing": "tests.lab.printing.cases"}
ALARMING = ("problem", "danger")
# Source: issue 3: nothing takes longer than 8 s on a quiet machine. Laboratories are not always quiet.
MOST_S = 40.0

Needs = Literal["any", "root"]
Right = Literal["yes", "not first", "not judged", "no", "not run"]


@dataclass(frozen=True)
class Case:
    """One fault, told in one way.

    Attributes:
        id: Unique in its area: the fault's id, "healthy:" before it for a control, a number behind it
            for further wordings.
        fault: What the area's laboratory breaks.
        words: What a person would type.
        expected: Global id of the cause that must be found; None for a control, which is healthy.
        options: More words of the command line, such as `--set`, `name=www.example.com`.
        needs: "root" when the fault cannot be made, or its cause not be seen, by ordinary users.
        missed: Why the cause is not found today; empty when it is.
    """

    id: str
    fault: str
    words: str
    expected: str | None
    options: tuple[str, ...] = ()
    needs: Needs = "any"
    missed: str = ""


def told(
    fault: str,
    expected: str | None,
    *wordings: str,
    options: Sequence[str] = (),
    needs: Needs = "any",
    missed: str = "",
) -> Iterator[Case]:
    """The cases of one fault, one for each wording."""
    for number, words in enumerate(wordings, 1):
        name = (fault if expected else f"healthy:{fault}") + (f".{number}" if number > 1 else "")
        yield Case(name, fault, words, expected, tuple(options), needs, missed)


class Ran(Protocol):
    """What a command did."""

    @property
    def code(self) -> int: ...
    @property
    def out(self) -> str: ...
    @property
    def err(self) -> str: ...
    @property
    def seconds(self) -> float: ...


@dataclass(frozen=True)
class Done:
    """What a command did, for laboratories without a type of their own for it."""

    code: int
    out: str
    err: str
    seconds: float


class Broken(Protocol):
    """A machine with a fault, on which techdoctor can be run."""

    def techdoctor(self, *arguments: str) -> Ran:
        """Runs techdoctor.

        Raises:
            TimeoutError: It did not end within MOST_S.
        """


class Site(Protocol):
    """A running laboratory."""

    def broken(self, case: Case) -> AbstractContextManager[Broken]:
        """The laboratory with the case's fault, healed afterwards."""


class Area(Protocol):
    """A module with the cases of an area."""

    CASES: Sequence[Case]

    def site(self, folder: Path, ordinary: bool) -> AbstractContextManager[Site]:
        """Starts the laboratory.

        Args:
            folder: An empty folder to work in.
            ordinary: Techdoctor runs there as a user without any rights.
        """


def area(name: str) -> Area:
    """The module of an area.

    Raises:
        KeyError: There is none of that name.
    """
    return cast("Area", importlib.import_module(AREAS[name]))


@dataclass(frozen=True)
class Outcome:
    """What techdoctor said of a case.

    Attributes:
        case: The case.
        right: "yes"; "not first" when the expected cause is confirmed but not the root cause; "not
            judged" when no cause was named and the expected one could not be judged, with the reason
            told; "no"; "not run" when the fault could not be made.
        report: The report of `diagnose --json`; empty when there is none.
        seconds: Wall time of the whole program.
        exit_code: Of the program; None when it did not run.
        load: Load average of the last minute, before the run.
        error: Why the fault was not made, not healed, or nothing was said.
    """

    case: Case
    right: Right
    report: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    exit_code: int | None = None
    load: float = 0.0
    error: str = ""

    @property
    def found(self) -> str | None:
        """Global id of the root cause."""
        return cast("str | None", self.report.get("cause"))

    @property
    def alarms(self) -> list[str]:
        """Findings of severity problem or danger; suspected ones with a question mark."""
        findings = self.report.get("findings", ())
        return [f["id"] + ("" if f["confirmed"] else "?") for f in findings if f["severity"] in ALARMING]

    @property
    def told(self) -> str:
        """One line for a failing test."""
        why = self.error or f"{self.found}, {self.report.get('end')} by {self.report.get('playbook')}"
        return f"{self.case.id} ({self.case.words!r}): expected {self.case.expected}, found {why}; alarms {self.alarms}"


def run(case: Case, site: Site) -> Outcome:
    """Breaks, diagnoses, heals; what goes wrong on the way is told in the outcome's error."""
    outcome = Outcome(case, "not run", load=os.getloadavg()[0])
    try:
        with site.broken(case) as machine:
            outcome = _diagnose(case, machine, outcome.load)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return replace(outcome, error=f"{type(error).__name__}: {error}"[:300])
    return outcome


def _diagnose(case: Case, machine: Broken, load: float) -> Outcome:
    begun = time.monotonic()
    try:
        done = machine.techdoctor("diagnose", *case.words.split(), "--batch", "--json", *case.options)
    except TimeoutError:
        return Outcome(case, "no", seconds=time.monotonic() - begun, load=load, error=f"no end within {MOST_S:.0f} s")
    try:
        report = json.loads(done.out)
    except ValueError:
        return Outcome(case, "no", {}, done.seconds, done.code, load, f"no report: {done.err.strip()[-300:]}")
    return Outcome(case, judge(case, report), report, done.seconds, done.code, load)


def judge(case: Case, report: Mapping[str, Any]) -> Right:
    """Whether a report says what it must of a case."""
    findings = report["findings"]
    if case.expected is None:
        return "no" if any(finding["severity"] in ALARMING for finding in findings) else "yes"
    if report["cause"] == case.expected:
        return "yes"
    if any(f["id"] == case.expected and f["confirmed"] for f in findings):
        return "not first"
    unjudged = any(entry["cause"] == case.expected for entry in report["not_judged"])
    return "not judged" if unjudged and report["cause"] is None else "no"


def causes() -> set[str]:
    """Global ids of all causes of the shipped playbooks."""
    library = Library([ROOT / "playbooks"])
    return {f"{name}.{cause}" for name in library.ids() for cause in library.load(name).causes}


class _Measured:
    """What a report's facts say, for judging a condition once more."""

    now_s = 0.0

    def __init__(self, report: Mapping[str, Any], playbook: Playbook) -> None:
        self._facts, self._playbook = report["facts"], playbook

    def look(self, owner: str, field: str) -> Look:
        if owner == "limits":
            return Look("known", self._playbook.limits[field].value)
        value = self._facts.get(owner, {}).get("data", {}).get(field)
        return Look("unknown", reason="not measured") if value is None else Look("known", value)


def is_of_walked_playbook(outcome: Outcome) -> bool:
    """Whether the cause found belongs to the playbook that the words chose: its `verify` must then see the fault."""
    return outcome.found is not None and outcome.found.startswith(f"{outcome.report['playbook']}.")


def complaint_is_gone(report: Mapping[str, Any]) -> bool | None:
    """What the `verify` of the walked playbook says of the facts of a report; None when it cannot tell."""
    playbook = Library([ROOT / "playbooks"]).load(report["playbook"])
    if playbook.verify is None:
        return None
    return playbook.verify.until.judge(_Measured(report, playbook)).value


def commit() -> str:
    """The checkout's commit; empty outside of a repository."""
    told_by_git = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "rev-parse", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told_by_git.stdout.strip()


def seed() -> str:
    """What a sample is drawn by: the commit, or the date where there is none."""
    return os.environ.get("TECHDOCTOR_ACCURACY_SEED") or commit()[:12] or datetime.now(UTC).date().isoformat()


def sample(cases: Sequence[Case], count: int, drawn_by: str) -> list[Case]:
    """A part of the cases, the same for the same seed, whatever is added to the list."""
    return sorted(cases, key=lambda case: hashlib.sha256(f"{drawn_by} {case.id}".encode()).digest())[:count]
