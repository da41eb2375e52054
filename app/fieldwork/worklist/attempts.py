"""What was tried with one person so far."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.fieldwork.worklist.results import AttemptResult, Channel
from app.fieldwork.worklist.tables import ContactAttempt


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt; `result` None: nobody has said how it went."""

    channel: Channel
    opened_at: datetime
    result: AttemptResult | None
    to_other: bool


def attempts_of(session: Session, case_id: UUID) -> tuple[AttemptLine, ...]:
    """The attempts of a case whose person is the caller's, newest first."""
    rows = session.exec(
        select(ContactAttempt)
        .where(ContactAttempt.case_id == case_id)
        .order_by(col(ContactAttempt.opened_at).desc())
    )
    return tuple(AttemptLine(row.channel, row.opened_at, row.result, row.to_other) for row in rows)
