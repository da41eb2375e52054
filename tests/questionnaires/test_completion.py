"""Complete, partial, broken off: by what is answered, not by the last button."""

import pytest

from app.questionnaires.answers import MissingCode
from app.questionnaires.completion import Completion, completion, core_known
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import walk
from app.questionnaires.items import Store
from tests.questionnaires.sources import known, questionnaire

CONSENTS = {"aviso_q2": 1, "autoriza_seguimiento": 2, "autoriza_ofertas": 2}
STUDIES = {"estudia": 1, "trabaja": 4, "busca_trabajo": 4, "trabajo_desde_egreso": 2}


def everything(**start: object) -> dict[str, object]:
    """Questionnaire 2, answered to the end with the first option or some text."""
    answers = known(2, **CONSENTS, **start)
    form = questionnaire(2)
    for _ in form.items:
        for leaf in walk(form, answers).leaves:
            value: object = "algo"
            if leaf.choices:
                value = leaf.choices[0].code
            if leaf.kind is Kind.MULTIPLE:
                value = [leaf.choices[0].code]
            answers.setdefault(leaf.name, value)
    return answers


def counted(answers: dict[str, object]) -> list[str]:
    items = walk(questionnaire(2), answers).items
    return [item.name for item in items if item.store is Store.RESPONSE and not item.required]


def test_all_answered_is_complete() -> None:
    assert completion(questionnaire(2), everything(**STUDIES)) is Completion.COMPLETE


def test_eighty_per_cent_is_complete_and_less_is_partial() -> None:
    answers = everything(**STUDIES)
    optional = counted(answers)
    shown = len(optional) + 5  # certificado, estudia, trabaja, busca_trabajo, trabajo_desde_egreso
    spare = shown // 5

    for name in optional[:spare]:
        for leaf in questionnaire(2).leaves[name]:
            answers[leaf.name] = None
    enough = completion(questionnaire(2), answers)
    answers[optional[spare]] = None
    short = completion(questionnaire(2), answers)

    assert (enough, short) == (Completion.COMPLETE, Completion.PARTIAL)


def test_a_way_out_counts_as_an_answer() -> None:
    answers = everything(**STUDIES) | {"ies_nombre": MissingCode.REFUSED}

    assert completion(questionnaire(2), answers) is Completion.COMPLETE


def test_a_missing_permission_keeps_it_from_complete() -> None:
    answers = everything(**STUDIES)
    del answers["autoriza_ofertas"]

    assert completion(questionnaire(2), answers) is Completion.PARTIAL


def test_the_core_alone_is_partial() -> None:
    answers = known(2, aviso_q2=1, estudia=5, trabaja=4)

    assert core_known(questionnaire(2), answers)
    assert completion(questionnaire(2), answers) is Completion.PARTIAL


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Completion.NOTHING),
        ({"aviso_q2": 1}, Completion.NOTHING),
        ({"aviso_q2": 2}, Completion.NOTHING),
        ({"aviso_q2": 1, "estudia": 1}, Completion.BREAK_OFF),
        ({"aviso_q2": 1, "municipio_residencia": "09003"}, Completion.BREAK_OFF),
    ],
)
def test_less_than_half_without_the_core(given: dict[str, object], expected: Completion) -> None:
    assert completion(questionnaire(2), known(2, **given)) is expected


def test_a_matrix_counts_when_every_row_is_answered() -> None:
    answers = everything(**STUDIES)
    row = "competencias_equipo"
    optional = counted(answers)
    for name in optional[: (len(optional) + 5) // 5]:
        if name != "competencias":
            for leaf in questionnaire(2).leaves[name]:
                answers[leaf.name] = None
    before = completion(questionnaire(2), answers)
    answers[row] = None

    assert (before, completion(questionnaire(2), answers)) == (
        Completion.COMPLETE,
        Completion.PARTIAL,
    )
