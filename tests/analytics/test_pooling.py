"""Small generations told together: which, of whom, and that no pool undoes another."""

import random
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from app.analytics.editions.content import EditionContent
from app.analytics.editions.freezing import Draft, DueEdition, keep_edition
from app.analytics.frame.tallies import tally_of
from app.analytics.release.pools import (
    MOST_GENERATIONS,
    Block,
    Generation,
    block_with,
    blocks,
    is_small,
)
from app.analytics.released import Audience
from app.analytics.reports import IndicatorsReport, WaveOfUnit, indicators_report
from app.analytics.tables import EditionKind
from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.tables import CohortRow
from app.fieldwork.tables import Wave, WaveState
from app.questionnaires.library import source_file
from app.questionnaires.publication import publish
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit, UnitKind
from tests.analytics.survey import LATER, OVER
from tests.analytics.test_outcome_release import a_person
from tests.fieldwork.field import a_school, an_office

SIZES = st.lists(st.integers(0, 40), max_size=12)
FIRST = 2010


def cohort(leaves: int) -> Cohort:
    return Cohort(leaves - 3, leaves)


def generations(sizes: Sequence[int]) -> list[Generation]:
    return [Generation(cohort(FIRST + i), n) for i, n in enumerate(sizes)]


def sizes_of(found: Sequence[Block]) -> list[tuple[int, ...]]:
    return [tuple(one.leaves - FIRST for one in block.cohorts) for block in found]


@pytest.mark.parametrize(
    ("sizes", "told", "left"),
    [
        ([7, 7, 7, 7], [(0, 1, 2, 3)], []),
        ([7, 7, 7], [], [(0, 1, 2)]),
        ([7, 30, 20, 7], [(0, 2)], [(3,)]),  # a generation told alone is in no pool
        ([4] * 7, [], [(0, 1, 2, 3, 4), (5, 6)]),  # five at most
        ([23], [], []),
    ],
)
def test_blocks_of_a_school(
    sizes: list[int], told: list[tuple[int, ...]], left: list[tuple[int, ...]]
) -> None:
    found = blocks(generations(sizes))

    assert sizes_of([block for block in found if block.enough]) == told
    assert sizes_of([block for block in found if not block.enough]) == left


@given(SIZES)
def test_every_small_generation_is_in_one_block_and_no_other_in_any(sizes: list[int]) -> None:
    found = blocks(generations(sizes))

    pooled = [one for block in found for one in block.cohorts]
    assert len(pooled) == len(set(pooled))
    assert set(pooled) == {g.cohort for g in generations(sizes) if is_small(g.answered)}
    assert all(len(block.cohorts) <= MOST_GENERATIONS for block in found)
    assert block_with(found, cohort(1999)) is None


@given(SIZES, st.integers(0, 40))
def test_a_block_that_is_told_stays_as_it_is_when_another_generation_comes(
    sizes: list[int], newest: int
) -> None:
    before = [block for block in blocks(generations(sizes)) if block.enough]

    after = blocks(generations([*sizes, newest]))

    assert set(before) <= set(after)


def a_generation(session: Session, school_id: UUID, leaves: int, answers: int) -> None:
    """A closed Questionnaire 2 whose edition holds `answers` invented persons."""
    row = CohortRow(school_id=school_id, entered=leaves - 3, leaves=leaves)
    session.add(row)
    session.flush()
    wave = Wave(
        school_id=school_id,
        cohort_id=row.id,
        questionnaire=2,
        version_id=publish(session, source_file(2).text, now=OVER).id,
        opens=date(leaves, 10, 1),
        closes=date(leaves, 12, 1),
        opens_at=OVER,
        closes_at=OVER,
        reference_monday=date(leaves, 9, 21),
        frozen_at=OVER,
        state=WaveState.CLOSED,
    )
    session.add(wave)
    session.flush()
    chance = random.Random(leaves * 100 + answers)
    people = [a_person(chance, 2) for _ in range(answers)]
    content = EditionContent(tally_of(people, 2), answers + 2)
    keep_edition(session, Draft(DueEdition(wave.id, 1, EditionKind.CLOSE, None), content), now=OVER)


def a_zone(session: Session, schools: Sequence[Sequence[int]]) -> list[UUID]:
    """Schools of one zone, each with generations that left in 2015, 2016, …"""
    zone = an_office(session, "Z1")
    unit = session.get_one(OrganisationUnit, zone)
    unit.kind, unit.name = UnitKind.ZONE, "la zona 1"
    found = []
    for number, sizes in enumerate(schools):
        school = a_school(session, code=f"15ETH000{number}X", cohort=cohort(2000), office=zone)
        for i, answers in enumerate(sizes):
            a_generation(session, school.unit_id, 2015 + i, answers)
        found.append(school.unit_id)
    return found


def read(
    db: Database, school: UUID, leaves: int, audience: Audience = Audience.OFFICE
) -> IndicatorsReport:
    with db.reading() as session:
        unit = session.get_one(OrganisationUnit, school)
        asked = WaveOfUnit(unit, cohort(leaves), 2)
        return indicators_report(session, WHOLE, asked, audience=audience, now=LATER)


def test_a_telebachillerato_is_read_over_four_generations(db: Database) -> None:
    with db.unit_of_work() as session:
        (school,) = a_zone(session, [[7, 7, 8, 7, 60]])

    small, large = read(db, school, 2016), read(db, school, 2019)

    assert small.pool is not None
    assert small.pool.words == (
        "Se juntaron las generaciones 2012-2015, 2013-2016, 2014-2017 y 2015-2018 del plantel."
    )
    assert (small.pool.answered, small.pool.frame, small.pool.schools) == (29, 37, 1)
    assert {row.base for row in small.figures} == {None}
    assert all(row.withheld for row in small.figures)
    assert {row.base for row in small.pooled if row.id == "S2"} == {29}
    assert (large.pool, large.pooled) == (None, ())
    assert any(not row.withheld for row in large.figures)


def test_where_the_school_does_not_suffice_its_zone_is_read(db: Database) -> None:
    with db.unit_of_work() as session:
        first, second, _, large = a_zone(session, [[7], [9], [8], [50]])

    one, other = read(db, first, 2015), read(db, second, 2015, Audience.PUBLIC)

    assert one.pool is not None
    assert one.pool.words == (
        "Se juntó la generación 2012-2015 de 3 planteles pequeños de la zona 1."
    )
    assert (one.pool, one.pool.answered) == (other.pool, 24)
    assert read(db, large, 2015).pool is None


@pytest.mark.parametrize("schools", [[[7], [9]], [[20], [20]], [[2], [3], [4]]])
def test_what_does_not_suffice_is_not_told_at_all(db: Database, schools: list[list[int]]) -> None:
    """Two schools could take their own part off the sum; nine persons are too few."""
    with db.unit_of_work() as session:
        first, *_ = a_zone(session, schools)

    found = read(db, first, 2015)

    assert (found.pool, found.pooled) == (None, ())
    assert all(row.withheld and row.base is None for row in found.figures)
