"""What is written for each scheduler, read by those schedulers' own tools where they are here."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from techdoctor.errors import UsageError
from techdoctor.monitor.schedule import cron, installing, launchd, systemd, task_scheduler
from techdoctor.monitor.schedule.plan import EVERY, Plan, plan_of

COMMAND = ("/opt/my tools/python", "-m", "techdoctor", "check", "--output", '/home/a b/100%/it"s $HOME.html')
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def plan(every: str = "daily") -> Plan:
    return Plan(COMMAND, every, 9, 30)


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong(tmp_path: Path, every: str) -> None:
    (tmp_path / "my tools").mkdir()
    program = tmp_path / "my tools" / "python"
    program.symlink_to("/bin/true")
    made = systemd.installation(Plan((str(program), *COMMAND[1:]), every, 9, 30))
    names = []
    for file in made.files:
        path = tmp_path / Path(file.path).name
        path.write_text(file.text)
        names.append(str(path))
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False, env=environment
    )
    assert [line for line in ran.stderr.splitlines() if "techdoctor-check" in line] == []
    when = next(line for line in made.files[1].text.splitlines() if line.startswith("OnCalendar="))
    ran = subprocess.run(
        ["systemd-analyze", "calendar", when.partition("=")[2]], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_launchd_gets_a_property_list() -> None:
    made = launchd.installation(plan("weekly"), 501)
    agent = plistlib.loads(made.files[0].text.encode())
    assert tuple(agent["ProgramArguments"]) == COMMAND
    assert agent["StartCalendarInterval"] == {"Minute": 30, "Hour": 9, "Weekday": 1}


@pytest.mark.parametrize("every", EVERY)
def test_windows_gets_a_task(every: str) -> None:
    made = task_scheduler.installation(plan(every))
    root = ElementTree.fromstring(made.files[0].text.encode("utf-16"))
    # [MS-TSCH] 2.5: the order of these elements is part of the schema.
    assert [child.tag.removeprefix(TASK) for child in root] == [
        "RegistrationInfo", "Triggers", "Principals", "Settings", "Actions",
    ]  # fmt: skip
    [command] = root.iter(f"{TASK}Command")
    assert command.text == COMMAND[0]
    assert len(list(root.iter(f"{TASK}Repetition"))) == (every == "hourly")


def test_cron_gets_one_line_and_keeps_the_others() -> None:
    line = cron.installation(plan()).line
    assert line.startswith("30 9 * * * '/opt/my tools/python' -m techdoctor check")
    assert "\\%" in line
    table = "MAILTO=me\n0 1 * * * backup"
    once = cron.with_line(table, line)
    assert once == f"{table}\n{line}\n"
    assert cron.with_line(once, line) == once
    assert cron.without_line(once) == table + "\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A crontab command whose table is a file, as crontab(1) describes it."""
    kept = tmp_path / "table"
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncase $1 in\n-l) [ -e {kept} ] && exec cat {kept}; echo "no crontab for you" >&2; exit 1;;\n'
        f"-) exec cat > {kept};;\nesac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    return kept


def test_installed_found_and_removed_with_cron(table: Path) -> None:
    table.write_text("0 1 * * * backup\n")
    assert installing.installed(plan()) == []
    assert installing.install(plan(), installing.CRON) == ""
    assert installing.install(plan(), installing.CRON) == ""
    assert [found.scheduler for found in installing.installed(plan())] == ["cron"]
    assert table.read_text().count("techdoctor") == 2  # the command and the mark, once
    assert installing.remove(plan(), installing.CRON) == ""
    assert table.read_text() == "0 1 * * * backup\n"


def test_a_table_that_cannot_be_read_is_not_replaced(table: Path, tmp_path: Path) -> None:
    table.write_text("0 1 * * * backup\n")
    (tmp_path / "bin" / "crontab").write_text("#!/bin/sh\necho 'permission denied' >&2\nexit 1\n")
    assert "permission denied" in installing.install(plan(), installing.CRON)
    assert table.read_text() == "0 1 * * * backup\n"


def test_times_and_rhythms() -> None:
    assert (plan_of(["a"], "daily", "7:05").hour, plan_of(["a"], "daily", "07:05").minute) == (7, 5)
    for every, at in (("yearly", "09:00"), ("daily", "25:00"), ("daily", "9")):
        with pytest.raises(UsageError):
            plan_of(["a"], every, at)
    with pytest.raises(UsageError):
        installing.chosen("at")


def test_a_folder_with_a_line_break_cannot_add_lines_of_its_own() -> None:
    for word in ("/home/a\n* * * * * evil", "/home/a\rExecStartPre=/evil"):
        with pytest.raises(UsageError, match="control characters"):
            plan_of(["/usr/bin/python3", word], "daily", "09:00")
