"""One settings file: read within a deadline, parsed, flattened, every key with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from techdoctor import system
from techdoctor.settings.table import BY_KEY

# A person's settings are a few kilobytes; more is a mistake or an attack.
MOST_BYTES = 1 << 20
# A home directory on a dead file server must not hold up the diagnosis.
READ_DEADLINE_S = 1.0

_KEY_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = rf"{_KEY_PART}(?:[ \t]*\.[ \t]*{_KEY_PART})*"
_HEADER_LINE = re.compile(rf"[ \t]*\[\[?[ \t]*({_KEY})[ \t]*\]")
_KEY_LINE = re.compile(rf"[ \t]*({_KEY})[ \t]*=")
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


class Unreadable(Exception):
    """The file exists but cannot be read; the message says why."""


@dataclass(frozen=True)
class Entry:
    """One value of a file: dotted key, raw value and the line it stands on (from 1)."""

    key: str
    value: object
    line: int


def read_settings_file(path: Path) -> str | None:
    """The text of a settings file; None when there is none.

    Raises:
        Unreadable: It is there and cannot be read: permissions, a folder, not UTF-8, too large,
            or no answer within READ_DEADLINE_S.
    """

    def read() -> bytes:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)

    try:
        data = system.within(READ_DEADLINE_S, read)
        if len(data) > MOST_BYTES:
            raise Unreadable("is larger than 1 MiB")
        return data.decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except TimeoutError:
        raise Unreadable(f"did not answer within {READ_DEADLINE_S:g} s") from None
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 text (byte {error.start})") from None


def parse(text: str, file: str) -> tuple[list[Entry], list[str]]:
    """Entries of a settings file in order, and errors as `file:line:column: message`."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [], [_syntax_error(str(error), text, file)]
    except RecursionError:
        return [], [f"{file}:1: nested too deeply"]
    lines = dict(_key_lines(text))
    return [Entry(key, value, _line_of(key, lines)) for key, value in _flatten(tree, "")], []


def _syntax_error(message: str, text: str, file: str) -> str:
    place = _PLACE.search(message)
    if place:
        return f"{file}:{place[1]}:{place[2]}: {message[: place.start()]}"
    lines = text.splitlines() or [""]
    return f"{file}:{len(lines)}:{len(lines[-1]) + 1}: {message.removesuffix(' (at end of document)')}"


def _flatten(tree: Mapping[str, object], above: str) -> Iterator[tuple[str, object]]:
    """Leaves by dotted key. A declared setting is a leaf even when its value is wrongly a table.

    Below `targets` one level down is a leaf (its values may be tables); below `limits` all are
    opened, so that [limits.net.dns] and [limits."net.dns"] say the same.
    """
    for name, value in tree.items():
        key = f"{above}.{name}" if above else name
        declared = BY_KEY.get(key)
        closed = above == "targets" or (declared is not None and declared.type != "table")
        if isinstance(value, dict) and value and not closed:
            yield from _flatten(value, key)
        elif not (declared is not None and declared.type == "table" and value == {}):
            yield key, value


def _key_lines(text: str) -> Iterator[tuple[str, int]]:
    """Dotted key -> line for every table header and `key =` line outside multi-line strings."""
    table, open_quote = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if open_quote:
            open_quote = "" if line.count(open_quote) % 2 else open_quote
            continue
        header, assigned = _HEADER_LINE.match(line), _KEY_LINE.match(line)
        if header:
            table = _dotted(header[1])
            yield table, number
        elif assigned:
            yield f"{table}.{_dotted(assigned[1])}" if table else _dotted(assigned[1]), number
        for quote in ('"""', "'''"):
            if line.count(quote) % 2:
                open_quote = quote


def _dotted(key: str) -> str:
    tree: object = tomllib.loads(f"{key} = 0")
    parts = []
    while isinstance(tree, dict):
        name, tree = next(iter(tree.items()))
        parts.append(name)
    return ".".join(parts)


def _line_of(key: str, lines: Mapping[str, int]) -> int:
    """The line of a key, or of the nearest table above it (inline tables share one line)."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines.get(key, 1)
