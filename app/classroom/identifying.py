"""Who a student in class says to be: matrícula and date of birth, compared with the whole group.

Every knock does the same work: all of the group is read and compared, so that neither words nor
time tell a wrong matrícula from a wrong date or from somebody of another group. The row of the
class is locked meanwhile: tries at the same moment are counted one by one.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.classroom.budget import TRIES_ALL, is_locked
from app.classroom.opening import of_group
from app.classroom.tables import Classroom, ClassroomSeat, ClassroomTry
from app.directory.tables import PanelMember
from app.fieldwork import entry
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, EntrySession, Mode, Wave
from app.keys import PurposeKey, fingerprint
from app.questionnaires.items import Language
from app.staff import audit

_BORN = slice(4, 10)  # YYMMDD of a CURP


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says to be."""

    student_id: str
    born: date

    def __repr__(self) -> str:
        return "Claim()"  # a person never gets logged


@dataclass(frozen=True, slots=True)
class Holder:
    """The device somebody knocks with: its sessions' secrets, whether many share it, its words."""

    secrets: tuple[str, ...] = ()
    shared: bool = False
    language: Language = Language.SPANISH


ON_ITS_OWN = Holder()


class Door(StrEnum):
    """What came of a knock. All but the first three are said only to who was right."""

    MISMATCH = "mismatch"
    LOCKED = "locked"  # too many wrong tries with this matrícula
    CLASS_LOCKED = "class_locked"  # too many of everybody
    ENTERED = "entered"
    IN_USE = "in_use"  # somebody is inside as this student, on another device
    FINISHED = "finished"
    SHUT = "shut"  # the personal link was revoked: staff decide


@dataclass(frozen=True, slots=True)
class Knock:
    """The answer at the door; `started` where it opened."""

    door: Door
    started: entry.Started | None = None


def plain_id(text: str) -> str:
    """A matrícula as it is compared: letters and digits, upper case, no leading zeros.

    Spreadsheets drop the zeros, people the hyphens.
    """
    return "".join(mark for mark in text.upper() if mark.isalnum()).lstrip("0")


def claim_hash(key: PurposeKey, classroom_id: UUID, student_id: str) -> str:
    """By which wrong tries with a matrícula are counted, without keeping what was typed."""
    return fingerprint(key, f"{classroom_id}:{plain_id(student_id)}")


def knock(
    session: Session,
    classroom_id: UUID,
    claim: Claim,
    *,
    keys: Sequence[PurposeKey],
    device: Holder = ON_ITS_OWN,
    now: datetime,
) -> Knock:
    """Let a student in, or not. The caller found the class open.

    Args:
        session: a unit of work; a wrong try is kept too.
        classroom_id: the class.
        claim: what was typed.
        keys: newest first, of opening.PURPOSE.
        device: who enters ends the sessions that others left on it.
        now: when.
    """
    classroom = session.exec(
        select(Classroom).where(Classroom.id == classroom_id).with_for_update()
    ).one()
    tries = _tries(session, classroom, claim, keys, now=now)
    locked = is_locked(own=tries.wrong, all_=classroom.wrong_tries)
    case_id = _who(session, classroom, claim)
    if locked:
        over = classroom.wrong_tries >= TRIES_ALL
        return Knock(Door.CLASS_LOCKED if over else Door.LOCKED)
    if case_id is None:
        tries.wrong += 1
        tries.at = now
        classroom.wrong_tries += 1
        session.add(tries)
        if classroom.wrong_tries == TRIES_ALL:
            _tell_staff(session, classroom, now=now)
        return Knock(Door.MISMATCH)
    return _enter(session, classroom, case_id, device, now=now)


def of_class(classroom: Classroom) -> tuple[ColumnElement[bool], ...]:
    """Conditions on Case and PanelMember: the people a class is for."""
    return (
        col(Case.wave_id) == classroom.wave_id,
        of_group(classroom.group_id),
        col(Case.disposition) != Disposition.NOT_ELIGIBLE,
    )


