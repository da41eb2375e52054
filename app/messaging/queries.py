"""What the messages screen shows, and the counts that decide whether to go on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.messaging.states import Channel, OutboxState, Outcome, Stage
from app.messaging.tables import DeliveryEvent, OutboxMessage

_AT_ONCE = 10_000  # ids of a statement; SQLite admits 32,766 parameters


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message with its state and reason. `doubts` > 0: a second copy may have arrived.

    `due_at`: the next try, None when there will be none.
    """

    id: UUID
    context_id: UUID
    unit_id: UUID | None
    kind: str
    domain: str | None
    state: OutboxState
    not_before: datetime
    due_at: datetime | None
    sent_at: datetime | None
    changed_at: datetime
    attempts: int
    doubts: int
    code: int | None
    status: str | None
    reason: str | None
    channel: Channel = Channel.MAIL


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of a message's history."""

    at: datetime
    attempt: int
    outcome: Outcome
    stage: Stage
    code: int | None
    status: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class StateCounts:
    """Messages by state; `doubted` counts those that once were in doubt, in any state."""

    queued: int
    sending: int
    sent: int
    failed: int
    unknown: int
    cancelled: int
    doubted: int


def messages_about(session: Session, context_ids: Sequence[UUID]) -> list[MessageRow]:
    """Messages about any of `context_ids`, by context and date."""
    found: list[MessageRow] = []
    for some in _chunks(context_ids):
        rows = session.exec(select(OutboxMessage).where(col(OutboxMessage.context_id).in_(some)))
        found += [_message_row(row) for row in rows]
    return sorted(found, key=lambda row: (row.context_id, row.not_before, row.id))


def history(session: Session, message_id: UUID) -> list[EventRow]:
    """What happened to one message, in order."""
    rows = session.exec(
        select(DeliveryEvent)
        .where(col(DeliveryEvent.outbox_id) == message_id)
        .order_by(col(DeliveryEvent.id))
    )
    return [
        EventRow(row.at, row.attempt, row.outcome, row.stage, row.code, row.status, row.reason)
        for row in rows
    ]


def state_counts(session: Session, context_ids: Sequence[UUID]) -> StateCounts:
    """Messages about `context_ids` by state: for the wave page and for pausing a wave (F-31)."""
    counts = dict.fromkeys(OutboxState, 0)
    doubted = 0
    for some in _chunks(context_ids):
        rows = session.exec(
            select(OutboxMessage.state, func.count(), func.sum(OutboxMessage.doubts))
            .where(col(OutboxMessage.context_id).in_(some))
            .group_by(col(OutboxMessage.state), col(OutboxMessage.doubts) > 0)
        )
        for state, count, doubts in rows:
            counts[OutboxState(state)] += count
            doubted += count if doubts else 0
    return StateCounts(**{state.value: count for state, count in counts.items()}, doubted=doubted)


def sent_since(session: Session, moment: datetime, *, identity: str | None = None) -> int:
    """Mails that left since `moment`, of one sending identity or of all: daily limits."""
    counted = select(func.count()).where(
        OutboxMessage.channel == Channel.MAIL, col(OutboxMessage.sent_at) >= moment
    )
    if identity is not None:
        counted = counted.where(col(OutboxMessage.identity) == identity)
    return session.exec(counted).one()


def queued_since(
    session: Session, context_id: UUID, kind: str, moment: datetime
) -> Sequence[datetime]:
    """When messages of one kind about `context_id` were queued since `moment`."""
    return session.exec(
        select(OutboxMessage.created_at).where(
            OutboxMessage.context_id == context_id,
            OutboxMessage.kind == kind,
            col(OutboxMessage.created_at) > moment,
        )
    ).all()


def waiting(session: Session) -> list[tuple[UUID, datetime]]:
    """What each message that will be tried is about, and when it is due."""
    rows = session.exec(
        select(OutboxMessage.context_id, OutboxMessage.due_at).where(
            col(OutboxMessage.state).in_((OutboxState.QUEUED, OutboxState.UNKNOWN)),
            col(OutboxMessage.due_at).is_not(None),
        )
    )
    return [(context_id, due_at) for context_id, due_at in rows if due_at is not None]


def next_due(session: Session) -> datetime | None:
    """When the outbox wants attention next: the earliest try or lapse of a lease."""
    due, lapse = session.exec(
        select(func.min(OutboxMessage.due_at), func.min(OutboxMessage.lease_until))
    ).one()
    return min((moment for moment in (due, lapse) if moment is not None), default=None)


def _message_row(row: OutboxMessage) -> MessageRow:
    return MessageRow(
        id=row.id,
        context_id=row.context_id,
        unit_id=row.unit_id,
        kind=row.kind,
        domain=row.domain,
        state=row.state,
        not_before=row.not_before,
        due_at=row.due_at,
        sent_at=row.sent_at,
        changed_at=row.changed_at,
        attempts=row.attempts,
        doubts=row.doubts,
        code=row.last_code,
        status=row.last_status,
        reason=row.last_reason,
        channel=row.channel,
    )


def _chunks(context_ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(context_ids), _AT_ONCE):
        yield context_ids[start : start + _AT_ONCE]
