"""Figures of earlier generations as people type them."""

import pytest

from app.analytics.figures.registry import indicator
from app.analytics.past_figures import TypedFigure, Wrong, offered, read_figure, read_file
from app.chronology.wave_plan import Cohort

RIGHT = {
    "generation": "2012-2015*",
    "questionnaire": "2",
    "figure": "H1",
    "value": "26,9 %",
    "base": "1,516",
    "source": "Informe  anual 2016, página 12",
}


def test_a_figure_of_the_starred_generation() -> None:
    """domain.md T16: 26.9 % of 516, as a paper prints it."""
    assert read_figure(RIGHT) == TypedFigure(
        Cohort(2012, 2015), 2, "H1", "si", 0.269, 1516, "Informe anual 2016, página 12"
    )


@pytest.mark.parametrize(
    ("column", "typed"),
    [
        ("generation", "2012"),
        ("figure", "Z9"),
        ("questionnaire", "1"),  # H1 is not asked in it
        ("questionnaire", "dos"),
        ("value", "101"),
        ("value", "-3"),
        ("value", ""),
        ("base", "0"),
        ("base", "muchas"),
        ("source", "x"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(column: str, typed: str) -> None:
    found = read_figure({**RIGHT, column: typed})

    assert isinstance(found, Wrong)
    assert found.column == column


def test_a_file_is_read_whatever_its_separator_and_its_letters() -> None:
    text = "Generación;Cuestionario;Indicador;Porcentaje;N;Fuente\r\n"
    text += "2012-2015;2;S1 | solo_estudia;40;;Cuaderno de trabajo\r\n;;;;;\r\n"
    text += "2012-2015;2;R2|;55.5;300;Cuaderno de trabajo\r\n"

    figures, wrong = read_file(text.encode("cp1252"))

    assert wrong == []
    assert [(one.indicator, one.category, one.value) for one in figures] == [
        ("S1", "solo_estudia", 0.4),
        ("R2", "", 0.555),
    ]


def test_a_file_says_every_row_that_is_wrong() -> None:
    text = "generacion,cuestionario,cifra,valor,base,fuente\n2012,2,H1,1,,Informe\n"
    text += "2012-2015,2,H1,1,,Informe\n2012-2015,2,H1,x,,Informe\n"

    figures, wrong = read_file(text.encode())

    assert len(figures) == 1
    assert [(one.row, one.column) for one in wrong] == [(2, "generation"), (4, "value")]
    assert read_file(b"")[1][0].sentence.endswith("está vacío.")
    assert "Faltan columnas" in read_file(b"a,b\n1,2\n")[1][0].sentence


def test_every_figure_that_is_offered_can_be_told() -> None:
    for one in offered():
        name = one.key.partition("|")[0]
        number = str(min(one.questionnaires))
        found = read_figure({**RIGHT, "figure": one.key, "questionnaire": number})
        assert isinstance(found, TypedFigure)
        assert indicator(name).id == found.indicator
