"""How long the numbers of somebody close are kept: until Questionnaire 3 is over (domain.md 4).

Three days more than its close, for answers that a telephone held back may still arrive; also
where it was never opened and its window has passed. What is left is the keyed hash of a number
that was asked or refused, so that nobody writes there again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.chronology.calendar import local_midnight
from app.directory.tables import AlternateContact, CohortRow, PanelMember
from app.fieldwork.entry import GRACE
from app.fieldwork.tables import Wave, WaveState
from app.fieldwork.windows import SchoolCohort, cohorts_where, windows_in_force
from app.staff import audit

LAST = 3  # the questionnaire after which nobody is looked for
AT_ONCE = 200  # generations of one transaction


def forget_relatives(session: Session, *, now: datetime, limit: int = AT_ONCE) -> int:
    """Erase the numbers of generations whose last questionnaire is over; how many.

    One entry of the trail for each generation. Whoever comes second finds nothing.
    """
    naming = (
        select(PanelMember.cohort_id)
        .join(AlternateContact, col(AlternateContact.member_id) == col(PanelMember.id))
        .distinct()
    )
    cohorts = cohorts_where(session, col(CohortRow.id).in_(naming))
    over = _over(session, cohorts, now=now)[:limit]
    return sum(_forget(session, cohort, now=now) for cohort in over)


def _over(
    session: Session, cohorts: Sequence[SchoolCohort], *, now: datetime
) -> list[SchoolCohort]:
    windows = windows_in_force(session, cohorts)
    waves: Mapping[UUID, tuple[WaveState, datetime]] = {
        cohort_id: (WaveState(state), closes_at)
        for cohort_id, state, closes_at in session.exec(
            select(Wave.cohort_id, Wave.state, Wave.closes_at).where(Wave.questionnaire == LAST)
        )
    }
    found = []
    for cohort in cohorts:
        if cohort.id in waves:
            state, ends = waves[cohort.id]
            done = state is WaveState.CLOSED
        else:
            ends = local_midnight(windows[cohort.id][LAST - 1].period.closes, cohort.zone)
            done = True
        if done and ends + GRACE <= now:
            found.append(cohort)
    return found


def _forget(session: Session, cohort: SchoolCohort, *, now: datetime) -> int:
    members = select(PanelMember.id).where(PanelMember.cohort_id == cohort.id)
    gone = session.exec(
        delete(AlternateContact)
        .where(col(AlternateContact.member_id).in_(members))
        .returning(col(AlternateContact.id))
    ).all()
    if gone:
        audit.append(
            session,
            "relatives.forgotten",
            actor_id=None,
            about=("cohort", cohort.id),
            unit_id=cohort.school_id,
            now=now,
            generation=str(cohort.cohort),
            numbers=len(gone),
        )
    return len(gone)
