"""What keeps the house in order, apart from waves and messages."""

from datetime import datetime

from sqlmodel import Session

from app.classroom.forgetting import forget_yesterday
from app.fieldwork.relatives_kept import forget_relatives as erase_relatives
from app.fieldwork.worklist.appointments import forget_notes
from app.staff.audit_chain import BATCH, HEAD_FILE, seal, write_head
from app.staff.sign_in import forget_failures
from app.worker.deployment import Deployment


def forget_relatives(deployment: Deployment) -> int:
    """Drop the numbers of somebody close where the last questionnaire is over."""
    forgotten = done = deployment.change(lambda session, now: erase_relatives(session, now=now))
    while done:
        done = deployment.change(lambda session, now: erase_relatives(session, now=now))
        forgotten += done
    return forgotten


def seal_audit(deployment: Deployment) -> int:
    """Give every waiting entry its place in the chain, and copy its head outside once a day."""

    def act(session: Session, _: datetime) -> int:
        return seal(session)

    sealed = done = deployment.change(act)
    while done == BATCH:
        done = deployment.change(act)
        sealed += done
    with deployment.database.reading() as session:
        path = deployment.settings.data_dir / HEAD_FILE
        write_head(session, path, now=deployment.clock())
    return sealed


def forget_classes(deployment: Deployment) -> int:
    """Drop what yesterday's classes left behind."""
    return deployment.change(lambda session, now: forget_yesterday(session, now=now))


def forget_sign_ins(deployment: Deployment) -> int:
    """Drop counts of failed sign-ins that no longer count."""
    return deployment.change(lambda session, now: forget_failures(session, now=now))


def forget_appointment_notes(deployment: Deployment) -> int:
    """Drop what was noted for calls of last week."""
    return deployment.change(lambda session, now: forget_notes(session, now=now))
