import re
from datetime import date

import pytest

from app.analytics.figures.indicators import Kind, count, cross, values, waits
from app.analytics.figures.registry import REGISTRY, column, indicator, outcomes_of
from app.analytics.panel_row import Row, panel_row

IDS = [
    *(f"R{i}" for i in range(1, 14)),
    *(f"S{i}" for i in range(1, 8)),
    *(f"H{i}" for i in range(1, 8)),
    *("L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10a", "L10b", "L11", "L12"),
    *("X1", "X2", "X3", "X4", "C1", "C2_docentes", "C3_ingles", "C3b_ingles", "C4", "C5", "C6"),
    *("D1", "D2", "D3", "D4"),
]


def test_every_indicator_of_the_specification_is_registered_once() -> None:
    """domain.md 3.1 to 3.6."""
    known = [entry.id for entry in REGISTRY]

    assert len(known) == len(set(known))
    assert set(IDS) <= set(known)


@pytest.mark.parametrize("entry", REGISTRY, ids=lambda entry: entry.id)
def test_every_indicator_explains_itself(entry: object) -> None:
    assert hasattr(entry, "numerator")
    for text in (entry.numerator, getattr(entry, "base", "")):
        assert re.fullmatch(r"\S.{2,}\.", text), text


@pytest.mark.parametrize("entry", REGISTRY, ids=lambda entry: entry.id)
def test_categories_of_an_indicator_do_not_overlap(entry: object) -> None:
    categories = getattr(entry, "categories", ())
    codes = [code for category in categories for code in category.codes]

    assert len(codes) == len(set(codes))
    assert not {98, 99} & set(codes)
    assert len({category.id for category in categories}) == len(categories)


def test_an_unknown_id_is_refused() -> None:
    assert indicator("S1").name == "Situación principal"
    with pytest.raises(ValueError, match="no indicator"):
        indicator("S9")


def a_row(**answers: int | str | frozenset[int] | None) -> Row:
    return panel_row(2, {2: answers}, {"municipio_plantel": "09001", "tipo_bachillerato": 2})


ROWS = [
    a_row(estudia=1, trabaja=4, busca_trabajo=4, primera_opcion=1, municipio_residencia="09001"),
    a_row(estudia=1, trabaja=1, primera_opcion=2, relacion_trabajo_formacion=1, horas_semana=40),
    a_row(estudia=5, trabaja=1, relacion_trabajo_formacion=99, ingreso_mensual=3, horas_semana=10),
    a_row(estudia=5, trabaja=4, busca_trabajo=1, intento_ingreso=1, municipio_residencia="15003"),
    a_row(estudia=5, trabaja=4, busca_trabajo=98, motivo_no_estudio=frozenset({1, 2})),
    a_row(estudia=3, trabaja=4, busca_trabajo=4, motivo_no_estudio=frozenset({98})),
    a_row(estudia=None, trabaja=1),
]


@pytest.mark.parametrize(
    ("name", "cells", "base"),
    [
        ("S1", {"solo_estudia": 2, "solo_trabaja": 1, "estudia_y_trabaja": 1, "ninguna": 2}, 6),
        ("S2", {"si": 3, "no": 3}, 6),
        ("S4b", {"si": 1, "no": 5}, 6),
        ("S5", {"si": 4, "no": 2}, 6),
        ("S7", {"si": 1, "no": 1}, 2),
        ("H1", {"si": 2, "no": 4}, 6),
        ("H2", {"inscrita": 2, "no_aceptada": 1, "no_inscrita": 0, "dejo": 0}, 3),
        ("H3", {"si": 1, "no": 1}, 2),
        ("H3b", {"si": 2, "no": 0}, 2),
        ("L1", {"si": 3, "no": 4}, 7),
        ("L1b", {"si": 1, "no": 2}, 3),
        ("L2", {"si": 4, "no": 2}, 6),
        ("L3", {"si": 1, "no": 3}, 4),
        ("L4", {"si": 1, "no": 0}, 1),
        ("L8b", {"si": 1, "no": 1}, 2),
    ],
)
def test_who_is_counted(name: str, cells: dict[str, int], base: int) -> None:
    """Counted by hand from ROWS: 98, 99 and blanks leave the base."""
    counted = count(indicator(name), ROWS)

    assert (dict(counted.cells), counted.base) == (cells, base)


