"""A part of the accuracy table of printing once more, another one for every commit."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.lab import accuracy
from tests.lab.accuracy import Case
from tests.lab.printing import announced_faults
from tests.lab.printing.cases import CASES, PrintingSite
from tests.lab.printing.faults import CONTROLS, FAULTS

SEED = accuracy.seed()
REPEATED = 6


@pytest.mark.lab
@pytest.mark.parametrize("case", accuracy.sample(CASES, REPEATED, SEED), ids=lambda case: case.id)
def test_a_part_of_the_table_is_still_right(case: Case) -> None:
    if shutil.which("cupsd", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin") is None:
        pytest.skip("needs a real cupsd (Debian package cups; make packages installs it)")
    if case.needs == "root" and os.geteuid() != 0:
        pytest.skip("filling a file system of its own needs root")
    outcome = accuracy.run(case, PrintingSite())
    assert outcome.right == "yes", f"{outcome.told} (TECHDOCTOR_ACCURACY_SEED={SEED})"


def test_every_fault_and_control_has_a_case() -> None:
    assert {case.fault for case in CASES if case.expected} == {*FAULTS, *announced_faults.FAULTS}
    assert {case.fault for case in CASES if not case.expected} == {*CONTROLS, *announced_faults.CONTROLS}
