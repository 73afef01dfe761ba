"""What a terminal can do is told by its streams and environment, and nothing unsafe passes it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.console.terminal import Terminal
from techdoctor.errors import NoAnswer
from tests.console.stage import ENVIRON, Stage, Stream


def terminal_with(out: Stream, err: Stream, environ: dict[str, str] | None = None, plain: bool = False) -> Terminal:
    return Terminal(Stream("", tty=False), out, err, ENVIRON if environ is None else environ, plain=plain)


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({"TERM": "xterm"}, False),
        ({"TERM": "dumb"}, True),
        ({"ACCESSIBLE": "1"}, True),
        ({"ACCESSIBLE": "0"}, False),
        ({"ACCESSIBLE": ""}, False),
        ({}, False),
    ],
)
def test_plain_mode_by_environment(environ: dict[str, str], plain: bool) -> None:
    assert terminal_with(Stream(), Stream(), environ).plain is plain


def test_plain_mode_by_option_and_where_there_is_no_terminal() -> None:
    assert terminal_with(Stream(), Stream(), plain=True).plain
    assert terminal_with(Stream(), Stream(tty=False)).plain
    piped = terminal_with(Stream(tty=False), Stream())
    assert not piped.plain
    assert piped.plain_result


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "CLICOLOR": "0"}, False),
        ({"TERM": "dumb", "CLICOLOR_FORCE": "1"}, False),
        ({}, False),
    ],
)
def test_colour(environ: dict[str, str], coloured: bool) -> None:
    screen = Stream()
    terminal_with(screen, screen, environ).progress([("ok", "good")])
    assert screen.written == ("\x1b[32mok\x1b[0m\n" if coloured else "ok\n")


def test_colour_can_be_forced_into_a_pipe_of_results() -> None:
    pipe = Stream(tty=False)
    terminal_with(pipe, Stream(), {"CLICOLOR_FORCE": "1"}).result([("ok", "good")])
    assert pipe.written == "\x1b[32mok\x1b[0m\n"


@pytest.mark.parametrize(("columns", "width"), [(1, 19), (20, 19), (80, 79), (500, 100)])
def test_width_keeps_within_what_can_be_read(columns: int, width: int) -> None:
    assert Stage(columns=columns).terminal.width == width


def test_width_comes_from_columns_else_80() -> None:
    assert terminal_with(Stream(), Stream(), {"COLUMNS": "44"}).width == 43
    assert terminal_with(Stream(), Stream(), {"COLUMNS": "wide"}).width == 79


def test_results_go_to_stdout_and_the_rest_to_stderr() -> None:
    out, err = Stream(tty=False), Stream()
    terminal = terminal_with(out, err)
    terminal.result("result")
    terminal.progress("progress")
    terminal.talk("question")
    assert out.written == "result\n"
    assert err.written == "progress\nquestion\n"


def test_a_question_goes_to_the_terminal_that_is_left() -> None:
    out, err = Stream(), Stream(tty=False)
    terminal_with(out, err).talk("question")
    assert out.written == "question\n"
    assert err.written == ""


@pytest.mark.parametrize(
    ("encoding", "environ", "shown"),
    [
        ("utf-8", ENVIRON, "caf\u00e9 \u2026 \u2013 \u4e2d"),
        ("latin-1", ENVIRON, "caf\u00e9 ... - ?"),
        ("ascii", ENVIRON, "cafe ... - ?"),
        ("utf-8", {"LANG": "C"}, "cafe ... - ?"),
        ("utf-8", {"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, "cafe ... - ?"),
        ("utf-8", {"LANG": "C", "PYTHONIOENCODING": "utf-8"}, "caf\u00e9 \u2026 \u2013 \u4e2d"),
    ],
)
def test_text_is_shown_as_the_stream_can(encoding: str, environ: dict[str, str], shown: str) -> None:
    stage = Stage(encoding=encoding, environ=environ)
    stage.terminal.progress("caf\u00e9 \u2026 \u2013 \u4e2d")
    assert stage.text == shown + "\n"


@pytest.mark.parametrize("channel", ["result", "progress", "talk"])
def test_no_escape_sequence_passes_any_channel(channel: str) -> None:
    stage = Stage(environ={"TERM": "xterm"})
    hostile = "\x1b[2J\x1b]0;title\x07red\x1b[31m \x9b2J \u202egnp.exe \r\b\x00 [bold]x[/bold] [/usr/sbin/x]"
    getattr(stage.terminal, channel)([(hostile, "")])
    assert stage.screen.written == "red ?2J ?gnp.exe ??? [bold]x[/bold] [/usr/sbin/x]\n"


def test_no_escape_sequence_passes_the_transient_line() -> None:
    stage = Stage()
    stage.terminal.transient("\x1b[2Jwaiting\nfor \x1b]0;x\x07 [eth0]")
    assert stage.screen.written == "\rwaiting for  [eth0]"


def test_the_transient_line_is_gone_before_the_next_line() -> None:
    stage = Stage(columns=40)
    stage.terminal.transient("waiting for something that takes a long time indeed")
    assert len(stage.text) == 39
    stage.terminal.transient("short")
    assert stage.text == "short"
    stage.terminal.progress("done")
    assert stage.text == "done\n"


def test_plain_mode_has_no_transient_line() -> None:
    stage = Stage(plain=True)
    stage.terminal.transient("waiting")
    assert stage.screen.written == ""


@pytest.mark.parametrize("typed", ["", "\x1a"])
def test_closed_stdin_is_told(typed: str) -> None:
    stage = Stage(typed)
    if typed:
        assert stage.terminal.read_line() == "?"
    with pytest.raises(NoAnswer, match="standard input is closed"):
        stage.terminal.read_line()


def test_missing_and_closed_streams_are_survived() -> None:
    nothing = Terminal(None, None, None, {})
    nothing.result("x")
    nothing.transient("x")
    with pytest.raises(NoAnswer):
        nothing.read_line()
    closed = io.StringIO()
    closed.close()
    terminal = Terminal(closed, closed, closed, {})
    terminal.result("x")
    assert terminal.lost
    with pytest.raises(NoAnswer):
        terminal.read_line()


def test_bytes_that_are_no_text_are_no_answer_yet() -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n2\n"), encoding="utf-8")
    screen = Stream()
    assert Terminal(stdin, screen, screen, ENVIRON).read_line() == "\ufffd"


def test_a_full_disk_under_stdout_is_remembered() -> None:
    class Full(Stream):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            """The base class would flush."""

    terminal = terminal_with(Full(tty=False), Stream())
    terminal.result("x")
    assert "No space left" in terminal.lost
    terminal.result("y")


def test_answers_from_a_pipe_are_echoed_into_the_transcript() -> None:
    stage = Stage("typed \x1b[31mred\n")
    assert stage.terminal.read_line() == "typed red"
    assert stage.text == "typed red\n"


def test_text_for_no_screen_is_not_broken() -> None:
    pipe = Stream(tty=False)
    terminal = terminal_with(pipe, pipe)
    words = "word " * 60
    assert terminal.wrapped(words) == [words.strip()]
    assert terminal.wrapped_result(words) == [words.strip()]


def test_an_interrupted_question_leaves_its_line() -> None:
    class Interrupted(Stream):
        def readline(self, size: int = -1, /) -> str:  # type: ignore[override] # typeshed mixes bytes and text here
            raise KeyboardInterrupt

    screen = Stream()
    terminal = Terminal(Interrupted(), screen, screen, ENVIRON)
    terminal.talk("Your choice: ", end="")
    with pytest.raises(KeyboardInterrupt):
        terminal.read_line()
    terminal.progress("Stopped.")
    assert screen.written == "Your choice: \nStopped.\n"


@given(st.text(max_size=200), st.sampled_from(["utf-8", "latin-1", "ascii"]))
def test_only_harmless_characters_reach_a_screen(text: str, encoding: str) -> None:
    stage = Stage(encoding=encoding)
    stage.terminal.progress(text)
    stage.terminal.transient(text)
    stage.terminal.clear_transient()
    for char in stage.screen.written:
        assert char in "\n\r\b" or not (ord(char) < 32 or 127 <= ord(char) < 160 or 0x202A <= ord(char) <= 0x202E)
