"""Every figure of random deployments, counted again by other libraries (tests/recount).

Polars, NumPy and SciPy see the tables as SQL gives them and nothing of app/analytics: no row, no
registry. Whoever adds an indicator is told here that nobody counted it again.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from app.analytics.figures.registry import outcomes_of
from app.analytics.released import Audience
from app.analytics.reports import IndicatorsReport, WaveOfUnit, indicators_report, rates_report
from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from tests.analytics.survey import COHORT, LATER, Someone, a_surveyed_school
from tests.recount.agreement import Reader, differences
from tests.recount.outcomes import counted, means, recount
from tests.recount.process import groups_of, known_of, outcome_rates_of
from tests.recount.raw import Raw, Wave
from tests.recount.world import NOW, Simulated, people_by_lot, raw_of, simulated

pytestmark = pytest.mark.slow

NUMBERS = count(1)
SMALL_FRAME = 23
NATION = "MX"
UNCODED = {"H7", "L12b"}
MADE_APART = {
    1: set[str](),
    2: {"L8", "L9m", "L10a", "L10b", "L10k", "X1"},
    3: {"L8", "L9m", "L10a", "L10b", "L10k", "X1b", "C6"},
}


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, request: pytest.FixtureRequest
) -> Iterator[Simulated]:
    """A simulated deployment of four schools and two generations."""
    path = tmp_path_factory.mktemp("recounted") / "world.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = simulated(path, request.param)
    yield made
    made.database.dispose()


SEEDS = ["uno", *(pytest.param(f"{n}", marks=pytest.mark.deep) for n in range(8))]


def waves_of(raw: Raw, unit: str) -> list[Wave]:
    """Every questionnaire of a generation that was fielded below a unit."""
    schools = raw.schools_of[unit]
    here = raw.cases.filter(pl.col("school").is_in(sorted(schools)))
    keys = here.select("entered", "leaves", "questionnaire").unique().sort(pl.all())
    return [Wave(entered, leaves, number, schools) for entered, leaves, number in keys.rows()]


def frame_of(raw: Raw, wave: Wave) -> int:
    return raw.listed(wave).filter(pl.col("disposition") != "not_eligible").height


def asked(session: Session, wave: Wave, unit: str) -> WaveOfUnit:
    cohort = Cohort(wave.entered, wave.leaves)
    return WaveOfUnit(unit_by_code(session, WHOLE, unit), cohort, wave.questionnaire)


def check_rates(session: Session, raw: Raw, wave: Wave, unit: str) -> None:
    """Every group, rate and denominator (R1 to R10)."""
    listed = raw.listed(wave)
    report = rates_report(session, WHOLE, asked(session, wave, unit))
    groups = groups_of(listed)
    rates = outcome_rates_of(groups)
    by_self, by_others = known_of(raw, wave)
    frame = sum(groups.values()) - groups["NE"]
    on_time = listed.filter(pl.col("late_reason").is_null())
    opening = on_time.height - len(raw.denied & set(on_time["case_id"]))

    assert {letter: getattr(report.counts, letter) for letter in groups} == groups
    assert {name: getattr(report.rates, name) for name in rates} == rates
    assert (report.self_reported, report.verified) == (by_self, by_others)
    known = Fraction(by_self + by_others, frame) if frame else None
    assert report.knowledge_rate == known
    assert (report.frame, report.frame_at_opening) == (frame, opening)
    assert report.late == listed.height - on_time.height


def check(report: IndicatorsReport, raw: Raw, wave: Wave, *, exact: bool) -> None:
    """Every outcome of a wave, for the audience of the report."""
    told, frame = raw.told(wave), frame_of(raw, wave)
    again = recount(told, wave.questionnaire, frame)
    reader = Reader(report.audience, exact, frame, told.height)
    assert differences(report.figures, again, reader) == [], wave


def check_pool(report: IndicatorsReport, raw: Raw, wave: Wave) -> None:
    """The figures of a generation that is too small alone: of its own school's generations."""
    pool = report.pool
    if pool is None or pool.zone is not None:
        return  # of a zone: test_pools_recounted.py
    waves = [Wave(c.entered, c.leaves, wave.questionnaire, wave.schools) for c in pool.cohorts]
    if any(is_open(raw, one) for one in waves):
        return  # of an edition, that holds the answers of another day
    told = pl.concat([raw.told(one) for one in waves])
    frame = sum(frame_of(raw, one) for one in waves)
    again = recount(told, wave.questionnaire, frame)
    reader = Reader(report.audience, False, frame, told.height)
    assert (pool.answered, pool.frame) == (told.height, frame)
    assert differences(report.pooled, again, reader) == [], wave


