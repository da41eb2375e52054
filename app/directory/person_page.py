"""One member as the person's screen needs it: data, addresses, consents, requests."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.chronology.wave_plan import Cohort
from app.directory.actions import name_of
from app.directory.consents import Granted, current_consents
from app.directory.states import ContactKind, ContactSource, ContactState, Standing
from app.directory.tables import (
    AlternateContact,
    CohortRow,
    ContactPoint,
    CorrectionRequest,
    OptOut,
    PanelMember,
    PrivacyNotice,
)
from app.errors import NotFound
from app.units.queries import people_in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, Programme, StudentGroup


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One address with where it came from and when it was last known to be good."""

    id: UUID
    kind: ContactKind
    value: str
    source: ContactSource
    state: ContactState
    institutional: bool
    preferred: bool
    whatsapp: bool | None
    added_at: datetime
    confirmed_at: datetime | None
    proven_at: datetime | None  # it was seen to reach the person


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """The newest word on a purpose, and the version of the notice that was read."""

    granted: Granted
    notice_version: int | None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """Something the member says is wrong, not settled yet."""

    id: UUID
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything the directory has about one member."""

    id: UUID
    school_id: UUID
    cohort_id: UUID
    group_id: UUID | None
    full_name: str
    given_name: str
    surname_1: str
    surname_2: str | None
    curp: str | None
    student_id: str | None
    birth_date: date | None
    sex: str | None
    shift: str | None
    track: str | None
    school: str
    school_code: str
    zone: str  # IANA, of the school
    cohort: Cohort
    group: str | None
    programme: str | None
    left_on: date | None
    standing: Standing
    standing_since: date | None
    standing_reason: str | None
    guardian_consent: bool | None
    opted_out_at: datetime | None
    opted_out_source: str | None  # one_click, page, staff, law
    alternate: str | None  # who can tell how to find the member
    merged_into: UUID | None
    simulated: bool
    added_at: datetime
    contacts: tuple[ContactLine, ...]
    consents: tuple[ConsentLine, ...]
    requests: tuple[RequestLine, ...]


def person_page(session: Session, scope: Scope, member_id: UUID) -> PersonPage:
    """One member in scope.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    member = session.exec(
        select(PanelMember).where(
            PanelMember.id == member_id,
            people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        )
    ).first()
    if member is None:
        raise NotFound(member=str(member_id))
    school = session.get_one(OrganisationUnit, member.school_id)
    cohort = session.get_one(CohortRow, member.cohort_id)
    group = session.get(StudentGroup, member.group_id) if member.group_id else None
    programme = session.get(Programme, member.programme_id) if member.programme_id else None
    silence = session.get(OptOut, member.id)
    return PersonPage(
        member.id,
        member.school_id,
        member.cohort_id,
        member.group_id,
        name_of(member).full,
        member.given_name,
        member.surname_1,
        member.surname_2,
        member.curp,
        member.student_id,
        date.fromisoformat(member.birth_date) if member.birth_date else None,
        member.sex,
        member.shift,
        member.track,
        school.name,
        school.code,
        school.time_zone,
        Cohort(cohort.entered, cohort.leaves),
        group.name if group else None,
        programme.name if programme else None,
        member.left_on,
        member.standing,
        member.standing_since,
        member.standing_reason,
        member.guardian_consent,
        silence.at if silence else None,
        silence.source if silence else None,
        _alternate(session, member.id),
        member.merged_into,
        member.simulated,
        member.added_at,
        _contacts(session, member.id),
        _consents(session, member.id),
        _requests(session, member.id),
    )


def is_in_scope(session: Session, scope: Scope, member_id: UUID) -> bool:
    """Whether a scope, of whatever permission, reaches this member."""
    found = session.exec(
        select(PanelMember.id).where(
            PanelMember.id == member_id,
            people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id)),
        )
    )
    return found.first() is not None


def _contacts(session: Session, member_id: UUID) -> tuple[ContactLine, ...]:
    rows = session.exec(
        select(ContactPoint)
        .where(ContactPoint.member_id == member_id)
        .order_by(col(ContactPoint.kind), col(ContactPoint.added_at).desc())
    )
    return tuple(
        ContactLine(
            row.id,
            row.kind,
            row.value,
            row.source,
            row.state,
            row.institutional,
            row.preferred,
            row.whatsapp,
            row.added_at,
            row.confirmed_at,
            row.proven_at,
        )
        for row in rows
    )


def _consents(session: Session, member_id: UUID) -> tuple[ConsentLine, ...]:
    current = current_consents(session, member_id)
    read = {each.notice_id for each in current.values() if each.notice_id}
    versions = dict(
        session.exec(
            select(PrivacyNotice.id, PrivacyNotice.version).where(col(PrivacyNotice.id).in_(read))
        ).all()
    )
    return tuple(
        ConsentLine(each, versions.get(each.notice_id) if each.notice_id else None)
        for _, each in sorted(current.items())
    )


def _requests(session: Session, member_id: UUID) -> tuple[RequestLine, ...]:
    rows = session.exec(
        select(CorrectionRequest)
        .where(
            CorrectionRequest.member_id == member_id,
            col(CorrectionRequest.settled_at).is_(None),
        )
        .order_by(col(CorrectionRequest.at))
    )
    return tuple(RequestLine(row.id, row.text, row.at) for row in rows)


def _alternate(session: Session, member_id: UUID) -> str | None:
    found = session.exec(
        select(AlternateContact).where(AlternateContact.member_id == member_id)
    ).first()
    return f"{found.name} · {found.phone}" if found else None
