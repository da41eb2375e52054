"""The people behind the figures of a wave: one case, names of cases, who waits in each group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col, select

from app.directory.tables import CohortRow, OptOut, PanelMember
from app.errors import NotFound
from app.fieldwork.dispositions import Disposition
from app.fieldwork.queries import WaveHeader
from app.fieldwork.tables import Case, Wave
from app.fieldwork.wanted import AWAITED
from app.units.queries import in_scope, people_in_scope
from app.units.scope import Scope
from app.units.tables import StudentGroup

STILL_MISSING = (*AWAITED, Disposition.NON_CONTACT)
_IDS_A_STATEMENT = 10_000  # SQLite admits 32,766 parameters


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A case and the wave under which somebody asks for it."""

    wave_id: UUID
    case_id: UUID


@dataclass(frozen=True, slots=True)
class WaveCase:
    """One person in one wave, as the page of the case shows them."""

    case_id: UUID
    wave_id: UUID
    member_id: UUID
    school_id: UUID
    name: str
    group: str | None
    disposition: Disposition
    contacts: int
    last_contact_on: date | None
    link_revoked_at: datetime | None
    late_reason: str | None
    opted_out: bool


@dataclass(frozen=True, slots=True)
class GroupWaiting:
    """A group with how many of it have neither answered nor refused; None: without a group."""

    group_id: UUID | None
    name: str | None
    waiting: int


def case_of_wave(session: Session, scope: Scope, ref: CaseRef) -> WaveCase:
    """One case of a wave.

    Raises:
        NotFound: the wave has no such case, or the person is not the caller's.
    """
    row = session.exec(
        select(Case, PanelMember, StudentGroup.name)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id), isouter=True)
        .where(Case.id == ref.case_id, Case.wave_id == ref.wave_id, _people(scope))
    ).first()
    if row is None:
        raise NotFound(case=ref.case_id)
    case, member, group = row
    return WaveCase(
        case_id=case.id,
        wave_id=case.wave_id,
        member_id=member.id,
        school_id=member.school_id,
        name=_name(member),
        group=group,
        disposition=case.disposition,
        contacts=case.contacts,
        last_contact_on=case.last_contact_on,
        link_revoked_at=case.link_revoked_at,
        late_reason=case.late_reason,
        opted_out=session.get(OptOut, member.id) is not None,
    )


def case_ids(session: Session, scope: Scope, wave_id: UUID) -> Sequence[UUID]:
    """Every case of a wave whose person is the caller's."""
    return session.exec(
        select(Case.id)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .where(Case.wave_id == wave_id, _people(scope))
    ).all()


def names_of_cases(session: Session, scope: Scope, cases: Sequence[UUID]) -> Mapping[UUID, str]:
    """Names by case; only of people who are the caller's."""
    found: dict[UUID, str] = {}
    for start in range(0, len(cases), _IDS_A_STATEMENT):
        some = cases[start : start + _IDS_A_STATEMENT]
        rows = session.exec(
            select(Case.id, PanelMember)
            .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
            .where(col(Case.id).in_(some), _people(scope))
        )
        found.update((case_id, _name(member)) for case_id, member in rows)
    return found


def groups_waiting(session: Session, scope: Scope, wave_id: UUID) -> tuple[GroupWaiting, ...]:
    """The groups of a wave by name, each with those still to be reached; without one, last."""
    waiting = func.count().filter(col(Case.disposition).in_(STILL_MISSING))
    rows = session.connection().execute(
        select_columns(col(StudentGroup.id), col(StudentGroup.name), waiting)
        .select_from(Case)
        .join(PanelMember, col(PanelMember.id) == col(Case.member_id))
        .join(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id), isouter=True)
        .where(col(Case.wave_id) == wave_id, _people(scope))
        .group_by(col(StudentGroup.id), col(StudentGroup.name))
    )
    found = (GroupWaiting(group_id, name, count) for group_id, name, count in rows)
    return tuple(sorted(found, key=lambda group: (group.name is None, group.name or "")))


def previous_wave(session: Session, scope: Scope, header: WaveHeader) -> UUID | None:
    """The same questionnaire of the generation before, at the same school."""
    return session.exec(
        select(Wave.id)
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .where(
            Wave.school_id == header.school_id,
            Wave.questionnaire == header.questionnaire,
            CohortRow.leaves == header.cohort.leaves - 1,
            in_scope(scope, col(Wave.school_id)),
        )
        .order_by(col(CohortRow.entered).desc())
    ).first()


def _people(scope: Scope) -> ColumnElement[bool]:
    return people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id))


def _name(member: PanelMember) -> str:
    surnames = " ".join(filter(None, (member.surname_1, member.surname_2)))
    return f"{surnames}, {member.given_name}"