@pytest.mark.parametrize("world", SEEDS, indirect=True)
def test_every_figure_of_a_school_is_what_is_counted_again(world: Simulated) -> None:
    told = 0
    with world.database.reading() as session:
        for school in sorted(set(world.raw.cases["school"])):
            for wave in waves_of(world.raw, school):
                check_rates(session, world.raw, wave, school)
                for audience in (Audience.OWN, Audience.PUBLIC):
                    report = indicators_report(
                        session, WHOLE, asked(session, wave, school), audience=audience, now=NOW
                    )
                    exact = audience is Audience.OWN and frame_of(world.raw, wave) >= SMALL_FRAME
                    if audience is Audience.PUBLIC and is_open(world.raw, wave):
                        continue  # of an edition, that holds the answers of another day
                    check(report, world.raw, wave, exact=exact)
                    check_pool(report, world.raw, wave)
                    told += sum(not row.withheld for row in report.figures)
    assert told > 1_500


@pytest.mark.parametrize("world", SEEDS, indirect=True)
def test_an_office_reads_the_sum_of_its_schools(world: Simulated) -> None:
    """Exact from three schools with answers on, of the editions of waves that are over."""
    with world.database.reading() as session:
        for wave in waves_of(world.raw, NATION):
            check_rates(session, world.raw, wave, NATION)
            if is_open(world.raw, wave):
                continue
            for audience in (Audience.OFFICE, Audience.PUBLIC):
                report = indicators_report(
                    session, WHOLE, asked(session, wave, NATION), audience=audience, now=NOW
                )
                check(report, world.raw, wave, exact=audience is Audience.OFFICE)


def is_open(raw: Raw, wave: Wave) -> bool:
    return "open" in set(raw.listed(wave)["state"])


@settings(max_examples=5)
@given(st.sampled_from([1, 2, 3]), st.integers(0, 2**30), st.integers(0, 60))
@example(1, 0, 0)
@example(3, 1, 45)
def test_whatever_people_answer_is_counted_alike(
    db: Database, number: int, seed: int, size: int
) -> None:
    """Every option of every question by lot, and every disposition."""
    check_answers(db, number, people_by_lot(seed, size, number))


@pytest.mark.deep
@settings(max_examples=60)
@given(st.sampled_from([1, 2, 3]), st.integers(0, 2**30), st.integers(0, 60))
def test_whatever_many_people_answer_is_counted_alike(
    db: Database, number: int, seed: int, size: int
) -> None:
    check_answers(db, number, people_by_lot(seed, size, number))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_where_all_refuse_nothing_is_counted(db: Database, number: int) -> None:
    check_answers(db, number, [Someone(disposition=Disposition.REFUSED)] * 30)


def check_answers(db: Database, number: int, people: list[Someone]) -> None:
    code = f"15ECT{next(NUMBERS):04}A"
    with db.unit_of_work() as session:
        a_surveyed_school(session, number, people, code=code)
    raw = raw_of(db)
    wave = Wave(COHORT.entered, COHORT.leaves, number, frozenset({code}))
    with db.reading() as session:
        check_rates(session, raw, wave, code)
        report = indicators_report(
            session, WHOLE, asked(session, wave, code), audience=Audience.OWN, now=LATER
        )
    check(report, raw, wave, exact=frame_of(raw, wave) >= SMALL_FRAME)


def test_no_indicator_is_left_uncounted() -> None:
    """Of the registry, but for the two classifications that nobody codes yet."""
    for number in (1, 2, 3):
        again = {one.id for one in counted(number)} | {name for name, _, _ in means(number)}
        again |= MADE_APART[number]
        listed = {entry.id for entry in outcomes_of(number)}
        assert listed - again - UNCODED == set(), number
        assert again - listed == set(), number
