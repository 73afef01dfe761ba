"""What is wrong with a playbook file and where: the one form of every message about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One mistake in a playbook file.

    Attributes:
        file: The file as it was named.
        line: 1-based; 0 when the whole file is meant.
        column: 1-based.
        path: Where in the file's tree, e.g. "nodes.triage.branch[2].when".
        message: What is wrong and what would be right.
        level: ERROR (the playbook cannot be used) or WARNING.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    level: str = ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: "
        where = f"{self.path}: " if self.path else ""
        return f"{place}{where}{'' if self.level == ERROR else 'warning: '}{self.message}"


def shown(path: Path) -> str:
    """A path in words: ("nodes", "triage", "branch", 2) -> "nodes.triage.branch[2]"."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, options: Iterable[str]) -> str:
    """A suggestion to append to a message: "; did you mean ms?", or the options when there are few."""
    names = list(options)
    near = difflib.get_close_matches(word[:100], names, n=1, cutoff=0.6 if len(word) < 8 else 0.7)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there is {', '.join(names)}" if 0 < len(names) <= 12 else ""
