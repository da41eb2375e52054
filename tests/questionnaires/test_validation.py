"""Answers against their constraints, in the words people read."""

import pytest

from app.questionnaires import validate
from app.questionnaires.items import Language
from app.questionnaires.validation import Issue, Severity, left_blank
from tests.questionnaires.sources import known, questionnaire


def one(number: int, name: str, **answers: object) -> Issue | None:
    form = questionnaire(number)
    found = validate(form, known(number, **answers), only=[form.variables[name].item])
    assert len(found) <= 1
    return found[0] if found else None


def message(number: int, name: str, **answers: object) -> str | None:
    issue = one(number, name, **answers)
    return None if issue is None else issue.message


GRANTED = {"autoriza_seguimiento": 1}


@pytest.mark.parametrize("phone", ["5512345678", "+13105550123", None, ""])
def test_a_good_phone_or_none(phone: str | None) -> None:
    assert message(1, "celular", **GRANTED, celular=phone) is None


@pytest.mark.parametrize("phone", ["551234567", "0445512345678", "1234567890", "hola"])
def test_a_phone_lacks_digits(phone: str) -> None:
    expected = "Escribe los 10 dígitos; si es de otro país, con + y clave."
    assert message(1, "celular", **GRANTED, celular=phone) == expected


@pytest.mark.parametrize("mail", ["ana", "ana@", "@correo.mx", "ana@correo", "a na@correo.mx"])
def test_a_mail_is_not_whole(mail: str) -> None:
    expected = "Escribe el correo completo, por ejemplo ana@correo.mx."
    assert message(1, "correo_personal", **GRANTED, correo_personal=mail) == expected


def test_a_required_item_needs_an_answer() -> None:
    assert message(2, "estudia") == "Elige una respuesta para continuar."
    assert message(2, "estudia", estudia=1) is None


@pytest.mark.parametrize("estudia", [7, 98, "x", [1], 1.5])
def test_only_options_of_the_list(estudia: object) -> None:
    assert message(2, "estudia", estudia=estudia) == "Elige una de las opciones."


def test_a_number_has_bounds_and_says_them() -> None:
    assert message(2, "horas_semana", trabaja=1, horas_semana=97) == (
        "Escribe un número del 1 al 96."
    )


FIRST_JOB = {"trabaja": 1, "empleo_previo": 2}


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("2026-07", None),  # the month of leaving school counts
        ("2026-10", None),  # and so does this month
        ("2026-06", "Elige un mes desde julio de 2026 en adelante."),
        ("2026-11", "Ese mes todavía no llega: elige hasta octubre de 2026."),
        ("2026-13", "Elige el mes y el año."),
    ],
)
def test_a_first_job_starts_between_leaving_and_today(month: str, expected: str | None) -> None:
    assert message(2, "primer_empleo", **FIRST_JOB, primer_empleo=month) == expected


def test_without_a_known_day_no_month_is_too_late() -> None:
    answers = {**FIRST_JOB, "primer_empleo": "2090-01", "hoy": None, "fecha_egreso": None}

    assert message(2, "primer_empleo", **answers) is None


def test_a_text_has_a_length() -> None:
    assert message(1, "comentario", comentario="a" * 500) is None
    assert message(1, "comentario", comentario="a" * 501) == (
        "Tu texto pasa de 500 caracteres: acórtalo un poco."
    )


def test_words_come_in_english_too() -> None:
    (issue,) = validate(questionnaire(2), known(2), only=["trabaja"], language=Language.ENGLISH)

    assert issue == Issue(
        "trabaja", "trabaja", "required", Severity.HARD, "Choose an answer to go on."
    )


def test_a_name_nobody_asked_for_is_refused() -> None:
    found = validate(questionnaire(2), {"hacker": 1})

    assert ("hacker", "unknown") in [(issue.variable, issue.code) for issue in found]


def test_an_optional_blank_is_asked_about_once_per_item() -> None:
    found = left_blank(questionnaire(3), known(3), ["eval_formacion", "estudia"])

    assert [(issue.variable, issue.severity) for issue in found] == [
        ("eval_formacion_contenidos", Severity.SOFT)
    ]
