"""Three-valued conditions: the truth tables, what is refused, and that unknown never becomes a verdict."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techdoctor.model import Value
from techdoctor.playbooks.condition import ConditionError, Look, compile_condition

YES, NO = Look("known", True), Look("known", False)
UNKNOWN, PENDING = Look("unknown", reason="timed out"), Look("pending", fact="f")


@dataclass
class World:
    looks: dict[tuple[str, str], Look] = field(default_factory=dict)
    now_s: float = 100.0

    def look(self, owner: str, name: str) -> Look:
        return self.looks.get((owner, name), Look("unknown", reason=f"{owner}.{name} is not there"))


def judged(text: str, **values: Value | Look) -> tuple[bool | None, bool]:
    """(value, pending) of a condition; names are given as owner__field."""
    looks = {
        tuple(name.split("__")): value if isinstance(value, Look) else Look("known", value, at_s=90.0)
        for name, value in values.items()
    }
    verdict = compile_condition(text).judge(World(looks))  # type: ignore[arg-type] # keys are pairs
    return verdict.value, bool(verdict.pending)


@pytest.mark.parametrize(
    ("left", "right", "conjunction", "disjunction"),
    [
        (YES, YES, True, True),
        (YES, NO, False, True),
        (NO, NO, False, False),
        (YES, UNKNOWN, None, True),
        (NO, UNKNOWN, False, None),
        (UNKNOWN, UNKNOWN, None, None),
        (YES, PENDING, None, True),
        (NO, PENDING, False, None),
        (UNKNOWN, PENDING, None, None),
    ],
)
def test_and_or_not_are_kleenes(left: Look, right: Look, conjunction: bool | None, disjunction: bool | None) -> None:
    for a, b in ((left, right), (right, left)):
        assert judged("a.x and b.x", a__x=a, b__x=b)[0] is conjunction
        assert judged("a.x or b.x", a__x=a, b__x=b)[0] is disjunction
        assert judged("not (a.x and b.x)", a__x=a, b__x=b)[0] is (None if conjunction is None else not conjunction)


def test_pending_shows_only_while_it_could_still_change_something() -> None:
    assert judged("a.x and b.x", a__x=NO, b__x=PENDING) == (False, False)
    assert judged("a.x or b.x", a__x=YES, b__x=PENDING) == (True, False)
    assert judged("a.x and b.x", a__x=UNKNOWN, b__x=PENDING) == (None, True)
    assert judged("a.x and b.x", a__x=UNKNOWN, b__x=UNKNOWN) == (None, False)


@given(st.lists(st.sampled_from([YES, NO, UNKNOWN, PENDING]), min_size=3, max_size=3), st.booleans())
def test_learning_a_pending_value_never_turns_a_verdict_round(looks: list[Look], later: bool) -> None:
    for text in ("a.x and (b.x or not c.x)", "a.x or b.x and c.x", "not a.x or (b.x and not c.x)"):
        before = judged(text, a__x=looks[0], b__x=looks[1], c__x=looks[2])
        known = [Look("known", later) if look is PENDING else look for look in looks]
        after = judged(text, a__x=known[0], b__x=known[1], c__x=known[2])
        if not before[1]:
            assert after[0] is before[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.n > 3", True),
        ("3 < a.n <= 5", True),
        ("a.n == 5.0", True),
        ("a.n in [1, 5]", True),
        ("a.t == 'word'", True),
        ("a.t in 'a word here'", True),
        ("'wo' in a.t", True),
        ("a.t not in ['x']", True),
        ("a.n > -1", True),
        ("a.t > 3", None),
        ("a.n == 'five'", None),
        ("a.ok == 1", None),
        ("a.n", None),
        ("a.t and a.ok", None),
        ("a.gone == 1", None),
        ("known(a.n)", True),
        ("known(a.gone)", False),
        ("age(a.n) >= 10", True),
        ("any(a.l, it > 2)", True),
        ("all(a.l, it > 2)", False),
        ("count(a.l, it > 1) == 2", True),
        ("any(a.r, it.full and it.size > 1)", True),
        ("all(a.r, it.size > 0)", None),
        ("any(a.e, it > 0)", False),
        ("all(a.e, it > 0)", True),
        ("any(a.n, it > 0)", None),
    ],
)
def test_comparisons_and_lists(text: str, value: bool | None) -> None:
    rows: Value = [{"full": True, "size": 2}, {"full": False}]
    world = {"a__n": 5, "a__t": "word", "a__ok": True, "a__l": [1, 2, 3], "a__r": rows, "a__e": []}
    assert judged(text, **world)[0] is value  # type: ignore[arg-type] # plain values


def test_the_verdict_tells_what_it_looked_at_and_why_it_is_unknown() -> None:
    world = World({("a", "n"): Look("known", 5, unit="ms"), ("b", "n"): UNKNOWN})
    verdict = compile_condition("a.n > 3 and b.n > 3").judge(world)
    assert verdict.reasons == ("timed out",)
    assert [(o.owner, o.field, o.value, o.unit) for o in verdict.operands] == [("a", "n", 5, "ms")]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.b.c",
        "a",
        "a.x + 1 > 2",
        "(lambda: 1)()",
        "[x for x in a.l]",
        "a.__class__ == 1",
        "_a.x",
        "known(1)",
        "any(a.l, any(a.l, it))",
        "it.x == 1",
        "a.x if a.y else a.z",
        "a.x := 1",
        "f'{a.x}'",
        "b'x' == a.x",
        "a.x is a.y",
        "a[0] == 1",
        "print(a.x)",
        "any(a.l, cond=it)",
        "1j == a.x",
        "...",
        "",
        "a.x ==",
        "(" * 400,
    ],
)
def test_everything_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        compile_condition(text)


def test_a_long_condition_is_refused_before_it_is_parsed() -> None:
    begun = time.monotonic()
    with pytest.raises(ConditionError, match="100000 characters; at most 500"):
        compile_condition("a.x and " * 12_500)
    assert time.monotonic() - begun < 0.5


@given(st.text(max_size=120))
def test_no_text_does_anything_but_compile_or_be_refused(text: str) -> None:
    try:
        condition = compile_condition(text)
    except ConditionError:
        return
    assert condition.judge(World()).value in (True, False, None)


def test_all_literal_combinations_compare_without_raising() -> None:
    values: list[Value] = [None, True, 0, 1.5, "x", [], [1], {"a": 1}]
    for left, right in itertools.product(values, repeat=2):
        for operator in ("==", "!=", "<", "<=", ">", ">=", "in", "not in"):
            assert judged(f"a.x {operator} b.x", a__x=left, b__x=right)[0] in (True, False, None)
