"""Freeze the editions that are due: read in one transaction, keep in a short one of its own."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.analytics.editions import Draft, draft_edition, due_editions, keep_edition
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


def _keep(deployment: Deployment, draft: Draft) -> UUID | None:
    def act(session: Session, now: datetime) -> UUID | None:
        return keep_edition(session, draft, now=now)

    return deployment.change(act)
