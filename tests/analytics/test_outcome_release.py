"""All indicators of a wave together, under attack over the persons they share."""

import random
from collections.abc import Sequence
from datetime import date
from functools import cache

import pytest

from app.analytics.figures.families import CORE
from app.analytics.figures.indicators import Indicator, Kind, category_of
from app.analytics.figures.registry import indicator, outcomes_of
from app.analytics.panel_row import Row, Value, panel_row
from app.analytics.release.outcome_release import release_wave
from app.analytics.released import Audience, Context, IndicatorRow, Reason
from tests.analytics.attack import Interval, joint_intervals

OFFICE = Context(audience=Audience.OFFICE)


def a_person(chance: random.Random, wave: int) -> Row:
    estudia = chance.choices([1, 2, 3, 4, 5], [40, 8, 5, 2, 45])[0]
    trabaja = chance.choices([1, 2, 3, 4], [38, 8, 2, 52])[0]
    works, higher = trabaja != 4, estudia in {1, 2}
    answers: dict[str, Value] = {
        "estudia": estudia,
        "trabaja": trabaja,
        "municipio_residencia": chance.choice(["09001", "09001", "15003"]),
        "horas_semana": chance.choice([8, 24, 40, 48]) if works else None,
        "posicion": {1: 1, 2: 4, 3: 5}.get(trabaja),
        "ingreso_mensual": chance.choice([1, 2, 3, 98]) if trabaja == 1 else None,
        "busca_trabajo": None if works else chance.choice([1, 2, 3, 4]),
        "actividad_otra": None if works or estudia != 5 else chance.choice([1, 2, 3, 4, 5]),
        "primera_opcion": chance.choice([1, 2, 3, 4]) if higher else None,
        "intento_ingreso": None if higher else chance.choice([1, 2, 3, 4, 5, 6]),
        "trayectoria_es": chance.choice([1, 2, 3] if higher else [4, 5]),
        "satisfaccion_global": chance.choice([1, 2, 3, 4, 5]),
        "recomendaria": chance.randint(0, 10),
        "trabajo_desde_egreso": None if works else 2,
        "empleo_previo": 2 if works else None,
        "primer_empleo": "2026-08" if works else None,
    }
    return panel_row(
        wave,
        {1: {"plan_egreso": chance.choice([1, 2, 3, 4, 9])}, 2: answers, 3: answers},
        {"municipio_plantel": "09001", "tipo_bachillerato": 2},
        graduated=date(2026, 7, 10),
        interviewed={2: date(2026, 10, 5)},
    )


def a_school(n: int, seed: int, wave: int = 2) -> list[Row]:
    chance = random.Random(seed)
    return [a_person(chance, wave) for _ in range(n)]


def by_name(rows: Sequence[IndicatorRow]) -> dict[tuple[str, str], IndicatorRow]:
    return {(row.id, row.category): row for row in rows}


def test_one_figure_from_rows_to_reader() -> None:
    rows = a_school(120, seed=1)

    told = by_name(release_wave(rows, 2, Context(audience=Audience.OWN, frame=150)))

    studies = sum(row["estudia"] in {1, 2, 3, 4} for row in rows)
    assert (told["S2", "si"].numerator, told["S2", "si"].base) == (studies, 120)
    assert sum(r.value or 0 for (name, _), r in told.items() if name == "S1") == pytest.approx(1)
    assert told["L10a", ""].value == 1


def test_a_school_of_seven_shows_no_outcome_outside() -> None:
    rows = a_school(7, seed=2)

    public = release_wave(rows, 2, Context(audience=Audience.PUBLIC, frame=9, answered=7))

    assert public
    assert all(row.withheld and row.reason and row.value is None for row in public)


def test_nobody_answered() -> None:
    own = release_wave([], 2, Context(audience=Audience.OWN))

    assert all(row.value is None and row.base == 0 for row in own)


def test_part_of_a_release_is_as_careful_as_all_of_it() -> None:
    rows = a_school(40, seed=3)
    everything = by_name(release_wave(rows, 2, OFFICE))

    some = release_wave(rows, 2, OFFICE, only=[indicator("S3")])

    assert some == [everything["S3", "si"]]


def cells_of(rows: list[Row], context: Context) -> dict[str, IndicatorRow]:
    return {r.category: r for r in release_wave(rows, 2, context) if r.id == "X1"}


def test_a_crossing_of_plan_and_situation_is_told_by_cell() -> None:
    """Shares of a row, whose base is who had that plan; three schools or more read it exactly."""
    rows: list[Row] = [{"q1_plan_egreso": 1, "situacion": 1}] * 30
    rows += [{"q1_plan_egreso": 1, "situacion": 2}] * 10 + [{"q1_plan_egreso": None}] * 9

    told = cells_of(rows, Context(audience=Audience.OFFICE, schools=3))

    assert len(told) == 5 * 4
    kept = told["solo_estudiar|solo_estudia"]
    assert (kept.numerator, kept.base, kept.value) == (30, 40, 0.75)
    assert told["sin_decidir|ninguna"].base == 0


