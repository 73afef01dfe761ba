"""What a person asked for on the command line, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from techdoctor.errors import UsageError
from techdoctor.model import Value
from techdoctor.playbooks.tree import InputSpec, Playbook


@dataclass(frozen=True)
class Request:
    """One wish for a diagnosis.

    Attributes:
        words: What hurts, as typed.
        inputs: Input name to text, from --set.
        batch: True when nothing is asked.
        fix: "never", "ask" or "safe".
        answers: Question or fix id to choice.
        disclose: True when facts that disclose may run without asking.
        offline: True when nothing may leave this machine.
    """

    words: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    batch: bool = False
    fix: str = "ask"
    answers: Mapping[str, str] = field(default_factory=dict)
    disclose: bool = False
    offline: bool = False


def settle_inputs(playbooks: Mapping[str, Playbook], given: Mapping[str, str]) -> dict[str, Value]:
    """Inputs given as text, checked and converted to their declared types.

    Raises:
        UsageError: No playbook of this walk has such an input, or the value does not fit.
    """
    declared: dict[str, InputSpec] = {}
    for playbook in playbooks.values():
        for spec in playbook.inputs.values():
            declared.setdefault(spec.name, spec)
    values: dict[str, Value] = {}
    for name, text in given.items():
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise UsageError(f"--set {name}: this playbook has no input '{name}'", f"it has: {known}")
        values[name] = converted(name, declared[name].type, text)
    return values


def converted(name: str, kind: str, text: str) -> Value:
    """A value given as --set NAME=TEXT in its declared type; for inputs of playbooks and parameters of probes.

    Raises:
        UsageError: The text does not fit.
    """
    if kind in ("int", "float"):
        return _number(name, kind, text)
    if kind == "bool":
        if text.lower() not in ("true", "false", "yes", "no"):
            raise UsageError(f"--set {name}: '{text}' is not yes or no")
        return text.lower() in ("true", "yes")
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind == "hostname" and not _is_host_name(text):
        raise UsageError(f"--set {name}: '{text}' is not a host name", "give it as in: --set name=www.example.org")
    return text


def _number(name: str, kind: str, text: str) -> float:
    try:
        number = int(text) if kind == "int" else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"--set {name}: '{text}' is not a number")
    return number


def _is_host_name(text: str) -> bool:
    """RFC 1123 section 2.1: letters, digits, hyphens (not first), dots; 253 characters; international names too."""
    labels = text.rstrip(".").split(".")
    allowed = all(
        0 < len(label) <= 63 and label[0] != "-" and all(c.isalnum() or c in "-_" for c in label) for label in labels
    )
    return len(text) <= 253 and allowed
