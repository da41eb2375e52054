"""Whose contact plan counts for a school, and that it counts for what is not yet queued."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from app.chronology.contact_plan import BY_LINK, ContactPlan, SendingHours, Step, StepRule
from app.db.transactions import Database
from app.errors import NotFound
from app.fieldwork.invitations import queue_due
from app.fieldwork.planning import open_due_waves
from app.fieldwork.plans import PlanRefused, choose_plan, plan_in_force, plans_of, versions_of
from app.fieldwork.prospects import rehearsal
from app.fieldwork.tables import Case
from app.messaging.queries import messages_about
from app.units.scope import WHOLE, Reach, Scope
from tests.fieldwork.field import DOMAIN, KEYS, Person, a_school, an_office, versions

NOW = datetime(2026, 10, 1, 18, tzinfo=UTC)  # Thursday noon, the day on which they open
DAY = timedelta(days=1)
ONCE = replace(BY_LINK, rules=(StepRule(Step.INVITATION, day=2),))
TWICE = replace(BY_LINK, rules=BY_LINK.rules[:2])


def choose(session: Session, unit_id: UUID, plan: ContactPlan | None, now: datetime = NOW) -> None:
    choose_plan(session, unit_id, 2, plan, staff_id=None, now=now)


def test_the_nearest_plan_wins_and_giving_it_up_shows_the_next(db: Database) -> None:
    with db.unit_of_work() as session:
        office = an_office(session)
        school = a_school(session, office=office).unit_id
        stranger = a_school(session, code="15ECT0002A").unit_id
        seen = [plans_of(session, [school, stranger])]
        for number, (unit, plan) in enumerate(
            [(office, ONCE), (school, TWICE), (school, None), (office, None)]
        ):
            choose(session, unit, plan, NOW + number * DAY)
            seen.append(plans_of(session, [school, stranger]))

        assert [found.of(school, 2) for found in seen] == [BY_LINK, ONCE, TWICE, ONCE, BY_LINK]
        assert {found.of(stranger, 2) for found in seen} == {BY_LINK}
        assert {found.of(school, 3) for found in seen} == {BY_LINK}
        assert [one.plan for one in versions_of(session, WHOLE, school, 2)] == [None, TWICE]


def test_where_a_plan_comes_from_is_said_to_those_who_may_see_the_school(db: Database) -> None:
    with db.unit_of_work() as session:
        office = an_office(session)
        school = a_school(session, office=office).unit_id
        choose(session, office, ONCE)

        found = plan_in_force(session, Scope((Reach(school),)), school, 2)
        with pytest.raises(NotFound):
            plan_in_force(session, Scope((Reach(school),)), office, 2)

    assert (found.plan, found.unit_id, found.unit_name) == (ONCE, office, "15")


def test_what_cannot_be_is_not_kept(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_school(session).unit_id
        with pytest.raises(PlanRefused) as refused:
            choose(session, school, replace(BY_LINK, most=7))
        assert versions_of(session, WHOLE, school, 2) == ()

    assert refused.value.details["field"] == "most"


def test_a_new_plan_counts_for_what_is_not_yet_queued(db: Database) -> None:
    """Said on the first day, changed on the second: the reminder moves, the invitation stays."""
    with db.unit_of_work() as session:
        school = a_school(session, Person()).unit_id
        open_due_waves(session, now=NOW, keys=KEYS, versions=versions(session))
        queue_due(session, now=NOW, mail_domain=DOMAIN)
    later = (BY_LINK.rules[0], StepRule(Step.REMINDER_1, day=6))
    with db.unit_of_work() as session:
        choose(session, school, replace(BY_LINK, rules=later), NOW + DAY)
    with db.reading() as session:
        said = [
            day.day.isoformat()
            for day in rehearsal(session, now=NOW + DAY, days=60)
            if day.messages.total()
        ]
    for number in range(2, 60):
        with db.unit_of_work() as session:
            queue_due(session, now=NOW + number * DAY, mail_domain=DOMAIN)

    with db.reading() as session:
        (case,) = session.exec(select(Case)).all()
        rows = messages_about(session, [case.id])
    assert sorted((row.kind, row.not_before.date().isoformat()) for row in rows) == [
        ("invitation", "2026-10-01"),
        ("reminder_1", "2026-10-07"),
    ]
    assert said == ["2026-10-02", "2026-10-07"]  # the first still waits in the queue


def test_who_is_there_in_the_evening_waits_for_the_hour_of_the_plan(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person())
        other = a_school(session, Person(), code="15ECT0002A").unit_id
        choose(session, other, replace(BY_LINK, hours=SendingHours()))
        open_due_waves(session, now=NOW, keys=KEYS, versions=versions(session))
        queue_due(session, now=NOW, mail_domain=DOMAIN, patient=True)
    with db.reading() as session:
        cases = session.exec(select(Case.id)).all()
        patient = sorted(row.not_before for row in messages_about(session, cases))

    assert patient == [NOW, datetime(2026, 10, 1, 23, tzinfo=UTC)]  # 17:00 there


def test_a_single_pass_does_not_wait(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person())
        open_due_waves(session, now=NOW, keys=KEYS, versions=versions(session))
        queue_due(session, now=NOW, mail_domain=DOMAIN)
    with db.reading() as session:
        (case,) = session.exec(select(Case)).all()
        (row,) = messages_about(session, [case.id])

    assert row.not_before == NOW
