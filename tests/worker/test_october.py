"""A simulated October: what the rehearsal said at its beginning is what the mail server got.

Everybody has a mail domain of their own, so that a count by day and domain is one message.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from app.chronology.calendar import local_time
from app.chronology.contact_plan import BY_LINK, SendingHours, Step, StepRule
from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.tables import OptOut
from app.fieldwork.fitting import limits_of
from app.fieldwork.plans import choose_plan
from app.fieldwork.prospects import rehearsal
from app.fieldwork.steering import Steward, WaveDoesNotFit, resume
from app.fieldwork.tables import Case, Wave
from app.messaging.queries import messages_about
from app.messaging.states import OutboxState
from app.settings import Settings
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit
from tests.fieldwork.field import Person, School, a_cohort, a_member, a_school, versions
from tests.worker.deployments import a_mail_server, a_tick, settings_at

BEGINS = datetime(2026, 9, 28, 18, tzinfo=UTC)
DAYS = 35  # to the first of November
HOUR = timedelta(hours=1)
LOOKS = (0, 3, 6)  # hours after noon of Mexico City at which a pass is made
Sent = Counter[tuple[date, str]]


def people(session: Session, school: School, name: str, count: int) -> None:
    for number in range(count):
        a_member(session, school, Person(mail=f"yo@{name}{number}.mx"))


def a_small_world(session: Session) -> None:
    """Three schools in three zones, two waves each in the field, and those who get nothing."""
    versions(session)
    for code, zone in (("A", "America/Mexico_City"), ("B", "America/Tijuana")):
        school = a_school(session, code=f"15ECT000{code}A", zone=zone)
        people(session, school, f"{code.lower()}-dos-", 3)
        people(session, a_cohort(session, school, Cohort(2022, 2025)), f"{code.lower()}-tres-", 2)
    own = a_school(session, code="15ECT000CA", zone="America/Cancun")
    people(session, own, "c-dos-", 2)
    a_member(session, own, Person(mail="yo@tarde.mx", left_on=date(2026, 10, 9)))
    a_member(session, own, Person(mail="yo@menor.mx", birth_date="2009-06-01"))
    a_member(session, own, Person(mail=None))
    out = a_member(session, own, Person(mail="yo@baja.mx"))
    session.add(OptOut(member_id=out, at=BEGINS, source="page"))
    rules = (
        StepRule(Step.INVITATION, day=2),  # a Saturday
        StepRule(Step.REMINDER_1, day=9),
        StepRule(Step.REMINDER_2, day=20),
    )
    hours = SendingHours(time(10), time(18), preferred=time(16), weekdays_only=True)
    plan = replace(BY_LINK, rules=rules, most=2, hours=hours)
    choose_plan(session, own.unit_id, 2, plan, staff_id=None, now=BEGINS)


def live(db: Database, settings: Settings, first: datetime, days: int) -> None:
    for number in range(days):
        for look in LOOKS:
            a_tick(db, settings, first + timedelta(days=number) + look * HOUR)


def rehearsed(db: Database, settings: Settings, now: datetime) -> Sent:
    with db.reading() as session:
        limits = limits_of(session, settings, now=now)
        report = rehearsal(session, now=now, days=DAYS, limits=limits)
    return Counter(
        {(day.day, domain): count for day in report for domain, count in day.leaving.items()}
    )


def recorded(db: Database) -> Mapping[str, date]:
    """The civil day of its school on which each message was taken, by its id."""
    zones = {"A": "America/Mexico_City", "B": "America/Tijuana", "C": "America/Cancun"}
    with db.reading() as session:
        schools = {wave.id: wave.school_id for wave in session.exec(select(Wave))}
        cases = {case.id: schools[case.wave_id] for case in session.exec(select(Case))}
        names = _codes(session)
        return {
            row.id.hex: local_time(row.sent_at, zones[names[cases[row.context_id]][8]]).date()
            for row in messages_about(session, list(cases))
            if row.state is OutboxState.SENT and row.sent_at is not None
        }


def _codes(session: Session) -> dict[object, str]:
    return {unit.id: unit.code for unit in session.exec(select(OrganisationUnit))}


def test_what_was_rehearsed_is_what_is_then_sent(db: Database, tmp_path: Path) -> None:
    with db.unit_of_work() as session:
        a_small_world(session)
    taken = tmp_path / "taken"
    taken.mkdir()
    with a_mail_server(taken) as server:
        settings = settings_at(tmp_path, {"SMTP_URL": server.url})
        said = rehearsed(db, settings, BEGINS)
        live(db, settings, BEGINS, DAYS)
        received = server.received()

    days = recorded(db)
    got: Sent = Counter()
    for one in received:
        day = days[str(one.letter["Message-ID"])[1:33]]
        got[day, one.recipient.partition("@")[2]] += 1
    assert got == said
    # 10 people by the usual plan four times; two of C twice; who came late once.
    assert got.total() == len(received) == 10 * 4 + 2 * 2 + 1 * 2
    assert {domain for _, domain in got}.isdisjoint({"menor.mx", "baja.mx"})


@pytest.mark.parametrize("daily", [2])
def test_a_wave_that_does_not_fit_waits_until_it_does(
    db: Database, tmp_path: Path, daily: int
) -> None:
    """120 people and five messages each: at two a day they would need ten months."""
    with db.unit_of_work() as session:
        versions(session)
        school = a_school(session)
        people(session, school, "p", 120)
    narrow = settings_at(tmp_path, {"MAIL_DAILY_LIMIT": str(daily)})
    wide = settings_at(tmp_path, {"MAIL_DAILY_LIMIT": "500"})
    with db.reading() as session:
        limits = limits_of(session, narrow, now=BEGINS)
        report = rehearsal(session, now=BEGINS, days=DAYS, limits=limits)
    opening = datetime(2026, 10, 1, 18, tzinfo=UTC)

    refused = a_tick(db, narrow, opening)

    assert [len(day.refused) for day in report if day.refused] == [1]
    assert report[0].messages.total() == sum(day.leaving.total() for day in report) == 0
    assert (refused.opened, refused.held, refused.queued) == (1, 1, 0)
    with db.unit_of_work() as session:
        wave = session.exec(select(Wave)).one()
        assert "que el límite diario de correo sea de 100 mensajes" in str(wave.mail_held_advice)
        with pytest.raises(WaveDoesNotFit):
            resume(session, wave.id, by=Steward(wave.id, WHOLE), now=opening)

    still = a_tick(db, narrow, opening + 2 * HOUR)
    freed = a_tick(db, wide, opening + 2 * HOUR)  # at once, for the limit is another

    assert (still.held, still.queued) == (1, 0)
    assert (freed.held, freed.queued) == (0, 120)
    with db.reading() as session:
        assert session.exec(select(col(Wave.paused_at))).one() is None


def test_a_wave_that_began_goes_on_when_a_limit_is_lowered_and_says_that_it_will_be_late(
    db: Database, tmp_path: Path
) -> None:
    with db.unit_of_work() as session:
        versions(session)
        school = a_school(session)
        people(session, school, "p", 120)
    wide = settings_at(tmp_path, {"MAIL_DAILY_LIMIT": "500"})
    narrow = settings_at(tmp_path, {"MAIL_DAILY_LIMIT": "2"})
    opening = datetime(2026, 10, 1, 18, tzinfo=UTC)

    a_tick(db, wide, opening)
    begun = late_advice(db)
    lowered = a_tick(db, narrow, opening + HOUR / 4)  # at once, for the limit is another
    said = late_advice(db)
    with db.reading() as session:
        limits = limits_of(session, narrow, now=opening + HOUR)
        rehearsed_late = rehearsal(session, now=opening + HOUR, days=2, limits=limits)[0].late
    a_tick(db, wide, opening + HOUR / 2)

    assert begun is None
    assert (lowered.held, len(rehearsed_late)) == (0, 1)
    assert said is not None
    assert "que el límite diario de correo sea de 100 mensajes" in said
    assert late_advice(db) is None
    with db.reading() as session:
        assert session.exec(select(col(Wave.paused_at))).one() is None


def late_advice(db: Database) -> str | None:
    with db.reading() as session:
        return session.exec(select(col(Wave.mail_late_advice))).one()