def test_mentions_have_the_persons_with_a_reason_as_base() -> None:
    counted = count(indicator("H5"), ROWS)

    assert (counted.cells["1"], counted.cells["2"], counted.base) == (1, 1, 1)


def test_numbers_and_waits() -> None:
    rows: list[Row] = [
        {"espera_tiempo": 3, "espera_evento": 1},
        {"espera_tiempo": 4, "espera_evento": 0},
        {"espera_tiempo": None, "espera_evento": None},
    ]

    assert values(indicator("L8"), ROWS).values == (40, 10)
    assert values(
        indicator("C1"), [{"satisfaccion_global": 99}, {"satisfaccion_global": 5}]
    ).values == (5,)
    assert (waits(indicator("L10b"), rows).events, waits(indicator("L10b"), rows).censored) == (
        (3,),
        (4,),
    )


def test_open_classifications_have_the_categories_found() -> None:
    rows: list[Row] = [{"estudia_es": 1, "campo_amplio": "07"}, {"estudia_es": 1}]

    assert dict(count(indicator("H7"), rows).cells) == {"07": 1}


def test_a_crossing_has_both_margins() -> None:
    crossing = indicator("X1")
    rows: list[Row] = [
        {"q1_plan_egreso": 1, "situacion": 1},
        {"q1_plan_egreso": 1, "situacion": 4},
        {"q1_plan_egreso": 9, "situacion": 4},
        {"q1_plan_egreso": None, "situacion": 4},
    ]

    table = cross(crossing, column(crossing), rows)

    assert table.columns == ("solo_estudia", "solo_trabaja", "estudia_y_trabaja", "ninguna")
    assert table.table[0] == (1, 0, 0, 1, 2)
    assert table.table[-1] == (1, 0, 0, 2, 3)


def test_outcomes_are_counted_from_rows() -> None:
    for wave in (1, 2, 3):
        assert all(e.variable and e.kind is not Kind.PROCESS for e in outcomes_of(wave))


def test_linked_variables_of_a_person() -> None:
    """H3 with Q1, H6, X2, X4, C3, S7."""
    row = panel_row(
        3,
        {
            1: {
                "plan_egreso": 3,
                "ingreso_esperado": 4,
                "ies_primera_opcion": "Universidad Autónoma  de Nayarit",
                "competencias_ingles": 2,
            },
            2: {"estudia": 1, "trabaja": 4, "competencias_ingles": 3},
            3: {
                "estudia": 2,
                "trabaja": 1,
                "ingreso_mensual": 2,
                "ies_nombre": "universidad autonoma de nayarit",
                "competencias_uso_ingles": 5,
                "municipio_residencia": "18017",
            },
        },
        {"municipio_plantel": "14120"},
    )

    linked = ["permanece", "plan_cumplido", "brecha_ingreso", "en_primera_opcion_q1"]
    assert [row[name] for name in linked] == [1, 1, -2, 1]
    assert [row[name] for name in ("brecha_ingles", "mudanza", "mudanza_estado")] == [2, 1, 1]
    assert row["brecha_digital"] is None


def test_a_row_needs_its_wave() -> None:
    with pytest.raises(ValueError, match="nothing was answered"):
        panel_row(2, {1: {}}, {})


def test_dates_are_kept_as_text() -> None:
    row = panel_row(2, {2: {"primer_empleo": date(2026, 9, 1)}}, {})

    assert row["primer_empleo"] == "2026-09-01"
