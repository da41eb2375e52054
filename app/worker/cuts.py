"""Take the cuts that are due: planned in a reading transaction, kept in a short one of its own."""

from datetime import datetime

from sqlmodel import Session

from app.analytics.editions.cores import on_two_cores
from app.analytics.editions.cuts import (
    CutDraft,
    draft_cut,
    editions_to_cut,
    fielded,
    keep_cut,
    newly_closed,
)
from app.analytics.editions.store import STORED_FROM
from app.analytics.editions.withheld import keep_withheld, not_told, told_texts
from app.analytics.release.sum_parts import one_by_one
from app.chronology.wave_plan import Cohort
from app.units.queries import count_schools
from app.worker.deployment import Deployment

TOGETHER = 50  # editions: two seconds of work


def take_cuts(deployment: Deployment, *, every: bool = False) -> int:
    """Cuts taken now; of those that a rival took meanwhile, none.

    `every`: also look where nothing closed since; a school may have come to another unit.
    """
    with deployment.database.reading() as session:
        wanted = fielded(session) if every else newly_closed(session)
        big = is_big(session)
    return sum(_take(deployment, *one, big=big) for one in wanted)


def take_small_cuts(deployment: Deployment) -> int:
    """The same; where that takes long, it is done with the columnar store (columns.py)."""
    with deployment.database.reading() as session:
        if is_big(session):
            return 0
    return take_cuts(deployment)


def is_big(session: Session) -> bool:
    """Whether a plan takes so long that two cores share it, once an hour at most."""
    return count_schools(session) >= STORED_FROM


def _take(deployment: Deployment, cohort: Cohort, questionnaire: int, *, big: bool) -> bool:
    _tell(deployment, cohort, questionnaire)
    each = on_two_cores if big else one_by_one
    with deployment.database.reading() as session:
        draft = draft_cut(session, cohort, questionnaire, now=deployment.clock(), each=each)
    return draft is not None and _keep(deployment, draft)


def _tell(deployment: Deployment, cohort: Cohort, questionnaire: int) -> None:
    """Work out what each school withholds of its edition, where nobody did.

    In small transactions: what was done stays, and who answers meanwhile does not wait.
    """
    database = deployment.database
    with database.reading() as session:
        wanted = editions_to_cut(session, cohort, questionnaire, now=deployment.clock())
        editions = not_told(session, wanted)
    for start in range(0, len(editions), TOGETHER):
        with database.reading() as session:
            found = told_texts(session, editions[start : start + TOGETHER])
        with database.unit_of_work() as session:
            for edition_id, text in found.items():
                keep_withheld(session, edition_id, text)


def _keep(deployment: Deployment, draft: CutDraft) -> bool:
    def act(session: Session, now: datetime) -> bool:
        return keep_cut(session, draft, now=now)

    return deployment.change(act)
