"""Text of a condition → tree, or an error that says where and what to write instead.

One grammar for every condition of the product: `relevant`, `constraint`, options, warnings.
The language is the part of XLSForm's that a questionnaire needs: no functions that compute.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

from lark import Lark, Token, UnexpectedInput, UnexpectedToken
from lark import Tree as ParseTree

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

LONGEST = 2_000  # characters
DEEPEST = 40  # parentheses inside parentheses

GRAMMAR = r"""
    start: disjunction

    ?disjunction: conjunction ("or" conjunction)+     -> either
        | conjunction
    ?conjunction: claim ("and" claim)+                -> both
        | claim
    ?claim: value COMPARE value                       -> compare
        | reference
        | truth
        | "not" "(" disjunction ")"                   -> negate
        | "selected" "(" reference "," STRING ")"     -> selected
        | "selected" "(" reference "," NUMBER ")"     -> selected
        | "(" disjunction ")"

    ?value: reference | NUMBER -> number | STRING -> text | truth
        | "count-selected" "(" reference ")"          -> count
    ?truth: TRUE "(" ")"                              -> true
        | FALSE "(" ")"                               -> false
    ?reference: VARIABLE                              -> variable
        | DOT                                         -> itself

    TRUE: "true"
    FALSE: "false"
    DOT: "."
    VARIABLE: /\$\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}/
    COMPARE: "!=" | "<=" | ">=" | "=" | "<" | ">"
    NUMBER: /[0-9]+/
    STRING: /'[^']*'/ | /"[^"]*"/
    %ignore /\s+/
"""

# What people write from other languages, and what to write here.
_SLIPS = (
    (re.compile(r"=="), "Escriba un solo signo: = en lugar de ==."),
    (re.compile(r"<>"), "Escriba != en lugar de <>."),
    (re.compile(r"&&?"), "Escriba and en lugar de &&."),
    (re.compile(r"\|\|?"), "Escriba or en lugar de ||."),
    (re.compile(r"\bin\b"), "Escriba cada caso: ${x} = 1 or ${x} = 2."),
    (re.compile(r"\b(AND|OR|NOT)\b"), "Escriba and, or y not con minúsculas."),
    (re.compile(r"\bnot\s+[^(\s]"), "Escriba la negación con paréntesis: not(…)."),
    (re.compile(r"\$(?!\{)"), "Escriba la variable entre llaves: ${nombre}."),
    (re.compile(r"\$\{[^}]*$"), "Cierre la llave de la variable: ${nombre}."),
)
_EMPTY_TEST = frozenset({Operator.EQUAL, Operator.UNEQUAL})
_DEFAULT = "Escriba, por ejemplo, ${estudia} = 1 or selected(${motivo}, '3')."


class ExpressionError(ValueError):
    """A condition that cannot be read: `column` counts from 1; `code` is for programs."""

    def __init__(self, code: str, column: int, mensaje: str) -> None:
        super().__init__(f"{code} at column {column}")
        self.code = code
        self.column = column
        self.mensaje = mensaje


def parse(text: str) -> Condition:
    """The tree of a condition.

    Raises:
        ExpressionError: the text is empty, too long, too deep or not of the language.
    """
    if not text.strip():
        raise ExpressionError("expression.empty", 1, f"La condición está vacía. {_DEFAULT}")
    if len(text) > LONGEST or _depth(text) > DEEPEST:
        raise ExpressionError(
            "expression.too_long", 1, "La condición es demasiado larga. Divídala en varias."
        )
    try:
        parsed = _parser().parse(text)
    except UnexpectedInput as error:
        raise _located(text, error) from error
    return _condition(parsed.children[0])


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _located(text: str, error: UnexpectedInput) -> ExpressionError:
    slip = next(
        ((found.start() + 1, advice) for form, advice in _SLIPS if (found := form.search(text))),
        None,
    )
    if slip is not None:
        return ExpressionError("expression.syntax", slip[0], f"No se entiende aquí. {slip[1]}")
    position: int = getattr(error, "pos_in_stream", 0)  # lark declares it None
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return ExpressionError(
            "expression.syntax", len(text), f"La condición está incompleta. {_DEFAULT}"
        )
    word = text[position : position + 20].split(maxsplit=1)[0]
    return ExpressionError(
        "expression.syntax", position + 1, f"No se entiende «{word}» aquí. {_DEFAULT}"
    )


Node: TypeAlias = ParseTree[Token] | Token


def _condition(node: Node) -> Condition:
    if isinstance(node, Token):
        raise TypeError(f"the grammar has no bare {node.type} among conditions")
    children = node.children
    match node.data:
        case "either":
            return Or(tuple(_condition(child) for child in children))
        case "both":
            return And(tuple(_condition(child) for child in children))
        case "negate":
            return Not(_condition(children[0]))
        case "selected":
            reference, code = _reference(children[0]), _token(children[1])
            text = code.value[1:-1] if code.type == "STRING" else code.value
            return Selected(reference, text, reference.column)
        case "compare":
            return _comparison(children)
        case "true" | "false":
            return _truth(node)
        case _:
            return _reference(node)


def _comparison(children: Sequence[Node]) -> Condition:
    sign = _token(children[1])
    operator = Operator(sign.value)
    left, right = _value(children[0]), _value(children[2])
    if left is not None and right is not None:
        return Compare(operator, left, right, left.column)
    # `''` is no value: comparing with it asks whether there is an answer.
    other = left or right
    if not isinstance(other, Variable | Itself) or operator not in _EMPTY_TEST:
        raise ExpressionError(
            "expression.empty_text",
            sign.column or 1,
            "'' solo sirve para preguntar si hay respuesta: ${x} = '' o ${x} != ''.",
        )
    blank = Blank(other, other.column)
    return blank if operator is Operator.EQUAL else Not(blank)


def _value(node: Node) -> Value | None:
    """A side of a comparison; None for `''`."""
    if isinstance(node, Token):
        raise TypeError(f"the grammar has no bare {node.type} among values")
    match node.data:
        case "number":
            token = _token(node.children[0])
            return Number(int(token), token.column or 1)
        case "text":
            token = _token(node.children[0])
            return Text(token.value[1:-1], token.column or 1) if len(token) > 2 else None
        case "count":
            reference = _reference(node.children[0])
            return CountSelected(reference, reference.column)
        case "true" | "false":
            return _truth(node)
        case _:
            return _reference(node)


def _truth(node: ParseTree[Token]) -> Truth:
    return Truth(node.data == "true", _token(node.children[0]).column or 1)


def _reference(node: Node) -> Reference:
    if isinstance(node, Token) or node.data not in {"variable", "itself"}:
        raise TypeError("the grammar admits only a variable or a dot here")
    token = _token(node.children[0])
    column = token.column or 1
    if node.data == "itself":
        return Itself(column)
    return Variable(token.value[2:-1].strip(), column)


def _token(node: Node) -> Token:
    if not isinstance(node, Token):
        raise TypeError("the grammar gives a token here")
    return node
