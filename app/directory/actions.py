"""What staff may do to a member: correct, merge, withdraw, settle what was asked.

Every function tells what changed, by names only, for the audit trail that its caller writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session, col, select, update

from app.directory.consents import opt_out
from app.directory.curp import read_curp
from app.directory.keyed import MatchKeys
from app.directory.matching import Comparison, Identity, same_person
from app.directory.people import PersonName, clean
from app.directory.states import ContactState
from app.directory.tables import (
    AlternateContact,
    Consent,
    ContactPoint,
    CorrectionRequest,
    OptOut,
    PanelMember,
    TransferRequest,
)
from app.errors import AppError

Row = TypeVar("Row", ContactPoint, Consent, AlternateContact)


class MergeRefused(AppError):
    """Two members that cannot be one."""

    code = "directory.merge_refused"
    status = 409
    plantilla = "No se pueden unir estas dos personas: {why}."


class StudentIdTaken(AppError):
    """A matrícula that another member of the school has."""

    code = "directory.student_id_taken"
    status = 409
    plantilla = (
        "Otra persona del plantel ya tiene la matrícula «{student_id}». "
        "Revísela; si son la misma persona, únalas."
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """New values; None leaves a value as it is, an empty text takes it away where it may lack."""

    given_name: str | None = None
    surname_1: str | None = None
    surname_2: str | None = None
    curp: str | None = None
    student_id: str | None = None
    birth_date: date | None = None
    sex: str | None = None
    shift: str | None = None
    track: str | None = None
    group_id: UUID | None = None
    programme_id: UUID | None = None
    left_on: date | None = None
    guardian_consent: bool | None = None


def correct_member(
    session: Session,
    member_id: UUID,
    correction: Correction,
    *,
    keys: MatchKeys,
    now: datetime,
) -> tuple[str, ...]:
    """Store corrected data.

    Returns:
        Names of the columns that changed, for the audit trail: never their values.

    Raises:
        NotACurp: the new CURP cannot be one.
        StudentIdTaken: another member of the school has it.
    """
    member = session.get_one(PanelMember, member_id, with_for_update=True)
    if correction.student_id and clean(correction.student_id) != member.student_id:
        _refuse_taken(session, member, clean(correction.student_id))
    changed: list[str] = []
    for each in fields(correction):
        value = getattr(correction, each.name)
        if value is None:
            continue
        stored = _stored_form(each.name, value)
        if getattr(member, each.name) != stored:
            setattr(member, each.name, stored)
            changed.append(each.name)
    if not changed:
        return ()
    member.name_hash = keys.name(name_of(member).search)
    member.curp_hash = keys.curp(member.curp) if member.curp else None
    member.changed_at = now
    session.add(member)
    session.flush()
    return tuple(changed)


def compare_members(session: Session, one: UUID, other: UUID) -> Comparison:
    """Whether two members look like one person, explained in Spanish."""
    left, right = session.get_one(PanelMember, one), session.get_one(PanelMember, other)
    return same_person(
        _identity(left), _identity(right), same_cohort=left.cohort_id == right.cohort_id
    )


def merge_members(session: Session, keep: UUID, drop: UUID, *, now: datetime) -> tuple[str, ...]:
    """Make `drop` a pointer to `keep`: identifiers that lack, addresses and consents move.

    The cases of `drop` stay with it; fieldwork closes them as duplicates.

    Returns:
        What moved, by name, for the audit trail.

    Raises:
        MergeRefused: the same row, another school, or merged already.
    """
    if keep == drop:
        raise MergeRefused(why="es la misma persona")
    rows = session.exec(
        select(PanelMember)
        .where(col(PanelMember.id).in_([keep, drop]))
        .order_by(col(PanelMember.id))
        .with_for_update()
    ).all()
    members = {row.id: row for row in rows}
    kept, dropped = members[keep], members[drop]
    if kept.school_id != dropped.school_id:
        raise MergeRefused(why="son de planteles distintos; pida el traslado")
    if kept.merged_into or dropped.merged_into:
        raise MergeRefused(why="una de las dos ya se unió con otra")
    moved = _take_identifiers(session, kept, dropped)
    moved += _move_belongings(session, kept.id, dropped.id)
    dropped.merged_into = kept.id
    kept.changed_at = dropped.changed_at = now
    session.add_all([kept, dropped])
    session.flush()
    return tuple(moved)


def withdraw_member(session: Session, member_id: UUID, *, source: str, now: datetime) -> None:
    """The person leaves the panel: no message any more, no address is used. Counts stay."""
    opt_out(session, member_id, source=source, now=now)
    session.exec(
        update(ContactPoint)
        .where(col(ContactPoint.member_id) == member_id)
        .values(state=ContactState.WITHDRAWN)
    )


def ask_correction(session: Session, member_id: UUID, text: str, *, now: datetime) -> UUID:
    """A member says that stored data are wrong; control escolar decides."""
    request = CorrectionRequest(member_id=member_id, text=clean(text)[:500], at=now)
    session.add(request)
    session.flush()
    return request.id


def settle_correction(session: Session, request_id: UUID, *, now: datetime) -> bool:
    """Seen and dealt with. False: somebody else did."""
    settled = session.exec(
        update(CorrectionRequest)
        .where(col(CorrectionRequest.id) == request_id, col(CorrectionRequest.settled_at).is_(None))
        .values(settled_at=now)
        .returning(col(CorrectionRequest.id))
    )
    return settled.first() is not None


def settle_transfer(
    session: Session,
    request_id: UUID,
    accepted: bool,  # noqa: FBT001  # the decision itself
    *,
    now: datetime,
) -> bool:
    """The school that has the member lets it go, or not. The next import carries it out."""
    settled = session.exec(
        update(TransferRequest)
        .where(col(TransferRequest.id) == request_id, col(TransferRequest.decided_at).is_(None))
        .values(decided_at=now, accepted=accepted)
        .returning(col(TransferRequest.id))
    )
    return settled.first() is not None


def name_of(member: PanelMember) -> PersonName:
    """The name of a stored member."""
    return PersonName(member.given_name, member.surname_1, member.surname_2)


def _stored_form(name: str, value: object) -> object:
    if name == "curp" and isinstance(value, str) and value:
        return read_curp(value).text
    if isinstance(value, date):
        return value.isoformat() if name == "birth_date" else value
    if isinstance(value, str):
        text = clean(value)
        return text if text or name in {"given_name", "surname_1"} else None
    return value


def _refuse_taken(session: Session, member: PanelMember, student_id: str) -> None:
    taken = session.exec(
        select(PanelMember.id).where(
            PanelMember.school_id == member.school_id,
            PanelMember.student_id == student_id,
            PanelMember.id != member.id,
        )
    ).first()
    if taken:
        raise StudentIdTaken(student_id=student_id)


def _identity(member: PanelMember) -> Identity:
    return Identity(name_of(member), member.curp, member.student_id, member.birth_date)


def _take_identifiers(session: Session, kept: PanelMember, dropped: PanelMember) -> list[str]:
    """What `kept` lacks; the identifiers of `dropped` are freed first, for they are unique."""
    taken = {
        name: getattr(dropped, name)
        for name in ("student_id", "curp", "curp_hash", "birth_date", "sex", "surname_2")
        if getattr(kept, name) is None and getattr(dropped, name) is not None
    }
    dropped.student_id = dropped.curp = dropped.curp_hash = dropped.name_hash = None
    session.add(dropped)
    session.flush()
    for name, value in taken.items():
        setattr(kept, name, value)
    return list(taken)


def _move_belongings(session: Session, keep: UUID, drop: UUID) -> list[str]:
    moved: list[str] = []
    have = set(session.exec(select(ContactPoint.value_hash).where(ContactPoint.member_id == keep)))
    for contact in _of(session, ContactPoint, drop):
        if contact.value_hash not in have:
            contact.member_id = keep
            moved.append("contact_point")
    for consent in _of(session, Consent, drop):
        consent.member_id = keep
        moved.append("consent")
    if not _of(session, AlternateContact, keep):
        for alternate in _of(session, AlternateContact, drop):
            alternate.member_id = keep
            moved.append("alternate_contact")
    silence = session.get(OptOut, drop)
    if silence and not session.get(OptOut, keep):
        session.add(OptOut(member_id=keep, at=silence.at, source=silence.source))
        moved.append("opt_out")
    return moved


def _of(session: Session, table: type[Row], member_id: UUID) -> Sequence[Row]:
    return session.exec(select(table).where(table.member_id == member_id)).all()
