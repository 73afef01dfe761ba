"""Commands and files: deadlines, caps, whole groups ended, errors as words."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from techdoctor import system
from techdoctor.errors import CannotMeasure

PYTHON = sys.executable


def test_a_command_gives_its_output_and_exit_code() -> None:
    ran = system.run([PYTHON, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"], 10)
    assert (ran.status, ran.exit_code, ran.out.strip(), ran.err.strip()) == ("ok", 3, "out", "err")
    assert not ran.worked


def test_a_command_runs_in_the_c_locale_with_system_folders_in_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    ran = system.run([PYTHON, "-c", "import os; print(os.environ['LC_ALL'], os.environ.get('LANGUAGE'))"], 10)
    assert ran.out.split() == ["C", "None"]
    if os.name == "posix":
        assert "/usr/sbin" in system.command_environment()["PATH"].split(":")


def test_standard_input_is_fed() -> None:
    assert system.run([PYTHON, "-c", "print(input()[::-1])"], 10, stdin="abc\n").out.strip() == "cba"


def test_a_tool_that_is_not_there_is_a_status() -> None:
    assert system.run(["no-such-tool-anywhere"], 1).status == "missing_tool"


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_a_file_that_may_not_run_is_denied(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o644)
    assert system.run([str(tool)], 1).status == "denied"


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_the_deadline_ends_the_whole_group_and_keeps_what_came() -> None:
    script = "import subprocess, sys, time; print('begun', flush=True); c = subprocess.Popen(['sleep', '60']); "
    script += "print(c.pid, flush=True); time.sleep(60)"
    begun = time.monotonic()
    ran = system.run([PYTHON, "-c", script], 1.0)
    assert time.monotonic() - begun < 5
    assert (ran.status, ran.exit_code) == ("timeout", None)
    words = ran.out.split()
    assert words[0] == "begun"
    for _ in range(50):
        if not Path(f"/proc/{words[1]}").exists() or "Z" in Path(f"/proc/{words[1]}/stat").read_text().split(")")[1]:
            return
        time.sleep(0.05)
    pytest.fail("the grandchild outlived its group")


def test_too_much_output_is_cut_and_the_command_ended() -> None:
    ran = system.run([PYTHON, "-c", "while True: print('x' * 1000)"], 20, cap_bytes=5000)
    assert ran.truncated
    assert len(ran.out) <= 5000
    assert ran.duration_s < 15


def test_end_children_ends_what_still_runs() -> None:
    import threading

    done: list[system.Ran] = []
    thread = threading.Thread(target=lambda: done.append(system.run([PYTHON, "-c", "import time; time.sleep(60)"], 60)))
    thread.start()
    for _ in range(100):
        if system._children:
            break
        time.sleep(0.02)
    system.end_children()
    thread.join(10)
    assert done[0].status == "ok"


def test_unreadable_files_say_why(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="does not exist") as absent:
        system.read_text(str(tmp_path / "absent"))
    assert absent.value.status == "not_applicable"
    with pytest.raises(CannotMeasure, match="cannot be read"):
        system.read_text(str(tmp_path))
    (tmp_path / "long").write_text("x" * 100)
    assert system.read_text(str(tmp_path / "long"), 10) == "x" * 10


def test_a_pipe_or_device_in_the_place_of_a_file_is_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe would hang us, and opening a device can do something: rewind a tape, arm a watchdog."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("Windows has no such pipes")
    os.mkfifo(tmp_path / "pipe")
    opened: list[object] = []
    monkeypatch.setattr(os, "open", lambda *words: opened.append(words))
    for path in (str(tmp_path / "pipe"), "/dev/null"):
        with pytest.raises(CannotMeasure, match="no file"):
            system.read_text(path)
        with pytest.raises(OSError, match="not a regular file"):
            system.read_regular(path, 10)
    assert opened == []


def test_a_word_with_a_zero_byte_is_no_crash() -> None:
    assert system.run([PYTHON, "a\0b"], 5).status == "denied"
