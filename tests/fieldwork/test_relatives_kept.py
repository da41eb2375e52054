"""Numbers of somebody close are erased when the last questionnaire is over, once and on record."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.contacts import set_alternate
from app.directory.states import ContactSource
from app.directory.tables import AlternateContact
from app.fieldwork.relatives_kept import forget_relatives
from app.fieldwork.tables import Wave, WaveState
from app.staff.tables import AuditEntry
from tests.fieldwork.field import LONG_AGO, Person, School, a_cohort, a_member, a_school, a_wave

NOW = datetime(2026, 12, 4, 6, tzinfo=UTC)  # midnight in Mexico City, three days after the close
CLOSES = datetime(2026, 12, 1, 6, tzinfo=UTC)


def names_somebody(session: Session, member_id: UUID) -> None:
    set_alternate(
        session,
        member_id,
        name="Rosa",
        phone="5587654321",
        relationship="1",
        source=ContactSource.RESPONDENT,
        now=LONG_AGO,
    )


def a_generation(session: Session, cohort: Cohort, code: str = "15ECT0001A") -> School:
    school = a_school(session, Person(), Person(), code=code, cohort=cohort)
    for member_id in school.members:
        names_somebody(session, member_id)
    return school


def last_wave(session: Session, school: School, state: WaveState, closes_at: datetime) -> None:
    wave = session.get_one(Wave, a_wave(session, school, questionnaire=3, now=NOW))
    wave.state, wave.closes_at, wave.closes = state, closes_at, date(2026, 12, 1)
    session.add(wave)
    session.flush()


def kept(session: Session) -> int:
    return len(session.exec(select(AlternateContact.id)).all())


@pytest.mark.parametrize(
    ("state", "closes_at", "left"),
    [
        (WaveState.CLOSED, CLOSES, 0),
        (WaveState.CLOSED, CLOSES + timedelta(seconds=1), 2),
        (WaveState.OPEN, CLOSES, 2),
    ],
)
def test_three_days_after_the_close_and_not_a_second_before(
    db: Database, state: WaveState, closes_at: datetime, left: int
) -> None:
    with db.unit_of_work() as session:
        last_wave(session, a_generation(session, Cohort(2022, 2025)), state, closes_at)

    with db.unit_of_work() as session:
        forgotten = forget_relatives(session, now=NOW)
    with db.unit_of_work() as session:
        again = forget_relatives(session, now=NOW)

    with db.reading() as session:
        assert kept(session) == left
        trail = session.exec(
            select(AuditEntry).where(AuditEntry.action == "relatives.forgotten")
        ).all()
    assert (forgotten, again, len(trail)) == (2 - left, 0, int(left == 0))


def test_a_window_that_passed_without_a_wave_is_over_too_and_others_stay(db: Database) -> None:
    with db.unit_of_work() as session:
        gone = a_generation(session, Cohort(2021, 2024))  # its Questionnaire 3 was in 2025
        young = a_cohort(session, gone, Cohort(2023, 2026))
        names_somebody(session, a_member(session, young))
        # Questionnaire 2 closed: they are still looked for.
        wave = session.get_one(Wave, a_wave(session, young, questionnaire=2, now=NOW))
        wave.state, wave.closes_at = WaveState.CLOSED, CLOSES
        session.add(wave)

    with db.unit_of_work() as session:
        forgotten = forget_relatives(session, now=NOW)

    with db.reading() as session:
        assert (forgotten, kept(session)) == (2, 1)
