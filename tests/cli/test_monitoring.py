"""`watch`, `advise` and `schedule` as programs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.runs import Program


def test_watch_writes_a_page(program: Program, tmp_path: Path) -> None:
    page = tmp_path / "watch.html"
    done = program.run("watch", "--for", "2s", "--every", "0.5s", "--no-diagnose", "--output", str(page))
    assert done.returncode == 0, done.stderr
    assert "Nothing unusual showed" in done.stdout
    assert "<svg" in page.read_text()


def test_watch_says_what_is_wrong_with_its_options(program: Program) -> None:
    assert "not a time" in program.run("watch", "--for", "soon").stderr
    assert "There is no area" in program.run("watch", "sound").stderr


def test_advise_is_silent_without_evidence(program: Program) -> None:
    code, document = program.json("advise", "--no-check", "--json")
    assert (code, document["schema"], document["advice"]) == (0, "techdoctor.advice/1", [])
    done = program.run("advise")
    assert "There is nothing to advise yet: only 1 check-up" in done.stdout, done.stdout + done.stderr


def test_schedule_shows_and_installs_only_with_consent(program: Program) -> None:
    done = program.run("schedule", "add", "--by", "windows", "--print")
    assert "<Task version" in done.stdout
    assert "Nothing was installed." in done.stdout
    done = program.run("schedule", "add", "--by", "systemd", stdin="2\n")
    assert "OnCalendar=*-*-* 09:00:00" in done.stdout
    assert "Nothing was installed." in done.stdout
    assert not (program.home / ".config" / "systemd").exists()
    assert "No check-up is scheduled." in program.run("schedule", "list").stdout
    assert program.run("schedule", "add", "--by", "systemd").returncode == 2  # nobody is there to be asked
    assert "There is no area" in program.run("schedule", "add", "nonsense", "--print").stderr
