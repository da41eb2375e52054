"""Freeze the editions that are due: read in one transaction, keep in a short one of its own."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.analytics.editions.freezing import Draft, draft_edition, due_editions, keep_edition
from app.analytics.editions.withheld import keep_withheld, told_texts, untold
from app.worker.deployment import Deployment

A_PASS = 100  # editions in one run of the job: some 30,000 answers


def freeze_editions(deployment: Deployment, *, limit: int | None = None) -> int:
    """Editions frozen now; of those that a rival froze meanwhile, none.

    Answers are counted without holding the store: people may be answering.
    """
    database = deployment.database
    with database.reading() as session:
        due = due_editions(session, now=deployment.clock())
    kept = 0
    for one in due[:limit]:
        with database.reading() as session:
            draft = draft_edition(session, one)
        kept += _keep(deployment, draft) is not None
    return kept


def tell_editions(deployment: Deployment, *, limit: int) -> int:
    """Work out what each school withholds of its edition, for the readers of the sums above it.

    Where no columnar store is kept a reader would wait for it: sixty milliseconds a school.
    """
    database = deployment.database
    with database.reading() as session:
        found = told_texts(session, untold(session, limit))
    for edition_id, text in found.items():
        with database.unit_of_work() as session:
            keep_withheld(session, edition_id, text)
    return len(found)


def _keep(deployment: Deployment, draft: Draft) -> UUID | None:
    def act(session: Session, now: datetime) -> UUID | None:
        return keep_edition(session, draft, now=now)

    return deployment.change(act)
