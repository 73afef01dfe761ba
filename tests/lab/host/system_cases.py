"""The cases of services, updates, protection, accounts, language and start, for the accuracy table."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.accuracy import Case, Done, Ran, told
from tests.lab.host.booted import Booted, shared
from tests.lab.host.scripted_fault import Fault
from tests.lab.host.scripted_fault import broken as broken_by
from tests.lab.host.system_faults import CONTROLS, FAULTS

_EVERY = {**FAULTS, **CONTROLS}


def _cases() -> Iterator[Case]:
    for name, fault in FAULTS.items():
        yield from told(name, fault.cause, *fault.words, options=fault.options, needs="root")
    for name, control in CONTROLS.items():
        yield from told(name, None, *control.words, options=control.options, needs="root")


CASES: tuple[Case, ...] = tuple(_cases())


@dataclass(frozen=True)
class _Broken:
    machine: Booted
    fault: Fault
    user: str

    def techdoctor(self, *arguments: str) -> Ran:
        try:
            code, out, seconds = self.machine.techdoctor(*arguments, user=self.user, env=self.fault.env)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(str(error)) from None
        return Done(code, out, "", seconds)


@contextmanager
def broken(case: Case, folder: Path, ordinary: bool) -> Iterator[_Broken]:
    """The booted machine with a case's fault; it stays up for all cases."""
    del folder
    fault = _EVERY[case.fault]
    try:
        with broken_by(shared(), fault) as machine:
            yield _Broken(machine, fault, "ann" if ordinary else "")
    except (AssertionError, pytest.skip.Exception) as error:
        raise RuntimeError(f"the fault could not be made or mended: {error}") from None
