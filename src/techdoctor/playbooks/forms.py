"""The forms a single value of a playbook can have: what the field table's `type` words mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from techdoctor.model import Value
from techdoctor.playbooks.condition import MAX_CHARACTERS

# Forty times a long playbook: nobody writes more by hand.
MAX_FILE_BYTES = 1 << 20

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)")
# What a playbook may ask for ends the same day: 999999ms, 9999s, 99m, 1h.
_SHORT = r"[0-9]{1,6}(\.[0-9]{1,3})?ms|[0-9]{1,4}(\.[0-9]{1,3})?s|[0-9]{1,2}(\.[0-9]{1,3})?m|1h"

ID = "[a-z][a-z0-9_]*"
DOTTED = rf"{ID}(\.{ID})+"


@dataclass(frozen=True)
class Form:
    """A form of scalar or free value.

    Attributes:
        words: For messages and the reference: "text", "a duration like 4s" ...
        schema: The JSON Schema of a value of this form.
        python: Types a value may have.
        pattern: What a text must match as a whole; empty = anything.
        longest: Most characters of a text; 0 = no limit.
    """

    words: str
    schema: Mapping[str, Any]
    python: tuple[type, ...]
    pattern: str = ""
    longest: int = 0

    def objection(self, value: Value) -> str:
        """Why a value does not have this form; empty when it does."""
        if not isinstance(value, self.python) or (isinstance(value, bool) and bool not in self.python):
            return f"needs {self.words}, not {described(value)}{_quote_hint(self, value)}"
        if not isinstance(value, str):
            return ""
        if not value.strip() and str in self.python and "minLength" in self.schema:
            return f"needs {self.words}, not an empty text"
        if self.longest and len(value) > self.longest:
            return f"{len(value)} characters; at most {self.longest} are allowed"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"needs {self.words}, not {described(value)}"
        return ""


def described(value: Value) -> str:
    """A value for a message, cut short."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value) if len(str(value)) <= 40 else str(value)[:37] + "..."
    return f"'{text}'" if isinstance(value, str) else f"the number {text}"


def _quote_hint(form: Form, value: Value) -> str:
    plain = isinstance(value, (bool, int, float)) and str in form.python and not form.pattern
    return "; put it in quotes to make it text" if plain else ""


def _text(words: str, pattern: str = "", longest: int = 0) -> Form:
    # Not empty and not only spaces; said as a pattern so that schema and loader agree.
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "pattern": f"^({pattern})$" if pattern else r"\S"}
    if longest:
        schema["maxLength"] = longest
    return Form(words, schema, (str,), pattern, longest)


FORMS: Mapping[str, Form] = {
    "text": _text("text"),
    "id": _text("a name of small letters, digits and _", ID, 60),
    "playbook id": _text("a playbook's id like net.dns", DOTTED, 80),
    "cause id": _text("a cause of this playbook or a global id like net.dns.dead_server", rf"{ID}(\.{ID})*", 120),
    "probe": _text("a probe's name like dns.lookup", DOTTED, 80),
    "action": _text("an action's name like service.start", DOTTED, 80),
    "undo": _text("the name of the action's undo, or none_needed", rf"{ID}(\.{ID})*", 80),
    "version": _text("a version like 1.0.0", r"[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}"),
    "place": _text("a name, or playbook:name for a called playbook's", rf"({DOTTED}:)?{ID}", 140),
    "duration": _text("a duration like 250ms, 4s or 10m", _SHORT),
    "condition": _text("a condition", "", MAX_CHARACTERS),
    "true": Form("true", {"const": True}, (bool,)),
    "bool": Form("true or false", {"type": "boolean"}, (bool,)),
    "times": Form("a whole number from 1 to 20", {"type": "integer", "minimum": 1, "maximum": 20}, (int,)),
    "value": Form(
        "a text, a number, true or false",
        {"type": ["string", "number", "boolean"]},
        (str, int, float, bool),
    ),
    "parameter": Form(
        "a text, a number, true, false or a list of these",
        {"type": ["string", "number", "boolean", "array"]},
        (str, int, float, bool, list),
    ),
    "cause or nothing": Form("a text or nothing", {"type": ["string", "null"]}, (str, type(None))),
    "recorded fact": Form("a mapping of fields, or a status like timeout", {"type": ["object", "string"]}, (dict, str)),
    "recorded facts": Form("a mapping of facts", {"type": "object"}, (dict,)),
}


def seconds(text: str) -> float:
    """A checked duration in seconds: "250ms" -> 0.25.

    Raises:
        ValueError: Not a duration.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text[:40]!r}")
    return float(match.group(1)) * _SECONDS[match.group(2)]
