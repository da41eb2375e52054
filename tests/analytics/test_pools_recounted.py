"""Pools of small generations, of a school and of its zone, counted again by other libraries.

Random zones: which generations are told together, of whom, in which words, and every figure of
the pool for each reader, as values and on the pages (tests/recount/pools.py).
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlmodel import Session

from app.analytics.released import Audience
from app.analytics.reports import IndicatorsReport, WaveOfUnit, indicators_report
from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.fieldwork.tables import WaveState
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit, UnitKind
from app.worker.cuts import take_cuts
from app.worker.deployment import Deployment
from app.worker.editions import freeze_editions
from tests.analytics.survey import LATER, a_surveyed_generation
from tests.fieldwork.field import a_cohort, a_school, an_office
from tests.recount.agreement import differences
from tests.recount.checks import board_page
from tests.recount.pages import PageText, lines_of
from tests.recount.pools import PooledView, Together, together
from tests.recount.raw import Raw, Wave
from tests.recount.site import Site, View, frame_of, generation_before, waves_of
from tests.recount.unit_checks import Explored, explored_page, figures_file
from tests.recount.wave_checks import calculation_page
from tests.recount.world import Simulated, people_by_lot, raw_of
from tests.web.world import settings_for

pytestmark = pytest.mark.slow

ZONE, NAME, IN_FIELD = "Z1", "la zona 1", "15ETH0009X"
SMALL_FRAME = 23
EXPLORED = (Explored("S1"), Explored("S2", "", "sexo", "M"), Explored("L1", "sexo"))
SIZES = ((9, 14, 16, 11), (8,), (6, 13), (12, 7), (44, 5), (24,))  # of generations, by school
SEEDS = [
    ("sqlite", "1"),
    *(pytest.param("sqlite", f"{n}", marks=pytest.mark.deep) for n in range(2, 8)),
    *(
        pytest.param("postgresql", f"{n}", marks=[pytest.mark.deep, pytest.mark.postgres])
        for n in range(8, 11)
    ),
]


def a_zone_by_lot(session: Session, seed: int) -> int:
    """Six schools with some generations each, of about those sizes; the questionnaire asked.

    The first has some before any other has: they are told by themselves.
    """
    chance = random.Random(seed)
    number = chance.choice([2, 3]) if seed > 1 else 2
    zone = session.get_one(OrganisationUnit, an_office(session, ZONE))
    zone.kind, zone.name = UnitKind.ZONE, NAME
    for place, sizes in enumerate(SIZES):
        code, leaves = f"15ETH000{place}X", chance.choice([2016, 2017]) if place else 2012
        school = a_school(session, code=code, cohort=Cohort(2000, 2003), office=zone.id)
        for step, size in enumerate(sizes):
            here = a_cohort(session, school, Cohort(leaves + step - 3, leaves + step))
            people = people_by_lot(chance.randrange(2**30), size + chance.randint(-2, 2), number)
            a_surveyed_generation(session, here, number, people)
    # One more whose generations are later and in the field: those before them are pooled.
    school = a_school(session, code=IN_FIELD, cohort=Cohort(2000, 2003), office=zone.id)
    for leaves in (2022, 2023):
        here = a_cohort(session, school, Cohort(leaves - 3, leaves))
        people = people_by_lot(leaves, 8, number)
        a_surveyed_generation(session, here, number, people, state=WaveState.OPEN)
    return number


@pytest.mark.parametrize(("database_url", "seed"), SEEDS, indirect=["database_url"])
def test_pools_are_what_is_counted_again(db: Database, database_url: str, seed: str) -> None:
    with db.unit_of_work() as session:
        number = a_zone_by_lot(session, int(seed))
    deployment = Deployment(settings_for(database_url), db, lambda: LATER)
    freeze_editions(deployment)
    take_cuts(deployment)
    raw, kinds = raw_of(db), Counter[str]()
    problems: list[tuple[object, ...]] = []
    site = Site(Simulated(settings_for(database_url), db, raw), LATER)
    zone = raw.schools_of[ZONE] & set(raw.cases["school"])
    for school in sorted(zone):
        for wave in waves_of(raw, school):
            if wave.questionnaire != number:
                continue
            again = together(raw, wave, zone)
            with db.reading() as session:
                for audience in (Audience.OWN, Audience.OFFICE, Audience.PUBLIC):
                    report = read(session, school, wave, audience)
                    said = list(pool_differences(report, again, raw, wave))
                    problems += [(school, wave, audience.value, one) for one in said]
            small = again is not None and raw.told(wave).height < SMALL_FRAME
            kind = "none" if again is None or not small else "zone" if again.zone else "school"
            if again is not None and small and not kinds[kind]:  # the pages of one of a kind
                problems += pages(site, school, wave, again)
            kinds[kind] += 1

    assert not problems, "\n".join(map(str, problems))
    assert seed != "1" or {*kinds} == {"zone", "school", "none"}


def read(session: Session, school: str, wave: Wave, audience: Audience) -> IndicatorsReport:
    unit = unit_by_code(session, WHOLE, school)
    asked = WaveOfUnit(unit, Cohort(wave.entered, wave.leaves), wave.questionnaire)
    return indicators_report(session, WHOLE, asked, audience=audience, now=LATER)


def pool_differences(
    report: IndicatorsReport, again: Together | None, raw: Raw, wave: Wave
) -> Iterator[str]:
    few = frame_of(raw.listed(wave)) if report.audience is Audience.OWN else raw.told(wave).height
    pool = report.pool
    if few >= SMALL_FRAME or again is None:
        if pool is not None or report.pooled:
            yield f"{few} persons are told in {pool}"
        return
    if pool is None:
        yield f"no pool of {again.members}"
        return
    cohorts = [(one.entered, one.leaves) for one in pool.cohorts]
    told = (cohorts, pool.schools, pool.answered, pool.frame, pool.zone is not None)
    counted = (again.generations, again.schools, again.answered, again.frame, again.zone)
    if told != counted:
        yield f"{told}, counted {counted}"
    end = f" de {again.schools} planteles pequeños de {NAME}." if again.zone else " del plantel."
    if pool.words != again.words + end:
        yield f"«{pool.words}», counted «{again.words}{end}»"
    outsiders = Audience.OFFICE if report.audience is Audience.OWN else report.audience
    yield from differences(report.pooled, again.figures, again.reader(outsiders))


def pages(site: Site, school: str, wave: Wave, again: Together) -> Iterator[tuple[object, ...]]:
    """The dashboards, their file and their workings, as the office of the zone and as anybody."""
    readers = [(ZONE, Audience.OFFICE), (ZONE, Audience.PUBLIC)]
    if frame_of(site.raw.listed(wave)) < SMALL_FRAME:
        readers.append((school, Audience.OWN))
    zone = View(site.raw, ZONE, replace(wave, schools=site.raw.schools_of[ZONE]), Audience.PUBLIC)
    for at, audience in readers:
        view = PooledView(site.raw, school, wave, audience, pool=again)
        alone = View(site.raw, school, wave, audience)
        asked = f"?{view.query}"
        page = PageText(site.get(at, f"{view.address}{asked}"))
        workings = PageText(site.get(at, f"{view.address}/calculo{asked}"))
        lines = lines_of(site.get(at, f"{view.address}/cifras.csv{asked}").encode())
        drawn = any(table.name.startswith("Números de") for table in page.tables)
        found = [
            *board_page(page, view, zone, generation_before(view)),
            *([] if again.words in page.prose or not drawn else ["what was pooled is not said"]),
            *calculation_page(workings, view),
            *figures_file(lines, view),
        ]
        for asked_for in EXPLORED:
            tail = f"{asked}{asked_for.query}"
            page = PageText(site.get(at, f"{view.address}/explorar{tail}"))
            lines = lines_of(site.get(at, f"{view.address}/explorar.csv{tail}").encode())
            seen = view if not (asked_for.variable or asked_for.kept) else alone
            found += [
                f"{asked_for}: {said}" for said in explored_page(page, lines, seen, asked_for)
            ]
            if seen is alone and again.words in page.prose:
                found.append(f"{asked_for}: who divides reads no pool, and is told of one")
        yield from ((school, wave, audience.value, said) for said in found)