def _who(session: Session, classroom: Classroom, claim: Claim) -> UUID | None:
    """The case that both data fit; every row is compared, whichever fits."""
    rows = session.connection().execute(
        select_columns(
            col(Case.id),
            col(PanelMember.student_id),
            col(PanelMember.birth_date),
            col(PanelMember.curp),
        )
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(*of_class(classroom))
    )
    typed, found = plain_id(claim.student_id), None
    for case_id, student_id, birth_date, curp in rows:
        own = plain_id(student_id or "")
        same_id = hmac.compare_digest(own.encode(), typed.encode())
        if same_id & _same_day(claim.born, birth_date, curp) & bool(own):
            found = case_id
    return found


def _same_day(born: date, birth_date: str | None, curp: str | None) -> bool:
    stored = birth_date or (curp or "")[_BORN]
    said = born.isoformat() if "-" in stored else f"{born:%y%m%d}"
    return hmac.compare_digest(said.encode(), stored.encode())


def _enter(
    session: Session, classroom: Classroom, case_id: UUID, device: Holder, *, now: datetime
) -> Knock:
    mine = _own_session(session, case_id, device, now=now)
    if mine is None and _is_inside(session, case_id, now=now):
        _seat(session, classroom, case_id, now=now).clashes += 1
        return Knock(Door.IN_USE)
    if session.get_one(Case, case_id).completed_at is not None:
        return Knock(Door.FINISHED)
    _leave_others(session, case_id, device, now=now)
    _seat(session, classroom, case_id, now=now)
    if mine is not None:
        entry.speak(session, mine.session_id, device.language)
        return Knock(Door.ENTERED, mine)
    try:
        started = entry.start(session, case_id, mode=Mode.CLASS, language=device.language, now=now)
    except entry.LinkNotOpen:
        return Knock(Door.SHUT)
    return Knock(Door.ENTERED, started)


def _own_session(
    session: Session, case_id: UUID, device: Holder, *, now: datetime
) -> entry.Started | None:
    """The session of this student that the device has already."""
    for secret in device.secrets:
        visit = entry.session_of(session, secret, now=now)
        if visit is not None and visit.case_id == case_id and visit.mode is Mode.CLASS:
            return entry.Started(visit.session_id, secret)
    return None


def _is_inside(session: Session, case_id: UUID, *, now: datetime) -> bool:
    """Whether some device is answering in class as this student."""
    return (
        session.exec(
            select(EntrySession.id).where(
                EntrySession.case_id == case_id,
                EntrySession.mode == Mode.CLASS,
                col(EntrySession.ended_at).is_(None),
                col(EntrySession.expires_at) > now,
            )
        ).first()
        is not None
    )


def _leave_others(session: Session, case_id: UUID, device: Holder, *, now: datetime) -> None:
    """Whoever sat at this computer before is out: nothing of theirs opens again."""
    for secret in device.secrets:
        visit = entry.session_of(session, secret, now=now)
        if visit is None or visit.case_id == case_id:
            continue
        if device.shared or visit.mode is Mode.CLASS:
            entry.end(session, secret, now=now)


def _seat(session: Session, classroom: Classroom, case_id: UUID, *, now: datetime) -> ClassroomSeat:
    seat = session.get(ClassroomSeat, (classroom.id, case_id))
    if seat is None:
        seat = ClassroomSeat(classroom_id=classroom.id, case_id=case_id, entered_at=now)
        session.add(seat)
    return seat


def _tries(
    session: Session,
    classroom: Classroom,
    claim: Claim,
    keys: Sequence[PurposeKey],
    *,
    now: datetime,
) -> ClassroomTry:
    hashed = claim_hash(keys[0], classroom.id, claim.student_id)
    found = session.get(ClassroomTry, (classroom.id, hashed))
    return found or ClassroomTry(classroom_id=classroom.id, claim_hash=hashed, wrong=0, at=now)


def _tell_staff(session: Session, classroom: Classroom, *, now: datetime) -> None:
    """The alarm: in the audit trail of the school, and on the pages of its classes."""
    wave = session.get_one(Wave, classroom.wave_id)
    audit.append(
        session,
        "classroom.locked",
        actor_id=None,
        about=("classroom", classroom.id),
        unit_id=wave.school_id,
        now=now,
        wrong=classroom.wrong_tries,
    )
