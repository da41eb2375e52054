"""The contents of editions as they were written, proven to be what was frozen."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from app.analytics.editions.content import content_hash
from app.analytics.tables import ResultEdition
from app.errors import AppError

BATCH = 200  # contents read at once


class EditionAltered(AppError):
    """The stored content of an edition is not what was frozen."""

    code = "edition.altered"
    status = 409
    plantilla = (
        "La edición {number} no se muestra: su contenido no coincide con su huella. "
        "Avise a quien administra el sistema; las respuestas no se tocaron."
    )


def edition_texts(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What some editions say, by id, as it is written (content.py).

    Raises:
        EditionAltered: one is not what was frozen.
    """
    found: dict[UUID, str] = {}
    for start in range(0, len(ids), BATCH):
        rows = session.exec(
            select(
                ResultEdition.id,
                ResultEdition.number,
                ResultEdition.content,
                ResultEdition.content_hash,
            ).where(col(ResultEdition.id).in_(ids[start : start + BATCH]))
        )
        for identifier, number, text, digest in rows:
            if content_hash(text) != digest:
                raise EditionAltered(number=number, edition=identifier)
            found[identifier] = text
    return found
