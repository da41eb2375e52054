"""Whose situation is known, and who stays: the same as the persons of the frame one by one.

Whatever was kept beside the counts of a wave, and whenever it was gathered.
"""

import random
import re
from collections.abc import Iterator
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.analytics import followed as following
from app.analytics.followed import Followed, followed, keep_followed
from app.analytics.frame.datasets import CORE
from app.analytics.reports import rates_report
from app.db.transactions import Database
from app.fieldwork.counting_tables import WaveCount
from app.fieldwork.dispositions import Disposition
from app.fieldwork.queries import unit_outcome_counts
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.fieldwork.wave_counts import gather
from app.responses.nucleus_triggers import TRIGGERS
from app.responses.rows import ANSWERED
from app.responses.tables import Answer, Response
from app.units.scope import WHOLE
from tests.analytics.survey import COHORT, SILENT, Someone, a_surveyed_school
from tests.analytics.test_reports import of_unit
from tests.fieldwork.field import an_office

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
    listed = unit_outcome_counts(session, WHOLE, school, COHORT, number).frame
    return followed(session, WHOLE, school, COHORT, number, listed)


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


def an_office_asked_twice(db: Database, chance: random.Random) -> UUID:
    """Two schools whose generation was asked Questionnaire 1 and is asked 2."""
    with db.unit_of_work() as session:
        office = an_office(session)
        for code in ("15ECT0001A", "15ECT0002A"):
            people = [somebody(chance) for _ in range(6)]
            a_surveyed_school(session, 2, people, code=code, office=office)
        return office


def changed(session: Session, chance: random.Random) -> None:
    """One of the ways in which what a figure says changes, or one that changes nothing."""
    cases = list(session.exec(select(Case)))
    one = chance.choice(cases)
    match chance.randrange(7):
        case 0 | 1:
            one.disposition = chance.choice([*ANSWERED, *Disposition])
        case 2:
            one.source = chance.choice(["self", "family"])
        case 3 | 4:
            said_anew(session, chance)
        case 5:
            one.contacts = chance.randrange(9)  # tells nothing
        case _:
            if len(cases) > 12:
                responses = select(Response.id).where(Response.case_id == one.id)
                session.exec(delete(Answer).where(col(Answer.response_id).in_(responses)))
                session.exec(delete(Response).where(col(Response.case_id) == one.id))
                session.exec(delete(CaseEvent).where(col(CaseEvent.case_id) == one.id))
                session.exec(delete(Case).where(col(Case.id) == one.id))


def said_anew(session: Session, chance: random.Random) -> None:
    """An answer is corrected, refused or left blank; or another takes its place."""
    answer = chance.choice(list(session.exec(select(Answer))))
    if chance.random() < 0.5:
        answer.value, answer.missing = chance.choice([(1, None), (None, -98), (None, None)])
        return
    response_id, at = answer.response_id, answer.saved_at
    name = chance.choice(["estudia", "trabaja", "ingreso"])
    here = col(Answer.response_id) == response_id
    session.exec(delete(Answer).where(here, col(Answer.variable).in_((answer.variable, name))))
    session.expunge_all()
    session.add(Answer(response_id=response_id, variable=name, value=1, revision=2, saved_at=at))


def one_by_one(session: Session, number: int) -> tuple[int, int, int]:
    """Known, answered before and stayed, person after person."""
    known = sum(is_known(session, case, number) for case in cases_of(session, number))
    before, now = ({case.member_id for case in answered(session, n)} for n in (number - 1, number))
    return known, len(before), len(before & now)


def cases_of(session: Session, number: int) -> Iterator[Case]:
    for case in session.exec(select(Case)):
        if session.get_one(Wave, case.wave_id).questionnaire == number:
            yield case


def answered(session: Session, number: int) -> list[Case]:
    return [one for one in cases_of(session, number) if one.disposition in ANSWERED]


def is_known(session: Session, case: Case, number: int) -> bool:
    if case.disposition is Disposition.NOT_ELIGIBLE:
        return False
    if case.source != "self":
        return True
    rows = session.exec(select(Answer).join(Response).where(Response.case_id == case.id))
    said = {row.variable for row in rows if row.value is not None and row.missing is None}
    return case.disposition in ANSWERED and said >= set(CORE[number])


@pytest.mark.parametrize(("seed", "few"), [(1, 200), (2, 200), (3, 0)])
def test_an_office_reads_what_its_cases_say(
    db: Database, seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`few`: 0 reads the cases of all as soon as the numbers of one wave do not hold."""
    monkeypatch.setattr(following, "FEW", few)
    chance = random.Random(seed)
    office, kept, seen = an_office_asked_twice(db, chance), 0, set()

    for _ in range(40):
        with db.unit_of_work() as session:
            changed(session, chance)
        if chance.random() < 0.5:
            with db.unit_of_work() as session:
                gather(session)
        if chance.random() < 0.5:
            with db.unit_of_work() as session:
                kept += keep_followed(session)
        with db.reading() as session:
            for number in (1, 2):
                found = of_school(session, office, number)
                numbers = found.known, found.before, found.stayed
                assert numbers == one_by_one(session, number)
                seen.add((number, numbers))

    assert kept > 8  # four waves were kept, emptied and worked out again
    assert len(seen) > 8


def test_what_is_kept_is_read_instead_of_cases(db: Database) -> None:
    office = an_office_asked_twice(db, random.Random(5))
    with db.unit_of_work() as session:
        gather(session)
        assert keep_followed(session) == 4
        session.exec(update(WaveCount).values(known=40, answered_before=30, stayed=20))
    with db.reading() as session:
        found = of_school(session, office)

    assert (found.known, found.before, found.stayed) == (80, 60, 40)


def test_a_wave_without_cases_tells_who_answered_before(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 1, [Someone({1: FIRST})] * 2)
        earlier = session.exec(select(Wave)).one()
        session.add(Wave(**earlier.model_dump(exclude={"id", "questionnaire"}), questionnaire=2))
        gather(session)
        keep_followed(session)

    with db.reading() as session:
        found = of_school(session, school)

    assert (found.known, found.before, found.stayed) == (0, 2, 0)


def test_the_triggers_know_the_nucleus() -> None:
    nucleus = {name for names in CORE.values() for name in names}

    for statement in (one for statements in TRIGGERS.values() for one in statements):
        if named := re.search(r"variable in \((.*?)\)", statement):
            assert set(re.findall(r"'(\w+)'", named.group(1))) == nucleus


def test_an_answer_corrected_later_counts_at_once(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, [Someone({2: SECOND}), Someone({2: SECOND})])
    told: list[int] = []

    def tell_and_keep() -> None:
        with db.reading() as session:
            told.append(of_school(session, school).known)
        with db.unit_of_work() as session:
            gather(session)
            keep_followed(session)

    tell_and_keep()
    with db.unit_of_work() as session:
        first = session.exec(select(Answer).where(Answer.variable == "estudia")).first()
        assert first is not None
        response_id, at = first.response_id, first.saved_at
        first.value, first.missing = None, -98
    tell_and_keep()
    with db.unit_of_work() as session:
        session.exec(update(Answer).values(value=1, missing=None))
    tell_and_keep()
    this = (col(Answer.response_id) == response_id, col(Answer.variable) == "estudia")
    with db.unit_of_work() as session:
        session.exec(delete(Answer).where(*this))
    tell_and_keep()
    with db.unit_of_work() as session:
        anew = Answer(response_id=response_id, variable="estudia", value=2, revision=3, saved_at=at)
        session.add(anew)
    tell_and_keep()

    assert told == [2, 1, 2, 1, 2]
