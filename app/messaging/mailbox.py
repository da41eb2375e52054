"""Development mail: messages kept in a table, to be shown on a page, instead of being sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.errors import NotFound
from app.messaging.delivery import Outgoing
from app.messaging.tables import MailboxMessage, OutboxMessage
from app.units.queries import in_scope
from app.units.scope import Scope


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as the mailbox page shows it; `content` is RFC 5322."""

    id: UUID
    recipient: str
    content: bytes
    at: datetime


def keep(session: Session, message: Outgoing, *, now: datetime) -> None:
    """Put `message` into the mailbox; a second copy of one id takes the place of the first."""
    session.merge(
        MailboxMessage(id=message.id, recipient=message.recipient, content=message.content, at=now)
    )


def newest(
    session: Session, scope: Scope, *, own: UUID | None = None, limit: int = 100
) -> list[KeptMessage]:
    """The latest messages of the units in scope and to the account `own`, newest first."""
    rows = session.exec(
        select(MailboxMessage)
        .where(col(MailboxMessage.id).in_(_within(scope, own)))
        .order_by(col(MailboxMessage.at).desc(), col(MailboxMessage.id))
        .limit(limit)
    )
    return [_kept(row) for row in rows]


def one(
    session: Session, scope: Scope, message_id: UUID, *, own: UUID | None = None
) -> KeptMessage:
    """The message with this id.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    row = session.exec(
        select(MailboxMessage).where(
            MailboxMessage.id == message_id, col(MailboxMessage.id).in_(_within(scope, own))
        )
    ).first()
    if row is None:
        raise NotFound(message=message_id)
    return _kept(row)


def _within(scope: Scope, own: UUID | None) -> SelectOfScalar[UUID]:
    within = in_scope(scope, col(OutboxMessage.unit_id))
    if own is not None:  # the Monday summary is of no unit, and about its reader
        mine = and_(col(OutboxMessage.unit_id).is_(None), col(OutboxMessage.context_id) == own)
        within = or_(within, mine)
    return select(OutboxMessage.id).where(within)


def _kept(row: MailboxMessage) -> KeptMessage:
    return KeptMessage(row.id, row.recipient, row.content, row.at)
