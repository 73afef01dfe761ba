"""Whole screens, kept as files: both modes at 80, 40 and 20 columns."""

from __future__ import annotations

import pytest

from techdoctor.console.check import show_check
from techdoctor.console.facts import show_facts
from techdoctor.console.layout import cells
from techdoctor.console.report import show_outcome
from techdoctor.console.tables import playbook_table, probe_table, session_table, show_table
from techdoctor.model import Fact, NotJudged
from tests.console.reported import CHECK_UP, ESCALATED, FIELDS, LISTED, MEASURED, PAST, PROBES, SOLVED
from tests.console.samples import measure, opened, summarise, whole_session
from tests.console.stage import Stage, check_screen

SIZES = [(plain, columns) for plain in (False, True) for columns in (80, 40, 20)]
ANSWERS = "why\n1\nhm\n4\nyes\n1\n1\n"


def name_of(what: str, plain: bool, columns: int) -> str:
    return f"{what}-{'plain' if plain else 'normal'}-{columns}"


@pytest.mark.parametrize(("plain", "columns"), SIZES)
def test_session(plain: bool, columns: int) -> None:
    stage = Stage(ANSWERS, columns, plain=plain)
    conversation = whole_session(stage.terminal)
    show_outcome(stage.terminal, SOLVED, conversation, "extension 4711")
    check_screen(name_of("session", plain, columns), stage.text)


@pytest.mark.parametrize(("plain", "columns"), SIZES)
def test_escalation_for_a_technician(plain: bool, columns: int) -> None:
    stage = Stage("", columns, plain=plain)
    conversation = opened(stage.terminal, technician=True)
    measure(conversation)
    show_outcome(stage.terminal, ESCALATED, conversation, "extension 4711")
    check_screen(name_of("escalated", plain, columns), stage.text)


@pytest.mark.parametrize(("plain", "columns"), SIZES)
def test_check_up(plain: bool, columns: int) -> None:
    stage = Stage("", columns, plain=plain)
    show_check(stage.terminal, CHECK_UP, summarise=summarise)
    check_screen(name_of("check", plain, columns), stage.text)


@pytest.mark.parametrize(("plain", "columns"), SIZES)
def test_facts_and_lists(plain: bool, columns: int) -> None:
    stage = Stage("", columns, plain=plain)
    show_facts(stage.terminal, MEASURED, lambda _probe: FIELDS)
    for table in (probe_table(PROBES), playbook_table(LISTED), session_table(PAST)):
        stage.terminal.result()
        show_table(stage.terminal, table)
    check_screen(name_of("lists", plain, columns), stage.text)


@pytest.mark.parametrize("columns", [80, 40, 20])
def test_no_line_of_a_session_is_wider_than_the_screen(columns: int) -> None:
    stage = Stage(ANSWERS, columns)
    whole_session(stage.terminal)
    shown = [line for line in stage.text.splitlines() if "dhclient" not in line]
    assert max(map(cells, shown)) < columns


def test_a_check_up_with_fifty_findings_fits_one_screen() -> None:
    many = CHECK_UP.with_findings(50)
    stage = Stage()
    show_check(stage.terminal, many, summarise=summarise)
    assert len(stage.text.splitlines()) <= 24
    assert "There are 44 more findings; see --technician." in stage.text


def test_reasons_are_counted_for_a_person() -> None:
    lost = tuple(NotJudged(f"net.dns.c{n}", f"reason {n % 5}") for n in range(10))
    stage = Stage()
    show_check(stage.terminal, CHECK_UP.with_not_judged(lost))
    assert stage.text.count("Not judged: 2 possible causes, because reason") == 3
    assert "There are 2 more reasons; see --technician." in stage.text


def test_a_list_without_rows_says_so() -> None:
    stage = Stage()
    show_table(stage.terminal, session_table([]))
    assert stage.text == "Nothing to list.\n"


def test_a_long_list_in_a_fact_is_cut_with_its_length() -> None:
    stage = Stage()
    fact = Fact("dns.each", "ok", {"servers": [{"address": f"192.0.2.{n}"} for n in range(25)]})
    show_facts(stage.terminal, {"each": fact}, lambda _probe: FIELDS)
    assert "servers: 25" in stage.text
    assert "... and 5 more" in stage.text
