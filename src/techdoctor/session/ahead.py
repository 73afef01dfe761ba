"""What the next check-up can know from the last: which measurements take long, and which need not be taken anew."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from techdoctor.errors import UsageError
from techdoctor.hosts.shared import key_of
from techdoctor.model import Fact, Value
from techdoctor.probes import registry
from techdoctor.probes.measure import complete
from techdoctor.probes.runner import Call
from techdoctor.system import read_regular

_CALLS, _FACTS = "check-calls.json", "check-facts.json"
_MOST_BYTES = 1 << 20
_MOST_CALLS = 500
_LONGEST_S = 30.0
# What is faster than this is asked for early enough; to start it sooner would only delay the slow ones.
_LEAST_MS = 150.0


def remembered(folder: Path) -> list[Call]:
    """The slow calls of the last check-up that are still calls of known probes; none when nothing is kept.

    Args:
        folder: The cache folder.
    """
    rows = _read(folder / _CALLS)
    calls = [_call(row) for row in rows[:_MOST_CALLS]] if isinstance(rows, list) else []
    return [call for call in calls if call is not None]


def settled(folder: Path) -> dict[str, Fact]:
    """Facts of the last check-up that hold still, by the key of their call: what decides them has not changed."""
    rows = _read(folder / _FACTS)
    found: dict[str, Fact] = {}
    for key, row in rows.items() if isinstance(rows, dict) else ():
        probe = str(key).partition(" ")[0]
        if probe not in registry.MODULES or not isinstance(row, list) or len(row) != 2:
            continue
        paths = registry.get(probe).settled_by
        with suppress(ValueError, AttributeError):
            fact = Fact.from_json(row[1])
            if paths and row[0] == mark_of(paths) and fact.probe == probe and fact.ok:
                found[str(key)] = replace(fact, at_s=time.time())
    return found


def remember(folder: Path, calls: Sequence[tuple[Call, Fact]]) -> None:
    """Keeps what took long or holds on; what cannot be written is no error: the next check-up starts slower.

    Args:
        folder: The cache folder.
        calls: Calls of a check-up, each with its fact.
    """
    slow = sorted((fact.duration_ms, index) for index, (_, fact) in enumerate(calls) if fact.duration_ms >= _LEAST_MS)
    chosen = [calls[index][0] for _, index in reversed(slow)][:_MOST_CALLS]
    rows: list[Value] = [[call.probe, dict(call.params), call.timeout_s] for call in chosen]
    facts: dict[str, Value] = {}
    for call, fact in calls:
        paths = registry.get(call.probe).settled_by if call.probe in registry.MODULES else ()
        # What changed within the last second might change once more under the same time of change.
        if paths and fact.ok and not _changed_since(paths, fact.at_s - fact.duration_ms / 1000 - 1):
            facts[key_of(call)] = [mark_of(paths), fact.to_json()]
    _write(folder / _CALLS, rows)
    _write(folder / _FACTS, facts)


def mark_of(paths: Sequence[str]) -> str:
    """Changes when one of the files or folders does; what is not there counts as such."""
    marks = []
    for path in paths:
        try:
            status = os.stat(path)
            marks.append(f"{status.st_mtime_ns}.{status.st_size}.{status.st_ino}")
        except OSError:
            marks.append("-")
    return " ".join(marks)


def _changed_since(paths: Sequence[str], at_s: float) -> bool:
    return any(os.stat(path).st_mtime > at_s for path in paths if os.path.exists(path))


def _read(path: Path) -> object:
    """A kept file of ours; None when there is none, it is somebody else's, or damaged."""
    try:
        if os.name == "posix" and path.stat().st_uid != os.geteuid():
            return None
        found: object = json.loads(read_regular(str(path), _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return found


def _write(path: Path, content: Value) -> None:
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.replace(beside, path)


def _call(row: object) -> Call | None:
    if not isinstance(row, list) or len(row) != 3 or row[0] not in registry.MODULES or not isinstance(row[1], dict):
        return None
    if not isinstance(row[2], int | float) or not 0 < row[2] <= _LONGEST_S:
        return None
    declared = registry.get(row[0])
    try:
        complete(declared.parameters, row[1], declared.name)
    except UsageError:
        return None  # the probe has changed since
    return Call("", declared.name, row[1], float(row[2]), declared.alone, declared.network)
