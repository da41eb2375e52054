"""Move a case to its next disposition, and log the event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, bindparam, insert, update
from sqlmodel import Session, col

from app.errors import AppError
from app.fieldwork.dispositions import Disposition, may_follow
from app.fieldwork.tables import Case, CaseEvent


class CaseCannotMove(AppError):
    """The disposition asked for may not follow the present one."""

    code = "case.cannot_move"
    status = 409
    plantilla = "Este caso está como «{current}» y no puede pasar a «{following}»."


class CaseMovedMeanwhile(AppError):
    """Someone else moved the case between our reading and our writing."""

    code = "case.moved_meanwhile"
    status = 409
    plantilla = "Otra persona acaba de cambiar este caso. Vuelva a abrirlo e intente de nuevo."


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of a move, for the history, and the member of staff who made it."""

    reason: str | None = None
    staff_id: UUID | None = None


NO_REASON = Why()


def advance(
    session: Session,
    case_id: UUID,
    following: Disposition,
    *,
    why: Why = NO_REASON,
    now: datetime,
) -> None:
    """Move a case to `following`.

    Raises:
        CaseCannotMove: the move is not in the transition table.
        CaseMovedMeanwhile: the case changed after it was read.
    """
    current = session.get_one(Case, case_id).disposition
    if not may_follow(current, following):
        raise CaseCannotMove(current=current, following=following)
    moved = session.exec(
        update(Case)
        .where(col(Case.id) == case_id, col(Case.disposition) == current)
        .values(disposition=following, moved_at=now)
        .returning(col(Case.id))
    ).first()
    if moved is None:
        raise CaseMovedMeanwhile(case=case_id)
    session.add(
        CaseEvent(
            case_id=case_id,
            disposition=following,
            reason=why.reason,
            staff_id=why.staff_id,
            at=now,
        )
    )


def advance_known(
    connection: Connection,
    case_id: UUID,
    current: Disposition,
    following: Disposition,
    *,
    now: datetime,
) -> None:
    """`advance`, for who read the case and holds its lock: without the ORM, for saves.

    Raises:
        CaseMovedMeanwhile: the case is not what was read.
    """
    moving = {"case": case_id, "current": current, "following": following, "now": now}
    if connection.execute(_MOVE, moving).first() is None:
        raise CaseMovedMeanwhile(case=case_id)
    event = {"id": uuid4(), "case_id": case_id, "disposition": following, "at": now}
    connection.execute(_LOG, event)


def advance_if_possible(
    session: Session,
    case_id: UUID,
    following: Disposition,
    *,
    why: Why = NO_REASON,
    now: datetime,
) -> bool:
    """Move a case to `following` where the table allows it; whether it moved.

    For news that may come late or twice: a bounce after the answer, a second Comenzar.
    """
    if not may_follow(session.get_one(Case, case_id).disposition, following):
        return False
    advance(session, case_id, following, why=why, now=now)
    return True


_CASE = Case.metadata.tables[Case.__tablename__]
_MOVE = (
    update(_CASE)
    .where(_CASE.c.id == bindparam("case"), _CASE.c.disposition == bindparam("current"))
    .values(disposition=bindparam("following"), moved_at=bindparam("now"))
    .returning(_CASE.c.id)
)
_LOG = insert(CaseEvent.metadata.tables[CaseEvent.__tablename__])
