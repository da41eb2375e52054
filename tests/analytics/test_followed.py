"""Whose situation is known, and who stays: the same as the persons of the frame one by one."""

import random
from fractions import Fraction
from uuid import UUID

import pytest
from sqlmodel import Session

from app.analytics.followed import Followed, followed
from app.analytics.reports import rates_report
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.units.scope import WHOLE
from tests.analytics.survey import COHORT, SILENT, Someone, a_surveyed_school
from tests.analytics.test_reports import of_unit

FIRST, SECOND = {"plan_egreso": 1}, {"estudia": 1, "trabaja": 4}


def somebody(chance: random.Random) -> Someone:
    answers: dict[int, dict[str, object]] = {}
    if chance.random() < 0.7:
        answers[1] = dict(FIRST)
    if chance.random() < 0.6:
        answers[2] = dict(chance.choice([SECOND, {"estudia": 2}, {"trabaja": 1}]))
    return Someone(
        answers,
        disposition=Disposition.COMPLETE
        if 2 in answers
        else chance.choice([SILENT, Disposition.NOT_ELIGIBLE, Disposition.REFUSED]),
        source=chance.choice(["self", "self", "family"]),
        confirmed=chance.random() < 0.8,
        missing={"estudia": -98} if 2 in answers and chance.random() < 0.2 else {},
    )


def of_school(session: Session, school: UUID, number: int = 2) -> Followed:
    unit = of_unit(session, school).unit
    return followed(session, WHOLE, unit.id, COHORT, number)


@pytest.mark.parametrize("seed", range(4))
def test_the_knowledge_rate_is_that_of_the_persons(db: Database, seed: int) -> None:
    chance = random.Random(seed)
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, [somebody(chance) for _ in range(25)])

    with db.reading() as session:
        found = of_school(session, school)
        report = rates_report(session, WHOLE, of_unit(session, school))

    assert found.frame == report.frame
    assert found.known == report.self_reported + report.verified
    assert found.knowledge_rate == report.knowledge_rate


def test_who_answered_before_and_now_stays(db: Database) -> None:
    people = [Someone({1: FIRST, 2: SECOND})] * 3 + [Someone({1: FIRST}, disposition=SILENT)]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, [*people, Someone({2: SECOND})])

    with db.reading() as session:
        second, first = of_school(session, school), of_school(session, school, 1)

    assert (second.stayed, second.before, second.knowledge_rate) == (3, 4, Fraction(4, 5))
    assert (first.stayed, first.before, first.retention) == (0, 0, None)
