"""Small simulated worlds, for the tests of this package."""

import random
from datetime import UTC, datetime
from functools import cache

from app.chronology.wave_plan import Cohort
from app.questionnaires.format import Questionnaire
from app.questionnaires.library import source_files
from app.questionnaires.reader import read
from app.simulation.curps import CurpRegistry
from app.simulation.generations import Generation, Place, generation
from app.simulation.parameters import parameters
from app.simulation.people import Person, roster
from app.simulation.plans import WorldPlan, demonstration
from app.simulation.schools import schools

MEXICO = "America/Mexico_City"
NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
COHORT = Cohort(2022, 2025)


@cache
def questionnaires() -> dict[int, Questionnaire]:
    found = {source.number: read(source.text) for source in source_files()}
    return {number: q for number, q in found.items() if isinstance(q, Questionnaire)}


def a_plan(now: datetime = NOW, seed: str = "prueba") -> WorldPlan:
    return demonstration(seed, now=now, zone=MEXICO)


def people(seed: str = "prueba", school: int = 0, cohort: Cohort = COHORT) -> tuple[Person, ...]:
    chance = random.Random(seed)
    world = schools(chance, school + 1, parameters().schools)
    return roster(chance, world[school], cohort, parameters(), CurpRegistry()).people


def a_generation(
    seed: str = "prueba", *, school: int = 0, cohort: Cohort = COHORT, now: datetime = NOW
) -> Generation:
    """The first school has 95 people, the second 240, the third 7."""
    chance = random.Random(seed)
    world = schools(chance, school + 1, parameters().schools)
    return generation(
        chance,
        a_plan(now, seed),
        Place(world[school], MEXICO),
        cohort,
        questionnaires=questionnaires(),
        assumed=parameters(),
        registry=CurpRegistry(),
    )
