"""The cases of the host area: what is broken about a computer itself, told as different people would, and controls.

Each part of the area is a module with its `CASES` and a `broken(case, folder)`, which breaks a machine and gives it.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from tests.lab.accuracy import Broken, Case

# Keep sorted by name.
PARTS = (
    "tests.lab.host.drive_cases",
    "tests.lab.host.hardware_cases",
    "tests.lab.host.load_cases",
    "tests.lab.host.system_cases",
)


class Part(Protocol):
    """A module with the cases of one part of a computer."""

    CASES: Sequence[Case]

    def broken(self, case: Case, folder: Path, ordinary: bool) -> AbstractContextManager[Broken]:
        """A machine with the case's fault, working in an empty folder; techdoctor may run as an ordinary user."""


def _parts() -> list[Part]:
    return [cast("Part", importlib.import_module(name)) for name in PARTS]


CASES: tuple[Case, ...] = tuple(
    sorted((case for part in _parts() for case in part.CASES), key=lambda case: (case.expected or "~", case.id))
)


@dataclass(frozen=True)
class HostSite:
    """Every part of the area as `accuracy.Site`: a machine of its own for each case."""

    folder: Path
    ordinary: bool = False

    @contextmanager
    def broken(self, case: Case) -> Iterator[Broken]:
        part = next(part for part in _parts() if case in part.CASES)
        with (
            tempfile.TemporaryDirectory(dir=self.folder) as folder,
            part.broken(case, Path(folder), self.ordinary) as machine,
        ):
            yield machine


@contextmanager
def site(folder: Path, ordinary: bool) -> Iterator[HostSite]:
    """The host laboratory, see accuracy.Area."""
    folder.chmod(0o755)
    yield HostSite(folder, ordinary)
