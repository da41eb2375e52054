"""After the close: contact data of those who did not want to stay in the directory.

Terminar does it at once (collecting.py); here are those who said no and never pressed it.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists
from sqlmodel import Session, col, or_, select

from app.directory.tables import AlternateContact, ContactPoint
from app.fieldwork.tables import Case, Wave, WaveState
from app.responses.collecting import STAYS
from app.responses.keeping import NO, forget_contacts
from app.responses.tables import Response, ResponseMark

# A wave is looked at as long as late answers of phones may still change it, and some days more.
LOOKED_AT = timedelta(days=10)


def forget_unwilling(session: Session, *, now: datetime) -> int:
    """Erase what is kept of them in waves that closed lately; how many people that were."""
    members = session.exec(
        select(Case.member_id)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .join(Response, col(Response.case_id) == col(Case.id))
        .join(ResponseMark, col(ResponseMark.response_id) == col(Response.id))
        .where(
            Wave.state == WaveState.CLOSED,
            col(Wave.closed_at) > now - LOOKED_AT,
            ResponseMark.variable == STAYS,
            ResponseMark.value == NO,
            or_(
                exists().where(col(ContactPoint.member_id) == col(Case.member_id)),
                exists().where(col(AlternateContact.member_id) == col(Case.member_id)),
            ),
        )
    ).all()
    for member_id in members:
        forget_contacts(session, member_id)
    return len(members)
