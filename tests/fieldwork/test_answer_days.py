"""The line of an office is that of the events of its cases, whatever was kept and when."""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.chronology.calendar import civil_date
from app.db.transactions import Database
from app.fieldwork import answer_days
from app.fieldwork.answer_days import ANSWERED, keep_days, pack
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, CaseEvent, Wave
from app.fieldwork.unit_progress import unit_progress_over_time
from app.fieldwork.wave_counts import gather
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit
from tests.analytics.survey import COHORT
from tests.fieldwork.test_wave_counts import two_schools

BEGUN = datetime(2026, 5, 4, 3, tzinfo=UTC)


def moved(session: Session, chance: random.Random, at: datetime) -> None:
    """A case moves, or two at once, or it is gone; or a line is added to where it stands."""
    cases = list(session.exec(select(Case)))
    for one in chance.sample(cases, k=chance.randint(1, 2)):
        if chance.random() < 0.1 and len(cases) > 4:
            session.exec(delete(CaseEvent).where(col(CaseEvent.case_id) == one.id))
            session.exec(delete(Case).where(col(Case.id) == one.id))
            continue
        state = chance.choice([*ANSWERED, *Disposition])
        session.exec(update(Case).where(col(Case.id) == one.id).values(disposition=state))
        session.add(CaseEvent(case_id=one.id, disposition=state, at=at))


def as_events_say(session: Session) -> list[tuple[date, int]]:
    """One case after another: the day of its first event as answered."""
    days: Counter[date] = Counter()
    for case in session.exec(select(Case).where(col(Case.disposition).in_(ANSWERED))):
        wave = session.get_one(Wave, case.wave_id)
        zone = session.get_one(OrganisationUnit, wave.school_id).time_zone
        events = session.exec(select(CaseEvent).where(CaseEvent.case_id == case.id))
        if told := [one.at for one in events if one.disposition in ANSWERED]:
            days[civil_date(min(told), zone)] += 1
    order = sorted(days)
    return list(zip(order, accumulate(days[day] for day in order), strict=True))


@pytest.mark.parametrize(("seed", "few"), [(1, 200), (2, 200), (3, 0)])
def test_the_line_is_that_of_the_events(
    db: Database, seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`few`: 0 reads the events of all as soon as one wave is not kept."""
    monkeypatch.setattr(answer_days, "FEW", few)
    chance, office, kept = random.Random(seed), two_schools(db), 0

    for step in range(30):
        with db.unit_of_work() as session:
            moved(session, chance, BEGUN + timedelta(hours=9 * step))
        if chance.random() < 0.5:
            with db.unit_of_work() as session:
                gather(session)
        if chance.random() < 0.5:
            with db.unit_of_work() as session:
                kept += keep_days(session)
        with db.reading() as session:
            found = unit_progress_over_time(session, WHOLE, office, COHORT, 1)
            assert [(one.day, one.answered) for one in found] == as_events_say(session)

    assert kept > 3  # days of two waves were kept, emptied and worked out again


def test_what_is_kept_is_read_instead_of_events(db: Database) -> None:
    office = two_schools(db)
    with db.unit_of_work() as session:
        case = session.exec(select(Case)).first()
        assert case is not None
        case.disposition = Disposition.COMPLETE
        session.add(CaseEvent(case_id=case.id, disposition=Disposition.COMPLETE, at=BEGUN))
    with db.unit_of_work() as session:
        gather(session)
        keep_days(session)
    with db.unit_of_work() as session:
        session.exec(delete(CaseEvent))  # no case moves

    with db.reading() as session:
        (day,) = unit_progress_over_time(session, WHOLE, office, COHORT, 1)

    assert (day.day, day.answered) == (date(2026, 5, 3), 1)  # at nine in the evening


days = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2026, 3, 31)), st.integers(1, 300), max_size=20
)


@given(st.lists(days, max_size=8))
def test_packed_days_add_up(waves: list[Mapping[date, int]]) -> None:
    packed = [pack(one) for one in waves]
    kept = [(first, numbers) for first, numbers in packed if first is not None]

    found = answer_days._added(kept)  # noqa: SLF001

    assert found == sum((Counter(one) for one in waves), Counter())
