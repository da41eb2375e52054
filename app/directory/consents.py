"""What a member allowed or refused. Only ever added to: the newest of a purpose counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, bindparam, delete, insert
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.directory.tables import Consent, OptOut

FOLLOW_UP = "autoriza_seguimiento"  # item of Questionnaires 1 and 2


@dataclass(frozen=True, slots=True)
class Granted:
    """The newest word on one purpose."""

    purpose: str
    granted: bool
    at: datetime
    notice_id: UUID | None


def record_consent(  # noqa: PLR0913  # one row of the table
    session: Session,
    member_id: UUID,
    purpose: str,
    granted: bool,  # noqa: FBT001  # the answer itself
    *,
    now: datetime,
    notice_id: UUID | None = None,
    case_id: UUID | None = None,
) -> None:
    """Add what the member answered; the same answer as before adds nothing."""
    session.flush()  # the member may be new
    note_consent(
        session.connection(),
        member_id,
        purpose,
        granted,
        now=now,
        notice_id=notice_id,
        case_id=case_id,
    )


def note_consent(  # noqa: PLR0913  # one row of the table
    connection: Connection,
    member_id: UUID,
    purpose: str,
    granted: bool,  # noqa: FBT001  # the answer itself
    *,
    now: datetime,
    notice_id: UUID | None = None,
    case_id: UUID | None = None,
) -> None:
    """`record_consent` without the ORM, for saves."""
    last = connection.execute(_NEWEST, {"member": member_id, "purpose": purpose}).first()
    if last and last.granted == granted and last.notice_id == notice_id:
        return
    row = {
        "id": uuid4(),
        "member_id": member_id,
        "purpose": purpose,
        "granted": granted,
        "notice_id": notice_id,
        "case_id": case_id,
        "at": now,
    }
    connection.execute(_ADD, row)


def current_consents(
    session: Session, member_id: UUID, *, purposes: Sequence[str] = ()
) -> dict[str, Granted]:
    """The newest word on each purpose, by purpose."""
    query = select(Consent).where(Consent.member_id == member_id).order_by(col(Consent.at))
    if purposes:
        query = query.where(col(Consent.purpose).in_(purposes))
    return {
        row.purpose: Granted(row.purpose, row.granted, row.at, row.notice_id)
        for row in session.exec(query)
    }


def opt_out(session: Session, member_id: UUID, *, source: str, now: datetime) -> bool:
    """No me escriban más: every channel. False: it was said already.

    `source`: one_click, page, staff or law.
    """
    if session.get(OptOut, member_id, with_for_update=True):
        return False
    session.add(OptOut(member_id=member_id, at=now, source=source))
    session.flush()
    return True


def withdraw_opt_out(session: Session, member_id: UUID) -> bool:
    """The person wants to hear from us again. False: there was nothing to withdraw."""
    removed = session.exec(
        delete(OptOut).where(col(OptOut.member_id) == member_id).returning(col(OptOut.member_id))
    )
    return removed.first() is not None


def has_opted_out(session: Session, member_id: UUID) -> bool:
    """Whether no message of any kind may be sent."""
    return session.get(OptOut, member_id) is not None


_CONSENT = Consent.metadata.tables[Consent.__tablename__]
_NEWEST = (
    select_columns(_CONSENT.c.granted, _CONSENT.c.notice_id)
    .where(_CONSENT.c.member_id == bindparam("member"), _CONSENT.c.purpose == bindparam("purpose"))
    .order_by(_CONSENT.c.at.desc())
    .limit(1)
)
_ADD = insert(_CONSENT)
