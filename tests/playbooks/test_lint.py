"""Lint: everything loading refuses, and what is loadable but not fit to be walked."""

from __future__ import annotations

from pathlib import Path

import pytest

from techdoctor.playbooks.library import Library, shipped_folder
from techdoctor.playbooks.lint import lint_files
from techdoctor.playbooks.problem import ERROR, Problem
from tests.playbooks.sample import DNS, SMALL, edited
from tests.playbooks.test_library import CONNECTION
from tests.playbooks.test_mistakes import ASKING


def lint(folder: Path, content: bytes, name: str = "net.dns.yaml") -> list[str]:
    """All problems of one file, with the callee it needs beside it."""
    (folder / "net.connection.yaml").write_text(CONNECTION)
    (folder / name).write_bytes(content)
    found = lint_files([folder / name], Library([folder]))
    assert all(problem.file == str(folder / name) for problem in found)
    return [str(problem).removeprefix(f"{folder / name}:") for problem in found]


def errors(found: list[Problem]) -> list[str]:
    return [str(problem) for problem in found if problem.level == ERROR]


def test_the_design_example_has_no_errors(tmp_path: Path) -> None:
    lines = lint(tmp_path, DNS.encode())
    assert [line for line in lines if "warning: " not in line] == []


def test_shipped_playbooks_have_no_errors() -> None:
    assert errors(lint_files([shipped_folder()], Library([shipped_folder()]))) == []


CAUSE = "\ncauses:\n  dead_server:"
# (old, new, line that lint must give)
UNFIT: list[tuple[str, str, str]] = [
    (
        "[dead_server], then: unexplained",
        "[dead_server], then: cannot_tell",
        "25:3: nodes.unexplained: no way leads here from the start",
    ),
    (
        "then: unexplained}",
        "then: triage}",
        "16:3: nodes.triage: goes round without any answer of a person: triage -> find_cause -> triage",
    ),
    (
        "call: net.connection",
        "call: net.connecton",
        "18:35: nodes.triage.branch[0].call: no playbook net.connecton; did you mean net.connection?",
    ),
    (
        "end: inconclusive",
        "end: inconclusive, see: net.nowhere",
        "nodes.cannot_tell.see: warning: no playbook net.nowhere",
    ),
    (
        "verify: {fact: system, until: system.ok and system.ms <= 300, retry: {times: 3, wait: 2s}}\n",
        "",
        "1:1: has fixes that act, but no `verify`",
    ),
    ("after: [link], ", "", "11:3: facts.egress: warning: measured for nothing"),
    (CAUSE, "\nlimits: {slow: {value: 3}}" + CAUSE, "26:10: limits.slow: warning: never used"),
    (
        CAUSE,
        "\ncauses:\n  odd: {title: Odd, confirm: system.ok}\n  dead_server:",
        "27:3: causes.odd: no node names this cause",
    ),
    (
        CAUSE,
        "\ncauses:\n  odd: {title: Odd, confirm: system.ok}\n  dead_server:",
        "27:3: causes.odd: has no fix; who can cure it?",
    ),
    (
        "confirm: each",
        "explains: [net.connection.nope]\n    confirm: each",
        "causes.dead_server.explains[0]: no cause nope in net.connection",
    ),
    (
        "confirm: each",
        "explains: [web.other.nope]\n    confirm: each",
        "causes.dead_server.explains[0]: warning: no playbook web.other",
    ),
    ("symptoms: [server not found, name not resolved, pages start slowly]\n", "", "1:1: warning: has no symptoms"),
    ("id: net.dns", "id: net.names", "3:5: id: the file must be called net.names.yaml, like its id"),
]


