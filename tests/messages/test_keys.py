"""Every key used in the source has a text, every text is used, and their places match."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import techdoctor
from techdoctor import messages
from techdoctor.messages.catalogue import Text

SOURCE = Path(techdoctor.__file__).parent


@dataclass(frozen=True)
class Call:
    """A say("...") in the source: its key, the names of its values, and whether it passes more of them by **."""

    where: str
    key: str
    values: frozenset[str]
    open: bool


def english() -> dict[str, Text]:
    texts: dict[str, Text] = {}
    for module in pkgutil.iter_modules(messages.__path__):
        if module.name.startswith("en_"):
            area = module.name.removeprefix("en_")
            table: dict[str, Text] = importlib.import_module(f"techdoctor.messages.{module.name}").TEXTS
            strangers = [key for key in table if key.split(".")[0] != area]
            assert not strangers, f"{module.name} holds keys of another area: {strangers}"
            texts.update(table)
    return texts


def trees() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name != "messages":
            yield str(path.relative_to(SOURCE)), ast.parse(path.read_text(encoding="utf-8"))


def calls() -> Iterator[Call]:
    for name, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "say":
                continue
            given = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
            more = any(keyword.arg is None for keyword in node.keywords)
            first = node.args[0] if node.args else None
            for key in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield Call(f"{name}:{node.lineno}", key.value, given, more)


def strings() -> tuple[set[str], set[str]]:
    """All texts in the source, and the beginnings of those put together at run time (f"help.{...}", "help." + ...)."""
    whole: set[str] = set()
    begun: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
            elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):
                begun.add(str(node.left.value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
    return whole, {start for start in begun if re.fullmatch(r"[a-z]+\.[a-z_]*", start)}


def places(text: Text) -> set[str]:
    forms = [text] if isinstance(text, str) else list(text)
    return {place for form in forms for place in re.findall(r"\{(\w+)\}", form)}


def test_every_key_that_is_used_has_a_text() -> None:
    texts = english()
    missing = [f"{call.where}: {call.key}" for call in calls() if call.key not in texts]
    assert not missing


def test_every_text_is_used() -> None:
    whole, begun = strings()
    unused = [key for key in english() if key not in whole and not key.startswith(tuple(begun) or ("\0",))]
    assert not unused


def test_the_places_of_a_text_are_the_values_it_is_given() -> None:
    texts = english()
    wrong = [
        f"{call.where}: {call.key} has {sorted(places(texts[call.key]))}, is given {sorted(call.values)}"
        for call in calls()
        if call.key in texts and not call.open and places(texts[call.key]) != call.values - _counting(texts[call.key])
    ]
    assert not wrong


def _counting(text: Text) -> set[str]:
    """`n` may choose a form without being shown in any."""
    return {"n"} - places(text) if not isinstance(text, str) else set()


def test_plural_texts_have_two_forms_and_a_count() -> None:
    wrong = [key for key, text in english().items() if not isinstance(text, str) and len(text) != 2]
    assert not wrong


def test_no_text_has_an_empty_or_foreign_place() -> None:
    wrong = [
        key
        for key, text in english().items()
        for form in ([text] if isinstance(text, str) else text)
        if re.sub(r"\{[a-z_]+\}", "", form).count("{") or "}" in re.sub(r"\{[a-z_]+\}", "", form)
    ]
    assert not wrong


def test_english_texts_are_ascii_so_that_every_terminal_shows_them() -> None:
    wrong = [
        key
        for key, text in english().items()
        if not all(form.isascii() for form in ([text] if isinstance(text, str) else text))
    ]
    assert not wrong
