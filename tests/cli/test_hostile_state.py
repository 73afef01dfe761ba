"""What stands in the state and cache folders may have been put there by anybody; output may be lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.runs import PLAYBOOKS, Program

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes in the file system and /dev/full are POSIX")
BATCH = ("diagnose", "--playbook", "t.demo", "--batch", "--json")
Tree = dict[str, object]


def replaced_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replaced_by_endless_zeros(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("replace", [replaced_by_a_pipe, replaced_by_endless_zeros])
def test_a_kept_tree_that_is_no_file_is_read_afresh(program: Program, replace: Callable[[Path], None]) -> None:
    assert program.run(*BATCH).returncode == 1
    kept = list((program.home / ".cache/techdoctor").rglob("*.json"))
    assert kept
    for path in kept:
        replace(path)
    assert program.run(*BATCH).returncode == 1


@pytest.mark.parametrize("replace", [replaced_by_a_pipe, replaced_by_endless_zeros])
def test_a_journal_that_is_no_file_is_one_row_with_its_problem(
    program: Program, replace: Callable[[Path], None]
) -> None:
    program.run(*BATCH)
    _, found = program.json(*BATCH)
    journals = sorted((program.home / ".local/state/techdoctor/sessions").glob("*.jsonl"))
    replace(next(path for path in journals if path.stem != found["session"]))
    listed = json.loads(program.run("session", "list", "--json").stdout)["sessions"]
    assert sorted(bool(row["problem"]) for row in listed) == [False, True]
    broken = next(row["session"] for row in listed if row["problem"])
    shown = program.run("session", "show", broken)
    assert (shown.returncode, "not a regular file" in shown.stderr) == (70, True)


def edited(path: Path, line: int, change: Callable[[Tree], object]) -> None:
    trees = [json.loads(text) for text in path.read_text().splitlines()]
    change(trees[line])
    path.write_text("".join(json.dumps(tree) + "\n" for tree in trees))


@pytest.mark.parametrize(
    ("line", "change"),
    [
        (1, {"playbook": []}),
        (1, {"hashes": None}),
        (1, {"limits": 5}),
        (1, {"at_s": None}),
        (1, {"at_s": float("nan")}),
        (1, {"batch": "yes"}),
        (1, {"event": "Stopped"}),
        (2, {"fact": []}),
        (3, {"choice": {}}),
    ],
)
def test_an_edited_journal_is_refused_in_words(program: Program, line: int, change: Tree) -> None:
    _, found = program.json(*BATCH)
    path = program.home / f".local/state/techdoctor/sessions/{found['session']}.jsonl"
    edited(path, line, lambda tree: tree.update(change))
    for command in (("session", "show"), ("session", "explain"), ("bundle", "create", "--batch")):
        done = program.run(*command)
        assert done.returncode == 70
        assert "itself failed" not in done.stderr
    edited(path, -1, lambda tree: tree.pop("closed"))
    assert "itself failed" not in program.run("diagnose", "--resume", "--batch").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("playbook", "list"), BATCH])
def test_output_onto_a_full_disk_is_said(program: Program, arguments: tuple[str, ...]) -> None:
    import subprocess

    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            program.argv(*arguments), stdout=full, stderr=subprocess.PIPE, env=program.environment(), check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"The result could not be written to standard output")
    assert b"Traceback" not in done.stderr


def test_words_that_are_not_utf_8_give_sound_json(program: Program) -> None:
    _, found = program.json("diagnose", os.fsdecode(b"\xff\xfe zzz \xf0\x9f\x98\x80"), "--batch", "--json")
    assert found["words"] == "\ufffd\ufffd zzz \U0001f600"


def test_a_current_folder_that_is_gone_is_said(program: Program, tmp_path: Path) -> None:
    import subprocess

    program.run(*BATCH)
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$0" bundle create --batch', *program.argv()],
        cwd=gone,
        env=program.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.startswith("the current folder is gone")) == (70, True)


def test_a_history_that_cannot_be_written_does_not_say_that_the_session_is_lost(program: Program) -> None:
    state = program.home / ".local/state/techdoctor"
    (state / "history.db").mkdir(parents=True, mode=0o700)
    state.chmod(0o700)
    done = program.run(*BATCH)
    assert json.loads(done.stdout)["saved"] is True
    assert done.stderr.startswith("The session is saved, but not counted")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_endless_answers_are_refused(program: Program) -> None:
    done = program.run("diagnose", "--playbook", "t.demo", "--answers", "/dev/zero")
    assert (done.returncode, "larger than" in done.stderr) == (2, True)


def test_a_pipe_among_playbooks_is_passed_over(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.demo.yaml").write_bytes((PLAYBOOKS / "t.demo.yaml").read_bytes())
    os.mkfifo(tmp_path / "a.pipe.yaml")
    assert program.run("playbook", "lint", str(tmp_path)).returncode == 0
    assert program.run("playbook", "test", str(tmp_path)).returncode == 0
