"""A file between its preview and the decision about it: kept encrypted, then forgotten.

The counts stay for ever; the content goes as soon as somebody decides.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from app.directory.people import clean
from app.directory.tables import ImportBatch, ImportState
from app.errors import AppError, NotFound
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit


class UploadDecided(AppError):
    """The file was applied or discarded already."""

    code = "roster.upload_decided"
    status = 409
    plantilla = "Este archivo ya se cargó o se descartó. Súbalo otra vez si hace falta."


def keep_upload(  # noqa: PLR0913  # one row of the table
    session: Session,
    unit_id: UUID,
    content: bytes,
    *,
    kind: str,
    file_name: str,
    staff_id: UUID | None,
    now: datetime,
    options: Mapping[str, str] | None = None,
) -> UUID:
    """Store a file for its preview. `kind`: roster or confirmation."""
    batch = ImportBatch(
        unit_id=unit_id,
        kind=kind,
        file_name=clean(file_name)[:200],
        file_hash=hashlib.sha256(content).hexdigest(),
        content=base64.b64encode(content).decode(),
        options=dict(options or {}),
        staff_id=staff_id,
        at=now,
    )
    session.add(batch)
    session.flush()
    return batch.id


def upload_content(session: Session, batch_id: UUID) -> bytes:
    """The bytes of a file that waits for a decision.

    Raises:
        UploadDecided: it waits no more.
    """
    content = session.exec(
        select(ImportBatch.content).where(
            ImportBatch.id == batch_id, ImportBatch.state == ImportState.PREVIEW
        )
    ).first()
    if content is None:
        raise UploadDecided(batch=str(batch_id))
    return base64.b64decode(content)


def set_columns(session: Session, batch_id: UUID, columns: Mapping[int, str | None]) -> bool:
    """Keep the mapping a person corrected: column index → field, None: not used."""
    kept = session.exec(
        update(ImportBatch)
        .where(col(ImportBatch.id) == batch_id, col(ImportBatch.state) == ImportState.PREVIEW)
        .values(columns={str(at): field for at, field in columns.items()})
        .returning(col(ImportBatch.id))
    )
    return kept.first() is not None


def close_upload(
    session: Session, batch_id: UUID, state: ImportState, *, counts: Mapping[str, int] | None = None
) -> None:
    """Applied or discarded: the counts stay, the content goes.

    Raises:
        UploadDecided: somebody decided first; the caller's transaction must not commit.
    """
    closed = session.exec(
        update(ImportBatch)
        .where(col(ImportBatch.id) == batch_id, col(ImportBatch.state) == ImportState.PREVIEW)
        .values(state=state, content=None, counts=dict(counts or {}))
        .returning(col(ImportBatch.id))
    ).first()
    if closed is None:
        raise UploadDecided(batch=str(batch_id))


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A file that was read, without its content."""

    id: UUID
    unit_code: str
    kind: str
    file_name: str
    state: ImportState
    options: Mapping[str, str]
    columns: Mapping[str, str | None] | None
    counts: Mapping[str, int] | None


def upload_of(session: Session, scope: Scope, batch_id: UUID) -> UploadRow:
    """A file of a unit in scope.

    Raises:
        NotFound: there is none, or it is not the caller's.
    """
    found = session.exec(
        select(ImportBatch, OrganisationUnit.code)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(ImportBatch.unit_id))
        .where(ImportBatch.id == batch_id, in_scope(scope, col(ImportBatch.unit_id)))
    ).first()
    if found is None:
        raise NotFound(batch=batch_id)
    batch, code = found
    return UploadRow(
        batch.id,
        code,
        batch.kind,
        batch.file_name,
        batch.state,
        batch.options or {},
        batch.columns,
        batch.counts,
    )