@pytest.mark.parametrize(("old", "new", "line"), UNFIT, ids=[line[:60] for _, _, line in UNFIT])
def test_what_is_unfit_is_reported(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert any(found.startswith(line) or line in found for found in lint(tmp_path, edited((old, new))))


def test_a_risky_fix_needs_a_way_back(tmp_path: Path) -> None:
    risky = edited(("risk: low, action: dns", "risk: medium, action: dns"))
    assert not any("needs `undo`" in line for line in lint(tmp_path, risky))
    without = risky.replace(b", undo: dns.restore_servers", b"")
    message = "34:9: causes.dead_server.fix[1]: a fix of risk medium needs `undo`, or `irreversible: true`"
    assert message in lint(tmp_path, without)
    said = without.replace(b"risk: medium,", b"risk: medium, irreversible: true,")
    assert not any("needs `undo`" in line for line in lint(tmp_path, said))


def test_missing_tests_are_a_warning(tmp_path: Path) -> None:
    text = DNS[: DNS.index("tests:")]
    assert "1:1: warning: has no tests" in lint(tmp_path, text.encode())


def test_causes_that_read_the_same(tmp_path: Path) -> None:
    title = "the first name server in the list  does not answer"
    twin = f"{{title: {title}, confirm: system.ok, fix: [{{id: a, instruct: b}}]}}"
    content = edited((CAUSE, f"\ncauses:\n  twin: {twin}\n  dead_server:"), ("[dead_server]", "[dead_server, twin]"))
    assert any("reads like the title of twin" in line for line in lint(tmp_path, content))


def test_errors_of_loading_are_reported_too_and_only_they(tmp_path: Path) -> None:
    lines = lint(
        tmp_path,
        edited(("title: Web", "titel: Web"), ("[dead_server], then: unexplained", "[dead_server], then: nowhere")),
    )
    assert [line.split(": ", 1)[0] for line in lines] == ["2:1", "5:1", "22:45"]


def test_a_circle_through_a_question_is_fine(tmp_path: Path) -> None:
    asking = ASKING.replace("no: ending", "no: asking").replace("net.small", "net.asking")
    lines = lint(tmp_path, asking.encode(), "net.asking.yaml")
    assert not any("goes round" in line for line in lines)


def test_a_long_way_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    way = "".join(f"  n{i}: {{causes: [c], then: n{i + 1}}}\n" for i in range(890))
    text = SMALL.replace("nodes: {ending: {end: escalate}}", f"nodes:\n{way}  n890: {{causes: [c], then: n880}}")
    text = (
        text.replace("start: ending", "start: n0")
        + "causes: {c: {title: C, confirm: link.up, fix: [{id: a, instruct: b}]}}\n"
    )
    lines = lint(tmp_path, text.encode(), "net.small.yaml")
    assert any("n880 -> n881" in line for line in lines)


def test_two_files_with_the_same_id_or_title(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "net.small.yaml").write_text(SMALL)
    (tmp_path / "other" / "net.small.yaml").write_text(SMALL)
    (tmp_path / "other" / "net.tiny.yaml").write_text(SMALL.replace("net.small", "net.tiny"))
    found = errors(lint_files([tmp_path, tmp_path / "other"], Library([tmp_path])))
    assert any("net.small.yaml has the same id" in line for line in found)
    assert any("net.small.yaml has the same title" in line for line in found)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = lint_files([tmp_path / "gone.yaml"], Library([]))
    assert str(problem) == f"{tmp_path / 'gone.yaml'}:1:1: cannot be read: No such file or directory"


@pytest.mark.parametrize(("risk", "refused"), [("none", True), ("low", True), ("medium", False)])
def test_no_playbook_talks_the_risk_of_an_action_down(tmp_path: Path, risk: str, refused: bool) -> None:
    fix = f"{{id: a, risk: {risk}, irreversible: true, action: print.cancel_job, with: {{job: 7}}}}"
    text = SMALL.replace("nodes: {ending: {end: escalate}}", "nodes: {n: {causes: [c], then: e}, e: {end: escalate}}")
    text = text.replace("start: ending", "start: n") + f"causes: {{c: {{title: C, confirm: link.up, fix: [{fix}]}}}}\n"
    lines = lint(tmp_path, text.encode(), "net.small.yaml")
    assert any("print.cancel_job is never less than a medium risk" in line for line in lines) is refused
