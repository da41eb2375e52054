"""Messages that left before this database knew of them: written down, never sent.

For simulated worlds, whose past was not lived message by message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session

from app.messaging.states import Channel, OutboxState, Outcome, Stage
from app.messaging.tables import DeliveryEvent, OutboxMessage

_AT_ONCE = 2_000  # rows of a statement


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One message that was handed over at `at`; `dead`: the server said nobody lives there."""

    id: UUID
    dedupe_key: str
    context_id: UUID
    unit_id: UUID
    kind: str
    mail_domain: str
    domain: str  # of the receiver
    at: datetime
    not_after: datetime
    dead: bool = False


def remember(session: Session, messages: Sequence[PastMessage]) -> None:
    """Add messages with their endings. Their `dedupe_key`s must be new."""
    connection = session.connection()
    for start in range(0, len(messages), _AT_ONCE):
        some = messages[start : start + _AT_ONCE]
        connection.execute(insert(OutboxMessage), [_row(message) for message in some])
        connection.execute(insert(DeliveryEvent), list(_events(some)))


def message_id(identifier: UUID, mail_domain: str) -> str:
    """The Message-ID of a message, as the outbox makes it."""
    return f"<{identifier.hex}@{mail_domain}>"


def _row(message: PastMessage) -> dict[str, object]:
    return {
        "id": message.id,
        "dedupe_key": message.dedupe_key,
        "context_id": message.context_id,
        "unit_id": message.unit_id,
        "kind": message.kind,
        "channel": Channel.MAIL,
        "identity": "",
        "domain": message.domain,
        "message_id": message_id(message.id, message.mail_domain),
        "state": OutboxState.FAILED if message.dead else OutboxState.SENT,
        "stage": Stage.RECIPIENT if message.dead else Stage.ANSWERED,
        "not_before": message.at,
        "not_after": message.not_after,
        "attempts": 1,
        "deferrals": 0,
        "doubts": 0,
        "last_code": 550 if message.dead else 250,
        "last_status": "5.1.1" if message.dead else None,
        "created_at": message.at,
        "changed_at": message.at,
        "sent_at": None if message.dead else message.at,
    }


def _events(messages: Iterable[PastMessage]) -> Iterable[dict[str, object]]:
    for message in messages:
        row = _row(message)
        yield {
            "outbox_id": message.id,
            "attempt": 1,
            "outcome": Outcome.ADDRESS_DEAD if message.dead else Outcome.SENT,
            "stage": row["stage"],
            "code": row["last_code"],
            "status": row["last_status"],
            "at": message.at,
        }
