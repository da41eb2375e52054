"""One grammar, one tree, one definition of truth."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaires.expressions.evaluate import Known, holds
from app.questionnaires.expressions.parser import ExpressionError, parse
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
    Selected,
    Text,
    Truth,
    Variable,
    show,
    to_json,
    variables,
)
from app.questionnaires.expressions.types import ITSELF, Kind, VariableType, type_problems

CODES = frozenset({"1", "2", "4", "98"})
SCOPE = {
    "estudia": VariableType(Kind.CHOICE, CODES),
    "trabaja": VariableType(Kind.CHOICE, CODES),
    "motivo": VariableType(Kind.MULTIPLE, CODES),
    "horas": VariableType(Kind.INTEGER),
    "nombre": VariableType(Kind.TEXT),
    "inicio": VariableType(Kind.MONTH),
    "hoy": VariableType(Kind.DATE),
    "previo": VariableType(Kind.TRUTH),
    ITSELF: VariableType(Kind.CHOICE, CODES),
}

names = st.sampled_from(sorted(set(SCOPE) - {ITSELF}))
references = names.map(Variable) | st.just(Itself())
texts = st.text(st.characters(exclude_characters="'", exclude_categories=["C"]), min_size=1)
values = (
    references
    | st.integers(0, 10**6).map(Number)
    | texts.map(Text)
    | st.booleans().map(Truth)
    | references.map(CountSelected)
)
compared = st.builds(Compare, st.sampled_from(Operator), values, values)
leaves = (
    references
    | st.booleans().map(Truth)
    | compared
    | references.map(Blank)
    | st.builds(Selected, references, texts)
)


def _combined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return inner.map(Not) | several.map(And) | several.map(Or)


conditions: st.SearchStrategy[Condition] = st.recursive(leaves, _combined, max_leaves=8)

answers = st.fixed_dictionaries(
    {},
    optional={
        "estudia": st.sampled_from([None, 1, 2, 4, 98]),
        "trabaja": st.sampled_from([None, 1, 2, 4, 98]),
        "motivo": st.sampled_from([None, (1,), (1, 2), (98,)]),
        "horas": st.none() | st.integers(0, 96),
        "nombre": st.none() | texts,
        "inicio": st.sampled_from([None, "2026-07", "2026-08"]),
        "hoy": st.sampled_from([None, "2026-07-15", "2026-08-01"]),
        "previo": st.sampled_from([None, True, False]),
    },
)


@given(conditions)
def test_parsing_what_was_printed_gives_the_tree(tree: Condition) -> None:
    assert parse(show(tree)) == tree


@given(conditions)
def test_the_phone_gets_the_tree_as_json(tree: Condition) -> None:
    document = to_json(tree)

    assert json.loads(json.dumps(document)) == document


@given(conditions, answers, st.sampled_from([None, 1, 2, 4, 98]))
def test_a_condition_of_sound_types_is_true_or_false_of_any_answers(
    tree: Condition, given_answers: dict[str, Known | None], itself: int | None
) -> None:
    if list(type_problems(tree, SCOPE)):
        return

    assert holds(tree, given_answers, itself) in {True, False}


@given(conditions, answers)
def test_not_is_the_contrary(tree: Condition, given_answers: dict[str, Known | None]) -> None:
    if list(type_problems(tree, SCOPE)):
        return

    assert holds(Not(tree), given_answers) is not holds(tree, given_answers)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("${estudia} = 4", False),
        ("${estudia} != 4", True),  # "x != 4 holds for a blank"
        ("${estudia} = ''", True),
        ("${estudia} != ''", False),
        ("${horas} < 5", False),
        ("${horas} >= 0", False),
        ("selected(${motivo}, '1')", False),
        ("count-selected(${motivo}) = 0", True),
        ("${estudia} = ${trabaja}", False),  # nothing equals nothing
        ("${previo}", False),
        ("not(${previo})", True),
    ],
)
def test_nothing_equals_nothing(text: str, *, truth: bool) -> None:
    assert holds(parse(text), {}) is truth


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("${estudia} = '1'", True),
        ("selected(${motivo}, '2')", True),
        ("selected(${estudia}, 1)", True),
        ("count-selected(${motivo}) >= 2", True),
        ("${inicio} <= ${hoy}", True),  # by month
        ("${inicio} > '2026-07'", False),
        ("${estudia} = 2 or ${horas} = 40 and not(${trabaja} = 1)", True),
        ("(${estudia} = 1 or ${horas} = 1) and ${trabaja} = 1", False),
        ("true() and not(false())", True),
        ("${horas} > 39 and ${horas} < 41 and ${horas} <= 40", True),
        ("${inicio} = ${hoy}", True),
    ],
)
def test_what_holds(text: str, *, truth: bool) -> None:
    known: dict[str, Known | None] = {
        "estudia": 1,
        "trabaja": 2,
        "motivo": (1, 2),
        "horas": 40,
        "inicio": "2026-07",
        "hoy": "2026-07-15",
    }

    assert holds(parse(text), known) is truth


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("", "expression.empty", 1),
        ("${a} == 1", "expression.syntax", 6),
        ("${a} in [1, 2]", "expression.syntax", 6),
        ("${a} = 1 and", "expression.syntax", 12),
        ("${a} = 1)", "expression.syntax", 9),
        ("$a = 1", "expression.syntax", 1),
        ("${a = 1", "expression.syntax", 1),
        ("${a} < ''", "expression.empty_text", 6),
        ("not ${a} = 1", "expression.syntax", 1),
        ("${a} = 1 1", "expression.syntax", 10),
        ("(" * 60 + "${a} = 1" + ")" * 60, "expression.too_long", 1),
        ("${a} = 1 or " * 400, "expression.too_long", 1),
    ],
)
def test_a_wrong_expression_is_an_error_with_a_place(text: str, code: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)

    assert (caught.value.code, caught.value.column) == (code, column)


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("${nada} = 1", "variable.unknown", 1),
        ("${estudia} = 7", "option.unknown", 14),
        ("selected(${motivo}, '7')", "option.unknown", 10),
        ("${estudia} < 4", "type.order", 1),
        ("${motivo} = 1", "type.multiple", 1),
        ("${horas} = 'mucho'", "type.mismatch", 1),
        ("${estudia}", "type.condition", 1),
        ("1 = 1", "type.constant", 1),
        ("selected(${horas}, '1')", "type.selected", 10),
        ("count-selected(${estudia}) = 1", "type.count", 16),
        ("count-selected(${nada}) = 1", "variable.unknown", 16),
        ("selected(${nada}, '1')", "variable.unknown", 10),
        ("${nada}", "variable.unknown", 1),
        ("${nada} = ''", "variable.unknown", 1),
        ("${nombre} > 'b'", "type.order", 1),
        ("${inicio} = 'ayer'", "type.mismatch", 1),
    ],
)
def test_a_comparison_that_means_nothing_is_an_error(text: str, code: str, column: int) -> None:
    (problem,) = type_problems(parse(text), SCOPE)

    assert (problem.code, problem.column) == (code, column)


def test_the_variables_of_a_condition() -> None:
    tree = parse("${a} = 1 and (selected(${b}, '2') or count-selected(${c}) > 1) and . = ''")

    assert variables(tree) == {"a", "b", "c"}


def test_a_text_with_both_quotes_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="both kinds of quotes"):
        show(Text("'\""))


def test_the_tree_of_the_phone() -> None:
    tree = parse("(${a} = 1 or selected(${b}, '2')) and not(${c} = '') and count-selected(.) > 0")

    assert to_json(tree) == [
        "and",
        ["or", ["=", ["$", "a"], 1], ["sel", ["$", "b"], "2"]],
        ["not", ["empty", ["$", "c"]]],
        [">", ["#", ["."]], 0],
    ]
