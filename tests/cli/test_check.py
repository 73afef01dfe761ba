"""`techdoctor check` as a program: formats, exit codes, files, what changed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.runs import Program


def test_json_is_one_document_of_the_contract(program: Program) -> None:
    code, document = program.json("check", "perf", "--json")
    assert {"schema", "findings", "healthy", "not_judged", "facts", "duration_ms"} <= document.keys()
    assert document["schema"] == "techdoctor.check/1"
    assert code == document["exit_code"]
    assert "perf.mem:mem" in document["facts"]


def test_nagios_prometheus_and_html_into_a_file(program: Program, tmp_path: Path) -> None:
    done = program.run("check", "perf.mem", "--format", "nagios")
    assert done.stdout.startswith("TECHDOCTOR ")
    assert done.returncode == ["OK", "WARNING", "CRITICAL", "UNKNOWN"].index(done.stdout.split()[1])
    for name, mark in (("prometheus", "# HELP techdoctor_"), ("html", "<!doctype html>"), ("text", "Exit code")):
        file = tmp_path / f"out.{name}"
        done = program.run("check", "perf.mem", "--format", name, "--output", str(file))
        assert mark in file.read_text(), done.stderr
        assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_written_is_said(program: Program, tmp_path: Path) -> None:
    done = program.run("check", "perf.mem", "--json", "--output", str(tmp_path / "no" / "file"))
    assert (done.returncode, "cannot be written" in done.stderr) == (2, True)


def test_baseline_says_what_changed(program: Program) -> None:
    first = program.run("check", "--baseline")
    assert "There is no earlier check-up" in first.stdout, first.stdout + first.stderr
    checks = program.home / ".local" / "state" / "techdoctor" / "checks"
    kept = json.loads((checks / "baseline.json").read_text())
    kept["findings"].append(["perf.mem.leak", "problem", "A program grows"])
    packages = kept["inventory"]["packages"]
    if packages:
        packages["long-gone"] = "1.0"
    (checks / "baseline.json").write_text(json.dumps(kept))
    code, document = program.json("check", "--baseline", "--json")
    gone = [change["id"] for change in document["changes"]["findings"] if change["kind"] == "gone"]
    assert "perf.mem.leak" in gone  # what this machine itself had then and has no more may be gone as well
    names = [change["what"] for change in document["changes"]["packages"]]
    assert not packages or "long-gone" in names
    assert code in (0, 1)
    since = program.run("check", "--since", "1h")
    assert "the check-up of" in since.stdout


def test_wrong_use_is_said(program: Program) -> None:
    assert program.run("check", "--format", "xml").returncode == 2
    assert "--since 7d" in program.run("check", "--since", "yesterday").stderr
    assert "There is no area" in program.run("check", "nonsense").stderr
