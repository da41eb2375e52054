"""The shape of a condition once it is read: one small tree.

The server evaluates it (evaluate.py); the phone's script evaluates the same tree from `to_json`.
Text is printed back in the form of XLSForm, so that parsing what was printed gives the tree again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, assert_never


class Operator(StrEnum):
    """How two values are compared; `=` and `!=` for anything, the rest for amounts and dates."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


def _column() -> int:
    # A place in the text is for error messages; two trees are equal wherever they stood.
    column: int = field(default=0, compare=False, repr=False)
    return column


@dataclass(frozen=True, slots=True)
class Variable:
    """`${name}`: the answer to an earlier item, or a value known before the first question."""

    name: str
    column: int = _column()


@dataclass(frozen=True, slots=True)
class Itself:
    """`.`: the answer to the item the condition belongs to."""

    column: int = _column()


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, as a code or as an amount."""

    value: int
    column: int = _column()


@dataclass(frozen=True, slots=True)
class Text:
    """Text between quotes; never empty, because `''` means "nothing" and becomes Blank."""

    value: str
    column: int = _column()


@dataclass(frozen=True, slots=True)
class Truth:
    """`true()` or `false()`."""

    value: bool
    column: int = _column()


@dataclass(frozen=True, slots=True)
class CountSelected:
    """`count-selected(${x})`: how many options are marked."""

    operand: "Reference"
    column: int = _column()


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values side by side."""

    operator: Operator
    left: "Value"
    right: "Value"
    column: int = _column()


@dataclass(frozen=True, slots=True)
class Blank:
    """`${x} = ''`: not shown, left blank, or answered with a way out."""

    operand: "Reference"
    column: int = _column()


@dataclass(frozen=True, slots=True)
class Selected:
    """`selected(${x}, 'code')`: the option is among those marked."""

    operand: "Reference"
    code: str
    column: int = _column()


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    operand: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    """All of them, two or more."""

    operands: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them, two or more."""

    operands: tuple["Condition", ...]


Reference: TypeAlias = Variable | Itself
Value: TypeAlias = Variable | Itself | Number | Text | Truth | CountSelected
Condition: TypeAlias = Variable | Itself | Truth | Compare | Blank | Selected | Not | And | Or
Tree: TypeAlias = Value | Condition
Json: TypeAlias = "int | str | bool | list[Json]"


def show(tree: Tree) -> str:
    """The tree as an author writes it.

    Raises:
        ValueError: a text holds both kinds of quotes, which the form cannot write.
    """
    match tree:
        case Variable(name=name):
            return f"${{{name}}}"
        case Itself():
            return "."
        case Number(value=number):
            return str(number)
        case Text(value=text):
            return _quoted(text)
        case Truth(value=truth):
            return "true()" if truth else "false()"
        case CountSelected(operand=operand):
            return f"count-selected({show(operand)})"
        case _:
            return _show_condition(tree)


def _show_condition(tree: Compare | Blank | Selected | Not | And | Or) -> str:
    match tree:
        case Compare(operator=operator, left=left, right=right):
            return f"{show(left)} {operator.value} {show(right)}"
        case Blank(operand=reference):
            return f"{show(reference)} = ''"
        case Selected(operand=reference, code=code):
            return f"selected({show(reference)}, {_quoted(code)})"
        case Not(operand=Blank(operand=reference)):
            return f"{show(reference)} != ''"
        case Not(operand=operand):
            return f"not({show(operand)})"
        case And(operands=operands):
            return " and ".join(_bracketed(part) for part in operands)
        case Or(operands=operands):
            return " or ".join(_bracketed(part) for part in operands)
        case _:
            assert_never(tree)


def _bracketed(part: Condition) -> str:
    return f"({show(part)})" if isinstance(part, And | Or) else show(part)


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    if '"' in text:
        raise ValueError("a text with both kinds of quotes cannot be written")
    return f'"{text}"'


def to_json(tree: Tree) -> Json:
    """The tree as short nested lists, for the phone's script.

    `["=", ["$", "estudia"], 1]`; heads: `$` variable, `.` itself, `#` count of marks, `empty`,
    `sel`, `not`, `and`, `or`, and the six operators. Literals stand for themselves.
    """
    match tree:
        case Variable(name=name):
            return ["$", name]
        case Itself():
            return ["."]
        case Number(value=number):
            return number
        case Text(value=text):
            return text
        case Truth(value=truth):
            return truth
        case CountSelected(operand=operand):
            return ["#", to_json(operand)]
        case _:
            return _condition_json(tree)


def _condition_json(tree: Compare | Blank | Selected | Not | And | Or) -> Json:
    match tree:
        case Compare(operator=operator, left=left, right=right):
            return [operator.value, to_json(left), to_json(right)]
        case Blank(operand=reference):
            return ["empty", to_json(reference)]
        case Selected(operand=reference, code=code):
            return ["sel", to_json(reference), code]
        case Not(operand=operand):
            return ["not", to_json(operand)]
        case And(operands=operands):
            return ["and", *(to_json(part) for part in operands)]
        case Or(operands=operands):
            return ["or", *(to_json(part) for part in operands)]
        case _:
            assert_never(tree)


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and every part of it."""
    yield tree
    match tree:
        case Compare(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case Blank(operand=operand) | Selected(operand=operand) | CountSelected(operand=operand):
            yield operand
        case Not(operand=condition):
            yield from walk(condition)
        case And(operands=operands) | Or(operands=operands):
            for part in operands:
                yield from walk(part)
        case _:
            return


def variables(tree: Tree) -> frozenset[str]:
    """Names of the variables a tree reads (`.` is not one of them)."""
    return frozenset(part.name for part in walk(tree) if isinstance(part, Variable))
