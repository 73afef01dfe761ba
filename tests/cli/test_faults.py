"""What must be survived: closed input, interruption, kill -9, full disks, odd terminals, hostile text."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.runs import COMMAND, Program

DEMO = ("diagnose", "--playbook", "t.demo")
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and mounts are POSIX")
MOUNTS = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounting a full tmpfs needs root on Linux"
)


def test_closed_input_is_exit_2_and_the_session_can_be_resumed(program: Program) -> None:
    done = program.run(*DEMO)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    listed = json.loads(program.run("session", "list", "--json").stdout)["sessions"]
    assert [row["open"] for row in listed] == [True]
    resumed = program.run("diagnose", "--resume", stdin="1\n2\n2\n4\n4\n2\n")
    assert "There are only few name servers" in resumed.stderr + resumed.stdout
    assert resumed.returncode in (1, 3)


def test_input_closed_in_the_middle(program: Program) -> None:
    done = program.run(*DEMO, stdin="1\n")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@POSIX
def test_ctrl_c_during_probes_ends_at_once_and_says_what_was_changed(program: Program) -> None:
    child = program.start("diagnose", "--playbook", "perf.slow", "--batch")
    assert child.stderr is not None
    while "Playbook" not in child.stderr.readline():
        pass
    time.sleep(0.3)  # the processor is being sampled now
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert time.monotonic() - begun < 1.5  # the promise is 0.5 s; a loaded machine gets some room
    assert child.returncode == 130
    assert "Nothing was changed" in out + err
    assert "Traceback" not in err


@POSIX
def test_ctrl_c_while_starting_says_that_nothing_was_changed(program: Program) -> None:
    # An import that is cut off leaves a file open: CPython warns of it.
    child = program.start("diagnose", "--playbook", "perf.slow", "--batch", PYTHONWARNINGS="ignore")
    assert child.stderr is not None
    child.stderr.readline()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert child.returncode == 130
    assert "Nothing was changed" in out + err
    assert "Traceback" not in err


@POSIX
def test_kill_9_loses_nothing(program: Program) -> None:
    child = program.start(*DEMO)
    assert child.stdin is not None and child.stderr is not None
    child.stdin.write("1\n")
    child.stdin.flush()
    text = ""
    while "Fix 1 of 2" not in text:
        line = child.stderr.readline()
        assert line, text
        text += line
    child.kill()
    child.communicate(timeout=10)
    resumed = program.run("diagnose", "--resume", "last", stdin="2\n2\n2\n")
    assert "Where are you?" not in resumed.stderr
    assert "Fix 1 of 2" in resumed.stderr
    assert resumed.returncode == 1
    shown = json.loads(program.run("session", "show", "--json").stdout)
    assert shown["questions"] == [{"id": "place", "answer": "home"}]
    assert shown["end"] == "declined"


@pytest.mark.parametrize(
    "env",
    [
        {"TERM": "dumb"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"COLUMNS": "20"},
        {"NO_COLOR": "1"},
        {"ACCESSIBLE": "1"},
        {"LANG": "de_DE.UTF-8"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_odd_terminals(program: Program, env: dict[str, str]) -> None:
    done = program.run(*DEMO, "--batch", **env)
    assert done.returncode == 1, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "name" in done.stdout


def test_home_that_cannot_be_written(program: Program) -> None:
    program.home.rmdir()
    program.home.write_text("a file where the home should be")
    done = program.run(*DEMO, "--batch", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["cause"], document["saved"]) == (1, "t.demo.few", False)
    loud = program.run(*DEMO, "--batch")
    assert "not being saved" in loud.stderr


@MOUNTS
def test_full_state_disk(program: Program) -> None:
    script = 'mount -t tmpfs -o size=16k tmpfs "$1" && dd if=/dev/zero of="$1/rest" bs=4k status=none; shift; exec "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(program.home), COMMAND, *DEMO, "--batch"],
        env=program.environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "There are only few name servers" in done.stdout
    assert "not being saved" in done.stderr
    assert "Traceback" not in done.stderr


@POSIX
def test_output_that_nobody_reads(program: Program) -> None:
    command = f"{COMMAND} playbook schema | head -1"
    done = subprocess.run(
        ["sh", "-c", command], env=program.environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "{"
    assert "Traceback" not in done.stderr


def test_a_broken_playbook_of_the_user_is_named_and_others_still_work(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "t.broken.yaml").write_text("schema: [\n")
    done = program.run("diagnose", "--playbook", "t.broken", "--batch", TECHDOCTOR_PLAYBOOKS=str(folder))
    assert done.returncode == 2
    assert "t.broken.yaml:" in done.stderr
    words = program.run("diagnose", "no internet", "--batch", "--json", TECHDOCTOR_PLAYBOOKS=str(folder))
    assert json.loads(words.stdout)["playbook"] == "net.connection"


@pytest.mark.parametrize(
    "content", [b"a: " + b"[" * 100_000, b"x" * (10 << 20), b"\xff\xfe\x00", b"a: &x [1]\nb: [*x, *x]\n", b""]
)
def test_hostile_playbook_files_are_refused_quickly(program: Program, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    begun = time.monotonic()
    done = program.run("playbook", "lint", str(path))
    assert time.monotonic() - begun < 5
    assert done.returncode == 2
    assert "bad.yaml:" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
