"""Which measurements of the last check-up took long, so that the next can start them at once."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from techdoctor.errors import UsageError
from techdoctor.model import Value
from techdoctor.probes import registry
from techdoctor.probes.measure import complete
from techdoctor.probes.runner import Call
from techdoctor.system import read_regular

_FILE = "check-calls.json"
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
    try:
        if os.name == "posix" and (folder / _FILE).stat().st_uid != os.geteuid():
            return []
        rows = json.loads(read_regular(str(folder / _FILE), _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    calls = [_call(row) for row in rows[:_MOST_CALLS]] if isinstance(rows, list) else []
    return [call for call in calls if call is not None]


def remember(folder: Path, calls: Sequence[tuple[Call, float]]) -> None:
    """Keeps what took long; what cannot be written is no error: the next check-up starts slower.

    Args:
        folder: The cache folder.
        calls: Calls of a check-up, each with the milliseconds that it took.
    """
    slow = sorted((took, index) for index, (_, took) in enumerate(calls) if took >= _LEAST_MS)
    chosen = [calls[index][0] for _, index in reversed(slow)][:_MOST_CALLS]
    rows: list[Value] = [[call.probe, dict(call.params), call.timeout_s] for call in chosen]
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=folder, prefix=".new-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(rows, file)
        os.replace(beside, folder / _FILE)


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
