"""How far a class is: for the projector in numbers, for its staff by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.classroom.budget import TRIES_ALL, TRIES_EACH
from app.classroom.identifying import claim_hash, of_class
from app.classroom.opening import OpenClass, class_of_caller, is_open
from app.classroom.tables import Classroom, ClassroomSeat, ClassroomTry
from app.directory.people import PersonName, search_form
from app.directory.tables import PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, EntrySession, Mode, Wave
from app.fieldwork.wave_people import GroupWaiting
from app.keys import PurposeKey
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, StudentGroup

_DONE = (Disposition.COMPLETE, Disposition.REFUSED)


class Stand(StrEnum):
    """Where a student of the class is."""

    DONE = "done"  # finished, or said that they will not answer
    INSIDE = "inside"  # answering now
    BEGUN = "begun"  # has answered something and is out
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Progress:
    """A class in numbers. Nobody can be told from them: seats have no owner."""

    school: str
    group: str | None
    questionnaire: int
    total: int
    done: int
    inside: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Student:
    """One of the class, for its staff."""

    case_id: UUID
    member_id: UUID
    name: str
    stand: Stand
    clashes: int
    locked: bool
    wrong: int  # wrong tries with this matrícula
    can_identify: bool  # the school gave a matrícula, and a date of birth or a CURP


@dataclass(frozen=True, slots=True)
class ClassView:
    """A class as its staff see it."""

    id: UUID
    wave_id: UUID
    school_id: UUID
    zone: str
    group_id: UUID | None
    group: str | None
    code: str
    open: bool
    closed_at: datetime | None
    expires_at: datetime
    locked: bool
    wrong: int
    stray: int  # wrong tries with a matrícula that nobody of the group has
    whatsapp: str | None
    students: tuple[Student, ...]


@dataclass(frozen=True, slots=True)
class GroupClass:
    """A group of a wave, with its newest class if it has had one."""

    group_id: UUID | None
    name: str | None
    classroom_id: UUID | None
    open: bool
    expires_at: datetime | None
    locked: bool


def progress_of(session: Session, opened: OpenClass, *, now: datetime) -> Progress:
    """A class in numbers, for whoever has its code."""
    classroom = session.get_one(Classroom, opened.id)
    wave = session.get_one(Wave, classroom.wave_id)
    inside = _inside(session, classroom, now=now)
    rows = (
        session.connection()
        .execute(
            select_columns(col(Case.id), _over())
            .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
            .where(*of_class(classroom))
        )
        .all()
    )
    done = {case_id for case_id, over in rows if over}
    return Progress(
        school=session.get_one(OrganisationUnit, wave.school_id).name,
        group=_group_name(session, classroom.group_id),
        questionnaire=wave.questionnaire,
        total=len(rows),
        done=len(done),
        inside=len(inside - done),
        expires_at=classroom.expires_at,
    )


def class_view(
    session: Session,
    classroom_id: UUID,
    keys: Sequence[PurposeKey],
    *,
    by: Steward,
    now: datetime,
) -> ClassView:
    """A class of the caller's, its students by surname.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    classroom = class_of_caller(session, classroom_id, by)
    wave = session.get_one(Wave, classroom.wave_id)
    school = session.get_one(OrganisationUnit, wave.school_id)
    wrong = _wrong(session, classroom_id)
    students, known = _students(session, classroom, wrong, keys, now=now)
    return ClassView(
        id=classroom.id,
        wave_id=wave.id,
        school_id=school.id,
        zone=school.time_zone,
        group_id=classroom.group_id,
        group=_group_name(session, classroom.group_id),
        code=classroom.code,
        open=is_open(classroom, wave, now=now),
        closed_at=classroom.closed_at,
        expires_at=classroom.expires_at,
        locked=classroom.wrong_tries >= TRIES_ALL,
        wrong=classroom.wrong_tries,
        stray=sum(count for hashed, count in wrong.items() if hashed not in known),
        whatsapp=classroom.whatsapp,
        students=students,
    )


