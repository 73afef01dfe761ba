"""The words of three-valued judgement: what is looked up, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from techdoctor.model import Value


@dataclass(frozen=True)
class Look:
    """What an environment says of one name.

    Attributes:
        state: "known", "unknown" (final, with reason) or "pending" (could still come).
        value: The value when known.
        reason: Why it is unknown.
        fact: Key of the fact that is waited for, when pending.
        unit: Unit of the field.
        at_s: When it was measured, seconds since 1970-01-01 UTC.
    """

    state: str
    value: Value = None
    reason: str = ""
    fact: str = ""
    unit: str = ""
    at_s: float = 0.0


class Environment(Protocol):
    """Where names get their values. `now_s` is the time of the newest event."""

    now_s: float

    def look(self, owner: str, field: str) -> Look:
        """Looks a name up: `owner.field`; field is "" for a bare fact in `known(fact)`."""


@dataclass(frozen=True)
class Operand:
    """One measured value that a judgement used."""

    owner: str
    field: str
    value: Value
    unit: str


@dataclass(frozen=True)
class Verdict:
    """The outcome of a condition.

    Attributes:
        value: True, False, or None for unknown.
        pending: Keys of facts that could still change an unknown value; empty when it is final.
        reasons: Why it is unknown.
        operands: The known values it looked at, in reading order.
    """

    value: bool | None
    pending: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()
    operands: tuple[Operand, ...] = ()


class ConditionError(ValueError):
    """A condition cannot be used. `column` is 0-based within the condition's text."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column
