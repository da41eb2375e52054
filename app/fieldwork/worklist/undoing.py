"""Take a slip of the thumb back: what ended something a moment ago, by whoever said it.

For a quarter of an hour, and only while nothing happened since: each step puts back exactly what
the tap changed, or nothing at all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.directory.tables import OptOut, PanelMember
from app.errors import AppError
from app.fieldwork.addressees import correspondents
from app.fieldwork.dispositions import Disposition
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, CaseEvent
from app.fieldwork.worklist.contacting import note_act, refuse_strange_case
from app.fieldwork.worklist.results import RULES, AttemptResult, Channel, Effect
from app.fieldwork.worklist.saying import take_back
from app.fieldwork.worklist.tables import Appointment, ContactAttempt
from app.messaging import outbox
from app.units.queries import people_in_scope

UNDO_FOR = timedelta(minutes=15)
# What stops messages or ends the case; everything else is mended by the next attempt.
UNDOABLE = frozenset(
    {
        AttemptResult.REFUSED,
        AttemptResult.NO_MESSAGES,
        AttemptResult.DECEASED,
        AttemptResult.UNABLE,
    }
)


class NotUndone(AppError):
    """Too late, somebody else's, or something happened since."""

    code = "worklist.not_undone"
    status = 409
    plantilla = (
        "Ya no se puede deshacer: pasaron más de quince minutos, lo anotó otra persona o el caso "
        "cambió desde entonces. Lo anotado sigue igual. Si la persona cambia de idea, su enlace le "
        "sirve; quien lleva el seguimiento puede ayudar."
    )


@dataclass(frozen=True, slots=True)
class Slip:
    """What somebody said a moment ago and may still take back."""

    attempt_id: UUID
    case_id: UUID
    wave_id: UUID
    result: AttemptResult


def newest_slip(
    session: Session, by: Steward, *, case_id: UUID | None = None, now: datetime
) -> Slip | None:
    """The newest of the caller's own, about anybody or about one case."""
    row = session.exec(
        select(ContactAttempt, Case.wave_id)
        .join(Case, col(Case.id) == col(ContactAttempt.case_id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(
            ContactAttempt.staff_id == by.staff_id,
            col(ContactAttempt.result).in_(UNDOABLE),
            col(ContactAttempt.said_at) > now - UNDO_FOR,
            people_in_scope(by.scope, col(PanelMember.school_id), col(PanelMember.group_id)),
            *(() if case_id is None else (ContactAttempt.case_id == case_id,)),
        )
        .order_by(col(ContactAttempt.said_at).desc())
    ).first()
    if row is None or row[0].result is None:
        return None
    return Slip(row[0].id, row[0].case_id, row[1], row[0].result)


def undo(
    session: Session, case_id: UUID, attempt_id: UUID | None, *, by: Steward, now: datetime
) -> AttemptResult:
    """Put back what a tap changed; the question about an opened attempt is asked again.

    Messages that the tap cancelled wait again. Not brought back: the note of an appointment.

    Raises:
        NotFound: the person is not the caller's.
        NotUndone: why not is said; nothing is changed.
    """
    refuse_strange_case(session, case_id, by)
    attempt = session.get(ContactAttempt, attempt_id) if attempt_id else None
    if (
        attempt is None
        or attempt.case_id != case_id
        or attempt.result not in UNDOABLE
        or attempt.said_at is None
    ):
        raise NotUndone
    said, result = attempt.said_at, attempt.result
    if not _untell(session, attempt, said, by, now=now):
        raise NotUndone
    member_id = session.get_one(Case, case_id).member_id
    rule = RULES[result]
    if rule.leads_to is not None and not _move_back(session, case_id, rule.leads_to, said, by, now):
        raise NotUndone
    cases = [case_id]
    if rule.effect is Effect.STOPS_MESSAGES:
        _allow_again(session, member_id, said)
        cases = list(session.exec(select(Case.id).where(Case.member_id == member_id)))
    for one in cases:
        outbox.revive(session, one, cancelled_at=said, now=now)
    session.exec(
        update(Appointment)
        .where(col(Appointment.case_id) == case_id, col(Appointment.settled_at) == said)
        .values(settled_at=None)
    )
    person = correspondents(session, [case_id])[case_id]
    note_act(session, "contact.result_undone", person, by, now=now, result=result.value)
    return result


def _untell(
    session: Session, attempt: ContactAttempt, said: datetime, by: Steward, *, now: datetime
) -> bool:
    """Whether the word was taken back. A talk in person was only made to say it, so it goes."""
    in_person = attempt.channel is Channel.IN_PERSON
    taken = session.exec(
        update(ContactAttempt)
        .where(
            col(ContactAttempt.id) == attempt.id,
            col(ContactAttempt.result) == attempt.result,
            col(ContactAttempt.said_at) == said,
            col(ContactAttempt.said_at) > now - UNDO_FOR,
            col(ContactAttempt.staff_id) == by.staff_id,
        )
        .values(
            result=AttemptResult.NOT_MADE if in_person else None, said_at=now if in_person else None
        )
        .returning(col(ContactAttempt.id))
    )
    done = taken.first() is not None
    if done and in_person:
        take_back(session, attempt)
    return done


def _move_back(  # one move: of what, from where, made when and by whom
    session: Session,
    case_id: UUID,
    ended: Disposition,
    said: datetime,
    by: Steward,
    now: datetime,
) -> bool:
    """The disposition before, unless the case moved since: the table has no way back for others."""
    before = session.exec(
        select(CaseEvent.disposition)
        .where(CaseEvent.case_id == case_id, col(CaseEvent.at) < said)
        .order_by(col(CaseEvent.at).desc())
    ).first()
    if before is None:
        return False
    moved = session.exec(
        update(Case)
        .where(col(Case.id) == case_id, col(Case.disposition) == ended, col(Case.moved_at) == said)
        .values(disposition=before, moved_at=now)
        .returning(col(Case.id))
    )
    if moved.first() is None:
        return False
    session.add(
        CaseEvent(
            case_id=case_id,
            disposition=Disposition(before),
            reason="Se deshizo: se había anotado por error",
            staff_id=by.staff_id,
            at=now,
        )
    )
    return True


def _allow_again(session: Session, member_id: UUID, said: datetime) -> None:
    """Only the opt-out of that tap: one that was there before is the person's own."""
    session.exec(
        delete(OptOut).where(
            col(OptOut.member_id) == member_id,
            col(OptOut.at) == said,
            col(OptOut.source) == "staff",
        )
    )
