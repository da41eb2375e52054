"""Who of the staff asked for the Monday summary, and what they may read in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.staff import audit
from app.staff.roles import Actor, Permission
from app.staff.sessions import grants_of
from app.staff.tables import StaffAccount, StaffGrant
from app.units.scope import Scope
from app.units.tables import OrganisationUnit


@dataclass(frozen=True, slots=True)
class DigestReader:
    """An account that asked for the summary; its Monday is that of its unit's zone."""

    account_id: UUID
    email: str
    zone: str
    unit_id: UUID


def set_digest(session: Session, actor: Actor, *, wanted: bool, now: datetime) -> bool:
    """Ask for the summary, or for none. False if it was so already."""
    taken = session.exec(
        update(StaffAccount)
        .where(
            col(StaffAccount.id) == actor.account_id,
            col(StaffAccount.weekly_digest).is_(not wanted),
        )
        .values(weekly_digest=wanted)
        .returning(col(StaffAccount.id))
    )
    if taken.first() is None:
        return False
    audit.append(
        session,
        "staff.digest_wanted" if wanted else "staff.digest_stopped",
        actor_id=actor.account_id,
        about=("staff_account", actor.account_id),
        now=now,
    )
    return True


def wants_digest(session: Session, account_id: UUID) -> bool:
    """Whether an open account asked for the summary and still does."""
    found = session.exec(
        select(StaffAccount.id).where(
            StaffAccount.id == account_id,
            col(StaffAccount.weekly_digest).is_(True),
            col(StaffAccount.disabled_at).is_(None),
        )
    )
    return found.first() is not None


def digest_readers(session: Session) -> Sequence[DigestReader]:
    """Every account that asked, at the unit of its first grant; without a grant there is none."""
    rows = session.exec(
        select(StaffAccount, OrganisationUnit)
        .join(StaffGrant, col(StaffGrant.account_id) == col(StaffAccount.id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(StaffGrant.unit_id))
        .where(
            col(StaffAccount.weekly_digest).is_(True),
            col(StaffAccount.disabled_at).is_(None),
        )
        .order_by(col(StaffGrant.granted_at), col(StaffGrant.id))
    )
    found: dict[UUID, DigestReader] = {}
    for account, unit in rows:
        reader = DigestReader(account.id, account.email, unit.time_zone, unit.id)
        found.setdefault(account.id, reader)
    return list(found.values())


def digest_scope(session: Session, account_id: UUID) -> Scope:
    """Where the account may see how far the waves are, as its grants stand now."""
    account = session.get_one(StaffAccount, account_id)
    actor = Actor(
        account_id=account.id,
        session_id=account.id,  # nobody is signed in
        last_seen_at=account.created_at,
        email=account.email,
        display_name=account.display_name,
        grants=grants_of(session, account.id),
    )
    return actor.scope(Permission.SEE_PROCESS)
