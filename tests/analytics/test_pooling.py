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
from tests.analytics.survey import LATER, OVER, cut
from tests.analytics.test_outcome_release import a_person
from tests.fieldwork.field import a_school, an_office

FIRST = 2010
SCHOOLS = [UUID(int=n) for n in range(5)]
HISTORIES = st.lists(st.lists(st.integers(0, 40), max_size=9), min_size=1, max_size=5)


def cohort(leaves: int) -> Cohort:
    return Cohort(leaves - 3, leaves)


def generations(zone: Sequence[Sequence[int]]) -> list[Generation]:
    """Of each school of a zone its generations, oldest first."""
    return [
        Generation(school, cohort(FIRST + i), n)
        for school, sizes in zip(SCHOOLS, zone, strict=False)
        for i, n in enumerate(sizes)
    ]


def places_of(found: Sequence[Block]) -> list[list[tuple[int, int]]]:
    """School and generation of each of their members."""
    return [
        sorted((SCHOOLS.index(one.school), one.cohort.leaves - FIRST) for one in block.members)
        for block in found
    ]


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ([7, 7, 7, 7], [[0, 1, 2, 3]]),
        ([7, 7, 7], []),
        ([7, 30, 20, 7], [[0, 2]]),  # a generation told alone is in no pool
        ([4] * 7, []),  # five at most
        ([4] * 5 + [7], [[1, 2, 3, 4, 5]]),
        ([23], []),
    ],
)
def test_blocks_of_a_school(sizes: list[int], told: list[list[int]]) -> None:
    found = blocks(generations([sizes]))

    assert places_of(found) == [[(0, one) for one in block] for block in told]


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ([[7], [9], [8], [50]], [[(0, 0), (1, 0), (2, 0)]]),
        ([[7], [9]], []),  # each could take its own part off the sum
        ([[7], [20], [0]], []),  # so could two beside a school where nobody answered
        # Told with its zone, the first generation is in no later pool of its school.
        ([[7, 16], [9, 2], [8, 3]], [[(0, 0), (1, 0), (2, 0)]]),
        # What one school is told apart of, the others are not: the sum of the zone would tell it.
        ([[9, 14], [6, 8], [7, 9]], [[(0, 0), (0, 1)]]),
    ],
)
def test_blocks_of_a_zone(zone: list[list[int]], told: list[list[tuple[int, int]]]) -> None:
    assert places_of(blocks(generations(zone))) == told


@given(HISTORIES)
def test_no_generation_is_in_two_pools_or_told_alone_beside_one(zone: list[list[int]]) -> None:
    every = generations(zone)
    found = blocks(every)

    pooled = [one for block in found for one in block.members]
    assert len(pooled) == len(set(pooled))
    assert all(is_small(one.answered) and one.answered for one in pooled)
    assert all(len(block.cohorts) <= MOST_GENERATIONS for block in found)
    assert all(sum(one.answered for one in block.members) >= 23 for block in found)
    assert block_with(found, SCHOOLS[0], cohort(1999)) is None


@given(HISTORIES)
def test_a_pool_of_a_zone_is_of_all_small_schools_of_its_generations(zone: list[list[int]]) -> None:
    every = generations(zone)

    for block in blocks(every):
        small = {g for g in every if g.cohort in block.cohorts and 0 < g.answered < 23}
        assert not block.zone or small == {*block.members}
        assert not block.zone or len({one.school for one in block.members}) >= 3


@given(HISTORIES, st.integers(0, 9))
def test_a_pool_stays_as_it_is_when_later_generations_come(
    zone: list[list[int]], years: int
) -> None:
    before = blocks(generations([sizes[:years] for sizes in zone]))

    after = blocks(generations(zone))

    assert after[: len(before)] == before


def a_generation(
    session: Session,
    school_id: UUID,
    leaves: int,
    answers: int,
    kind: EditionKind = EditionKind.CLOSE,
) -> UUID:
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
    keep_edition(session, Draft(DueEdition(wave.id, 1, kind, None), content), now=OVER)
    return wave.id


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


@pytest.mark.parametrize("kind", [EditionKind.STEP, EditionKind.CLOSE])
def test_a_zone_is_read_when_the_last_of_its_schools_is_over(
    db: Database, kind: EditionKind
) -> None:
    """Else the pool of tomorrow less that of today would be the one school that closed between."""
    with db.unit_of_work() as session:
        first, *_, last = a_zone(session, [[7], [9], [8], []])
        wave = session.get_one(Wave, a_generation(session, last, 2015, 10, kind))
        wave.state = WaveState.OPEN if kind is EditionKind.CLOSE else WaveState.CLOSED

    assert read(db, first, 2015).pool is None

    with db.unit_of_work() as session:
        wave = session.get_one(Wave, wave.id)
        wave.state = WaveState.CLOSED
        last_one = Draft(
            DueEdition(wave.id, 2, EditionKind.CLOSE, None),
            EditionContent(tally_of([a_person(random.Random(n), 2) for n in range(10)], 2), 12),
        )
        keep_edition(session, last_one, now=LATER)

    over = read(db, first, 2015)

    assert over.pool is not None
    assert (over.pool.schools, over.pool.answered) == (4, 34)


def test_a_pool_does_not_tell_what_a_larger_school_of_its_zone_hides(db: Database) -> None:
    """The sum of the zone, less the pool and the schools that are told, is the last school."""
    with db.unit_of_work() as session:
        first, _, _, large = a_zone(session, [[7], [9], [8], [40]])
    assert all(row.withheld for row in read(db, first, 2015).pooled)  # its zone is not told yet
    cut(db)

    pooled, beside = read(db, first, 2015).pooled, read(db, large, 2015).figures

    hidden = {(row.id, row.category) for row in beside if row.numerator is None and row.withheld}
    told = {(row.id, row.category) for row in pooled if row.numerator is not None}
    assert told
    assert hidden
    assert not told & hidden
