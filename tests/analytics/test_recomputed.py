"""Every figure of random worlds, counted again by another library from what people answered.

Polars sees the answers as they were typed and nothing of app/analytics: no row, no registry.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import count

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.analytics.released import Audience, IndicatorRow
from app.analytics.reports import FrameReport, indicators_report, rates_report
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.units.scope import WHOLE
from tests.analytics.survey import LATER, SILENT, Someone, a_surveyed_school
from tests.analytics.test_reports import of_unit
from tests.fieldwork.field import an_office

FEW = st.integers(1, 4)
ANSWERED = (Disposition.COMPLETE, Disposition.PARTIAL)
NUMBERS = count(1)
RAW = (
    *("estudia", "trabaja", "busca_trabajo", "actividad_otra", "intento_ingreso"),
    *("primera_opcion", "horas_semana", "satisfaccion_global", "misma_escuela", "plan"),
)
SCHEMA = {**dict.fromkeys(RAW, pl.Int64), "disposition": pl.String, "sexo": pl.String}


@st.composite
def people(draw: st.DrawFn) -> Someone:
    """Somebody who answered as the questionnaire asks: no question that does not apply."""
    disposition = draw(
        st.sampled_from([*[Disposition.COMPLETE] * 5, Disposition.PARTIAL, Disposition.REFUSED])
    )
    disposition = draw(st.sampled_from([disposition, disposition, SILENT]))
    plan = draw(st.sampled_from([None, 1, 2, 3, 4, 9]))
    first: dict[int, Mapping[str, object]] = {} if plan is None else {1: {"plan_egreso": plan}}
    sex = draw(st.sampled_from("HM"))
    confirmed = draw(st.booleans()) or disposition in ANSWERED
    if disposition not in ANSWERED:
        return Someone(first, disposition=disposition, sex=sex, confirmed=confirmed)
    estudia = draw(st.sampled_from([1, 2, 3, 4, 5, 5, None]))
    trabaja = draw(st.sampled_from([1, 2, 3, 4, 4, None]))
    told: dict[str, object] = {
        "estudia": estudia,
        "trabaja": trabaja,
        "satisfaccion_global": draw(st.one_of(st.none(), st.integers(1, 5))),
        "misma_escuela": draw(st.one_of(st.none(), FEW)),
    }
    if estudia in {1, 2}:
        told["primera_opcion"] = draw(FEW)
    elif estudia is not None:
        told["intento_ingreso"] = draw(st.integers(1, 6))
    if trabaja == 4:
        told["busca_trabajo"] = draw(FEW)
        if estudia == 5:
            told["actividad_otra"] = draw(st.integers(1, 5))
    elif trabaja is not None:
        told["horas_semana"] = draw(st.integers(1, 80))
    given_answers = {**first, 2: told}
    return Someone(given_answers, disposition=disposition, sex=sex, confirmed=confirmed)


def frame_of(world: Sequence[Someone]) -> pl.DataFrame:
    """One line a person, as typed."""
    lines = [
        {
            **{name: someone.answers.get(2, {}).get(name) for name in RAW if name != "plan"},
            "plan": someone.answers.get(1, {}).get("plan_egreso"),
            "disposition": someone.disposition.value,
            "sexo": someone.sex,
        }
        for someone in world
    ]
    return pl.DataFrame(lines, schema=SCHEMA)


def is_in(name: str, *codes: int) -> pl.Expr:
    return pl.col(name).is_in(codes)


STUDIES, WORKS = is_in("estudia", 1, 2, 3, 4), is_in("trabaja", 1, 2, 3)
KNOWN = pl.col("estudia").is_not_null() & pl.col("trabaja").is_not_null()
ENROLLED = is_in("estudia", 1, 2)
IDLE = ~STUDIES & ~WORKS
SEEKS = is_in("trabaja", 4) & is_in("busca_trabajo", 1)
ACTIVE = WORKS | SEEKS
PLACED = is_in("estudia", 1, 2, 3) | WORKS | is_in("actividad_otra", 4).fill_null(value=False)
# Indicator and category → who counts, and among whom.
SHARES: Mapping[tuple[str, str], tuple[pl.Expr, pl.Expr]] = {
    ("S1", "solo_estudia"): (STUDIES & ~WORKS, KNOWN),
    ("S1", "solo_trabaja"): (~STUDIES & WORKS, KNOWN),
    ("S1", "estudia_y_trabaja"): (STUDIES & WORKS, KNOWN),
    ("S1", "ninguna"): (IDLE, KNOWN),
    ("S2", "si"): (STUDIES, KNOWN),
    ("S3", "si"): (WORKS, KNOWN),
    ("S4", "si"): (IDLE, KNOWN),
    ("S4b", "si"): (
        IDLE
        & ~is_in("busca_trabajo", 1, 2).fill_null(value=False)
        & ~is_in("actividad_otra", 1, 2).fill_null(value=False),
        KNOWN,
    ),
    ("S5", "si"): (PLACED.fill_null(value=False), PLACED.is_not_null()),
    ("H1", "si"): (ENROLLED, pl.col("estudia").is_not_null()),
    ("H2", "inscrita"): (ENROLLED, ENROLLED | is_in("intento_ingreso", 1, 2, 3)),
    ("H2", "dejo"): (is_in("intento_ingreso", 3), ENROLLED | is_in("intento_ingreso", 1, 2, 3)),
    ("H2b", "espera"): (is_in("intento_ingreso", 6), pl.col("intento_ingreso").is_not_null()),
    ("H3", "si"): (is_in("primera_opcion", 1), ENROLLED & pl.col("primera_opcion").is_not_null()),
    ("L1", "si"): (WORKS, pl.col("trabaja").is_not_null()),
    ("L1b", "si"): (WORKS, is_in("estudia", 5) & pl.col("trabaja").is_not_null()),
    ("L2", "si"): (ACTIVE, pl.col("trabaja").is_not_null()),
    ("L3", "si"): (SEEKS, ACTIVE),
    ("L8b", "si"): (pl.col("horas_semana") >= 35, WORKS & pl.col("horas_semana").is_not_null()),
    ("C1t", "si"): (
        is_in("satisfaccion_global", 4, 5),
        pl.col("satisfaccion_global").is_not_null(),
    ),
    ("C4", "si"): (is_in("misma_escuela", 1), pl.col("misma_escuela").is_not_null()),
    ("X2", "si"): (
        pl.col("plan")
        == pl.when(STUDIES & WORKS).then(3).when(STUDIES).then(1).when(WORKS).then(2).otherwise(4),
        KNOWN & is_in("plan", 1, 2, 3, 4),
    ),
    ("X3", "si"): (ENROLLED, is_in("plan", 1, 3) & pl.col("estudia").is_not_null()),
}


def counted(frame: pl.DataFrame, part: pl.Expr, base: pl.Expr) -> tuple[int, int]:
    among = frame.filter(base)
    return among.filter(part).height, among.height


def check_rates(report: FrameReport, world: Sequence[Someone]) -> None:
    """Every group and rate, from the dispositions alone."""
    sure = pl.Series("sure", [someone.confirmed for someone in world], dtype=pl.Boolean)
    groups = frame_of(world).with_columns(sure)
    of = pl.col("disposition")
    complete, partial = (
        groups.filter(of == "complete").height,
        groups.filter(of == "partial").height,
    )
    refused = groups.filter((of == "refused") & pl.col("sure")).height
    unsure, listed = groups.filter(~pl.col("sure")).height, groups.height
    told = report.counts
    assert (complete, partial, refused, unsure) == (told.I, told.P, told.R, told.UO)
    parts = (complete, complete + partial) * 2
    bases = (listed, listed, listed - unsure, listed - unsure)
    rates = (report.rates.rr1, report.rates.rr2, report.rates.rr5, report.rates.rr6)
    for rate, part, base in zip(rates, parts, bases, strict=True):
        assert rate == (Fraction(part, base) if base else None)


def an_own_school(db: Database, world: Sequence[Someone]) -> Mapping[tuple[str, str], IndicatorRow]:
    """The figures as the school reads them, and the rates checked on the way."""
    code = f"15ECT{next(NUMBERS):04}A"
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, world, code=code)
    with db.reading() as session:
        asked = of_unit(session, school)
        report = indicators_report(session, WHOLE, asked, audience=Audience.OWN, now=LATER)
        rates = rates_report(session, WHOLE, asked)
    check_rates(rates, world)
    return {(row.id, row.category): row for row in report.figures}


@settings(max_examples=12)
@given(st.lists(people(), min_size=23, max_size=60))
@example([])
@example([Someone(disposition=Disposition.REFUSED)] * 30)
def test_every_share_of_a_school_is_what_polars_counts(db: Database, world: list[Someone]) -> None:
    told = an_own_school(db, world)
    frame = frame_of(world).filter(pl.col("disposition").is_in(["complete", "partial"]))

    for (name, category), (part, base) in SHARES.items():
        row = told[name, category]
        numerator, total = counted(frame, part, base)
        if row.base is None or row.withheld:  # too few for L3, or nobody listed
            assert total < 23
            continue
        share = numerator / total if total else None
        expected = (numerator, total, share)
        assert (row.numerator, row.base, row.value) == expected, (name, category)
    hours = frame.filter(WORKS)["horas_semana"].median()
    rating = frame["satisfaccion_global"].mean()
    if len(world) >= 23:
        assert told["L8", ""].value == hours
        assert told["C1", ""].value == pytest.approx(rating)


@settings(max_examples=4)
@given(st.lists(st.lists(people(), max_size=14), min_size=3, max_size=5))
def test_an_office_reads_the_sum_of_its_schools(db: Database, worlds: list[list[Someone]]) -> None:
    """Exact from three schools with answers on (domain.md 3.8), from their frozen editions."""
    with db.unit_of_work() as session:
        office = an_office(session, f"O{next(NUMBERS)}")
        for world in worlds:
            code = f"15ECT{next(NUMBERS):04}B"
            a_surveyed_school(session, 2, world, code=code, office=office)

    with db.reading() as session:
        report = indicators_report(session, WHOLE, of_unit(session, office), now=LATER)

    everybody = [someone for world in worlds for someone in world]
    frame = frame_of(everybody).filter(pl.col("disposition").is_in(["complete", "partial"]))
    told = {(row.id, row.category): row for row in report.figures}
    schools = sum(any(one.disposition in ANSWERED for one in world) for world in worlds)
    for (name, category), (part, base) in SHARES.items():
        row = told[name, category]
        if schools < 3 or name == "L3":
            continue  # read as one school; never of fewer than 23
        assert (row.numerator, row.base) == counted(frame, part, base), (name, category)
