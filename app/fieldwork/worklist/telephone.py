"""An interview by telephone: the same questionnaire, typed by whoever asks.

A self-report: the person answers, staff only type. It begins from nothing, or from what the same
interviewer typed before: the path of a half-answered questionnaire would tell its answers.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists
from sqlmodel import Session, col, select

from app.errors import AppError
from app.fieldwork import entry
from app.fieldwork.entry import Started
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, EntrySession, Mode, Wave
from app.fieldwork.worklist.saying import note_interview
from app.fieldwork.worklist.tables import TelephoneInterview
from app.staff import audit


class NotByTelephone(AppError):
    """The person has begun on their own, or with somebody else."""

    code = "worklist.not_by_telephone"
    status = 409
    plantilla = (
        "Esta persona ya empezó a contestar por su cuenta o con alguien más. Para cuidar sus "
        "respuestas no se sigue por teléfono: mándele su enlace y termina donde se quedó."
    )


def may_interview(session: Session, case_id: UUID, staff_id: UUID) -> bool:
    """Whether nobody but this interviewer has begun the questionnaire of a case."""
    typed_by = select(TelephoneInterview.session_id).where(TelephoneInterview.staff_id == staff_id)
    by_others = exists().where(
        col(EntrySession.case_id) == case_id, col(EntrySession.id).not_in(typed_by)
    )
    answered = select(Case.id).where(
        Case.id == case_id, col(Case.first_answer_at).is_not(None), by_others
    )
    return session.exec(answered).first() is None


def begin_interview(session: Session, case_id: UUID, *, by: Steward, now: datetime) -> Started:
    """Open a session for a call, after the notice was read aloud. `by.scope`: personal links.

    Raises:
        NotFound, NotMissing: not the caller's, or nothing is expected of them.
        NotNow: it would be a call against their wish.
        NotByTelephone: the person has begun elsewhere.
        LinkNotOpen: the wave closed a moment ago.
    """
    note_interview(session, case_id, by=by, now=now)
    if not may_interview(session, case_id, by.staff_id):
        raise NotByTelephone
    started = entry.start(session, case_id, mode=Mode.PHONE, now=now)
    session.add(
        TelephoneInterview(session_id=started.session_id, staff_id=by.staff_id, notice_read_at=now)
    )
    wave = session.get_one(Wave, session.get_one(Case, case_id).wave_id)
    audit.append(
        session,
        "interview.begun",
        actor_id=by.staff_id,
        about=("case", case_id),
        unit_id=wave.school_id,
        now=now,
    )
    return started
