"""Messages that came back: which of ours they were, and that each is counted once.

Only the signed bounce address says which message came back (VERP); a report without it, or with
a false one, changes nothing. A report is known by the hash of its bytes.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select

from app.keys import PurposeKey, fingerprint
from app.messaging.addresses import domain_of, matching_form
from app.messaging.bounces import LARGEST, BounceReport, Verdict
from app.messaging.delivery import ClaimedMessage
from app.messaging.events import Ending, log_endings
from app.messaging.signing import read_bounce_address
from app.messaging.states import OutboxState, Outcome, Stage
from app.messaging.tables import BounceIntake, BounceReportRow, OutboxMessage

BOUNCED = "bounced"
_LIKE_OURS = re.compile(r"b\+[a-z2-7]{10,40}\.[a-z2-7]{10,40}@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attribution:
    """The message of ours that a report is about; `forged`: it pretends to be about one."""

    message_id: UUID | None
    forged: bool = False


@dataclass(frozen=True, slots=True)
class ReturnedMessage:
    """A message that came back. `sent_to`: keyed fingerprint of the address it went to."""

    message: ClaimedMessage
    sent_to: str | None

    def went_to(self, address: str, keys: Sequence[PurposeKey]) -> bool:
        """Whether this is the address it went to."""
        form = matching_form(address)
        return self.sent_to in {fingerprint(key, form) for key in keys}


def attribution(
    report: BounceReport, keys: Sequence[PurposeKey], *, bounce_domain: str | None
) -> Attribution:
    """Which message came back, by the addresses the report came to."""
    for address in report.came_to:
        genuine = read_bounce_address(address, keys)
        if genuine is not None:
            return Attribution(genuine)
    return Attribution(
        None,
        forged=any(
            _LIKE_OURS.match(address) or domain_of(address).lower() == (bounce_domain or "").lower()
            for address in report.came_to
        ),
    )


def remember(
    session: Session,
    raw: bytes,
    report: BounceReport,
    message_id: UUID | None,
    *,
    now: datetime,
) -> bool:
    """Write down that this report was read; False if it was before."""
    row = {
        "digest": hashlib.sha256(raw[:LARGEST]).hexdigest(),
        "verdict": report.verdict,
        "status": report.status,
        "outbox_id": message_id,
        "at": now,
    }
    if session.get_bind().dialect.name == "postgresql":
        statement = postgresql_insert(BounceReportRow).values(row).on_conflict_do_nothing()
        added = session.exec(statement.returning(col(BounceReportRow.digest))).first()
    else:
        lite = sqlite_insert(BounceReportRow).values(row).on_conflict_do_nothing()
        added = session.exec(lite.returning(col(BounceReportRow.digest))).first()
    return added is not None


def returned_message(session: Session, message_id: UUID) -> ReturnedMessage | None:
    """The message with this id, if it is one of ours."""
    row = session.get(OutboxMessage, message_id)
    if row is None:
        return None
    claimed = ClaimedMessage(
        id=row.id,
        attempt=row.attempts,
        context_id=row.context_id,
        kind=row.kind,
        message_id=row.message_id,
        recipient=row.recipient,
        unit_id=row.unit_id,
        identity=row.identity,
        deferrals=row.deferrals,
        doubts=row.doubts,
        not_after=row.not_after,
        domain=row.domain,
        channel=row.channel,
    )
    return ReturnedMessage(claimed, row.sent_to)


def record_returned(
    session: Session, message: ClaimedMessage, report: BounceReport, *, now: datetime
) -> None:
    """Add the return to the history; a hard bounce makes of a sent message a failed one."""
    if report.verdict is Verdict.HARD:
        session.exec(
            update(OutboxMessage)
            .where(
                col(OutboxMessage.id) == message.id,
                col(OutboxMessage.state).in_((OutboxState.SENT, OutboxState.UNKNOWN)),
            )
            .values(
                state=OutboxState.FAILED,
                due_at=None,
                last_status=report.status,
                last_reason=BOUNCED,
                changed_at=now,
            )
        )
    ending = Ending(
        message.id,
        message.attempt,
        Outcome.RETURNED,
        Stage.ANSWERED,
        status=report.status,
        reason=f"{BOUNCED}: {report.verdict.value}",
    )
    log_endings(session, [ending], now=now)


def counts_since(session: Session, moment: datetime) -> dict[Verdict, int]:
    """Reports read since `moment`, by verdict: for operators and for the weekly digest."""
    rows = session.exec(
        select(BounceReportRow.verdict, func.count())
        .where(col(BounceReportRow.at) >= moment)
        .group_by(col(BounceReportRow.verdict))
    )
    return {Verdict(verdict): count for verdict, count in rows}


def read_until(session: Session, source: str, validity: int) -> int:
    """The last message of a mailbox that was read; 0 for a new one or one that was made anew."""
    row = session.get(BounceIntake, source)
    return row.last_uid if row is not None and row.validity == validity else 0


def advance(session: Session, source: str, validity: int, uid: int) -> None:
    """Remember that the mailbox was read up to `uid`, with what that message changed."""
    row = session.get(BounceIntake, source) or BounceIntake(source=source)
    if row.validity == validity and row.last_uid >= uid:
        return
    row.validity, row.last_uid = validity, uid
    session.add(row)