def classes_of_wave(
    session: Session, scope: Scope, wave_id: UUID, groups: Sequence[GroupWaiting], *, now: datetime
) -> tuple[GroupClass, ...]:
    """The groups of a wave in their order, each with its newest class. Two queries."""
    wave = session.exec(
        select(Wave).where(Wave.id == wave_id, in_scope(scope, col(Wave.school_id)))
    ).one()
    newest: dict[UUID | None, Classroom] = {}
    for classroom in session.exec(
        select(Classroom)
        .where(Classroom.wave_id == wave_id)
        .order_by(col(Classroom.opened_at), col(Classroom.id))
    ):
        newest[classroom.group_id] = classroom
    return tuple(_group_class(group, newest.get(group.group_id), wave, now=now) for group in groups)


def _group_class(
    group: GroupWaiting, found: Classroom | None, wave: Wave, *, now: datetime
) -> GroupClass:
    return GroupClass(
        group_id=group.group_id,
        name=group.name,
        classroom_id=found.id if found else None,
        open=found is not None and is_open(found, wave, now=now),
        expires_at=found.expires_at if found else None,
        locked=found is not None and found.wrong_tries >= TRIES_ALL,
    )


def _students(
    session: Session,
    classroom: Classroom,
    wrong: Mapping[str, int],
    keys: Sequence[PurposeKey],
    *,
    now: datetime,
) -> tuple[tuple[Student, ...], set[str]]:
    """The students, and under which hashes their matrículas are counted."""
    rows = session.exec(
        select(Case, PanelMember, ClassroomSeat.clashes)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(
            ClassroomSeat,
            (col(ClassroomSeat.case_id) == col(Case.id))
            & (col(ClassroomSeat.classroom_id) == classroom.id),
            isouter=True,
        )
        .where(*of_class(classroom))
    ).all()
    inside = _inside(session, classroom, now=now)
    found, known = [], set()
    for case, member, clashes in rows:
        own = {claim_hash(key, classroom.id, member.student_id or "") for key in keys}
        known |= own
        count = sum(wrong.get(hashed, 0) for hashed in own)
        name = PersonName(member.given_name, member.surname_1, member.surname_2)
        found.append(
            Student(
                case_id=case.id,
                member_id=member.id,
                name=name.listed,
                stand=_stand(case, inside=case.id in inside),
                clashes=clashes or 0,  # None: not let in yet
                locked=count >= TRIES_EACH,
                wrong=count,
                can_identify=bool(member.student_id and (member.birth_date or member.curp)),
            )
        )
    return tuple(sorted(found, key=lambda one: (search_form(one.name), one.case_id))), known


def _stand(case: Case, *, inside: bool) -> Stand:
    if case.completed_at is not None or case.disposition in _DONE:
        return Stand.DONE
    if inside:
        return Stand.INSIDE
    return Stand.ABSENT if case.first_answer_at is None else Stand.BEGUN


def _over() -> ColumnElement[bool]:
    """Pressed Terminar, however much was left blank; or will not answer."""
    return or_(col(Case.completed_at).is_not(None), col(Case.disposition).in_(_DONE))


def _inside(session: Session, classroom: Classroom, *, now: datetime) -> set[UUID]:
    """Cases of the class with a device that is answering now."""
    return set(
        session.exec(
            select(EntrySession.case_id)
            .join(Case, col(Case.id) == col(EntrySession.case_id))
            .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
            .where(
                *of_class(classroom),
                col(EntrySession.mode) == Mode.CLASS,
                col(EntrySession.ended_at).is_(None),
                col(EntrySession.expires_at) > now,
            )
        )
    )


def _wrong(session: Session, classroom_id: UUID) -> Mapping[str, int]:
    return dict(
        session.exec(
            select(ClassroomTry.claim_hash, ClassroomTry.wrong).where(
                ClassroomTry.classroom_id == classroom_id
            )
        ).all()
    )


def _group_name(session: Session, group_id: UUID | None) -> str | None:
    return None if group_id is None else session.get_one(StudentGroup, group_id).name
