"""The cases of processes and memory, for the accuracy table. They run in a process namespace of their own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.accuracy import MOST_S, Case, Done, Ran, told
from tests.lab.host import breakage, memory_faults, process_faults

FAULTS = {**process_faults.FAULTS, **memory_faults.FAULTS}
CONTROLS = {**process_faults.CONTROLS, **memory_faults.CONTROLS}
_EVERY = {**FAULTS, **CONTROLS}


def _cases() -> Iterator[Case]:
    for name, fault in _EVERY.items():
        yield from told(name, fault.cause or None, *fault.words, needs="root")


CASES: tuple[Case, ...] = tuple(_cases())


@dataclass(frozen=True)
class _Broken:
    prefix: tuple[str, ...]
    home: Path
    ordinary: bool

    def techdoctor(self, *arguments: str) -> Ran:
        begun = time.monotonic()
        as_user = breakage.AS_NOBODY if self.ordinary else ()
        try:
            ran = breakage.techdoctor(*arguments, prefix=(*self.prefix, *as_user), home=self.home, timeout_s=MOST_S)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(str(error)) from None
        return Done(ran.returncode, ran.stdout, ran.stderr, time.monotonic() - begun)


@contextmanager
def broken(case: Case, folder: Path, ordinary: bool) -> Iterator[_Broken]:
    """This machine with a case's fault, in a process namespace of the laboratory."""
    home = folder / "home"
    home.mkdir()
    home.chmod(0o777)
    try:
        with _EVERY[case.fault].broken(folder) as prefix:
            yield _Broken(prefix, home, ordinary)
    except (AssertionError, pytest.skip.Exception) as error:
        raise RuntimeError(f"the fault could not be made or mended: {error}") from None