@pytest.mark.parametrize("context", [OFFICE, Context(audience=Audience.PUBLIC, frame=60)])
def test_a_crossing_with_a_small_cell_is_not_told_outside_at_all(context: Context) -> None:
    rows: list[Row] = [{"q1_plan_egreso": 1, "situacion": 1}] * 48
    rows += [{"q1_plan_egreso": 1, "situacion": 2}] * 2

    told = cells_of(rows, context)

    assert {(row.numerator, row.base, row.value) for row in told.values()} == {(None, None, None)}
    assert all(row.withheld for row in told.values())


def curve_of(waits: dict[tuple[int, int], int], context: Context) -> list[IndicatorRow]:
    rows: list[Row] = [
        {"espera_tiempo": month, "espera_evento": event}
        for (month, event), persons in waits.items()
        for _ in range(persons)
    ]
    return [row for row in release_wave(rows, 2, context) if row.id == "L10k"]


def test_the_curve_of_first_jobs_is_the_one_of_kaplan_and_meier() -> None:
    """Ten persons: 2 find work at once, 3 at month 2 of 8, 1 at month 4 of 4: S = .8, .5, .375."""
    waits = {(0, 1): 2, (2, 1): 3, (3, 0): 1, (4, 1): 1, (4, 0): 3}

    told = curve_of(waits, Context(audience=Audience.OWN))

    assert [(row.category, row.base) for row in told] == [(f"{month}", 10) for month in range(5)]
    assert [round(row.value or 0, 6) for row in told] == [0.2, 0.2, 0.5, 0.5, 0.625]
    assert all(
        row.low is not None and row.high is not None and row.value is not None
        and row.low < row.value < row.high
        for row in told
    )  # fmt: skip


def test_outside_a_curve_is_read_by_quarters_and_only_where_no_count_is_small() -> None:
    plain = {(1, 1): 20, (5, 1): 10, (8, 1): 6, (16, 0): 40}
    one_alone = {**plain, (8, 1): 1}

    told = curve_of(plain, OFFICE)
    hidden = curve_of(one_alone, OFFICE)

    assert [(row.category, row.value) for row in told] == [
        ("3", 0.26), ("6", 0.39), ("9", 0.47), ("12", 0.47),
    ]  # fmt: skip
    assert all(row.withheld and row.value is None for row in hidden)


def test_a_scale_is_told_whole_or_not_at_all_outside() -> None:
    rows: list[Row] = [
        {"satisfaccion_global": rating}
        for rating, persons in ((1, 5), (2, 6), (3, 7), (4, 30), (5, 12))
        for _ in range(persons)
    ]

    whole = [row for row in release_wave(rows, 1, OFFICE) if row.id == "C1d"]
    thinned = [row for row in release_wave(rows[1:], 1, OFFICE) if row.id == "C1d"]

    assert [row.numerator for row in whole] == [5, 6, 7, 30, 12]
    assert [row.numerator for row in thinned] == [None] * 5
    assert {row.base for row in thinned} == {None}


def core(wave: int) -> list[Indicator]:
    """Indicators of study and work, but those of who planned what."""
    return [
        entry
        for entry in outcomes_of(wave)
        if entry.variable in CORE
        and entry.kind is not Kind.CROSSING
        and not any(condition.variable.startswith("q1_") for condition in entry.among)
    ]


def state(row: Row, wave: int) -> frozenset[tuple[str, str]]:
    found = [(entry.id, category_of(entry, row)) for entry in core(wave)]
    cells = [(name, category) for name, category in found if category is not None]
    return frozenset([*cells, *((name, "base") for name, _ in cells)])


@cache
def possible(wave: int) -> frozenset[frozenset[tuple[str, str]]]:
    return frozenset(state(row, wave) for row in a_school(2_000, seed=99, wave=wave))


def attack(rows: Sequence[Row], wave: int) -> list[Interval]:
    """What the office works out of every core figure of one school together."""
    told = by_name(release_wave(rows, wave, OFFICE))
    states = list(possible(wave) | {state(row, wave) for row in rows})
    known: dict[tuple[tuple[str, str], ...], int] = {}
    hidden = []
    for entry in core(wave):
        names = [c.id for c in entry.categories]
        shown = names[:1] if entry.kind is Kind.PROPORTION else names
        for i, name in enumerate(shown):
            figure = told.get((entry.id, name))
            if figure is None:
                continue  # the rest of a cumulative line
            if figure.base is not None:
                known[((entry.id, "base"),)] = figure.base
            first = 0 if entry.kind is Kind.CUMULATIVE else i
            if figure.reason == Reason.SMALL:
                hidden.append((entry.id, name))
            elif figure.numerator is not None:  # else too few for a percentage, no secret
                known[tuple((entry.id, n) for n in names[first : i + 1])] = figure.numerator
    return joint_intervals(states, known, hidden) if known else []


def attacked(schools: range, wave: int) -> list[int]:
    """Widths of the intervals of hidden figures in schools of 12 persons or more."""
    return [
        found.width
        for seed in schools
        for found in attack(a_school(12 + 9 * (seed % 12), seed=seed, wave=wave), wave)
    ]


@pytest.mark.parametrize("wave", [2, 3])
def test_figures_of_the_same_persons_do_not_give_each_other_away(wave: int) -> None:
    widths = attacked(range(4), wave)

    assert len(widths) > 10
    assert min(widths) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("wave", [2, 3])
def test_figures_of_many_schools_do_not_give_each_other_away(wave: int) -> None:
    widths = attacked(range(60), wave)

    assert len(widths) > 100
    assert min(widths) >= 5
