"""Settling many people is settling each of them."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from app.questionnaires.answers import Answer, Unreadable, read_answer
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import settle
from app.questionnaires.items import Store
from app.questionnaires.settling import Settling
from tests.questionnaires.sources import known, questionnaire
from tests.questionnaires.test_flow import anybody

TEXTS = frozenset({"municipio_residencia", "ies_nombre", "ies_primera_opcion"})


@cache
def settling(number: int, texts: frozenset[str]) -> Settling:
    """One for every example: what it remembers of one person must not reach another."""
    return Settling(questionnaire(number), texts)


def one_by_one(number: int, answers: dict[str, object], texts: frozenset[str]) -> dict[str, Answer]:
    """By flow.py, without what analysis may not read."""
    form = questionnaire(number)
    settled, found = settle(form, answers), {}
    for name, leaf in form.variables.items():
        wanted = leaf.store is Store.RESPONSE and (leaf.kind is not Kind.TEXT or name in texts)
        if wanted and name in settled:
            answer = read_answer(leaf, settled[name])
            if not isinstance(answer, Unreadable):
                found[name] = answer
    return found


def together(number: int, answers: dict[str, object], texts: frozenset[str]) -> dict[str, Answer]:
    many = settling(number, texts)
    read = {name: many.read(name, raw) for name, raw in answers.items() if many.reads(name)}
    return many.values({n: a for n, a in read.items() if not isinstance(a, Unreadable)})


@given(anybody, st.sampled_from([frozenset(), TEXTS]))
def test_it_is_what_the_path_of_each_person_says(
    case: tuple[int, dict[str, object]], texts: frozenset[str]
) -> None:
    number, answers = case

    found = together(number, answers, texts)

    expected = one_by_one(number, answers, texts)
    assert found == expected
    assert {n: type(a) for n, a in found.items()} == {n: type(a) for n, a in expected.items()}


def test_a_road_that_is_closed_by_an_earlier_answer_is_taken_off() -> None:
    form = questionnaire(3)
    (varying,) = (
        planned.leaf.name
        for item in form.plan.items
        for planned in item.leaves
        if planned.conditions
    )
    codes = [choice.code for choice in form.variables[varying].choices]
    people = [
        known(3, aviso_q3=1, estudia=studies, **{varying: code})
        for studies in (1, 2, 3, 5)
        for code in codes
    ]

    found = [together(3, person, frozenset()).get(varying) for person in people]

    assert found == [one_by_one(3, person, frozenset()).get(varying) for person in people]
    assert len(set(found)) > 2
