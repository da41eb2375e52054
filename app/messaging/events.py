"""The history of a message: delivery_event, only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session

from app.messaging.delivery import DeliveryResult
from app.messaging.states import Outcome, Stage
from app.messaging.tables import DeliveryEvent

_ADD = insert(DeliveryEvent)


@dataclass(frozen=True, slots=True)
class Ending:
    """One line of the history."""

    id: UUID  # of the outbox message
    attempt: int
    outcome: Outcome
    stage: Stage
    code: int | None = None
    status: str | None = None
    reason: str | None = None


def log_endings(
    session: Session, endings: Sequence[Ending | DeliveryResult], *, now: datetime
) -> None:
    """Add to the history, in the caller's transaction."""
    if not endings:
        return
    session.connection().execute(
        _ADD,
        [
            {
                "outbox_id": ending.id,
                "attempt": ending.attempt,
                "outcome": ending.outcome,
                "stage": ending.stage,
                "code": ending.code,
                "status": ending.status,
                "reason": ending.reason,
                "at": now,
            }
            for ending in endings
        ],
    )
