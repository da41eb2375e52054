"""What a form sends → answers of one step; nothing typed is lost."""

from datetime import date

from app.questionnaires import validate
from app.questionnaires.answers import (
    UNREADABLE,
    MissingCode,
    Stored,
    from_stored,
    read_answer,
    read_preloaded,
    to_stored,
)
from app.questionnaires.entry import form_fields, read_entry
from app.questionnaires.expressions.types import Kind
from app.questionnaires.flow import settle
from tests.questionnaires.sources import known, questionnaire


def entered(number: int, item: str, **form: list[str]) -> dict[str, object]:
    fields = {name.replace("__", "."): texts for name, texts in form.items()}
    return read_entry(questionnaire(number), [item], fields)


def test_a_radio_nobody_marked_is_a_blank() -> None:
    assert entered(2, "estudia") == {"estudia": None}
    assert entered(2, "estudia", estudia=["1"]) == {"estudia": "1"}


def test_marks_come_together_with_the_other_text() -> None:
    found = entered(
        2, "motivo_no_estudio", motivo_no_estudio=["1", "97"], motivo_no_estudio_otro=["viaje"]
    )

    kept = settle(questionnaire(2), known(2, estudia=5) | found)
    assert (kept["motivo_no_estudio"], kept["motivo_no_estudio_otro"]) == ((1, 97), "viaje")


def test_a_way_out_wins_over_what_was_typed() -> None:
    found = entered(2, "horas_semana", horas_semana=["4"], horas_semana__exit=["nc"])

    assert found == {"horas_semana": MissingCode.REFUSED}


def test_a_way_out_that_is_not_offered_is_ignored() -> None:
    assert entered(2, "ocupacion", ocupacion=["cajera"], ocupacion__exit=["ns"]) == {
        "ocupacion": "cajera"
    }


def test_a_month_comes_from_one_field_or_from_two() -> None:
    one = entered(2, "inicio_empleo", inicio_empleo=["2026-08"])
    two = entered(2, "inicio_empleo", inicio_empleo__month=["8"], inicio_empleo__year=["2026"])

    assert one == two == {"inicio_empleo": "2026-08"}


def test_half_a_month_is_asked_for_again() -> None:
    found = entered(2, "inicio_empleo", inicio_empleo__month=["8"])

    issues = validate(questionnaire(2), known(2, trabaja=1) | found, only=["inicio_empleo"])
    assert [issue.code for issue in issues] == ["form_month"]


def test_a_phone_is_typed_as_people_write_it() -> None:
    assert entered(1, "celular", celular=["55 1234-5678"]) == {"celular": "5512345678"}


def test_a_typed_code_is_no_way_out() -> None:
    found = entered(2, "horas_semana", horas_semana=["-98"])

    issues = validate(questionnaire(2), known(2, trabaja=1) | found, only=["horas_semana"])
    assert [issue.code for issue in issues] == ["form_integer"]


def test_foreign_fields_are_left_alone() -> None:
    assert entered(2, "estudia", estudia=["1"], trabaja=["1"], id=["x"]) == {"estudia": "1"}


def test_text_is_kept_without_what_databases_refuse() -> None:
    leaf = questionnaire(1).variables["comentario"]

    assert read_answer(leaf, "a\x00b\ud800c\r\nn\u0303 \x1b") == "abc\nñ"


def test_the_fields_of_a_variable() -> None:
    leaf = questionnaire(2).variables["inicio_empleo"]

    assert form_fields(leaf) == (
        "inicio_empleo",
        "inicio_empleo.exit",
        "inicio_empleo.month",
        "inicio_empleo.year",
    )


def test_a_reason_is_stored_beside_the_value() -> None:
    for answer, stored in (
        (MissingCode.REFUSED, Stored(None, -98)),
        ((1, 97), Stored([1, 97])),
        (40, Stored(40)),
        (None, Stored(None)),
    ):
        assert to_stored(answer) == stored
        assert from_stored(stored) == answer


def test_plain_data_is_read_as_far_as_it_can_be() -> None:
    variables = questionnaire(2).variables

    read = [
        read_answer(variables["estudia"], " "),
        read_answer(variables["motivo_no_estudio"], 3),
        read_answer(variables["primer_empleo"], date(2026, 8, 15)),
        read_answer(variables["primer_empleo"], 202608),
        read_answer(variables["ocupacion"], "x" * 20_000),
        read_preloaded(Kind.CHOICE, "2"),
        read_preloaded(Kind.CHOICE, "H"),
        read_preloaded(Kind.DATE, date(2026, 7, 10)),
        read_preloaded(Kind.TRUTH, "sí"),
        read_preloaded(Kind.CHOICE, 2.5),
    ]

    bad = UNREADABLE
    assert read == [None, bad, "2026-08", bad, bad, 2, "H", "2026-07-10", None, None]
