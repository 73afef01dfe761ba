"""Checking one value against its declaration."""

from __future__ import annotations

import os
from pathlib import Path

from techdoctor.model import Value
from techdoctor.settings.table import Setting
from techdoctor.text import clean_line

TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")


class WrongValue(Exception):
    """The message says what the value must be, to stand after "key: "."""


def from_toml(setting: Setting, value: object) -> Value:
    """Checks a value that already has a type (a file's or a flag's).

    Raises:
        WrongValue: It is not of the setting's type or out of its range.
    """
    if setting.type == "table":
        return _free(value)
    if setting.type == "bool" and isinstance(value, bool):
        return value
    if setting.type == "int" and isinstance(value, int) and not isinstance(value, bool):
        return _in_range(setting, value)
    if setting.type == "text" and isinstance(value, str):
        return value
    if setting.type == "path" and isinstance(value, str):
        return _absolute(value) if value else ""
    if setting.type == "paths" and isinstance(value, list) and all(isinstance(item, str) and item for item in value):
        return [_absolute(item) for item in value]
    raise WrongValue(f"must be {_wanted(setting)}, not {_shown(value)}")


def from_text(setting: Setting, value: str) -> Value:
    """Checks the value of an environment variable.

    Raises:
        WrongValue: It cannot be read as the setting's type.
    """
    word = value.strip().lower()
    if setting.type == "bool" and word in TRUE_WORDS + FALSE_WORDS:
        return word in TRUE_WORDS
    if setting.type == "int" and word.isdecimal():
        return _in_range(setting, int(word))
    if setting.type == "text":
        return value
    if setting.type == "path":
        return str(Path(value).expanduser().absolute())
    if setting.type == "paths":
        return [str(Path(part).expanduser().absolute()) for part in value.split(os.pathsep) if part]
    raise WrongValue(f"must be {_wanted(setting)}, not {_shown(value)}")


def _in_range(setting: Setting, value: int) -> int:
    if not setting.low <= value <= setting.high:
        raise WrongValue(f"must be {_wanted(setting)}, not {value}")
    return value


def _absolute(value: str) -> str:
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise WrongValue(f"has no known home folder: {_shown(value)}") from None
    if not path.is_absolute():
        raise WrongValue(f"must be an absolute path, not {_shown(value)}")
    return str(path)


def _free(value: object) -> Value:
    """A value of a free table: what JSON knows, so no dates and times."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [_free(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _free(item) for name, item in value.items()}
    raise WrongValue(f"must be text, a number, true, false, a list or a table, not {_shown(value)}")


def _wanted(setting: Setting) -> str:
    if setting.type == "int":
        return f"a whole number from {setting.low} to {setting.high}"
    return {
        "bool": "true or false",
        "text": 'text in quotes ("...")',
        "path": 'a path in quotes ("...")',
        "paths": "a list of paths",
    }[setting.type]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean_line(f'"{value}"' if isinstance(value, str) else str(value), 60)
