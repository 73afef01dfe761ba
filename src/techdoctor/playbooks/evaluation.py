"""From a condition's syntax tree to closures: every node outside a short whitelist is refused."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from techdoctor.model import Value
from techdoctor.playbooks.verdict import ConditionError, Environment, Operand

MAX_ELEMENTS = 10_000


@dataclass(frozen=True)
class Result:
    """A value on its way up the tree: `state` and reasons as in Look."""

    value: Value
    known: bool = True
    pending: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()
    operands: tuple[Operand, ...] = ()


Evaluate = Callable[[Environment, Value], Result]


@dataclass(frozen=True)
class Name:
    """A name in a condition; `column` is 0-based; `element` is True for names below `it`."""

    owner: str
    field: str
    column: int
    element: bool = False


_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
LITERAL_NAMES: Mapping[str, Value] = {"true": True, "false": False}
FUNCTIONS = ("known", "age", "any", "all", "count")


def compiled(node: ast.expr, names: list[Name], element: bool) -> Evaluate:
    """A syntax tree as a closure; every name it looks at is added to `names`.

    Raises:
        ConditionError: Something is not in the grammar.
    """
    if isinstance(node, ast.BoolOp):
        return _bool_op(isinstance(node.op, ast.And), [compiled(v, names, element) for v in node.values])
    if isinstance(node, ast.UnaryOp):
        return _unary(node, names, element)
    if isinstance(node, ast.Compare):
        return _comparison(node, names, element)
    if isinstance(node, ast.Call):
        return _call(node, names, element)
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, (ast.List, ast.Tuple)):
        return _literal_list(node)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _name(node, names, element)
    raise ConditionError(f"{type(node).__name__} is not allowed in a condition", node.col_offset)


def _constant(node: ast.Constant) -> Evaluate:
    if node.value is not None and not isinstance(node.value, (bool, int, float, str)):
        raise ConditionError(f"{node.value!r} is not allowed in a condition", node.col_offset)
    result = Result(node.value)
    return lambda environment, it: result


def _literal_list(node: ast.List | ast.Tuple) -> Evaluate:
    values: list[Value] = []
    for item in node.elts:
        negative = isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.USub)
        literal = item.operand if isinstance(item, ast.UnaryOp) and negative else item
        if not isinstance(literal, ast.Constant) or not isinstance(literal.value, (bool, int, float, str)):
            raise ConditionError("a list may hold literals only", item.col_offset)
        values.append(-literal.value if negative and not isinstance(literal.value, str) else literal.value)
    result = Result(values)
    return lambda environment, it: result


def _unary(node: ast.UnaryOp, names: list[Name], element: bool) -> Evaluate:
    if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        number = node.operand.value
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            result = Result(-number)
            return lambda environment, it: result
    if not isinstance(node.op, ast.Not):
        raise ConditionError("only 'not' and negative numbers are allowed here", node.col_offset)
    inner = compiled(node.operand, names, element)

    def negate(environment: Environment, it: Value) -> Result:
        result = _truth(inner(environment, it))
        return Result(not result.value, True, operands=result.operands) if result.known else result

    return negate


def _truth(result: Result) -> Result:
    if result.known and not isinstance(result.value, bool):
        return Result(None, False, reasons=(f"{result.value!r} is not true or false",), operands=result.operands)
    return result


def _bool_op(is_and: bool, parts: list[Evaluate]) -> Evaluate:
    def judge(environment: Environment, it: Value) -> Result:
        operands: tuple[Operand, ...] = ()
        pending: frozenset[str] = frozenset()
        reasons: tuple[str, ...] = ()
        unknown = False
        for part in parts:
            result = _truth(part(environment, it))
            if result.known and result.value is not is_and:
                return Result(not is_and, True, operands=result.operands)  # one false decides an `and`
            operands += result.operands
            if not result.known:
                unknown = True
                pending |= result.pending
                reasons += result.reasons
        return Result(None if unknown else is_and, not unknown, pending, reasons, operands)

    return judge


def _comparison(node: ast.Compare, names: list[Name], element: bool) -> Evaluate:
    parts = [compiled(part, names, element) for part in (node.left, *node.comparators)]
    for op in node.ops:
        if type(op) not in _COMPARE and not isinstance(op, (ast.In, ast.NotIn)):
            raise ConditionError(f"'{type(op).__name__}' is not allowed in a condition", node.col_offset)

    def judge(environment: Environment, it: Value) -> Result:
        results = [part(environment, it) for part in parts]
        operands = tuple(operand for result in results for operand in result.operands)
        if not all(result.known for result in results):
            pending = frozenset().union(*(result.pending for result in results))
            return Result(None, False, pending, tuple(r for result in results for r in result.reasons), operands)
        for op, left, right in zip(node.ops, results, results[1:], strict=False):
            outcome = _compare(op, left.value, right.value)
            if isinstance(outcome, str):
                return Result(None, False, reasons=(outcome,), operands=operands)
            if not outcome:
                return Result(False, True, operands=operands)
        return Result(True, True, operands=operands)

    return judge


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    return {int: "a number", float: "a number", str: "text", list: "a list", dict: "a record"}.get(
        type(value), "nothing"
    )


def _compare(op: ast.cmpop, left: Value, right: Value) -> bool | str:
    """The outcome, or why the two cannot be compared."""
    if isinstance(op, (ast.In, ast.NotIn)):
        if isinstance(right, list) or (isinstance(right, str) and isinstance(left, str)):
            return (left in right) is isinstance(op, ast.In)
        return f"'in' needs a list or two texts, not {_kind(left)} in {_kind(right)}"
    if _kind(left) != _kind(right):
        return f"{_kind(left)} cannot be compared with {_kind(right)}"
    if isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) and _kind(left) not in ("a number", "text"):
        return f"{_kind(left)} has no order"
    return bool(_COMPARE[type(op)](left, right))


def _name(node: ast.Name | ast.Attribute, names: list[Name], element: bool) -> Evaluate:
    if isinstance(node, ast.Name):
        if node.id in LITERAL_NAMES:
            literal = Result(LITERAL_NAMES[node.id])
            return lambda environment, it: literal
        if node.id == "it" and element:
            names.append(Name("it", "", node.col_offset, True))
            return lambda environment, it: _of_element(it, "")
        raise ConditionError(f"'{node.id}' needs a field, like {node.id}.ok", node.col_offset)
    if not isinstance(node.value, ast.Name):
        raise ConditionError("only owner.field is allowed, one dot", node.col_offset)
    owner, field = node.value.id, node.attr
    if owner.startswith("_") or field.startswith("_"):
        raise ConditionError("names may not begin with an underscore", node.col_offset)
    if owner == "it":
        if not element:
            raise ConditionError("'it' exists only inside any(), all() and count()", node.col_offset)
        names.append(Name("it", field, node.col_offset, True))
        return lambda environment, it: _of_element(it, field)
    names.append(Name(owner, field, node.col_offset))
    return lambda environment, it: _looked_up(environment, owner, field)


def _of_element(it: Value, field: str) -> Result:
    if not field:
        return Result(it)
    if not isinstance(it, dict):
        return Result(None, False, reasons=(f"the element has no field {field}",))
    if it.get(field) is None:
        return Result(None, False, reasons=(f"{field} was not measured",))
    return Result(it[field])


def _looked_up(environment: Environment, owner: str, field: str) -> Result:
    look = environment.look(owner, field)
    if look.state == "known":
        return Result(look.value, operands=(Operand(owner, field, look.value, look.unit),))
    if look.state == "pending":
        return Result(None, False, frozenset({look.fact or owner}), (f"{owner} is not known yet",))
    return Result(None, False, reasons=(look.reason,))


def _call(node: ast.Call, names: list[Name], element: bool) -> Evaluate:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS or node.keywords:
        raise ConditionError(f"calls are not allowed; only {', '.join(FUNCTIONS)}", node.col_offset)
    if name in ("known", "age"):
        if len(node.args) != 1:
            raise ConditionError(f"{name}() takes one name", node.col_offset)
        return _about_name(name, node.args[0], names)
    if len(node.args) != 2 or element:
        raise ConditionError(f"{name}() takes a list field and a condition, and may not be nested", node.col_offset)
    source = node.args[0]
    if not isinstance(source, ast.Attribute):
        raise ConditionError(f"{name}() needs a list field, like mounts.full", source.col_offset)
    return _over_list(name, _name(source, names, False), compiled(node.args[1], names, True))


def _about_name(function: str, argument: ast.expr, names: list[Name]) -> Evaluate:
    if isinstance(argument, ast.Name) and argument.id not in LITERAL_NAMES:
        owner, field = argument.id, ""
    elif isinstance(argument, ast.Attribute) and isinstance(argument.value, ast.Name):
        owner, field = argument.value.id, argument.attr
    else:
        raise ConditionError(f"{function}() takes a name like fact or fact.field", argument.col_offset)
    names.append(Name(owner, field, argument.col_offset))

    def judge(environment: Environment, it: Value) -> Result:
        look = environment.look(owner, field)
        if look.state == "pending":
            return Result(None, False, frozenset({look.fact or owner}), (f"{owner} is not known yet",))
        if function == "known":
            return Result(look.state == "known")
        if look.state != "known":
            return Result(None, False, reasons=(look.reason,))
        return Result(max(0.0, environment.now_s - look.at_s))

    return judge


def _over_list(function: str, source: Evaluate, inner: Evaluate) -> Evaluate:
    def judge(environment: Environment, it: Value) -> Result:
        found = source(environment, it)
        if not found.known:
            return found
        if not isinstance(found.value, list):
            return Result(None, False, reasons=(f"{function}() needs a list, not {_kind(found.value)}",))
        results = [_truth(inner(environment, item)) for item in found.value[:MAX_ELEMENTS]]
        operands = found.operands + tuple(o for r in results[:1] for o in r.operands)
        unknown = [result for result in results if not result.known]
        pending = frozenset().union(*(r.pending for r in unknown)) if unknown else frozenset()
        reasons = tuple(dict.fromkeys(reason for r in unknown for reason in r.reasons))
        hits = sum(1 for result in results if result.known and result.value)
        if function == "any" and hits:
            return Result(True, operands=operands)
        if function == "all" and any(result.known and not result.value for result in results):
            return Result(False, operands=operands)
        if unknown:
            return Result(None, False, pending, reasons, operands)
        if function == "count":
            return Result(hits, operands=operands)
        return Result(function == "all", operands=operands)

    return judge
