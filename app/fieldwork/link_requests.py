"""Requests for lost links that wait for a school: listed, counted, settled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, update
from sqlalchemy import select as select_columns  # SQLModel's stops at four
from sqlmodel import Session, col

from app.directory.people import PersonName
from app.directory.tables import PanelMember
from app.errors import NotFound
from app.fieldwork.tables import LinkRequest, RequestState
from app.units.queries import people_in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, StudentGroup


@dataclass(frozen=True, slots=True)
class LostLink:
    """Somebody who could not be helped by a message. What they typed proves nothing.

    `reason`: of fieldwork.wanted or recovering. `member_id`, `member`: who it may be.
    """

    id: UUID
    contact: str
    typed_name: str
    typed_school: str
    reason: str
    school_id: UUID
    school: str
    zone: str  # IANA
    member_id: UUID | None
    member: str | None
    group: str | None
    asked_at: datetime


def open_requests(session: Session, scope: Scope, *, limit: int = 200) -> tuple[LostLink, ...]:
    """What waits in scope, oldest first; a grant on groups sees who may be of those groups."""
    rows = session.connection().execute(
        _requests(
            *(col(LinkRequest.id), col(LinkRequest.contact), col(LinkRequest.typed_name)),
            *(col(LinkRequest.typed_school), col(LinkRequest.reason), col(LinkRequest.asked_at)),
            *(col(LinkRequest.school_id), col(OrganisationUnit.name).label("school")),
            *(col(OrganisationUnit.time_zone), col(PanelMember.id).label("member_id")),
            *(col(PanelMember.given_name), col(PanelMember.surname_1), col(PanelMember.surname_2)),
            col(StudentGroup.name).label("group_name"),
            scope=scope,
        )
        .order_by(col(LinkRequest.asked_at), col(LinkRequest.id))
        .limit(limit)
    )
    return tuple(_lost_link(row) for row in rows)


def count_requests(session: Session, scope: Scope) -> int:
    """How many wait in scope."""
    counted = _requests(func.count(col(LinkRequest.id)), scope=scope)
    return int(session.connection().execute(counted).scalar_one())


def settle_request(
    session: Session, scope: Scope, request_id: UUID, *, staff_id: UUID, now: datetime
) -> UUID | None:
    """The school has helped. Its id; None where somebody did it before.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    wanted = _requests(col(LinkRequest.id), scope=scope, only_open=False)
    found = session.connection().execute(wanted.where(col(LinkRequest.id) == request_id))
    if found.first() is None:
        raise NotFound(request=request_id)
    return session.exec(
        update(LinkRequest)
        .where(col(LinkRequest.id) == request_id, col(LinkRequest.state) == RequestState.OPEN)
        .values(state=RequestState.SETTLED, settled_at=now, settled_by=staff_id)
        .returning(col(LinkRequest.school_id))
    ).scalar()


def _requests(*columns: Any, scope: Scope, only_open: bool = True) -> Select[Any]:
    shown: tuple[ColumnElement[bool], ...] = (
        people_in_scope(
            scope,
            col(OrganisationUnit.id),  # of the request: one without a school is nobody's
            col(PanelMember.group_id),
        ),
    )
    if only_open:
        shown = (*shown, col(LinkRequest.state) == RequestState.OPEN)
    return (
        select_columns(*columns)
        .select_from(LinkRequest)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(LinkRequest.school_id))
        .outerjoin(PanelMember, col(PanelMember.id) == col(LinkRequest.member_id))
        .outerjoin(StudentGroup, col(StudentGroup.id) == col(PanelMember.group_id))
        .where(*shown)
    )


def _lost_link(row: Any) -> LostLink:
    member = None
    if row.member_id is not None:
        member = PersonName(row.given_name, row.surname_1, row.surname_2).full
    return LostLink(
        id=row.id,
        contact=row.contact,
        typed_name=row.typed_name,
        typed_school=row.typed_school,
        reason=row.reason or "",
        school_id=row.school_id,
        school=row.school,
        zone=row.time_zone,
        member_id=row.member_id,
        member=member,
        group=row.group_name,
        asked_at=row.asked_at,
    )
