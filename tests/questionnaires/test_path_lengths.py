"""The planning table of the inventory: items seen and seconds for each kind of person."""

import pytest

from app.questionnaires.flow import walk
from app.questionnaires.paths import Length, length, reach
from tests.questionnaires.sources import known, questionnaire

GRANTED_1 = {"autoriza_seguimiento": 1, "autoriza_ofertas": 1, "autoriza_orientacion": 1}
Q1 = {"aviso_q1": 1, "datos_correctos": 1, **GRANTED_1, "celular": "5512345678"}
Q2 = {
    "aviso_q2": 1,
    "autoriza_seguimiento": 1,
    "autoriza_ofertas": 1,
    "contacto_vigente": 1,
    "correo_vigente": 1,
}
Q3 = {
    "aviso_q3": 1,
    "autoriza_red": 1,
    "autoriza_ofertas": 1,
    "contacto_vigente": 1,
    "correo_vigente": 1,
}
CHANGED = {"contacto_vigente": 2, "correo_vigente": 2}
EMPLOYEE = {"trabaja": 1, "posicion": 1, "empleo_previo": 2}
IDLE = {"trabaja": 4, "trabajo_desde_egreso": 2}
TECHNICAL = {"tipo_bachillerato": 2}

TABLE = [
    (1, Q1 | {"trabaja_actual": 3, "plan_egreso": 1, "avance_ingreso": 1}, 24, 316),
    (1, Q1 | TECHNICAL | {"trabaja_actual": 1, "plan_egreso": 2}, 25, 320),
    (1, Q1 | TECHNICAL | {"trabaja_actual": 1, "plan_egreso": 3, "avance_ingreso": 1}, 28, 348),
    (
        1,
        Q1
        | TECHNICAL
        | {"trabaja_actual": 1, "plan_egreso": 3, "avance_ingreso": 1, "datos_correctos": 2},
        29,
        368,
    ),
    (2, Q2 | IDLE | {"estudia": 1, "busca_trabajo": 4}, 20, 202),
    (2, Q2 | EMPLOYEE | {"estudia": 5}, 29, 279),
    (2, Q2 | EMPLOYEE | CHANGED | {"estudia": 1}, 34, 334),
    (2, Q2 | EMPLOYEE | CHANGED | {"estudia": 3}, 32, 317),
    (2, Q2 | IDLE | {"estudia": 5, "busca_trabajo": 1}, 20, 200),
    (3, Q3 | IDLE | {"estudia": 1, "trayectoria_es": 1, "busca_trabajo": 4}, 20, 209),
    (3, Q3 | EMPLOYEE | TECHNICAL | {"estudia": 5, "trayectoria_es": 5}, 30, 296),
    (3, Q3 | EMPLOYEE | TECHNICAL | CHANGED | {"estudia": 1, "trayectoria_es": 2}, 35, 349),
    (
        3,
        Q3
        | {"estudia": 5, "trayectoria_es": 5, "trabaja": 4, "busca_trabajo": 1}
        | {"trabajo_desde_egreso": 1, "empleo_previo": 2},
        22,
        200,
    ),
]


@pytest.mark.parametrize(("number", "answers", "items", "seconds"), TABLE)
def test_the_planning_table_holds(
    number: int, answers: dict[str, object], items: int, seconds: int
) -> None:
    path = walk(questionnaire(number), known(number) | answers)

    assert length(path.items) == Length(seconds, items)


@pytest.mark.parametrize(("number", "longest"), [(1, 368), (2, 334), (3, 349)])
def test_no_path_is_longer_than_planned(number: int, longest: int) -> None:
    found = reach(questionnaire(number))

    assert (found.exhausted, found.longest.seconds) == (True, longest)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_everybody_reaches_every_item(number: int) -> None:
    assert reach(questionnaire(number)).items == {i.name for i in questionnaire(number).items}
