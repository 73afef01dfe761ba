"""The one object through which everything is shown and read: streams, width, encoding, colour.

Tests hand in their own streams and environment; nothing here is patched. Every text passes `clean`
on its way out, so foreign text can never send an escape sequence, whoever forgot to clean it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from techdoctor.console.layout import cells, fit, wrap
from techdoctor.errors import NoAnswer
from techdoctor.messages import say
from techdoctor.text import clean, clean_line

# A line: text, or pieces of text each with a style.
Line = str | Sequence[tuple[str, str]]

MIN_WIDTH = 20
MAX_WIDTH = 100  # longer lines are hard to read, however wide the window is
_LONGEST_TEXT = 20_000
# Cells of the "^C" that a terminal echoes behind the transient line.
_ECHO = 2
# ECMA-48 SGR parameters; only the eight base colours, which every theme keeps legible.
_STYLES = {"": "", "bold": "1", "dim": "2", "good": "32", "bad": "31", "unsure": "33", "title": "1"}
# Signs of ours (and of well-meaning authors) that every terminal has in another form.
_PLAIN_SIGNS = {
    0x2026: "...",
    0x2013: "-",
    0x2014: "-",
    0x2018: "'",
    0x2019: "'",
    0x201C: '"',
    0x201D: '"',
    0x2022: "*",
    0x2192: "->",
    0x2264: "<=",
    0x2265: ">=",
}


def _is_tty(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _fold(text: str, encoding: str) -> str:
    """The nearest that `encoding` can show: without accents, then question marks."""
    import unicodedata

    shown = []
    for char in text:
        try:
            char.encode(encoding)
            shown.append(char)
        except UnicodeEncodeError:
            bare = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
            shown.append(bare if bare and bare.isascii() else "?")
    return "".join(shown)


class Terminal:
    """Streams and what they can do.

    Args:
        stdin, stdout, stderr: Text streams; None when the program was started without.
        environ: Environment variables: NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM, COLUMNS, ACCESSIBLE, LC_ALL, ...
        plain: True asks for plain output, as --plain does.
        columns: Fixed width in columns; None asks the terminal each time.
        clock: Monotonic seconds.

    Attributes:
        plain: Append-only output: asked for, a dumb terminal, or standard error is no terminal.
        plain_result: The same for results on standard output.
        same_screen: True when results appear where findings and questions were shown before.
        lost: Why standard output can no longer be written; empty while it can.
    """

    def __init__(
        self,
        stdin: TextIO | None,
        stdout: TextIO | None,
        stderr: TextIO | None,
        environ: Mapping[str, str],
        *,
        plain: bool = False,
        columns: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self._environ, self._columns, self.clock = environ, columns, clock
        out_tty, err_tty = _is_tty(stdout), _is_tty(stderr)
        dumb = environ.get("TERM") == "dumb"
        asked = plain or dumb or environ.get("ACCESSIBLE", "0") not in ("", "0")
        self.plain = asked or not err_tty
        self.plain_result = asked or not out_tty
        self.same_screen = out_tty
        self.lost = ""
        self._asking = stderr if err_tty or not out_tty else stdout
        self._colour = {id(stream): not dumb and self._may_colour(stream) for stream in (stdout, stderr)}
        self._encodings = {id(stream): self._encoding_of(stream) for stream in (stdout, stderr)}
        self._transient = ""
        self._gone: set[int] = set()
        self._lock = threading.RLock()

    @classmethod
    def of_process(cls, plain: bool = False) -> Terminal:
        """The terminal this program was started on."""
        return cls(sys.stdin, sys.stdout, sys.stderr, os.environ, plain=plain)

    @property
    def width(self) -> int:
        """Columns to fill: at least 20, at most 100; 80 when nobody knows.

        One column stays free: some terminals begin a new line after writing the last one.
        """
        columns = self._columns or self._asked_columns()
        return max(MIN_WIDTH, min(MAX_WIDTH + 1, columns)) - 1

    @property
    def draws_blocks(self) -> bool:
        """True when both streams can show block elements, of which sparklines are made."""
        return all(self._encodable("\u2588", stream) == "\u2588" for stream in (self._stdout, self._stderr))

    @property
    def ellipsis(self) -> str:
        """The sign for text cut off, as the progress stream can show it."""
        return self._encodable("…", self._stderr)

    def result(self, line: Line = "") -> None:
        """Writes a line of the result to standard output."""
        with self._lock:
            self.clear_transient()
            self._write(self._stdout, line, "\n")

    def progress(self, line: Line = "") -> None:
        """Writes a permanent line of progress to standard error; a sentence too long for it goes on in the next."""
        long = isinstance(line, str) and cells(line) > self.width
        with self._lock:
            self.clear_transient()
            for part in self.wrapped(str(line)) if long else [line]:
                self._write(self._stderr, part, "\n")

    def talk(self, line: Line = "", end: str = "\n") -> None:
        """Writes a line of a question to where the person is: standard error, or else the terminal on stdout."""
        with self._lock:
            self.clear_transient()
            self._write(self._asking, line, end)

    def transient(self, text: str) -> None:
        """Shows a last line that the next write replaces. Nothing in plain mode."""
        if self.plain:
            return
        with self._lock:
            shown = clean(text, MAX_WIDTH * 2).replace("\n", " ")
            text = fit(self._encodable(shown, self._stderr), self.width, self.ellipsis)
            rest = max(0, cells(self._transient) - cells(text))
            if text == self._transient:
                return
            self._raw(self._stderr, "\r" + text + " " * rest + "\b" * rest)
            self._transient = text

    def clear_transient(self) -> None:
        """Takes the transient line away."""
        with self._lock:
            if self._transient:
                blank = min(self.width, cells(self._transient) + _ECHO)
                self._raw(self._stderr, "\r" + " " * blank + "\r")
                self._transient = ""

    def wrapped(self, text: str, indent: str = "", hanging: str | None = None) -> list[str]:
        """`text` as lines for this width; unbroken when plain output goes to no screen."""
        return self._lines(text, indent, hanging, whole=self.plain and not self._on_screen(self._asking))

    def wrapped_result(self, text: str, indent: str = "", hanging: str | None = None) -> list[str]:
        """`text` as lines of a result; unbroken when standard output is no screen."""
        return self._lines(text, indent, hanging, whole=not self._on_screen(self._stdout))

    def forget_typed(self) -> None:
        """Forgets what was typed at a terminal before the question that comes now."""
        if not _is_tty(self._stdin) or self._stdin is None:
            return
        try:
            import termios
        except ImportError:  # Windows: its console hands over whole lines, the ones typed ahead are read
            import msvcrt

            while msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore] # Windows only
                msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore] # Windows only
            return
        with contextlib.suppress(termios.error, OSError, ValueError):
            termios.tcflush(self._stdin.fileno(), termios.TCIFLUSH)

    def read_line(self) -> str:
        """One line of the person, cleaned, without white space at its ends.

        Raises:
            NoAnswer: Standard input is closed or at its end, or nobody can see the question.
        """
        try:
            if self._stdin is None or id(self._asking) in self._gone:
                raise NoAnswer(say("ask.no_input"), say("ask.no_input_hint"))
            given = self._stdin.readline()
        except KeyboardInterrupt:
            self.talk()  # what is said next begins on a line of its own
            raise
        except UnicodeDecodeError:
            given = "\ufffd\n"  # bytes that are no text are no choice either: the question is asked again
        except (OSError, ValueError):  # the terminal hung up, or the stream is closed
            given = ""
        if not given:
            self.talk()
            raise NoAnswer(say("ask.no_input"), say("ask.no_input_hint"))
        line = clean_line(given)
        if not _is_tty(self._stdin):
            self.talk(line)  # no terminal echoed it, and the transcript should be readable
        return line

    def _on_screen(self, stream: TextIO | None) -> bool:
        return self._columns is not None or _is_tty(stream)

    def _lines(self, text: str, indent: str, hanging: str | None, whole: bool) -> list[str]:
        paragraphs = clean(text, _LONGEST_TEXT).splitlines() or [""]
        if whole:
            return [indent + " ".join(paragraph.split()) for paragraph in paragraphs]
        return [line for paragraph in paragraphs for line in wrap(paragraph, self.width, indent, hanging)]

    def _asked_columns(self) -> int:
        asked = self._environ.get("COLUMNS", "")
        if asked.isdecimal() and int(asked):
            return int(asked)
        for stream in (self._stderr, self._stdout, self._stdin):
            try:
                if stream is not None:
                    return os.get_terminal_size(stream.fileno()).columns or 80
            except (OSError, ValueError):  # not a terminal, closed, or not a file at all
                continue
        return 80

    def _may_colour(self, stream: TextIO | None) -> bool:
        if self._environ.get("NO_COLOR") or self._environ.get("CLICOLOR") == "0" or self.plain:
            return False
        if self._environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
            return True
        # A Windows console without a modern host shows escape sequences as text.
        modern = any(self._environ.get(name) for name in ("TERM", "WT_SESSION", "ANSICON"))
        return _is_tty(stream) and modern

    def _encoding_of(self, stream: TextIO | None) -> str:
        encoding = (getattr(stream, "encoding", None) or "ascii").lower()
        forced = self._environ.get("PYTHONIOENCODING") or self._environ.get("PYTHONUTF8") == "1"
        locale = next((v for n in ("LC_ALL", "LC_CTYPE", "LANG") if (v := self._environ.get(n))), "")
        if locale in ("C", "POSIX") and not forced:
            # Python writes UTF-8 there (PEP 540), but a terminal that is really 8-bit takes its bytes for controls.
            return "ascii"
        return encoding

    def _encodable(self, text: str, stream: TextIO | None) -> str:
        if text.isascii():
            return text
        encoding = self._encodings.get(id(stream), "ascii")
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return _fold(text.translate(_PLAIN_SIGNS), encoding)
        except LookupError:
            return _fold(text.translate(_PLAIN_SIGNS), "ascii")
        return text

    def _write(self, stream: TextIO | None, line: Line, end: str) -> None:
        colour = self._colour.get(id(stream), False)
        pieces = [(line, "")] if isinstance(line, str) else line
        shown = []
        for text, style in pieces:
            safe = self._encodable(clean(text, _LONGEST_TEXT), stream)
            code = _STYLES[style] if colour else ""
            shown.append(f"\x1b[{code}m{safe}\x1b[0m" if code and safe else safe)
        self._raw(stream, "".join(shown) + end)

    def _raw(self, stream: TextIO | None, text: str) -> None:
        """Writes and flushes. A stream that is gone is left alone from then on: the diagnosis goes on."""
        if stream is None or id(stream) in self._gone:
            return
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError) as error:
            self._gone.add(id(stream))
            if stream is self._stdout:
                self.lost = str(error) or type(error).__name__
