"""What a class leaves behind and nobody needs the day after: wrong tries, proofs that ended."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from app.classroom.tables import ClassroomTry, ContactProof

KEPT = timedelta(days=1)


def forget_yesterday(session: Session, *, now: datetime) -> int:
    """Drop them; how many."""
    tries = session.exec(
        delete(ClassroomTry)
        .where(col(ClassroomTry.at) < now - KEPT)
        .returning(col(ClassroomTry.claim_hash))
    ).all()
    proofs = session.exec(
        delete(ContactProof)
        .where(col(ContactProof.expires_at) < now - KEPT)
        .returning(col(ContactProof.id))
    ).all()
    return len(tries) + len(proofs)
