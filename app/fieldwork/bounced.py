"""What a message that came back changes for its person: an address, or all messages."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.directory.contacts import count_soft_bounce
from app.directory.tables import ContactPoint
from app.fieldwork import noes
from app.fieldwork.tables import Case
from app.messaging.addresses import matching_form

COMPLAINT = "complaint"  # source of the opt-out


def addresses_of_case(session: Session, case_id: UUID) -> tuple[str, ...]:
    """Every address of the person of a case, dead ones too; empty if the case is gone."""
    points = session.exec(
        select(ContactPoint)
        .join(Case, col(Case.member_id) == col(ContactPoint.member_id))
        .where(Case.id == case_id)
        .order_by(col(ContactPoint.added_at), col(ContactPoint.id))
    )
    return tuple(point.value for point in points)


def same(address: str, other: str | None) -> bool:
    """Whether two spellings are one address."""
    return other is not None and matching_form(address) == matching_form(other)


def count_soft(session: Session, case_id: UUID, address: str) -> None:
    """A delivery failed for a time: counted at the address, which stays in use."""
    points = session.exec(
        select(ContactPoint)
        .join(Case, col(Case.member_id) == col(ContactPoint.member_id))
        .where(Case.id == case_id)
    )
    for point in points:
        if same(point.value, address):
            count_soft_bounce(session, point.id)


def stop_messages(session: Session, case_id: UUID, *, now: datetime) -> bool:
    """The person told their provider that we are a nuisance: as if they had unsubscribed."""
    case = session.get_one(Case, case_id)
    return noes.opt_out(session, case.member_id, source=COMPLAINT, now=now)
