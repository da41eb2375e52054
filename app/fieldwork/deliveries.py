"""What became of a message, told to its case: sent, every address dead.

A bounce kills an address, never a person: another address found later is invited again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, update
from sqlmodel import Session, col, select

from app.directory.contacts import mark_dead
from app.directory.tables import ContactKind, ContactPoint
from app.fieldwork.addressees import USABLE
from app.fieldwork.dispositions import Disposition
from app.fieldwork.frame import cases_in_turn, log_events
from app.fieldwork.progress import Why, advance_if_possible
from app.fieldwork.tables import Case
from app.messaging.addresses import matching_form

_BEFORE_INVITED = (Disposition.PLANNED, Disposition.UNDELIVERABLE)


def record_sent(session: Session, case_ids: Sequence[UUID], *, now: datetime) -> int:
    """Messages about these cases reached the mail server: silent cases are invited now."""
    moved = session.exec(
        update(Case)
        .where(
            cases_in_turn(col(Case.id).in_(case_ids)), col(Case.disposition).in_(_BEFORE_INVITED)
        )
        .values(disposition=Disposition.INVITED, moved_at=now)
        .returning(col(Case.id))
    ).all()
    log_events(
        session,
        [
            {
                "case_id": case_id,
                "disposition": Disposition.INVITED,
                "reason": "Mensaje enviado",
                "at": now,
            }
            for (case_id,) in moved
        ],
    )
    return len(moved)


def give_up_address(
    session: Session, case_id: UUID, address: str, *, because: str | None = None, now: datetime
) -> bool:
    """The receiver of a message about this case knows nobody by `address`, of any channel.

    Returns:
        Whether the person has another usable mail address.
    """
    case = session.get_one(Case, case_id)
    points = session.exec(
        select(ContactPoint).where(ContactPoint.member_id == case.member_id)
    ).all()
    for point in points:
        if matching_form(point.value) == matching_form(address):
            mark_dead(session, point.id, because=because)
    record_address_dead(session, case_id, now=now)
    return _reachable(session, case.member_id)


def record_address_dead(session: Session, case_id: UUID, *, now: datetime) -> bool:
    """An address of this case was given up (the directory marked it); is the case unreachable.

    Only when no usable mail address is left does a silent case become undeliverable. Bounces
    arrive late: whoever has answered meanwhile stays as they are.
    """
    case = session.get_one(Case, case_id)
    if _reachable(session, case.member_id) or case.disposition not in {
        Disposition.PLANNED,
        Disposition.INVITED,
    }:
        return False
    return advance_if_possible(
        session,
        case_id,
        Disposition.UNDELIVERABLE,
        why=Why("Ningún correo sirve"),
        now=now,
    )


def _reachable(session: Session, member_id: UUID) -> bool:
    return session.exec(
        select(
            exists().where(
                col(ContactPoint.member_id) == member_id,
                col(ContactPoint.kind) == ContactKind.EMAIL,
                col(ContactPoint.state).in_(USABLE),
            )
        )
    ).one()
