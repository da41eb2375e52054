"""The one definition of truth on the server: a tree over answers → yes or no.

A tree becomes a function once; every save asks it some fifty of them.

Nothing equals nothing: an item not shown, left blank or answered with a way out has no value, so
`=` with it is false and `!=` with it is true (questions.md: "x != 4 holds for a blank"). Over a
tree that types.py accepts, evaluation always ends with an answer and never raises.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from typing import TypeAlias, assert_never

from app.questionnaires.expressions.syntax import (
    And,
    Blank,
    Compare,
    Condition,
    CountSelected,
    Itself,
    Not,
    Number,
    Operator,
    Or,
    Reference,
    Selected,
    Text,
    Truth,
    Value,
    Variable,
)

# A code, an amount, a text, a month "2026-07", a date "2026-07-15", yes or no, or several codes.
Known: TypeAlias = int | str | bool | tuple[int, ...]
Values: TypeAlias = Mapping[str, Known | None]
Held: TypeAlias = Callable[[Values, Known | None], Known | None]
Test: TypeAlias = Callable[[Values, Known | None], bool]
MONTH = 7  # characters of "2026-07"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")


def holds(condition: Condition, values: Values, itself: Known | None = None) -> bool:
    """Whether `condition` is true of `values`; a name that is absent reads as nothing.

    `itself` is the value of `.`: the answer of the item the condition belongs to.
    """
    return compiled(condition)(values, itself)


@lru_cache(maxsize=4096)
def compiled(condition: Condition) -> Test:
    """`holds` of this condition, for who asks it again and again."""
    match condition:
        case Not(operand=operand):
            return _contrary(compiled(operand))
        case And(operands=operands):
            return reduce(_both, map(compiled, operands))
        case Or(operands=operands):
            return reduce(_either, map(compiled, operands))
        case Truth(value=truth):
            return lambda _values, _itself: truth
        case Variable() | Itself():
            held = _known(condition)
            return lambda values, itself: held(values, itself) is True
        case Blank(operand=operand):
            held = _known(operand)
            return lambda values, itself: held(values, itself) is None
        case Selected(operand=operand, code=code):
            held = _known(operand)
            return lambda values, itself: _has(held(values, itself), code)
        case Compare(operator=operator, left=left, right=right):
            return _comparison(operator, left, right)
        case _:
            assert_never(condition)


def _contrary(test: Test) -> Test:
    return lambda values, itself: not test(values, itself)


def _both(first: Test, second: Test) -> Test:
    return lambda values, itself: first(values, itself) and second(values, itself)


def _either(first: Test, second: Test) -> Test:
    return lambda values, itself: first(values, itself) or second(values, itself)


def _comparison(operator: Operator, left: Value, right: Value) -> Test:
    if isinstance(left, Variable) and isinstance(right, Number):
        # Most conditions of a questionnaire: an answer and a code. Nothing is no code.
        name, code = left.name, str(right.value)
        if operator is Operator.EQUAL:
            return lambda values, _itself: str(values.get(name)) == code
        if operator is Operator.UNEQUAL:
            return lambda values, _itself: str(values.get(name)) != code
    first, second = _value(left), _value(right)
    return lambda values, itself: _compare(operator, first(values, itself), second(values, itself))


def _known(reference: Reference) -> Held:
    if isinstance(reference, Itself):
        return lambda _values, itself: itself
    name = reference.name
    return lambda values, _itself: values.get(name)


def _value(side: Value) -> Held:
    match side:
        case Number() | Text() | Truth():
            constant = side.value
            return lambda _values, _itself: constant
        case CountSelected(operand=operand):
            held = _known(operand)
            return lambda values, itself: _count(held(values, itself))
        case _:
            return _known(side)


def _count(marks: Known | None) -> int:
    return len(marks) if isinstance(marks, tuple) else 0


def _has(held: Known | None, code: str) -> bool:
    if isinstance(held, tuple):
        return any(str(mark) == code for mark in held)
    return held is not None and str(held) == code


def _compare(operator: Operator, left: Known | None, right: Known | None) -> bool:
    if left is None or right is None:
        return operator is Operator.UNEQUAL
    if operator is Operator.EQUAL:
        return _same(left, right)
    if operator is Operator.UNEQUAL:
        return not _same(left, right)
    order = _order(left, right)
    match operator:
        case Operator.LESS:
            return order < 0
        case Operator.AT_MOST:
            return order <= 0
        case Operator.MORE:
            return order > 0
        case Operator.AT_LEAST:
            return order >= 0


def _same(left: Known, right: Known) -> bool:
    # XLSForm writes codes as text and as numbers; both mean the same option.
    first, second = _aligned(str(left), str(right))
    return first == second


def _order(left: Known, right: Known) -> int:
    if isinstance(left, int) and isinstance(right, int):
        return (left > right) - (left < right)
    first, second = _aligned(str(left), str(right))
    return (first > second) - (first < second)


def _aligned(first: str, second: str) -> tuple[str, str]:
    """A month and a date are compared by month; anything else as it stands."""
    if len(first) != len(second) and _DATE.fullmatch(first) and _DATE.fullmatch(second):
        return first[:MONTH], second[:MONTH]
    return first, second
