"""Options that several commands share, and reading what they carry."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from techdoctor.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")]
Plain = Annotated[bool | None, typer.Option("--plain", help="Plain lines for screen readers and simple terminals.")]
Technician = Annotated[bool | None, typer.Option("--technician", help="Show exact values, ids and comparisons.")]
Offline = Annotated[bool | None, typer.Option("--offline", help="Send nothing beyond this machine.")]
SetValues = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Give an input or parameter.")]
On = Annotated[str, typer.Option("--on", metavar="HOST", hidden=True)]
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def pairs(texts: Sequence[str], option: str = "--set") -> dict[str, str]:
    """NAME=VALUE texts as a mapping.

    Raises:
        UsageError: One has no "=".
    """
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {text}: not of the form NAME=VALUE", f"for example: {option} printer=office")
        values[name] = value
    return values


def print_json(document: object) -> None:
    """Prints one JSON document, see `json_text`."""
    print(json_text(document))


def json_text(document: object) -> str:
    """One JSON document; foreign text keeps its characters but never a raw control character.

    What JSON has no place for is replaced: half a surrogate pair (a name that is not UTF-8) by U+FFFD,
    not-a-number and infinity by null. Source: RFC 8259, sections 6 and 8.2.
    """
    text = json.dumps(document, ensure_ascii=False)
    sound = json.loads(_HALF_PAIR.sub("\ufffd", text), parse_constant=lambda _: None)
    return json.dumps(sound, ensure_ascii=True, indent=2)


def refuse_other_host(host: str) -> None:
    """Work over SSH is not part of this version.

    Raises:
        UsageError: A host was given.
    """
    if host:
        raise UsageError(f"--on {host}: work over SSH is not available in this version")


def read_answers(path: Path) -> dict[str, str]:
    """The answers file: a YAML map of question or fix id to choice.

    Raises:
        UsageError: The file cannot be read or is not such a map.
    """
    from techdoctor.playbooks import strict_yaml
    from techdoctor.playbooks.forms import MAX_FILE_BYTES

    try:
        with path.open("rb") as stream:  # a pipe is welcome here: --answers <(generate)
            document = strict_yaml.parse(stream.read(MAX_FILE_BYTES + 1), str(path))
    except OSError as error:
        raise UsageError(f"--answers {path}: {error.strerror}") from None
    if document.problems:
        raise UsageError("\n".join(str(problem) for problem in document.problems))
    tree = document.tree if document.tree is not None else {}
    if not isinstance(tree, dict) or not all(isinstance(value, str) for value in tree.values()):
        raise UsageError(f"{path}: not a map of question or fix to choice", "for example:  renew_lease: yes")
    return {str(key): str(value) for key, value in tree.items()}
