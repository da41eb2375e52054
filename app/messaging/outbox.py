"""The outbox: promise a message now, deliver it after the commit (decisions D3, D4).

`enqueue` runs in the caller's transaction, so a case and its invitation are saved together or
not at all. A worker claims, asks `hand_over` right before DATA, and records (records.py), each
in a transaction of its own. A claim is a lease: `attempt` proves it, and whoever lost it can
change nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, bindparam, case, or_, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from app.messaging.addresses import receiver_of
from app.messaging.delivery import ClaimedMessage, PlannedMessage
from app.messaging.events import Ending, log_endings
from app.messaging.states import Channel, OutboxState, Outcome, Stage
from app.messaging.tables import OutboxMessage

LEASE = timedelta(minutes=5)  # longer than any time-out of the transport
MOST_DOUBTS = 2  # a message is written at most twice, and twice only after a doubt
_ENQUEUE_AT_ONCE = 500  # rows of a statement; SQLite admits 32,766 parameters

_WAITING = (OutboxState.QUEUED, OutboxState.UNKNOWN)

# Built once: with one of these a few messages at a time, building costs more than running.
_HAND_OVER = (
    update(OutboxMessage)
    .where(
        tuple_(col(OutboxMessage.id), col(OutboxMessage.attempts)).in_(
            bindparam("held", expanding=True)
        ),
        col(OutboxMessage.state) == OutboxState.SENDING,
        col(OutboxMessage.lease_until) > bindparam("at"),
        or_(
            col(OutboxMessage.not_after).is_(None),
            col(OutboxMessage.not_after) > bindparam("at"),
        ),
    )
    .values(stage=Stage.HANDING_OVER, lease_until=bindparam("until"), changed_at=bindparam("at"))
    .returning(col(OutboxMessage.id))
)


_NOTE = (
    update(OutboxMessage)
    .where(col(OutboxMessage.id) == bindparam("row_id"))
    .values(domain=bindparam("to_domain"), sent_to=bindparam("to_mark"))
)


def enqueue(
    session: Session, messages: Sequence[PlannedMessage], *, now: datetime
) -> frozenset[str]:
    """Queue what is not there yet; the `dedupe_key`s that were queued by this call.

    Two callers with the same key, even at the same moment, queue one message.
    """
    queued: set[str] = set()
    # In one order: a second caller waits for the first, and never the first for it too.
    ordered = sorted(messages, key=lambda message: message.dedupe_key)
    for start in range(0, len(ordered), _ENQUEUE_AT_ONCE):
        rows = [_row(message, now) for message in ordered[start : start + _ENQUEUE_AT_ONCE]]
        queued.update(_insert_missing(session, rows))
    return frozenset(queued)


def claim_due(
    session: Session,
    *,
    now: datetime,
    limit: int,
    lease: timedelta = LEASE,
    channel: Channel = Channel.MAIL,
) -> list[ClaimedMessage]:
    """Take up to `limit` due messages of one channel for this worker, oldest first.

    A claim lapses after `lease`, so the messages of a worker that died are taken again: at once
    if their text never left, as doubtful if it may have.
    """
    sweep(session, now=now)
    lapsed = and_(
        col(OutboxMessage.state) == OutboxState.SENDING,
        col(OutboxMessage.lease_until) <= now,
        col(OutboxMessage.stage) != Stage.HANDING_OVER,
    )
    waiting = and_(col(OutboxMessage.state).in_(_WAITING), col(OutboxMessage.due_at) <= now)
    due = session.exec(
        select(OutboxMessage.id)
        .where(col(OutboxMessage.channel) == channel, or_(waiting, lapsed), _inside_window(now))
        .order_by(col(OutboxMessage.due_at), col(OutboxMessage.id))
        .limit(limit)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite already holds the only lock
    ).all()
    if not due:
        return []
    rows = session.exec(
        update(OutboxMessage)
        .where(col(OutboxMessage.id).in_(due))
        .values(
            state=OutboxState.SENDING,
            stage=Stage.WAITING,
            lease_until=now + lease,
            attempts=OutboxMessage.attempts + 1,
            changed_at=now,
        )
        .returning(
            col(OutboxMessage.id),
            col(OutboxMessage.attempts),
            col(OutboxMessage.context_id),
            col(OutboxMessage.kind),
            col(OutboxMessage.message_id),
            col(OutboxMessage.recipient),
            col(OutboxMessage.unit_id),
            col(OutboxMessage.identity),
            col(OutboxMessage.deferrals),
            col(OutboxMessage.doubts),
            col(OutboxMessage.not_after),
            col(OutboxMessage.domain),
            col(OutboxMessage.channel),
        )
        .execution_options(synchronize_session=False)
    ).all()
    place = {identifier: index for index, identifier in enumerate(due)}
    return sorted((ClaimedMessage(*row) for row in rows), key=lambda claimed: place[claimed.id])


def hand_over(
    session: Session,
    held: Sequence[tuple[UUID, int]],
    *,
    now: datetime,
    lease: timedelta = LEASE,
) -> set[UUID]:
    """Write down that the texts of `held` (id, attempt) are about to leave.

    Returns:
        The ids that may leave. The others were cancelled, lost their lease, or their window is
        over: they must not.
    """
    if not held:
        return set()
    values = {"held": held, "at": now, "until": now + lease}
    return set(session.connection().execute(_HAND_OVER, values).scalars())


def note_receivers(session: Session, chosen: Mapping[UUID, tuple[str, str]]) -> None:
    """Remember where messages go, once their addresses have been chosen.

    By message: the receiver by which limits count, and a keyed fingerprint of the address, so that
    a bounce finds it and nobody reads it.
    """
    if chosen:
        session.connection().execute(
            _NOTE,
            [
                {"row_id": row, "to_domain": receiver, "to_mark": mark}
                for row, (receiver, mark) in chosen.items()
            ],
        )


def cancel(session: Session, context_id: UUID, *, reason: str, now: datetime) -> int:
    """Stop every message about `context_id` whose text has not begun to leave; how many.

    For completion, refusal, opt-out. A message in doubt is not tried again, and stays in doubt.
    """
    not_leaving = and_(
        col(OutboxMessage.state) == OutboxState.SENDING,
        col(OutboxMessage.stage) != Stage.HANDING_OVER,
    )
    open_ = or_(
        not_leaving,
        and_(col(OutboxMessage.state).in_(_WAITING), col(OutboxMessage.due_at).is_not(None)),
    )
    return _stop(session, and_(col(OutboxMessage.context_id) == context_id, open_), reason, now)


def revive(session: Session, context_id: UUID, *, cancelled_at: datetime, now: datetime) -> int:
    """Let the messages about `context_id` that were cancelled at that instant wait again; how many.

    For a slip taken back. What was in doubt stays so.
    """
    revived = session.exec(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.context_id) == context_id,
            col(OutboxMessage.state) == OutboxState.CANCELLED,
            col(OutboxMessage.changed_at) == cancelled_at,
            _inside_window(now),
        )
        .values(
            state=OutboxState.QUEUED,
            stage=Stage.WAITING,
            due_at=case((col(OutboxMessage.not_before) > now, OutboxMessage.not_before), else_=now),
            last_reason=None,
            changed_at=now,
        )
        .returning(col(OutboxMessage.id))
        .execution_options(synchronize_session=False)
    )
    return len(revived.all())


def hold_domain(session: Session, domain: str, *, until: datetime, now: datetime) -> int:
    """Let the queued messages of a receiver that slows us down wait; how many."""
    waits = and_(
        col(OutboxMessage.state).in_(_WAITING),
        col(OutboxMessage.domain) == domain,
        col(OutboxMessage.due_at) < until,
    )
    held = session.exec(
        update(OutboxMessage)
        .where(_in_turn(waits), waits)
        .values(due_at=until, changed_at=now)
        .returning(col(OutboxMessage.id))
        .execution_options(synchronize_session=False)
    )
    return len(held.all())


def sweep(session: Session, *, now: datetime) -> None:
    """Settle what nobody will bring to an end: lapsed hand-overs and closed windows."""
    _doubt_lapsed(session, now)
    over = and_(col(OutboxMessage.not_after).is_not(None), col(OutboxMessage.not_after) <= now)
    abandoned = and_(
        col(OutboxMessage.state) == OutboxState.SENDING,
        col(OutboxMessage.lease_until) <= now,
        col(OutboxMessage.stage) != Stage.HANDING_OVER,
    )
    waiting = and_(col(OutboxMessage.state).in_(_WAITING), col(OutboxMessage.due_at).is_not(None))
    _stop(session, and_(over, or_(waiting, abandoned)), "window_ended", now)


def _doubt_lapsed(session: Session, now: datetime) -> None:
    """The worker died, or was lost, after the text began to leave: nobody knows (F-28)."""
    lapsed = session.exec(
        select(OutboxMessage.id)
        .where(
            col(OutboxMessage.state) == OutboxState.SENDING,
            col(OutboxMessage.lease_until) <= now,
            col(OutboxMessage.stage) == Stage.HANDING_OVER,
        )
        .with_for_update(skip_locked=True)
    ).all()
    if not lapsed:
        return
    doubted = session.exec(
        update(OutboxMessage)
        .where(col(OutboxMessage.id).in_(lapsed))
        .values(
            state=OutboxState.UNKNOWN,
            doubts=OutboxMessage.doubts + 1,
            due_at=case((col(OutboxMessage.doubts) + 1 < MOST_DOUBTS, now), else_=None),
            lease_until=None,
            last_reason="worker_lost",
            changed_at=now,
        )
        .returning(col(OutboxMessage.id), col(OutboxMessage.attempts))
        .execution_options(synchronize_session=False)
    ).all()
    log_endings(
        session,
        [
            Ending(identifier, attempt, Outcome.UNKNOWN, Stage.HANDING_OVER, reason="worker_lost")
            for identifier, attempt in doubted
        ],
        now=now,
    )


def _stop(session: Session, condition: ColumnElement[bool], reason: str, now: datetime) -> int:
    stopped = session.exec(
        update(OutboxMessage)
        .where(_in_turn(condition), condition)
        .values(
            state=case(
                (col(OutboxMessage.doubts) > 0, OutboxState.UNKNOWN.value),
                else_=OutboxState.CANCELLED.value,
            ),
            due_at=None,
            lease_until=None,
            last_reason=reason,
            changed_at=now,
        )
        .returning(col(OutboxMessage.id), col(OutboxMessage.attempts), col(OutboxMessage.stage))
        .execution_options(synchronize_session=False)
    ).all()
    log_endings(
        session,
        [
            Ending(identifier, attempt, Outcome.CANCELLED, stage, reason=reason)
            for identifier, attempt, stage in stopped
        ],
        now=now,
    )
    return len(stopped)


def _in_turn(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The rows under `condition`, locked by their ids: two workers never wait each for the other.

    A big table is read from wherever another reader of it is, so that no update keeps an order.
    """
    found = select(OutboxMessage.id).where(condition).order_by(col(OutboxMessage.id))
    return col(OutboxMessage.id).in_(found.with_for_update())


