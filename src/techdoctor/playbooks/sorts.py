"""Checks what a condition compares: every name known, every comparison between the same sorts."""

from __future__ import annotations

import ast
from collections.abc import Callable

from techdoctor.playbooks.condition import LITERAL_NAMES, Condition, ConditionError, compile_condition
from techdoctor.playbooks.problem import nearest
from techdoctor.playbooks.scope import (
    ANY,
    LIST,
    NUMBER,
    TEXT,
    TRUTH,
    Scope,
    Sort,
    Unknown,
    sort_of_field,
    sort_of_value,
)
from techdoctor.probes.base import Field

Report = Callable[[str, int], None]

_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def check_condition(text: str, scope: Scope, report: Report) -> Condition | None:
    """Compiles a condition and checks its names and sorts.

    Args:
        text: The condition.
        scope: What its names mean.
        report: Called with each message and the 0-based column within the text.

    Returns:
        The compiled condition; None when it does not compile.
    """
    try:
        condition = compile_condition(text)
    except ConditionError as error:
        report(str(error), error.column)
        return None
    _Sorts(text, scope, report).need_truth(condition.tree)
    return condition


class _Sorts:
    def __init__(self, text: str, scope: Scope, report: Report) -> None:
        self._bytes = text.strip().encode()
        self._scope = scope
        self._report = report
        self._element: Field | None = None

    def _object(self, message: str, node: ast.expr, extra: int = 0) -> Sort:
        """Reports at a node; Python counts columns in bytes, people in characters."""
        before = self._bytes[: node.col_offset + extra].decode(errors="ignore")
        self._report(message, len(before))
        return Sort(ANY)

    def need_truth(self, node: ast.expr) -> None:
        sort = self._sort(node)
        if sort.word not in (TRUTH, ANY):
            self._object(f"'{ast.unparse(node)}' is {sort.word}, not true or false", node)

    def _sort(self, node: ast.expr) -> Sort:
        if isinstance(node, ast.BoolOp):
            for part in node.values:
                self.need_truth(part)
            return Sort(TRUTH)
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.USub):
                return Sort(NUMBER)
            self.need_truth(node.operand)
            return Sort(TRUTH)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Constant):
            if node.value is None:
                return self._object("nothing can be compared with None; ask known(fact.field)", node)
            return sort_of_value(node.value)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._literal_list(node)
        return self._name(node)

    def _literal_list(self, node: ast.List | ast.Tuple) -> Sort:
        words = {self._sort(item).word for item in node.elts}
        if len(words) > 1:
            self._object(f"the list mixes {' and '.join(sorted(words))}", node)
        types = {TRUTH: "bool", NUMBER: "float", TEXT: "text"}
        return Sort(LIST, Field(types[words.pop()], "") if len(words) == 1 and words <= types.keys() else None)

    def _name(self, node: ast.expr) -> Sort:
        if isinstance(node, ast.Name):
            if node.id in LITERAL_NAMES:
                return Sort(TRUTH)
            return sort_of_field(self._element) if self._element else Sort(ANY)
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            return Sort(ANY)
        if node.value.id == "it":
            return self._element_field(node)
        return self._look(node, node.value.id, node.attr)

    def _look(self, node: ast.expr, owner: str, field: str) -> Sort:
        found = self._scope.look(owner, field)
        if isinstance(found, Unknown):
            return self._object(found.message, node, len(owner) + 1 if found.in_field else 0)
        return found

    def _element_field(self, node: ast.Attribute) -> Sort:
        element = self._element
        if element is None:
            return Sort(ANY)
        if node.attr in element.fields:
            return sort_of_field(element.fields[node.attr])
        if not element.fields:
            return self._object("the elements of this list have no fields; write just `it`", node)
        return self._object(f"the elements have no field {node.attr}{nearest(node.attr, element.fields)}", node, 3)

    def _comparison(self, node: ast.Compare) -> Sort:
        parts = [node.left, *node.comparators]
        sorts = [self._sort(part) for part in parts]
        for op, index in zip(node.ops, range(len(node.ops)), strict=True):
            left, right = sorts[index], sorts[index + 1]
            if isinstance(op, (ast.In, ast.NotIn)):
                self._membership(parts[index], left, parts[index + 1], right)
            elif ANY not in (left.word, right.word):
                if left.word != right.word:
                    self._object(f"{left.word} cannot be compared with {right.word}", parts[index + 1])
                elif isinstance(op, _ORDER) and left.word not in (NUMBER, TEXT):
                    self._object(f"{left.word} has no order", parts[index])
            self._possible(left, [parts[index + 1]])
            self._possible(right, [parts[index]])
        return Sort(TRUTH)

    def _membership(self, node: ast.expr, left: Sort, container: ast.expr, right: Sort) -> None:
        if isinstance(container, (ast.List, ast.Tuple)):
            self._possible(left, container.elts)
        if right.word == LIST and right.element is not None:
            element = sort_of_field(right.element)
            if ANY not in (left.word, element.word) and left.word != element.word:
                self._object(f"{left.word} cannot be in a list of {element.word}", node)
        elif right.word not in (ANY, LIST) and not (left.word in (TEXT, ANY) and right.word == TEXT):
            self._object(f"'in' needs a list or two texts, not {left.word} in {right.word}", container)

    def _possible(self, sort: Sort, literals: list[ast.expr]) -> None:
        """An answer can only be one of its question's choices."""
        for literal in literals:
            word = literal.value if isinstance(literal, ast.Constant) else None
            if sort.texts and isinstance(word, str) and word not in sort.texts:
                self._object(f"no choice '{word}'{nearest(word, sort.texts)}", literal)

    def _call(self, node: ast.Call) -> Sort:
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        first = node.args[0]
        if function in ("known", "age"):
            if isinstance(first, ast.Name):
                self._look(first, first.id, "")
            elif isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name):
                self._look(first, first.value.id, first.attr)
            return Sort(TRUTH if function == "known" else NUMBER)
        source = self._sort(first)
        if source.word not in (LIST, ANY):
            self._object(f"{function}() needs a list, not {source.word}", first)
        self._element = source.element
        self.need_truth(node.args[1])
        self._element = None
        return Sort(NUMBER if function == "count" else TRUTH)
