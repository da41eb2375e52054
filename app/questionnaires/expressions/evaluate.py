"""The one definition of truth on the server: a tree over answers → yes or no.

Nothing equals nothing: an item not shown, left blank or answered with a way out has no value, so
`=` with it is false and `!=` with it is true (questions.md: "x != 4 holds for a blank"). Over a
tree that types.py accepts, evaluation always ends with an answer and never raises.
"""

import re
from collections.abc import Mapping
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
MONTH = 7  # characters of "2026-07"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")


def holds(condition: Condition, values: Values, itself: Known | None = None) -> bool:
    """Whether `condition` is true of `values`; a name that is absent reads as nothing.

    `itself` is the value of `.`: the answer of the item the condition belongs to.
    """
    match condition:
        case Not(operand=operand):
            return not holds(operand, values, itself)
        case And(operands=operands):
            return all(holds(part, values, itself) for part in operands)
        case Or(operands=operands):
            return any(holds(part, values, itself) for part in operands)
        case Truth(value=truth):
            return truth
        case Variable() | Itself():
            return _known(condition, values, itself) is True
        case Blank(operand=operand):
            return _known(operand, values, itself) is None
        case Selected(operand=operand, code=code):
            return _has(_known(operand, values, itself), code)
        case Compare(operator=operator, left=left, right=right):
            return _compare(operator, _value(left, values, itself), _value(right, values, itself))
        case _:
            assert_never(condition)


def _known(reference: Reference, values: Values, itself: Known | None) -> Known | None:
    return values.get(reference.name) if isinstance(reference, Variable) else itself


def _value(side: Value, values: Values, itself: Known | None) -> Known | None:
    match side:
        case Number(value=number):
            return number
        case Text(value=text):
            return text
        case Truth(value=truth):
            return truth
        case CountSelected(operand=operand):
            marks = _known(operand, values, itself)
            return len(marks) if isinstance(marks, tuple) else 0
        case _:
            return _known(side, values, itself)


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
