"""What waits for control escolar: data that members call wrong, and transfers asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col, select

from app.directory.people import PersonName
from app.directory.tables import CorrectionRequest, PanelMember, TransferRequest
from app.errors import NotFound
from app.units.queries import in_scope, people_in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, StudentGroup


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """Somebody who said that stored data are wrong; what, only their page tells."""

    member_id: UUID
    name: str
    school: str
    zone: str  # IANA
    group: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class TransferLine:
    """A member that another school has in its list. `accepted`: None until decided."""

    id: UUID
    member_id: UUID
    school_id: UUID
    name: str
    student_id: str | None
    school: str
    zone: str  # IANA, of the school that has the member
    to_school: str
    at: datetime
    decided_at: datetime | None
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A transfer as the school that asked may see it: nothing of the other school."""

    to_school: str
    zone: str  # IANA
    at: datetime
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many people wait for a decision."""

    corrections: int
    transfers: int


def waiting(session: Session, scope: Scope) -> Waiting:
    """What waits in scope, counted."""
    corrections = (
        select_columns(func.count(func.distinct(col(CorrectionRequest.member_id))))
        .join(PanelMember, col(PanelMember.id) == col(CorrectionRequest.member_id))
        .where(col(CorrectionRequest.settled_at).is_(None), _people(scope))
    )
    transfers = (
        select_columns(func.count())
        .select_from(TransferRequest)
        .join(PanelMember, col(PanelMember.id) == col(TransferRequest.member_id))
        .where(col(TransferRequest.decided_at).is_(None), _people(scope))
    )
    return Waiting(
        session.connection().execute(corrections).scalar_one(),
        session.connection().execute(transfers).scalar_one(),
    )


def open_corrections(
    session: Session, scope: Scope, *, limit: int = 200
) -> tuple[CorrectionLine, ...]:
    """Who said that data are wrong and was not attended, oldest first."""
    rows = session.connection().execute(
        select_columns(
            *_NAME,
            col(OrganisationUnit.name).label("school"),
            col(OrganisationUnit.time_zone).label("zone"),
            col(StudentGroup.name).label("group_name"),
            func.min(col(CorrectionRequest.at)).label("at"),
        )
        .join(CorrectionRequest, col(CorrectionRequest.member_id) == col(PanelMember.id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(PanelMember.school_id))
        .outerjoin(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id))
        .where(col(CorrectionRequest.settled_at).is_(None), _people(scope))
        .group_by(col(PanelMember.id), col(OrganisationUnit.id), col(StudentGroup.id))
        .order_by(func.min(col(CorrectionRequest.at)), col(PanelMember.id))
        .limit(limit)
    )
    return tuple(
        CorrectionLine(row.id, _name(row), row.school, row.zone, row.group_name, row.at)
        for row in rows
    )


def refuse_strange_request(session: Session, member_id: UUID, request_id: UUID) -> None:
    """Refuse a request that is not this member's.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.exec(
        select(CorrectionRequest.id).where(
            CorrectionRequest.id == request_id, CorrectionRequest.member_id == member_id
        )
    ).first()
    if found is None:
        raise NotFound(request=request_id)


def transfers_of(session: Session, scope: Scope, *, limit: int = 200) -> tuple[TransferLine, ...]:
    """Transfers of members in scope: those to decide first, then the newest."""
    rows = session.connection().execute(
        _transfers(scope)
        .order_by(
            col(TransferRequest.decided_at).is_not(None),
            col(TransferRequest.at).desc(),
            col(TransferRequest.id),
        )
        .limit(limit)
    )
    return tuple(map(_transfer, rows))


def transfer_of(session: Session, scope: Scope, transfer_id: UUID) -> TransferLine:
    """One transfer of a member in scope.

    Raises:
        NotFound: there is none, or the member is not the caller's.
    """
    row = (
        session.connection()
        .execute(_transfers(scope).where(col(TransferRequest.id) == transfer_id))
        .first()
    )
    if row is None:
        raise NotFound(transfer=transfer_id)
    return _transfer(row)


def transfers_asked(session: Session, scope: Scope, *, limit: int = 200) -> tuple[AskedLine, ...]:
    """Transfers that schools in scope asked for, newest first."""
    rows = session.connection().execute(
        select_columns(
            col(OrganisationUnit.name),
            col(OrganisationUnit.time_zone),
            col(TransferRequest.at),
            col(TransferRequest.accepted),
        )
        .join(TransferRequest, col(TransferRequest.to_school_id) == col(OrganisationUnit.id))
        .where(in_scope(scope, col(TransferRequest.to_school_id)))
        .order_by(col(TransferRequest.at).desc(), col(TransferRequest.id))
        .limit(limit)
    )
    return tuple(AskedLine(*row) for row in rows)


_NAME: tuple[ColumnElement[Any] | Mapped[Any], ...] = (
    col(PanelMember.id).label("id"),
    col(PanelMember.given_name),
    col(PanelMember.surname_1),
    col(PanelMember.surname_2),
)


def _people(scope: Scope) -> ColumnElement[bool]:
    return people_in_scope(scope, col(PanelMember.school_id), col(PanelMember.group_id))


def _transfers(scope: Scope) -> Select[Any]:
    asking = aliased(OrganisationUnit)
    return (
        select_columns(
            *_NAME,
            col(PanelMember.student_id),
            col(PanelMember.school_id),
            col(OrganisationUnit.name).label("school"),
            col(OrganisationUnit.time_zone).label("zone"),
            col(asking.name).label("to_school"),
            col(TransferRequest.id).label("transfer_id"),
            col(TransferRequest.at),
            col(TransferRequest.decided_at),
            col(TransferRequest.accepted),
        )
        .join(TransferRequest, col(TransferRequest.member_id) == col(PanelMember.id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(PanelMember.school_id))
        .join(asking, col(asking.id) == col(TransferRequest.to_school_id))
        .where(_people(scope))
    )


def _transfer(row: Any) -> TransferLine:
    return TransferLine(
        row.transfer_id,
        row.id,
        row.school_id,
        _name(row),
        row.student_id,
        row.school,
        row.zone,
        row.to_school,
        row.at,
        row.decided_at,
        row.accepted,
    )


def _name(row: Any) -> str:
    return PersonName(row.given_name, row.surname_1, row.surname_2).full
