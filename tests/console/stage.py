"""A terminal made of memory: what was typed goes in, the screen as a person sees it comes out."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

from techdoctor.console.terminal import Terminal

SCREENS = Path(__file__).parent / "screens"
REGENERATE = "TECHDOCTOR_REGENERATE"
ENVIRON = {"TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": "1"}


class Stream(io.TextIOWrapper):
    """A text stream over memory that says whether it is a terminal."""

    def __init__(self, typed: str = "", tty: bool = True, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO(typed.encode(encoding))
        super().__init__(self.bytes, encoding=encoding, newline="")
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def raw(self) -> bytes:
        """Every byte written so far."""
        return self.bytes.getvalue()

    @property
    def written(self) -> str:
        """Every character written so far."""
        return self.raw.decode(self.encoding)


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """A terminal and all there is to know about it.

    Args:
        typed: What the person types, all lines.
        columns: Width of the screen.
        plain: As --plain.
        tty: False for a pipe or a file.
    """

    def __init__(
        self,
        typed: str = "",
        columns: int = 80,
        *,
        plain: bool = False,
        tty: bool = True,
        encoding: str = "utf-8",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = Clock()
        self.screen = Stream(tty=tty, encoding=encoding)
        self.terminal = Terminal(
            Stream(typed, tty=False),
            self.screen,
            self.screen,
            ENVIRON if environ is None else environ,
            plain=plain,
            columns=columns,
            clock=self.clock,
        )

    @property
    def text(self) -> str:
        """What the screen shows now: carriage returns and backspaces have moved the writing position."""
        return "\n".join(_settled(line) for line in self.screen.written.split("\n"))


def _settled(line: str) -> str:
    cells: list[str] = []
    position = 0
    for char in line:
        if char == "\r":
            position = 0
        elif char == "\b":
            position -= 1
        else:
            cells[position : position + 1] = [char]
            position += 1
    return "".join(cells).rstrip()


def check_screen(name: str, text: str) -> None:
    """Compares with the kept screen; with TECHDOCTOR_REGENERATE=1 writes it instead."""
    path = SCREENS / f"{name}.txt"
    if os.environ.get(REGENERATE):
        path.write_text(text + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text + "\n", (
        f"{path.name}: to accept, set {REGENERATE}=1 and look at git diff"
    )
