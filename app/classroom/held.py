"""Which waves had a class: for the coverage of an office. No code, no name."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, select

from app.classroom.tables import Classroom


def waves_with_class(session: Session, wave_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these waves, those for which a class was opened at least once."""
    found = session.exec(
        select(Classroom.wave_id).where(col(Classroom.wave_id).in_(wave_ids)).distinct()
    )
    return frozenset(found)
