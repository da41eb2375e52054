"""What a condition may compare with what.

A code that is not among the options, an amount compared with a text or a mark list compared with
`=` would never hold: each is an error with a place, never a silent "false".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

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


class Kind(StrEnum):
    """What a variable holds."""

    CHOICE = "choice"  # one code
    MULTIPLE = "multiple"  # several codes
    INTEGER = "integer"
    TEXT = "text"
    MONTH = "month"  # "2026-07"
    DATE = "date"  # "2026-07-15"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class VariableType:
    """Kind of a variable, and its codes as text where it has a list of options."""

    kind: Kind
    codes: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class TypeProblem:
    """Where in the condition, which rule, and what to write instead (Spanish)."""

    column: int
    code: str
    mensaje: str
    name: str = ""  # of the variable nobody knows


Scope = Mapping[str, VariableType]
ITSELF = "."  # key of the item's own type in a scope; absent where `.` has no meaning
_EQUALITY = frozenset({Operator.EQUAL, Operator.UNEQUAL})
_DATES = frozenset({Kind.MONTH, Kind.DATE})
_ORDERED = _DATES | {Kind.INTEGER}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
_WORDS = {
    Kind.CHOICE: "una opción",
    Kind.MULTIPLE: "varias opciones",
    Kind.INTEGER: "un número",
    Kind.TEXT: "un texto",
    Kind.MONTH: "un mes",
    Kind.DATE: "una fecha",
    Kind.TRUTH: "sí o no",
}


def type_problems(condition: Condition, scope: Scope) -> Iterator[TypeProblem]:
    """Everything wrong with the types of `condition`; unknown variables included."""
    match condition:
        case Not(operand=operand):
            yield from type_problems(operand, scope)
        case And(operands=operands) | Or(operands=operands):
            for part in operands:
                yield from type_problems(part, scope)
        case Truth():
            return
        case Variable() | Itself():
            yield from _alone(condition, scope)
        case Blank(operand=operand):
            yield from _unknown(operand, scope)
        case Selected():
            yield from _selected(condition, scope)
        case Compare():
            yield from _compare(condition, scope)


def _unknown(reference: Reference, scope: Scope) -> Iterator[TypeProblem]:
    match reference:
        case Variable(name=name, column=column) if name not in scope:
            yield TypeProblem(
                column,
                "variable.unknown",
                f"No hay ninguna variable «{name}» antes de aquí. Revise el nombre.",
                name,
            )
        case Itself(column=column) if ITSELF not in scope:
            yield TypeProblem(
                column,
                "variable.itself",
                "El punto solo sirve en constraint y warn. Escriba el nombre de otra variable.",
            )
        case _:
            return


def _alone(reference: Reference, scope: Scope) -> Iterator[TypeProblem]:
    found = _of(reference, scope)
    if found is None:
        yield from _unknown(reference, scope)
    elif found.kind is not Kind.TRUTH:
        yield TypeProblem(
            reference.column,
            "type.condition",
            f"Aquí falta comparar: la variable guarda {_WORDS[found.kind]}. "
            "Escriba, por ejemplo, ${x} = 1.",
        )


def _selected(selected: Selected, scope: Scope) -> Iterator[TypeProblem]:
    found = _of(selected.operand, scope)
    if found is None:
        yield from _unknown(selected.operand, scope)
    elif found.kind not in {Kind.CHOICE, Kind.MULTIPLE}:
        yield TypeProblem(
            selected.column,
            "type.selected",
            f"selected() pide una pregunta con opciones y esta guarda {_WORDS[found.kind]}. "
            "Compare con =.",
        )
    elif selected.code not in found.codes:
        yield _no_option(selected.code, selected.column)


def _compare(compare: Compare, scope: Scope) -> Iterator[TypeProblem]:
    sides = [_operand(compare.left, scope), _operand(compare.right, scope)]
    wrong = [side for side in sides if isinstance(side, TypeProblem)]
    yield from wrong
    if wrong:
        return
    left, right = (side for side in sides if not isinstance(side, TypeProblem))
    if left.fixed and right.fixed:
        yield TypeProblem(
            compare.column,
            "type.constant",
            "Compara dos valores fijos. Uno de los dos debe ser una variable.",
        )
        return
    yield from _pair(compare, *((right, left) if left.fixed else (left, right)))


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a comparison: its kind, its codes, and its text if it is a fixed value."""

    kind: Kind
    column: int
    codes: frozenset[str] = frozenset()
    text: str | None = None

    @property
    def fixed(self) -> bool:
        return self.text is not None


def _operand(side: Value, scope: Scope) -> _Side | TypeProblem:
    match side:
        case Number(value=value, column=column):
            return _Side(Kind.INTEGER, column, text=str(value))
        case Text(value=text, column=column):
            return _Side(Kind.TEXT, column, text=text)
        case Truth(value=truth, column=column):
            return _Side(Kind.TRUTH, column, text=str(truth))
        case CountSelected(operand=operand, column=column):
            found = _of(operand, scope)
            if found is None:
                return next(_unknown(operand, scope))
            if found.kind is not Kind.MULTIPLE:
                return TypeProblem(
                    column, "type.count", "count-selected() pide una pregunta de varias opciones."
                )
            return _Side(Kind.INTEGER, column)
        case Variable() | Itself():
            found = _of(side, scope)
            if found is None:
                return next(_unknown(side, scope))
            return _Side(found.kind, side.column, found.codes)


def _pair(compare: Compare, held: _Side, other: _Side) -> Iterator[TypeProblem]:
    """`held` is a variable or a count; `other` may be a fixed value."""
    if held.kind is Kind.MULTIPLE or other.kind is Kind.MULTIPLE:
        yield TypeProblem(
            compare.column,
            "type.multiple",
            "La pregunta guarda varias opciones. Use selected(${x}, '1') en lugar de =.",
        )
    elif held.kind is Kind.CHOICE and other.text is not None:
        if compare.operator not in _EQUALITY:
            yield _no_order(compare)
        elif other.text not in held.codes:
            yield _no_option(other.text, other.column)
    elif not _comparable(held, other):
        yield TypeProblem(
            compare.column,
            "type.mismatch",
            f"Compara {_WORDS[held.kind]} con {_WORDS[other.kind]}: nunca se cumple. "
            "Compare valores del mismo tipo.",
        )
    elif compare.operator not in _EQUALITY and held.kind not in _ORDERED:
        yield _no_order(compare)


def _comparable(held: _Side, other: _Side) -> bool:
    if held.kind in _DATES and other.text is not None:
        return other.kind is Kind.TEXT and _DATE.fullmatch(other.text) is not None
    return held.kind is other.kind or {held.kind, other.kind} == _DATES


def _of(reference: Reference, scope: Scope) -> VariableType | None:
    return scope.get(reference.name if isinstance(reference, Variable) else ITSELF)


def _no_option(code: str, column: int) -> TypeProblem:
    return TypeProblem(
        column,
        "option.unknown",
        f"La pregunta no tiene la opción {code}. Use uno de los códigos de su lista.",
    )


def _no_order(compare: Compare) -> TypeProblem:
    return TypeProblem(
        compare.column,
        "type.order",
        f"Con {compare.operator.value} solo se comparan números, meses y fechas. Use = o !=.",
    )
