"""Development mail: messages kept in a table, to be shown on a page, instead of being sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.messaging.delivery import Outgoing
from app.messaging.tables import MailboxMessage


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


def newest(session: Session, *, limit: int = 100) -> list[KeptMessage]:
    """The latest messages, newest first."""
    rows = session.exec(
        select(MailboxMessage)
        .order_by(col(MailboxMessage.at).desc(), col(MailboxMessage.id))
        .limit(limit)
    )
    return [_kept(row) for row in rows]


def one(session: Session, message_id: UUID) -> KeptMessage | None:
    """The message with this id, if it is here."""
    row = session.get(MailboxMessage, message_id)
    return None if row is None else _kept(row)


def _kept(row: MailboxMessage) -> KeptMessage:
    return KeptMessage(row.id, row.recipient, row.content, row.at)
