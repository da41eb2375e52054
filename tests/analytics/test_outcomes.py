"""Derived variables of questions.md, and its routing vectors where they speak of outcomes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.outcomes import Answers, Derived, FirstJob, code, codes, derive, first_job, month


def test_studies_only() -> None:
    """Vector 2: estudia 1, trabaja 4, busca 4."""
    assert derive({"estudia": 1, "trabaja": 4, "busca_trabajo": 4}) == Derived(
        estudia_es=1,
        estudia_algo=1,
        ocupado=0,
        desocupado=0,
        pea=0,
        situacion=1,
        ninguna_estricta=0,
        colocado=1,
        jerarquia_14="ES",
        demanda_h2=1,
        jornada_compl=None,
        con_ss=None,
    )


def test_unpaid_work_counts_as_work() -> None:
    """Vector 3."""
    derived = derive({"estudia": 5, "trabaja": 2, "posicion": 4, "horas_semana": 40})

    assert (derived.ocupado, derived.situacion, derived.jerarquia_14) == (1, 2, "OTRO_EMP")


def test_neither_and_looking() -> None:
    """Vector 1."""
    derived = derive({"estudia": 5, "trabaja": 4, "busca_trabajo": 1, "intento_ingreso": 5})

    assert (derived.situacion, derived.desocupado, derived.pea) == (4, 1, 1)
    assert (derived.ninguna_estricta, derived.colocado, derived.demanda_h2) == (0, 0, None)
    assert derived.jerarquia_14 == "SIN"


def test_what_was_not_answered_is_unknown() -> None:
    nothing = derive({})
    assert set(vars_of(nothing)) == {None}


def vars_of(derived: Derived) -> list[int | str | None]:
    return [getattr(derived, name) for name in Derived.__slots__]


@pytest.mark.parametrize(
    ("trabaja", "busca", "desocupado", "pea"),
    [
        (4, 1, 1, 1),
        (4, 2, 0, 0),
        (4, 98, None, None),
        (4, None, None, None),
        (1, None, 0, 1),
        (None, None, None, None),
    ],
)
def test_unemployment(
    trabaja: int | None, busca: int | None, desocupado: int | None, pea: int | None
) -> None:
    derived = derive({"estudia": 5, "trabaja": trabaja, "busca_trabajo": busca})

    assert (derived.desocupado, derived.pea) == (desocupado, pea)


@pytest.mark.parametrize(
    ("answers", "hierarchy"),
    [
        ({"estudia": 2, "trabaja": 4}, "ES"),
        ({"estudia": 2, "trabaja": None}, None),
        ({"estudia": 3, "trabaja": 1, "posicion": 1, "horas_semana": 20}, "EMP"),
        ({"estudia": 3, "trabaja": 1, "posicion": 1, "horas_semana": 19}, "OTRA_ED"),
        ({"estudia": 5, "trabaja": 1, "posicion": 1, "horas_semana": None}, "OTRO_EMP"),
        ({"estudia": 5, "trabaja": 1, "posicion": None, "horas_semana": 48}, "EMP"),
        ({"estudia": 4, "trabaja": 2, "horas_semana": 48}, "OTRA_ED"),
        ({"estudia": 5, "trabaja": None}, None),
    ],
)
def test_the_first_state_that_holds(answers: Answers, hierarchy: str | None) -> None:
    assert derive(answers).jerarquia_14 == hierarchy


def test_the_cut_of_twenty_hours_is_a_setting() -> None:
    answers: Answers = {"estudia": 5, "trabaja": 1, "posicion": 1, "horas_semana": 19}

    assert derive(answers, hours_cut=15).jerarquia_14 == "EMP"


def test_placement() -> None:
    """S5: further study, work or service; finishing the same school is none."""
    assert derive({"estudia": 3, "trabaja": 4}).colocado == 1
    assert derive({"estudia": 4, "trabaja": 4}).colocado == 0
    assert derive({"estudia": 5, "trabaja": 4, "actividad_otra": 4}).colocado == 1
    assert derive({"estudia": 5, "trabaja": None}).colocado is None
    assert derive({"estudia": None, "trabaja": 1}).colocado is None


@pytest.mark.parametrize(
    ("intento", "demand"), [(1, 1), (3, 1), (4, 0), (5, None), (6, None), (98, None), (None, None)]
)
def test_demand(intento: int | None, demand: int | None) -> None:
    assert derive({"estudia": 5, "trabaja": 4, "intento_ingreso": intento}).demanda_h2 == demand


def test_hours_and_social_security() -> None:
    assert [derive({"horas_semana": h}).jornada_compl for h in (34, 35, None)] == [0, 1, None]
    marks: list[frozenset[int] | None] = [frozenset({1, 2}), frozenset({4}), frozenset({98}), None]
    assert [derive({"prestaciones": m}).con_ss for m in marks] == [1, 0, None, None]


@given(
    st.fixed_dictionaries(
        {
            "estudia": st.sampled_from([1, 2, 3, 4, 5, None]),
            "trabaja": st.sampled_from([1, 2, 3, 4, None]),
            "busca_trabajo": st.sampled_from([1, 2, 3, 4, 98, None]),
            "horas_semana": st.one_of(st.none(), st.integers(1, 96)),
            "posicion": st.sampled_from([1, 2, 3, 4, 5, 98, None]),
        }
    )
)
def test_derived_variables_agree_with_each_other(answers: Answers) -> None:
    d = derive(answers)

    assert (d.situacion is None) == (d.estudia_algo is None or d.ocupado is None)
    if d.situacion is not None:
        assert (d.situacion == 4) == (d.jerarquia_14 == "SIN")
        assert (d.situacion in {2, 3}) == bool(d.ocupado)
    assert not (d.ocupado and d.desocupado)


GRADUATED = date(2026, 7, 10)
SEEN = {2: date(2026, 10, 5), 3: date(2027, 10, 8)}


def wait(second: Answers | None, third: Answers | None = None) -> FirstJob:
    seen = {w: SEEN[w] for w, a in ((2, second), (3, third)) if a is not None}
    return first_job(second, third, graduated=GRADUATED, interviewed=seen)


def test_the_first_job_after_school() -> None:
    """Vector 11: had a job and left it."""
    job = wait({"trabaja": 4, "empleo_previo": 2, "primer_empleo": "2026-09"})

    assert job == FirstJob(0, date(2026, 9, 1), 2, 1, 2)
    assert wait({"empleo_previo": 2, "primer_empleo": date(2026, 7, 28)}).espera_meses == 0


def test_the_date_of_questionnaire_two_comes_first() -> None:
    second: Answers = {"trabaja": 1, "empleo_previo": 2, "primer_empleo": "2026-08"}

    assert wait(second, {"trabaja": 1, "primer_empleo": "2027-01"}).espera_meses == 1


def test_a_job_before_leaving_is_told_apart() -> None:
    assert wait({"trabaja": 1, "empleo_previo": 1}) == FirstJob(1, None, None, None, None)
    later = wait({"trabaja": 1, "empleo_previo": 1}, {"trabaja": 4, "trabajo_desde_egreso": 2})
    assert (later.previo, later.espera_evento) == (1, None)


def test_who_still_waits_is_censored_at_the_last_interview() -> None:
    waiting: Answers = {"trabaja": 4, "trabajo_desde_egreso": 2}

    assert wait(waiting) == FirstJob(None, None, None, 0, 3)
    assert wait(waiting, waiting).espera_tiempo == 15


def test_a_job_without_a_usable_date_leaves_the_curve() -> None:
    no_date: Answers = {"trabaja": 1, "empleo_previo": 2, "primer_empleo": None}
    too_early: Answers = {"trabaja": 1, "empleo_previo": 2, "primer_empleo": "2026-06"}

    assert wait(no_date).espera_evento is None
    assert wait(too_early).espera_evento is None
    assert wait({"trabaja": 1}, {"trabaja": 4, "trabajo_desde_egreso": 2}).espera_evento is None
    assert wait(None) == FirstJob(None, None, None, None, None)


def test_answers_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        code({"estudia": "1"}, "estudia")
    for answer in ("12", 12):
        with pytest.raises(ValueError, match="multiple choice"):
            codes({"prestaciones": answer}, "prestaciones")
    with pytest.raises(ValueError, match="not a month"):
        month({"primer_empleo": 202609}, "primer_empleo")
    with pytest.raises(ValueError, match="Invalid isoformat"):
        month({"primer_empleo": "sept."}, "primer_empleo")
    assert month({"primer_empleo": ""}, "primer_empleo") is None
