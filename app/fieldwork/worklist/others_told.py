"""What a relative, a teacher or an institution told of somebody who has not answered.

It raises the knowledge rate and never the response rate (domain.md R10): the disposition stays,
the person is still awaited, and their own answer takes its place in the figures.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.fieldwork.dispositions import Disposition
from app.fieldwork.steering import Steward
from app.fieldwork.tables import Case, Wave
from app.fieldwork.worklist.contacting import NotMissing, refuse_strange_case
from app.fieldwork.worklist.people import standing_of
from app.fieldwork.worklist.tables import ThirdPartyReport
from app.fieldwork.worklist.told import ToldBy
from app.staff import audit
from app.units.queries import in_scope
from app.units.scope import Scope

SELF = "self"  # of case.source
_KNOWN_OR_OUT = (Disposition.COMPLETE, Disposition.PARTIAL, Disposition.NOT_ELIGIBLE)


@dataclass(frozen=True, slots=True)
class Situation:
    """The nucleus, as somebody else told it."""

    source: ToldBy
    studies: bool
    works: bool


@dataclass(frozen=True, slots=True)
class Telling:
    """That somebody told, and when; what they told is for the figures alone."""

    source: ToldBy
    at: datetime


def tell(
    session: Session, case_id: UUID, situation: Situation, *, by: Steward, now: datetime
) -> None:
    """Keep what was told; it takes the place of what was told before.

    Raises:
        NotFound: the person is not the caller's.
        NotMissing: they have answered or refused: nobody speaks in their place.
    """
    if standing_of(session, by.scope, case_id, now=now) is None:
        refuse_strange_case(session, case_id, by)
        raise NotMissing
    _withdraw(session, case_id, now=now)
    session.add(
        ThirdPartyReport(
            case_id=case_id,
            source=situation.source,
            studies=situation.studies,
            works=situation.works,
            staff_id=by.staff_id,
            at=now,
        )
    )
    _name_source(session, case_id, situation.source.value)
    _note(session, "third_party.told", case_id, by, now=now, source=situation.source.value)


def withdraw(session: Session, case_id: UUID, *, by: Steward, now: datetime) -> bool:
    """It was a mistake. False: nothing had been told.

    Raises:
        NotFound: the person is not the caller's.
    """
    refuse_strange_case(session, case_id, by)
    if not _withdraw(session, case_id, now=now):
        return False
    _name_source(session, case_id, SELF)
    _note(session, "third_party.withdrawn", case_id, by, now=now)
    return True


def telling_of(session: Session, case_id: UUID) -> Telling | None:
    """What stands for a case whose person is the caller's."""
    row = session.exec(
        select(ThirdPartyReport).where(
            ThirdPartyReport.case_id == case_id, col(ThirdPartyReport.withdrawn_at).is_(None)
        )
    ).first()
    return None if row is None else Telling(row.source, row.at)


def told_only(session: Session, scope: Scope, wave_id: UUID) -> int:
    """How many people of a wave are known through others alone: R10 counts them, RR2 does not."""
    return session.exec(
        select(func.count())
        .select_from(Case)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(
            Case.wave_id == wave_id,
            Case.source != SELF,
            col(Case.disposition).not_in(_KNOWN_OR_OUT),
            in_scope(scope, col(Wave.school_id)),
        )
    ).one()


def _withdraw(session: Session, case_id: UUID, *, now: datetime) -> bool:
    gone = session.exec(
        update(ThirdPartyReport)
        .where(
            col(ThirdPartyReport.case_id) == case_id, col(ThirdPartyReport.withdrawn_at).is_(None)
        )
        .values(withdrawn_at=now)
        .returning(col(ThirdPartyReport.id))
    )
    return gone.first() is not None


def _name_source(session: Session, case_id: UUID, source: str) -> None:
    session.exec(update(Case).where(col(Case.id) == case_id).values(source=source))


def _note(
    session: Session, action: str, case_id: UUID, by: Steward, *, now: datetime, **details: str
) -> None:
    school = select(Wave.school_id).join(Case).where(Case.id == case_id)
    audit.append(
        session,
        action,
        actor_id=by.staff_id,
        about=("case", case_id),
        unit_id=session.exec(school).one(),
        now=now,
        **details,
    )
