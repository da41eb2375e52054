"""When somebody asked to be called: a day, an hour, and a note without anything they answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from app.errors import AppError
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, Wave
from app.fieldwork.worklist.contacting import NotMissing
from app.fieldwork.worklist.people import standing_of
from app.fieldwork.worklist.tables import Appointment
from app.staff import audit

NOTES_KEPT = timedelta(days=7)
LONGEST_NOTE = 120  # characters: where and how to call, nothing of their life


class AppointmentNotPossible(AppError):
    """A moment that has passed, or that comes when nothing can be answered any more."""

    code = "worklist.appointment_not_possible"
    status = 422
    plantilla = "Elija un día y una hora que vengan, antes de que cierre el cuestionario."


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed."""

    at: datetime
    note: str


def agree(session: Session, case_id: UUID, agreed: Agreed, *, by: Steward, now: datetime) -> UUID:
    """Keep an appointment; it takes the place of the one before.

    Raises:
        NotMissing: the person is not the caller's, or nothing is expected of them.
        AppointmentNotPossible: it has passed, or the wave is over by then.
    """
    standing = standing_of(session, by.scope, case_id, now=now)
    if standing is None:
        raise NotMissing
    wave = session.get_one(Wave, session.get_one(Case, case_id).wave_id)
    if not now <= agreed.at < wave.closes_at:
        raise AppointmentNotPossible
    cancel(session, case_id, now=now)
    note = " ".join(agreed.note.split())[:LONGEST_NOTE]
    row = Appointment(
        case_id=case_id, at=agreed.at, note=note or None, staff_id=by.staff_id, made_at=now
    )
    session.add(row)
    session.flush()
    audit.append(
        session,
        "appointment.agreed",
        actor_id=by.staff_id,
        about=("case", case_id),
        unit_id=wave.school_id,
        now=now,
    )
    return row.id


def forget_notes(session: Session, *, now: datetime) -> int:
    """Drop the notes of appointments that passed some days ago; how many."""
    dropped = session.exec(
        update(Appointment)
        .where(col(Appointment.at) < now - NOTES_KEPT, col(Appointment.note).is_not(None))
        .values(note=None)
        .returning(col(Appointment.id))
    )
    return len(dropped.all())


def cancel(session: Session, case_id: UUID, *, now: datetime) -> bool:
    """Take the open appointment of a case off the list. False: there was none."""
    gone = session.exec(
        update(Appointment)
        .where(col(Appointment.case_id) == case_id, col(Appointment.settled_at).is_(None))
        .values(settled_at=now, note=None)
        .returning(col(Appointment.id))
    )
    return gone.first() is not None