def _inside_window(now: datetime) -> ColumnElement[bool]:
    return or_(col(OutboxMessage.not_after).is_(None), col(OutboxMessage.not_after) > now)


def _row(message: PlannedMessage, now: datetime) -> dict[str, object]:
    """The values of a new row: an insert that may find its key taken cannot be an ORM one."""
    identifier = uuid4()
    return {
        "id": identifier,
        "dedupe_key": message.dedupe_key,
        "context_id": message.context_id,
        "unit_id": message.unit_id,
        "kind": message.kind,
        "identity": message.identity,
        "recipient": message.recipient,
        "channel": message.channel,
        "domain": _receiver(message),
        "message_id": f"<{identifier.hex}@{message.mail_domain}>",
        "state": OutboxState.QUEUED,
        "stage": Stage.WAITING,
        "not_before": message.not_before,
        "not_after": message.not_after,
        "due_at": message.not_before,
        "attempts": 0,
        "deferrals": 0,
        "doubts": 0,
        "created_at": now,
        "changed_at": now,
    }


def _receiver(message: PlannedMessage) -> str | None:
    known = message.recipient is not None or message.channel is not Channel.MAIL
    return receiver_of(message.channel, message.recipient or "") if known else None


def _insert_missing(session: Session, rows: list[dict[str, object]]) -> Sequence[str]:
    key = col(OutboxMessage.dedupe_key)
    if session.get_bind().dialect.name == "postgresql":
        statement = postgresql_insert(OutboxMessage).on_conflict_do_nothing(index_elements=[key])
        return session.connection().execute(statement.returning(key), rows).scalars().all()
    statement_here = sqlite_insert(OutboxMessage).on_conflict_do_nothing(index_elements=[key])
    return session.connection().execute(statement_here.returning(key), rows).scalars().all()
