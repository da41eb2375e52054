"""The rehearsal says what the scheduler then does, day by day."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from sqlmodel import select

from app.db.transactions import Database
from app.directory.tables import OptOut
from app.fieldwork.invitations import pause_wave, queue_due
from app.fieldwork.planning import close_due_waves, open_due_waves
from app.fieldwork.prospects import rehearsal
from app.fieldwork.rehearsal import RehearsedDay
from app.fieldwork.tables import Wave
from tests.fieldwork.field import DOMAIN, KEYS, Person, a_school, only_wave, versions

BEFORE = datetime(2026, 9, 28, 18, tzinfo=UTC)  # Monday noon in Mexico City
DAY = timedelta(days=1)
PEOPLE = (
    Person(),
    Person(mail="beto@gmail.com"),
    Person(mail="carla@GMAIL.com"),
    Person(mail=None),
    Person(mail="menor@gmail.com", birth_date="2009-01-01"),
    Person(mail="tarde@gmail.com", left_on=date(2026, 10, 3)),
)


def rehearsed(db: Database, now: datetime, days: int = 14) -> tuple[RehearsedDay, ...]:
    with db.reading() as session:
        return rehearsal(session, now=now, days=days)


def eventful(report: tuple[RehearsedDay, ...]) -> list[tuple[str, int, int, dict[str, int]]]:
    return [
        (day.day.isoformat(), len(day.opened), len(day.closed), dict(day.messages))
        for day in report
        if day.opened or day.closed or day.messages
    ]


def test_what_will_be_opened_and_sent_by_day_and_domain(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, *PEOPLE)

    report = rehearsed(db, BEFORE)

    assert len(report) == 14
    assert eventful(report) == [
        ("2026-10-01", 1, 0, {"example.org": 1, "gmail.com": 2}),
        ("2026-10-03", 0, 0, {"gmail.com": 1}),
        ("2026-10-05", 0, 0, {"example.org": 1, "gmail.com": 2}),
        ("2026-10-06", 0, 0, {"gmail.com": 1}),  # three days after the invitation
    ]


def test_nothing_is_done(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, *PEOPLE)

    assert eventful(rehearsed(db, BEFORE)) == eventful(rehearsed(db, BEFORE))
    with db.reading() as session:
        assert session.exec(select(Wave)).all() == []


def test_the_rehearsal_of_a_wave_is_what_is_then_queued(db: Database) -> None:
    """Seventy days, hour by hour enough: open, queue, close, beside what was said before."""
    with db.unit_of_work() as session:
        a_school(session, *PEOPLE[:4])
        versions(session)
    said = rehearsed(db, BEFORE, 70)

    done: Counter[date] = Counter()
    opened, closed = [], []
    for number in range(70):
        now = BEFORE + number * DAY
        with db.unit_of_work() as session:
            waves = open_due_waves(session, now=now, keys=KEYS, versions=versions(session))
            queued = queue_due(session, now=now, mail_domain=DOMAIN).messages
            over = close_due_waves(session, now=now).waves
        done[now.date()] += queued
        opened += [now.date()] * len(waves.opened)
        closed += [now.date()] * over

    assert {day.day: day.messages.total() for day in said if day.messages} == +done
    assert [day.day for day in said if day.opened] == opened
    assert [day.day for day in said if day.closed] == closed


def test_in_the_middle_of_a_wave_the_rest_is_said(db: Database) -> None:
    with db.unit_of_work() as session:
        a_school(session, Person(), Person(mail="beto@gmail.com"))
        opening = BEFORE + 3 * DAY
        open_due_waves(session, now=opening, keys=KEYS, versions=versions(session))
        queue_due(session, now=opening, mail_domain=DOMAIN)

    assert eventful(rehearsed(db, opening)) == [
        ("2026-10-01", 0, 0, {"example.org": 1, "gmail.com": 1}),  # queued, and not sent yet
        ("2026-10-05", 0, 0, {"example.org": 1, "gmail.com": 1}),
        ("2026-10-12", 0, 0, {"example.org": 1, "gmail.com": 1}),
    ]


def test_who_opted_out_and_what_is_paused_is_not_counted(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_school(session, Person(), Person(mail="beto@gmail.com"))
        session.add(OptOut(member_id=school.members[0], at=BEFORE, source="page"))
    before = eventful(rehearsed(db, BEFORE, 5))
    with db.unit_of_work() as session:
        opening = BEFORE + 3 * DAY
        open_due_waves(session, now=opening, keys=KEYS, versions=versions(session))
        session.flush()
        pause_wave(session, only_wave(session).id, reason="x", now=opening)

    assert before == [("2026-10-01", 1, 0, {"gmail.com": 1})]
    assert eventful(rehearsed(db, opening, 30)) == []
