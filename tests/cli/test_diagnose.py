"""`diagnose` from outside: contracts of JSON, exit codes, answers, inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runs import Program

DEMO = ("diagnose", "--playbook", "t.demo")


def test_batch_json_names_the_cause_and_keeps_the_contract(program: Program) -> None:
    code, document = program.json(*DEMO, "--batch", "--json")
    assert (code, document["end"], document["cause"]) == (1, "found", "t.demo.few")
    assert document["schema"] == "techdoctor.diagnosis/1"
    finding = document["findings"][0]
    assert finding["confirmed"] is True
    evidence = finding["evidence"][0]
    assert (evidence["fact"], evidence["field"], evidence["unit"]) == ("servers", "count", "count")
    assert [fix["id"] for fix in finding["fixes"]] == ["look", "call"]
    assert document["path"][0]["node"] == "triage"
    assert document["questions"] == []
    assert document["facts"]["servers"]["status"] == "ok"
    reasons = {entry["cause"]: entry["reason"] for entry in document["not_judged"]}
    assert reasons["t.demo.odd"] == "it was not asked"
    assert reasons["t.demo.loaded"].startswith("not looked at, because this comes before it")


def test_words_find_the_playbook(program: Program) -> None:
    code, document = program.json("diagnose", "made-up", "trouble", "--batch", "--json")
    assert (code, document["playbook"], document["words"]) == (1, "t.demo", "made-up trouble")


def test_words_that_fit_nothing(program: Program) -> None:
    code, document = program.json("diagnose", "qwrtz", "--batch", "--json")
    assert (code, document["end"], document["playbook"]) == (3, "inconclusive", None)


def test_answers_apply_and_verify(program: Program, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("place: home\nlook: yes\ncall: already\n")
    code, document = program.json(*DEMO, "--answers", str(answers), "--json")
    assert (code, document["end"]) == (5, "escalated")
    assert document["fixes_applied"] == ["t.demo.few/look"]
    assert document["questions"] == [{"id": "place", "answer": "home"}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("plce: home\n", "no question or fix 'plce'; did you mean place?"),
        ("place: moon\n", "place: 'moon' is not a choice; choose home, unknown, work"),
        ("- a\n", "not a map"),
        ("place: &a home\nlook: *a\n", "answers.yaml:1:"),
        ("place: [\n", "answers.yaml:"),
    ],
)
def test_a_wrong_answers_file_says_where_and_what(program: Program, tmp_path: Path, content: str, said: str) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text(content)
    done = program.run(*DEMO, "--answers", str(answers))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_blank_answers_file_can_be_filled_in(program: Program, tmp_path: Path) -> None:
    blank = program.run(*DEMO, "--print-questions")
    assert blank.returncode == 0
    assert "place: unknown" in blank.stdout
    answers = tmp_path / "blank.yaml"
    answers.write_text(blank.stdout)
    code, document = program.json(*DEMO, "--answers", str(answers), "--json")
    assert (code, document["end"]) == (1, "found")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diagnose", "--playbook", "t.demi"], "unknown playbook 't.demi'; did you mean t.demo?"),
        (["diagnose", "--fix", "maybe", "x"], "--fix maybe"),
        (["diagnose", "--set", "nonsense", "--playbook", "t.demo"], "not of the form NAME=VALUE"),
        (["diagnose", "--set", "nope=1", "--playbook", "t.demo"], "no input 'nope'"),
        (["diagnose", "--batch"], "no words and no --playbook"),
        (["diagnose", "--answers", "/absent.yaml", "--playbook", "t.demo"], "No such file"),
        (["diagnoze", "x"], "Did you mean: techdoctor diagnose?"),
        (["diagnose", "--plian", "x"], "--plian"),
        (["probe", "net.lnk"], "did you mean net.link?"),
        (["probe", "net.link", "--set", "x=1"], "none of these probes has it"),
        (["check", "nte"], "no area 'nte'"),
        (["session", "show", "2001"], "there are no saved sessions"),
        (["bundle", "show", "/absent.zip"], "/absent.zip"),
        (["completion", "tcsh"], "no completion for 'tcsh'"),
        (["playbook", "show", "net.dsn"], "did you mean net.dns?"),
        (["playbook", "lint", "/absent"], "/absent"),
    ],
)
def test_wrong_use_is_exit_2_with_what_to_do(program: Program, arguments: list[str], said: str) -> None:
    done = program.run(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_progress_goes_to_stderr_and_the_result_to_stdout(program: Program) -> None:
    done = program.run(*DEMO, "--batch")
    assert done.returncode == 1
    assert "There are only few name servers" in done.stdout
    assert "Exit code 1" in done.stdout.splitlines()[-1]
    assert "change nothing without asking" in done.stderr


def test_check_reports_all_playbooks(program: Program) -> None:
    code, document = program.json("check", "t", "--json")
    assert code == 1
    assert [f["id"] for f in document["findings"]] == ["t.demo.few"]
    assert document["schema"] == "techdoctor.check/1"
    assert "t.demo:servers" in document["facts"]


def test_limits_can_be_overridden_by_a_site(program: Program, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[limits."t.demo"]\nwanted = 0\n')
    code, document = program.json(*DEMO, "--batch", "--json", TECHDOCTOR_SITE_CONFIG=str(config))
    assert (code, document["end"]) == (0, "not_reproduced")
    config.write_text('[limits."t.demo"]\nwantde = 0\n')
    done = program.run(*DEMO, "--batch", TECHDOCTOR_SITE_CONFIG=str(config))
    assert done.returncode == 2
    assert "wanted" in done.stderr


def test_where_nobody_is_asked_the_next_playbook_is_tried_when_the_best_finds_nothing(program: Program) -> None:
    words = ("pretended", "made-up", "trouble")
    hits = [hit["id"] for hit in program.json("playbook", "search", *words, "--json")[1]["results"]]
    assert hits[:2] == ["t.calm", "t.demo"]
    code, document = program.json("diagnose", *words, "--batch", "--json")
    assert (code, document["playbook"], document["cause"]) == (1, "t.demo", "t.demo.few")
    assert document["candidates"][:2] == ["t.calm", "t.demo"]


def test_a_playbook_without_the_given_input_cannot_be_meant(program: Program) -> None:
    code, document = program.json("diagnose", "made-up", "pretended", "--set", "quarrel=old", "--batch", "--json")
    assert (code, document["playbook"], document["end"]) == (0, "t.calm", "not_reproduced")
