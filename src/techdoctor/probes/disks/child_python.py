"""Running a module of ours in a child process that can be left behind in the kernel. CPython 3.9 syntax."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Dict, List, Mapping, Sequence

from techdoctor import system
from techdoctor.errors import CannotMeasure
from techdoctor.model import NOT_APPLICABLE, TIMEOUT, Value
from techdoctor.probes.disks import each_child

# The last line of such a child, after which its end is not waited for.
DONE = each_child.DONE
# An answer about a path has some 350 bytes; there may be fs_ask.MOST_PATHS of them.
_MOST_BYTES = 4 << 20


def ask(module: ModuleType, given: Mapping[str, object], timeout_s: float) -> List[Dict[str, Value]]:
    """Passes what is asked to a module run as a program and returns its answers, one JSON object a line.

    Args:
        module: Standard library only; reads a JSON object from standard input, ends its output with DONE.
        given: That object.
        timeout_s: Deadline of the child in seconds; what it said by then counts.

    Raises:
        CannotMeasure: It could not be started, or failed before its first answer.
    """
    return _answers(module, json.dumps(given), timeout_s)


def ask_each(module: ModuleType, entries: Sequence[str], timeout_s: float) -> List[Dict[str, Value]]:
    """Calls a module's `answer(entry)` for all entries at once; one that hangs holds up no other.

    Args:
        module: Standard library only; `answer` returns what can be written as JSON, PATIENCE_S is how long the answers
            are waited for.
        entries: What it is asked about.
        timeout_s: Deadline of the child in seconds; what it said by then counts.

    Returns:
        The answers in the order in which they came, with their entry as `path`; an entry that hangs has none.

    Raises:
        CannotMeasure: It could not be started, or failed before its first answer.
    """
    return _answers(each_child, json.dumps({"source": _source(module), "entries": list(entries)}), timeout_s)


def _source(module: ModuleType) -> str:
    loader = module.__loader__
    source = loader.get_source(module.__name__) if loader is not None and hasattr(loader, "get_source") else None
    if not sys.executable or not source:
        raise CannotMeasure(NOT_APPLICABLE, "this Python cannot start a child of its own")
    return str(source)


def _answers(program: ModuleType, given: str, timeout_s: float) -> List[Dict[str, Value]]:
    command = [sys.executable, "-I", "-S", "-c", _source(program)]
    ran = system.run(command, timeout_s, _MOST_BYTES, stdin=given, until=DONE)
    lines = ran.out.splitlines()
    if not lines and ran.status == "timeout":
        raise CannotMeasure(TIMEOUT, f"the child process that asks the file systems gave no answer in {timeout_s:g} s")
    if not lines:
        reason = ran.err.strip().splitlines()
        raise CannotMeasure(NOT_APPLICABLE, f"the child process failed: {(reason or [ran.status])[-1]}")
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
