"""Three-valued conditions: true, false, or unknown with its reason. Compiled once, never run as code.

Grammar: `and or not == != < <= > >= in`, literals, lists of literals, `owner.field`, `known(x)`, `age(x)`, and
`any(list, cond)`, `all(list, cond)`, `count(list, cond)` with the element named `it`. The text is
parsed with Python's own parser; `evaluation` refuses every tree node outside a short whitelist.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from techdoctor.playbooks.evaluation import FUNCTIONS, LITERAL_NAMES, Evaluate, Name, compiled
from techdoctor.playbooks.verdict import ConditionError, Environment, Look, Operand, Verdict

__all__ = [
    "FUNCTIONS",
    "LITERAL_NAMES",
    "MAX_CHARACTERS",
    "Condition",
    "ConditionError",
    "Environment",
    "Look",
    "Name",
    "Operand",
    "Verdict",
    "compile_condition",
]

# Longer texts are refused before Python's parser sees them: it warns of stack exhaustion.
MAX_CHARACTERS = 500


@dataclass(frozen=True, eq=False)
class Condition:
    """A compiled condition.

    Attributes:
        text: As written.
        names: Every `owner.field` it looks at, for lint and to know what to wait for.
        tree: The syntax tree, for lint and mutation.
    """

    text: str
    names: tuple[Name, ...]
    tree: ast.expr
    evaluate: Evaluate

    @property
    def owners(self) -> frozenset[str]:
        """The facts (and answers, inputs, limits) it looks at."""
        return frozenset(name.owner for name in self.names if not name.element)

    def judge(self, environment: Environment) -> Verdict:
        """Judges it now. Never raises: what cannot be compared is unknown with the reason."""
        result = self.evaluate(environment, None)
        value = result.value if result.known and isinstance(result.value, bool) else None
        reasons = result.reasons
        if result.known and value is None:
            reasons = (*reasons, f"'{self.text}' gives {result.value!r}, not true or false")
        return Verdict(value, result.pending if value is None else frozenset(), reasons, _unique(result.operands))


def _unique(operands: tuple[Operand, ...]) -> tuple[Operand, ...]:
    seen: dict[tuple[str, str], Operand] = {}
    for operand in operands:
        seen.setdefault((operand.owner, operand.field), operand)
    return tuple(seen.values())


def compile_condition(text: str) -> Condition:
    """Compiles a condition.

    Raises:
        ConditionError: Too long, not in the grammar, with the column.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConditionError(f"condition of {len(text)} characters; at most {MAX_CHARACTERS} are allowed")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = (getattr(error, "offset", None) or 1) - 1
        raise ConditionError(f"not a condition: {getattr(error, 'msg', error)}", column) from None
    names: list[Name] = []
    evaluate = compiled(tree, names, False)
    return Condition(text, tuple(names), tree, evaluate)
