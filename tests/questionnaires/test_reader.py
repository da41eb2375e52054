"""Files that are read, and files that are refused with a place and a fix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaires import read
from app.questionnaires.format import Questionnaire
from tests.questionnaires.sources import BROKEN, FOLDER, questionnaire

# File, then line, item, column and code of each problem.
EXPECTED: list[tuple[str, list[tuple[int, str, int, str]]]] = [
    ("unclosed-bracket", [(4, "", 11, "file.yaml")]),
    ("repeated-key", [(31, "estudia", 9, "file.repeated_key")]),
    ("anchor", [(31, "estudia", 18, "file.anchor")]),
    ("no-without-quotes", [(15, "lists", 21, "value.form")]),
    ("unknown-key", [(30, "estudia", 18, "key.unknown")]),
    ("missing-key", [(33, "motivo", 9, "key.missing")]),
    ("unknown-type", [(34, "motivo", 15, "value.form")]),
    ("name-with-accent", [(54, "opinión", 15, "value.form")]),
    ("name-twice", [(54, "horas", 15, "name.duplicate")]),
    ("unknown-variable", [(43, "horas", 20, "variable.unknown")]),
    ("forward-reference", [(36, "motivo", 20, "variable.forward")]),
    ("circle", [(36, "motivo", 20, "variable.cycle")]),
    ("two-equal-signs", [(36, "motivo", 31, "expression.syntax")]),
    ("python-in", [(36, "motivo", 31, "expression.syntax")]),
    ("code-of-another-list", [(36, "motivo", 33, "option.unknown")]),
    ("equals-on-marks", [(58, "comentario", 20, "type.multiple")]),
    ("unknown-list", [(37, "motivo", 18, "list.unknown")]),
    ("code-twice", [(18, "lists", 14, "option.duplicate")]),
    ("code-out-of-range", [(18, "lists", 14, "option.code")]),
    ("98-not-exclusive", [(37, "motivo", 18, "option.exclusive")]),
    ("amount-like-a-code", [(45, "horas", 14, "bounds.code")]),
    ("number-without-bounds", [(40, "horas", 9, "key.needed"), (40, "horas", 9, "key.needed")]),
    ("nobody-gets-there", [(43, "horas", 20, "item.unreachable")]),
    ("only-through-the-unreachable", [(58, "comentario", 20, "item.unreachable")]),
    ("constraint-without-message", [(54, "comentario", 9, "constraint.pair")]),
    (
        "unknown-marker",
        [(29, "estudia", 16, "marker.mismatch"), (29, "estudia", 16, "marker.unknown")],
    ),
    ("marker-in-one-language", [(29, "estudia", 16, "marker.mismatch")]),
    ("unknown-row-list", [(52, "califica", 15, "rows.unknown")]),
    ("unknown-core", [(5, "core", 8, "core.unknown")]),
    ("step-waits-for-itself", [(35, "motivo", 15, "step.dependency")]),
    ("unknown-audience", [(58, "comentario", 18, "audience.unknown")]),
    ("empty-page", [(26, "pages", 12, "page.empty")]),
    ("name-too-long", [(48, "califica_a_las_personas_de_tu_escuela", 15, "name.long")]),
    ("row-for-nobody", [(22, "rows", 67, "audience.unknown")]),
    (
        "field-of-unknown-list",
        [(58, "estudia", 19, "name.duplicate"), (61, "estudia", 22, "list.unknown")],
    ),
    ("unknown-row", [(53, "califica", 16, "rows.unknown")]),
    ("bounds-upside-down", [(44, "horas", 14, "bounds.order")]),
    ("month-with-a-number", [(44, "horas", 14, "bounds.form"), (45, "horas", 14, "bounds.form")]),
    ("endless-text", [(57, "comentario", 14, "bounds.length")]),
    ("too-many-marks", [(38, "motivo", 20, "marks.bound")]),
    ("indicator", [(58, "comentario", 22, "indicator.form")]),
    ("end-that-is-no-refusal", [(32, "estudia", 16, "ends.store")]),
    ("step-named-like-an-item", [(58, "comentario", 15, "step.name")]),
    ("step-in-two-places", [(59, "comentario", 15, "step.split")]),
    ("option-never-offered", [(38, "motivo", 57, "option.unreachable")]),
    ("prefill-from-nowhere", [(58, "comentario", 18, "prefill.unknown")]),
    ("marker-the-system-cannot-write", [(9, "markers", 18, "marker.unsupported")]),
    ("marker-in-a-hint", [(58, "comentario", 15, "marker.unknown")]),
    ("number-with-a-dot", [(45, "horas", 14, "file.number")]),
    ("number-in-hours", [(45, "horas", 14, "file.number")]),
    ("date-without-quotes", [(2, "", 10, "file.date")]),
    ("version-form", [(2, "version", 11, "value.form")]),
    ("a-key-that-is-a-list", [(5, "", 3, "file.key")]),
    ("a-list-of-things", [(1, "", 1, "file.form")]),
    ("condition-that-is-a-number", [(43, "horas", 19, "expression.type")]),
    ("dot-in-relevant", [(43, "horas", 20, "variable.itself")]),
    ("key-of-another-type", [(58, "comentario", 20, "key.unfit")]),
    ("bound-that-is-a-condition", [(44, "horas", 15, "bounds.form")]),
    ("month-bound-of-another-type", [(44, "horas", 14, "type.mismatch")]),
    ("tag", [(57, "comentario", 14, "file.tag")]),
    ("empty", [(1, "", 1, "file.empty")]),
    ("folded-condition", [(58, "comentario", 19, "variable.unknown")]),
    ("only-behind-a-constraint", [(59, "comentario", 20, "item.unreachable")]),
    ("pattern", [(58, "comentario", 19, "pattern.form")]),
]


@pytest.mark.parametrize(("name", "expected"), EXPECTED, ids=[name for name, _ in EXPECTED])
def test_a_broken_file_says_where_and_what(
    name: str, expected: list[tuple[int, str, int, str]]
) -> None:
    file = f"{name}.yaml"

    problems = read((BROKEN / file).read_text("utf-8"), file)

    assert isinstance(problems, tuple)
    assert {problem.file for problem in problems} == {file}
    assert [(p.line, p.item, p.column, p.code) for p in problems] == expected
    assert all(problem.message.endswith((".", "?")) for problem in problems)


def test_every_broken_file_is_expected() -> None:
    assert {path.stem for path in BROKEN.glob("*.yaml")} == {name for name, _ in EXPECTED}


@pytest.mark.parametrize(("number", "items"), [(1, 30), (2, 41), (3, 41)])
def test_the_three_questionnaires_are_complete(number: int, items: int) -> None:
    form = questionnaire(number)

    assert (form.questionnaire, len(form.items)) == (number, items)
    assert all(leaf.label.es and leaf.label.en for leaf in form.variables.values())


def test_the_same_variable_has_the_same_codes_in_every_questionnaire() -> None:
    """The panel file is long by wave: one coding per variable."""
    coded: dict[str, set[tuple[tuple[object, str], ...]]] = {}
    for number in (1, 2, 3):
        for name, leaf in questionnaire(number).variables.items():
            codes = tuple((choice.code, choice.es) for choice in leaf.choices)
            coded.setdefault(name, set()).add(codes)

    assert [name for name, codings in coded.items() if len(codings) > 1] == []


def test_the_same_list_is_the_same_everywhere() -> None:
    for name, choices in questionnaire(2).lists.items():
        for other in (questionnaire(1), questionnaire(3)):
            assert other.lists.get(name, choices) == choices


@given(st.text(max_size=200))
def test_any_text_is_a_questionnaire_or_has_problems(text: str) -> None:
    assert isinstance(read(text), tuple)


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "a: " * 5_000, "\x00", "- 1", "3", "a: 2020-01-01", "x" * 2_000_000]
)
def test_junk_is_refused_with_one_sentence(text: str) -> None:
    problems = read(text)

    assert isinstance(problems, tuple)
    assert len(problems) == 1


SOURCE = (FOLDER / "2.yaml").read_text("utf-8").splitlines(keepends=True)


@given(st.integers(0, len(SOURCE) - 1), st.sampled_from(["", "\n", "  x: 1\n", "}", "- \n"]))
def test_damage_to_a_line_is_found_or_harmless(line: int, instead: str) -> None:
    damaged = [*SOURCE[:line], instead, *SOURCE[line + 1 :]]

    found = read("".join(damaged))

    assert isinstance(found, Questionnaire | tuple)
