"""How an attempt ended, written down: compare-and-set on (id, sending, attempt).

A worker whose lease lapsed cannot mark what it lost; then nothing changes and nothing is logged.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, tuple_, update
from sqlmodel import Session, col

from app.messaging import retry
from app.messaging.delivery import ClaimedMessage, DeliveryResult
from app.messaging.events import log_endings
from app.messaging.outbox import MOST_DOUBTS
from app.messaging.states import OutboxState, Outcome, Pause, Stage
from app.messaging.tables import OutboxMessage

# A message once in doubt never looks merely queued or cancelled again.
_WAITING_STATE = case(
    (col(OutboxMessage.doubts) > 0, OutboxState.UNKNOWN.value), else_=OutboxState.QUEUED.value
)
_CANCELLED_STATE = case(
    (col(OutboxMessage.doubts) > 0, OutboxState.UNKNOWN.value),
    else_=OutboxState.CANCELLED.value,
)
_SENT = (  # built once, see outbox.py
    update(OutboxMessage)
    .where(
        tuple_(col(OutboxMessage.id), col(OutboxMessage.attempts)).in_(
            bindparam("held", expanding=True)
        ),
        col(OutboxMessage.state) == OutboxState.SENDING,
    )
    .values(
        state=OutboxState.SENT,
        stage=Stage.ANSWERED,
        due_at=None,
        lease_until=None,
        last_code=250,
        last_status=None,
        last_reason=None,
        sent_at=bindparam("at"),
        changed_at=bindparam("at"),
    )
    .returning(col(OutboxMessage.id))
)


def record_sent(session: Session, results: Sequence[DeliveryResult], *, now: datetime) -> set[UUID]:
    """Mark as sent; the ids that were still ours. The server's words are not kept."""
    if not results:
        return set()
    held = [(result.id, result.attempt) for result in results]
    values = {"held": held, "at": now}
    taken = set(session.connection().execute(_SENT, values).scalars())
    log_endings(session, [result for result in results if result.id in taken], now=now)
    return taken


def record_deferred(
    session: Session, message: ClaimedMessage, result: DeliveryResult, *, now: datetime
) -> bool:
    """Try again after the back-off; give up as failed if the window ends before."""
    again = retry.next_attempt(message.deferrals + 1, now=now, not_after=message.not_after)
    if again is None:
        return record_failed(session, result, now=now)
    return _record(
        session,
        result,
        now,
        {"state": _WAITING_STATE, "due_at": again, "deferrals": message.deferrals + 1},
    )


def record_failed(session: Session, result: DeliveryResult, *, now: datetime) -> bool:
    """Give up on this message."""
    return _record(session, result, now, {"state": OutboxState.FAILED, "due_at": None})


def record_unknown(
    session: Session, message: ClaimedMessage, result: DeliveryResult, *, now: datetime
) -> bool:
    """The text left and no answer came: once more later, or never again (D4)."""
    doubts = message.doubts + 1
    again = (
        retry.next_attempt(message.deferrals + 1, now=now, not_after=message.not_after)
        if doubts < MOST_DOUBTS
        else None
    )
    return _record(
        session, result, now, {"state": OutboxState.UNKNOWN, "due_at": again, "doubts": doubts}
    )


def release(session: Session, result: DeliveryResult, *, until: datetime, now: datetime) -> bool:
    """Give back a message that never had its turn, without counting it as a refusal."""
    return _record(session, result, now, {"state": _WAITING_STATE, "due_at": until})


def record_cancelled(session: Session, result: DeliveryResult, *, now: datetime) -> bool:
    """It is no longer wanted, or must never be sent."""
    return _record(session, result, now, {"state": _CANCELLED_STATE, "due_at": None})


def record(
    session: Session, message: ClaimedMessage, result: DeliveryResult, *, now: datetime
) -> bool:
    """Write down any ending but SENT; True if the message was still ours."""
    match result.outcome:
        case Outcome.SENT:
            return bool(record_sent(session, [result], now=now))
        case Outcome.DEFERRED:
            return record_deferred(session, message, result, now=now)
        case Outcome.RELEASED:
            wait = retry.DOMAIN_PAUSE if result.pause is Pause.DOMAIN else retry.SERVER_PAUSE
            return release(session, result, until=now + wait, now=now)
        case Outcome.REFUSED | Outcome.ADDRESS_DEAD | Outcome.RETURNED:
            return record_failed(session, result, now=now)
        case Outcome.UNKNOWN:
            return record_unknown(session, message, result, now=now)
        case Outcome.CANCELLED:
            return record_cancelled(session, result, now=now)


def _record(
    session: Session,
    result: DeliveryResult,
    now: datetime,
    changes: dict[str, OutboxState | datetime | int | ColumnElement[str] | None],
) -> bool:
    taken = session.exec(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.id) == result.id,
            col(OutboxMessage.state) == OutboxState.SENDING,
            col(OutboxMessage.attempts) == result.attempt,
        )
        .values(
            stage=result.stage,
            lease_until=None,
            last_code=result.code,
            last_status=result.status,
            last_reason=result.reason,
            changed_at=now,
            **changes,
        )
        .returning(col(OutboxMessage.id))
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        return False
    log_endings(session, [result], now=now)
    return True
