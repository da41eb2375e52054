"""The link of a case: write it again, revoke it alone, replace it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from app.errors import AppError
from app.fieldwork.progress import CaseMovedMeanwhile
from app.fieldwork.tables import Case, CaseEvent, RevokedLink
from app.fieldwork.tokens import Link, new_link, written_again
from app.keys import PurposeKey


class LinkKeyMissing(AppError):
    """The link was made with a key that this deployment does not have."""

    code = "link.key_missing"
    status = 503
    plantilla = (
        "Falta la clave «{key_id}», con la que se hizo este enlace. Agréguela al final de "
        "TRAYECTO_SECRET_KEYS o escriba un enlace nuevo para esta persona."
    )


@dataclass(frozen=True, slots=True)
class LinkMark:
    """What a case keeps of its link."""

    case_id: UUID
    key_id: str
    version: int


def link_for(mark: LinkMark, keys: Sequence[PurposeKey], *, base_url: str) -> str:
    """The address of the link in force, always the same one.

    Raises:
        LinkKeyMissing: the key it was made with is gone.
    """
    token = written_again(keys, mark.case_id, key_id=mark.key_id, version=mark.version)
    if token is None:
        raise LinkKeyMissing(key_id=mark.key_id)
    return f"{base_url}/e/{token}"


def revoke_link(
    session: Session,
    case_id: UUID,
    keys: Sequence[PurposeKey],
    *,
    staff_id: UUID | None = None,
    now: datetime,
) -> None:
    """Kill the link of one case. None works until `rewrite_link`, and nothing is sent."""
    _replace(session, session.get_one(Case, case_id), keys, revoked_at=now, now=now)
    _log(session, case_id, "Enlace revocado", staff_id, now=now)


def rewrite_link(
    session: Session,
    case_id: UUID,
    keys: Sequence[PurposeKey],
    *,
    staff_id: UUID | None = None,
    now: datetime,
) -> Link:
    """Give a case a new link under the newest key; the one before says that it was replaced."""
    link = _replace(session, session.get_one(Case, case_id), keys, revoked_at=None, now=now)
    _log(session, case_id, "Enlace nuevo", staff_id, now=now)
    return link


def _replace(
    session: Session,
    case: Case,
    keys: Sequence[PurposeKey],
    *,
    revoked_at: datetime | None,
    now: datetime,
) -> Link:
    before = RevokedLink(link_hash=case.link_hash, case_id=case.id, at=now)
    link = new_link(keys, case.id, case.link_version + 1)
    taken = session.exec(
        update(Case)
        .where(col(Case.id) == case.id, col(Case.link_version) == case.link_version)
        .values(
            link_key_id=link.key_id,
            link_version=link.version,
            link_hash=link.token_hash,
            link_revoked_at=revoked_at,
        )
        .returning(col(Case.id))
    ).first()
    if taken is None:
        raise CaseMovedMeanwhile(case=case.id)
    session.add(before)
    return link


def _log(
    session: Session, case_id: UUID, reason: str, staff_id: UUID | None, *, now: datetime
) -> None:
    case = session.get_one(Case, case_id)
    session.add(
        CaseEvent(
            case_id=case_id,
            disposition=case.disposition,
            reason=reason,
            staff_id=staff_id,
            at=now,
        )
    )
