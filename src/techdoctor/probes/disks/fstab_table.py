"""The lines of /etc/fstab: what is to be mounted where. CPython 3.9 syntax."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import List, Tuple


@dataclass(frozen=True)
class Line:
    """One line of /etc/fstab (fstab(5)).

    Attributes:
        source: Device, UUID=..., LABEL=... or server.
        point: Where; "none" for swap space.
        type: Kind of file system.
        options: As written.
    """

    source: str
    point: str
    type: str
    options: Tuple[str, ...]


def parse(content: str) -> List[Line]:
    r"""The lines that name a source, a place and a kind; `\040` and the like stand for characters of a name."""
    found = []
    for line in content.splitlines():
        words = [_unescaped(word) for word in line.split()]
        if len(words) >= 3 and not line.lstrip().startswith("#"):
            options = words[3] if len(words) > 3 else "defaults"
            found.append(
                Line(words[0].replace('"', ""), os.path.normpath(words[1]), words[2], tuple(options.split(",")))
            )
    return found


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), word)
