"""What an edition to be frozen withholds because of those its wave already has.

An edition that was altered is shown to nobody, and says nothing here either.
"""

from dataclasses import replace
from uuid import UUID

from sqlmodel import Session, col, select

from app.analytics.editions.content import content_hash, read_back
from app.analytics.frame.tallies import Tally
from app.analytics.release.beside_earlier import withheld_beside
from app.analytics.tables import ResultEdition


def guarded(session: Session, wave_id: UUID, tally: Tally) -> Tally:
    """The counts of a new edition, with what it withholds for the sake of those before it."""
    rows = session.exec(
        select(ResultEdition.content, ResultEdition.content_hash)
        .where(col(ResultEdition.wave_id) == wave_id)
        .order_by(col(ResultEdition.number))
    )
    earlier = [read_back(text).tally for text, digest in rows if content_hash(text) == digest]
    return replace(tally, gone=withheld_beside(earlier, tally))
