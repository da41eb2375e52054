"""Open a class for a group, take its code back, open it again. Each act leaves its audit entry."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from app.classroom.codes import POSSIBLE, read_code, spell
from app.classroom.tables import Classroom, ClassroomSeat
from app.directory.phones import read_phone
from app.directory.tables import PanelMember
from app.errors import AppError, NotFound
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, EntrySession, Mode, Wave, WaveState
from app.keys import PurposeKey, fingerprint
from app.staff import audit
from app.units.queries import people_in_scope

PURPOSE = "classroom"  # of app.keys.keys_for, over the signing keys
LASTS = timedelta(hours=2)  # trust.md SEC-26


class ClassNeedsOpenWave(AppError):
    """The questionnaire takes no answers, so no class can answer it."""

    code = "classroom.needs_open_wave"
    status = 409
    plantilla = (
        "Este cuestionario no recibe respuestas ahora y no abrimos la sesión. "
        "Si hace falta más tiempo, mueva primero la fecha de cierre."
    )


@dataclass(frozen=True, slots=True)
class OpenClass:
    """A class whose code lets in now."""

    id: UUID
    wave_id: UUID
    group_id: UUID | None
    expires_at: datetime


def open_class(  # noqa: PLR0913  # one class
    session: Session,
    wave_id: UUID,
    group_id: UUID | None,
    keys: Sequence[PurposeKey],
    *,
    by: Steward,
    now: datetime,
    whatsapp: str = "",
) -> UUID:
    """A class for a group of an open wave: the one that is open already, or a new one.

    Args:
        session: of the act.
        wave_id: of the caller's.
        group_id: of the caller's; None for those without a group.
        keys: newest first, of PURPOSE.
        by: who opens it.
        now: when.
        whatsapp: the number to which students write to prove theirs; "" for none.

    Raises:
        NotFound: the wave has nobody of that group, or they are not the caller's.
        ClassNeedsOpenWave: it takes no answers.
        NotAPhone: the number cannot be dialled.
    """
    wave = wave_of_caller(session, wave_id, group_id, by)
    _refuse_closed(wave, now=now)
    number = read_phone(whatsapp).e164 if whatsapp else None
    there = session.exec(
        select(Classroom).where(
            Classroom.wave_id == wave_id,
            col(Classroom.group_id).is_(None)
            if group_id is None
            else col(Classroom.group_id) == group_id,
            col(Classroom.closed_at).is_(None),
            col(Classroom.expires_at) > now,
        )
    ).first()
    if there is not None:
        there.whatsapp = number or there.whatsapp
        return there.id
    code = _fresh_code()
    made = Classroom(
        wave_id=wave_id,
        group_id=group_id,
        code=code,
        code_hash=fingerprint(keys[0], code),
        opened_by=by.staff_id,
        opened_at=now,
        expires_at=min(now + LASTS, wave.closes_at),
        whatsapp=number,
    )
    session.add(made)
    session.flush()
    _log(session, made, "classroom.opened", by, now=now)
    return made.id


def change_number(
    session: Session, classroom_id: UUID, whatsapp: str, *, by: Steward, now: datetime
) -> None:
    """The number to which students write, while the class goes on; "" takes it away.

    Raises:
        NotFound: the class is not the caller's.
        NotAPhone: the number cannot be dialled.
    """
    found = class_of_caller(session, classroom_id, by)
    number = read_phone(whatsapp).e164 if whatsapp else None
    if number != found.whatsapp:
        found.whatsapp = number
        _log(session, found, "classroom.number_changed", by, now=now)


def reopen_class(
    session: Session,
    classroom_id: UUID,
    keys: Sequence[PurposeKey],
    *,
    by: Steward,
    now: datetime,
) -> None:
    """Two hours more under a new code: the one before may be anywhere. Wrong tries stay counted.

    Raises:
        NotFound: the class is not the caller's.
        ClassNeedsOpenWave: its wave closed.
    """
    found = class_of_caller(session, classroom_id, by)
    wave = session.get_one(Wave, found.wave_id)
    _refuse_closed(wave, now=now)
    found.code = _fresh_code()
    found.code_hash = fingerprint(keys[0], found.code)
    found.closed_at, found.expires_at = None, min(now + LASTS, wave.closes_at)
    _log(session, found, "classroom.reopened", by, now=now)


def close_class(session: Session, classroom_id: UUID, *, by: Steward, now: datetime) -> bool:
    """Take the code back; whoever is inside is out, with what was answered kept.

    Returns:
        False where it was closed already.

    Raises:
        NotFound: the class is not the caller's.
    """
    found = class_of_caller(session, classroom_id, by)
    if found.closed_at is not None:
        return False
    found.closed_at = now
    seats = select(ClassroomSeat.case_id).where(ClassroomSeat.classroom_id == classroom_id)
    session.exec(
        update(EntrySession)
        .where(
            col(EntrySession.case_id).in_(seats),
            col(EntrySession.mode) == Mode.CLASS,
            col(EntrySession.ended_at).is_(None),
        )
        .values(ended_at=now)
    )
    _log(session, found, "classroom.closed", by, now=now)
    return True


def class_by_code(
    session: Session, typed: str, keys: Sequence[PurposeKey], *, now: datetime
) -> OpenClass | None:
    """The class a code opens now; the same None for every other text."""
    code = read_code(typed)
    if code is None:
        return None
    found = session.exec(
        select(Classroom, Wave)
        .join(Wave, col(Wave.id) == col(Classroom.wave_id))
        .where(col(Classroom.code_hash).in_([fingerprint(key, code) for key in keys]))
    ).first()
    if found is None:
        return None
    classroom, wave = found
    if not is_open(classroom, wave, now=now):
        return None
    return OpenClass(classroom.id, classroom.wave_id, classroom.group_id, classroom.expires_at)


def number_of_class(session: Session, case_id: UUID) -> str | None:
    """Where the students of the class that let this one in last write by WhatsApp; E.164."""
    found = session.exec(
        select(Classroom)
        .join(ClassroomSeat, col(ClassroomSeat.classroom_id) == col(Classroom.id))
        .where(ClassroomSeat.case_id == case_id)
        .order_by(col(ClassroomSeat.entered_at).desc())
        .limit(1)
    ).first()
    return None if found is None else found.whatsapp


def is_open(classroom: Classroom, wave: Wave, *, now: datetime) -> bool:
    """Whether the code lets anybody in."""
    return (
        classroom.closed_at is None and now < classroom.expires_at and takes_answers(wave, now=now)
    )


def class_of_caller(session: Session, classroom_id: UUID, by: Steward) -> Classroom:
    """A class of the caller's.

    Raises:
        NotFound: there is none, or its people are not the caller's.
    """
    found = session.get(Classroom, classroom_id)
    if found is None:
        raise NotFound(classroom=classroom_id)
    wave_of_caller(session, found.wave_id, found.group_id, by)
    return found


def of_group(group_id: UUID | None) -> ColumnElement[bool]:
    """Condition on PanelMember; None: those without a group."""
    if group_id is None:
        return col(PanelMember.group_id).is_(None)
    return col(PanelMember.group_id) == group_id


def wave_of_caller(session: Session, wave_id: UUID, group_id: UUID | None, by: Steward) -> Wave:
    """A wave with somebody of a group of the caller's.

    Raises:
        NotFound: there is none, or they are not the caller's.
    """
    wave = session.exec(
        select(Wave)
        .join(Case, col(Case.wave_id) == col(Wave.id))
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(
            Wave.id == wave_id,
            of_group(group_id),
            people_in_scope(by.scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        )
        .limit(1)
    ).first()
    if wave is None:
        raise NotFound(wave=wave_id)
    return wave


def _refuse_closed(wave: Wave, *, now: datetime) -> None:
    if not takes_answers(wave, now=now):
        raise ClassNeedsOpenWave(wave=wave.id)


def takes_answers(wave: Wave, *, now: datetime) -> bool:
    """Whether a wave is in the field."""
    return wave.state is WaveState.OPEN and wave.opens_at <= now < wave.closes_at


def _fresh_code() -> str:
    # Two classes with one code: once in 110 thousand million; then the unique column refuses.
    return spell(secrets.randbelow(POSSIBLE))


def _log(
    session: Session, classroom: Classroom, action: str, by: Steward, *, now: datetime
) -> None:
    wave = session.get_one(Wave, classroom.wave_id)
    audit.append(
        session,
        action,
        actor_id=by.staff_id,
        about=("classroom", classroom.id),
        unit_id=wave.school_id,
        now=now,
        wave=str(wave.id),
        group=None if classroom.group_id is None else str(classroom.group_id),
    )
