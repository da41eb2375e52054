from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, select

from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.progress import (
    CaseCannotMove,
    CaseMovedMeanwhile,
    Why,
    advance,
    advance_if_possible,
)
from app.fieldwork.tables import Case, CaseEvent
from tests.fieldwork.field import a_case


def saved_case(db: Database, disposition: Disposition, now: datetime) -> UUID:
    with db.unit_of_work() as session:
        return a_case(session, disposition=disposition, now=now)


def events(session: Session) -> list[tuple[UUID, Disposition, str | None, datetime]]:
    return [(e.case_id, e.disposition, e.reason, e.at) for e in session.exec(select(CaseEvent))]


def test_a_move_is_saved_with_its_event(db: Database, now: datetime) -> None:
    case_id = saved_case(db, Disposition.INVITED, now)
    later = now + timedelta(hours=1)

    with db.unit_of_work() as session:
        advance(session, case_id, Disposition.STARTED, why=Why("Comenzar"), now=later)

    with db.reading() as session:
        case = session.get_one(Case, case_id)
        assert (case.disposition, case.moved_at) == (Disposition.STARTED, later)
        assert events(session) == [(case_id, Disposition.STARTED, "Comenzar", later)]


def test_a_bounced_case_may_be_invited_again(db: Database, now: datetime) -> None:
    case_id = saved_case(db, Disposition.UNDELIVERABLE, now)

    with db.unit_of_work() as session:
        advance(session, case_id, Disposition.INVITED, now=now)


def test_a_complete_case_stays_complete(db: Database, now: datetime) -> None:
    case_id = saved_case(db, Disposition.COMPLETE, now)

    with pytest.raises(CaseCannotMove) as refusal, db.unit_of_work() as session:
        advance(session, case_id, Disposition.REFUSED, now=now)

    assert refusal.value.mensaje == "Este caso está como «complete» y no puede pasar a «refused»."
    with db.reading() as session:
        assert events(session) == []


def test_late_news_of_a_complete_case_changes_nothing(db: Database, now: datetime) -> None:
    case_id = saved_case(db, Disposition.COMPLETE, now)

    with db.unit_of_work() as session:
        assert not advance_if_possible(session, case_id, Disposition.UNDELIVERABLE, now=now)

    with db.reading() as session:
        assert session.get_one(Case, case_id).disposition is Disposition.COMPLETE


def test_two_people_cannot_move_one_case_at_once(db: Database, now: datetime) -> None:
    case_id = saved_case(db, Disposition.INVITED, now)

    with pytest.raises(CaseMovedMeanwhile), db.unit_of_work() as session:
        held = session.get_one(Case, case_id)  # held: a session forgets rows nobody refers to
        session.connection().exec_driver_sql("update survey_case set disposition = 'refused'")
        assert held.disposition is Disposition.INVITED
        advance(session, case_id, Disposition.STARTED, now=now)
