"""A part of the accuracy table once more, another one for every commit; and what holds for all of its cases."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest

from tests.lab import accuracy
from tests.lab.accuracy import Case
from tests.lab.network.cases import CASES, NetworkSite
from tests.lab.network.faults import FAULTS
from tests.lab.network.lab import Lab

SEED = accuracy.seed()
REPEATED = 8
KNOWN = accuracy.causes()
_BROKEN = {fault for case in CASES for fault in case.fault.split("+")}
Record = Callable[[str, object], None]


def _can_be_right(case: Case) -> bool:
    return not case.missed and (case.expected is None or case.expected in KNOWN)


SAMPLE = accuracy.sample([case for case in CASES if _can_be_right(case)], REPEATED, SEED)


@pytest.mark.lab
@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.id)
def test_a_part_of_the_table_is_still_right(lab: Lab, case: Case, record_property: Record) -> None:
    outcome = accuracy.run(case, NetworkSite(lab))
    record_property("row", (case.id, case.expected or "(none)", outcome.found, outcome.seconds))
    unseen_by_users = case.needs == "root" and os.geteuid() != 0 and outcome.right == "not judged"
    assert outcome.right == "yes" or unseen_by_users, f"{outcome.told} (TECHDOCTOR_ACCURACY_SEED={SEED})"
    if accuracy.is_of_walked_playbook(outcome):
        assert accuracy.complaint_is_gone(outcome.report) is not True, "no fix could be told from none"


def test_every_fault_has_a_case() -> None:
    assert {fault.id for fault in FAULTS.values() if not fault.healthy} - _BROKEN == set()


def test_every_case_is_told_once() -> None:
    assert [name for name, count in Counter(case.id for case in CASES).items() if count > 1] == []
    assert set(FAULTS) >= _BROKEN
