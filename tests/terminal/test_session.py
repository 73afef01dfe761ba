"""A whole session in a real terminal: question, why, answer, back, a fix refused, escalation."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.runs import Program
from tests.terminal.screen import Screen

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
Open = Callable[..., Screen]


@pytest.fixture
def open_screen(tmp_path: Path) -> Iterator[Open]:
    home = tmp_path / "home"
    home.mkdir()
    screens: list[Screen] = []

    def start(columns: int, *arguments: str) -> Screen:
        program = Program(home, {"TERM": "screen", "LANG": "C.UTF-8"})
        socket = tmp_path / f"s{len(screens)}"
        screens.append(Screen(socket, program.argv(*arguments), program.environment(), columns))
        return screens[-1]

    yield start
    for screen in screens:
        screen.close()


def flat(text: str) -> str:
    """A screen as one line, so that wrapping does not matter."""
    return " ".join(text.split())


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("mode", [[], ["--plain"]], ids=["normal", "plain"])
def test_a_whole_session(open_screen: Open, columns: int, mode: list[str]) -> None:
    screen = open_screen(columns, "diagnose", "--playbook", "t.demo", *mode)
    first = screen.wait("Where are you?", "I don't know")
    assert "change nothing" in flat(first)
    screen.type("w")
    screen.type("nonsense")
    screen.wait("not one of")
    screen.type("1")
    screen.wait("Found", "Fix 1 of 2", "stop")
    screen.type("b")
    screen.wait("Where are you?", times=2)
    screen.type("1")
    again = screen.wait("Fix 1 of 2", times=2)
    assert flat(again).count("Where are you?") >= 2
    screen.type("2")
    screen.wait("Fix 2 of 2")
    screen.type("2")
    screen.wait("technician")
    screen.type("1")
    last = screen.wait("ended with")
    assert "ended with 1" in last
    assert ".zip" in last
    assert all(len(line) <= columns for line in last.splitlines())
    assert "\x1b" not in last


def test_ctrl_c_at_a_question(open_screen: Open) -> None:
    screen = open_screen(80, "diagnose", "--playbook", "t.demo")
    screen.wait("Where are you?")
    screen.interrupt()
    last = screen.wait("ended with 130")
    assert "Nothing was changed" in flat(last)
    assert "Traceback" not in last


def test_without_words_there_is_a_menu(open_screen: Open) -> None:
    screen = open_screen(80, "diagnose")
    shown = screen.wait("1", "s  stop")
    assert "print" in shown.lower()
    screen.type("s")
    screen.wait("ended with 130")


def test_twenty_columns_are_enough(open_screen: Open) -> None:
    screen = open_screen(20, "diagnose", "--playbook", "t.demo")
    screen.wait("Where are you?")
    screen.type("4" if "4" in screen.text() else "3")
    screen.wait("Fix 1 of 2")
    screen.type("s")
    last = screen.wait("ended with 130")
    assert all(len(line) <= 20 for line in last.splitlines())
