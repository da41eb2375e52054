"""What staff do for a class: unlock a matrícula or the class, let a student in again, confirm."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.classroom.identifying import claim_hash, of_class
from app.classroom.opening import class_of_caller
from app.classroom.proofs import seen_by_staff
from app.classroom.tables import Classroom, ClassroomSeat, ClassroomTry
from app.directory.tables import PanelMember
from app.errors import NotFound
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, EntrySession, Mode, Wave
from app.keys import PurposeKey
from app.staff import audit


def unlock_class(session: Session, classroom_id: UUID, *, by: Steward, now: datetime) -> None:
    """Everybody begins with all tries again.

    Raises:
        NotFound: the class is not the caller's.
    """
    classroom = class_of_caller(session, classroom_id, by)
    classroom.wrong_tries = 0
    session.exec(delete(ClassroomTry).where(col(ClassroomTry.classroom_id) == classroom_id))
    _log(session, classroom, "classroom.unlocked", by, now=now)


def unlock_student(
    session: Session,
    classroom_id: UUID,
    case_id: UUID,
    keys: Sequence[PurposeKey],
    *,
    by: Steward,
    now: datetime,
) -> None:
    """Five more tries with the matrícula of this student.

    Raises:
        NotFound: the class is not the caller's, or has no such student.
    """
    classroom, member = student_of_class(session, classroom_id, case_id, by)
    hashes = [claim_hash(key, classroom_id, member.student_id or "") for key in keys]
    session.exec(
        delete(ClassroomTry).where(
            col(ClassroomTry.classroom_id) == classroom_id,
            col(ClassroomTry.claim_hash).in_(hashes),
        )
    )
    _log(session, classroom, "classroom.student_unlocked", by, case_id=case_id, now=now)


def let_in_again(
    session: Session, classroom_id: UUID, case_id: UUID, *, by: Steward, now: datetime
) -> None:
    """End the session of a student on whatever device it is: the next who identifies enters.

    Raises:
        NotFound: the class is not the caller's, or has no such student.
    """
    classroom, _ = student_of_class(session, classroom_id, case_id, by)
    session.exec(
        update(EntrySession)
        .where(
            col(EntrySession.case_id) == case_id,
            col(EntrySession.mode) == Mode.CLASS,
            col(EntrySession.ended_at).is_(None),
        )
        .values(ended_at=now)
    )
    session.exec(
        update(ClassroomSeat)
        .where(
            col(ClassroomSeat.classroom_id) == classroom_id, col(ClassroomSeat.case_id) == case_id
        )
        .values(clashes=0)
    )
    _log(session, classroom, "classroom.let_in_again", by, case_id=case_id, now=now)


def confirm_way(
    session: Session,
    classroom_id: UUID,
    case_id: UUID,
    target_id: UUID,
    *,
    by: Steward,
    now: datetime,
) -> None:
    """Staff saw a message come from a student's telephone, or spoke with them or their relative.

    Raises:
        NotFound: the class is not the caller's, has no such student, or they no such contact.
    """
    classroom, member = student_of_class(session, classroom_id, case_id, by)
    seen_by_staff(session, member.id, target_id, now=now)
    _log(session, classroom, "classroom.contact_proven", by, case_id=case_id, now=now)


def student_of_class(
    session: Session, classroom_id: UUID, case_id: UUID, by: Steward
) -> tuple[Classroom, PanelMember]:
    """A student of a class of the caller's.

    Raises:
        NotFound: the class is not the caller's, or has no such student.
    """
    classroom = class_of_caller(session, classroom_id, by)
    member = session.exec(
        select(PanelMember)
        .join(Case, col(Case.member_id) == col(PanelMember.id))
        .where(Case.id == case_id, *of_class(classroom))
    ).first()
    if member is None:
        raise NotFound(case=case_id)
    return classroom, member


def _log(
    session: Session,
    classroom: Classroom,
    action: str,
    by: Steward,
    *,
    case_id: UUID | None = None,
    now: datetime,
) -> None:
    wave = session.get_one(Wave, classroom.wave_id)
    about = ("classroom", classroom.id) if case_id is None else ("case", case_id)
    audit.append(
        session,
        action,
        actor_id=by.staff_id,
        about=about,
        unit_id=wave.school_id,
        now=now,
        classroom=str(classroom.id),
    )
