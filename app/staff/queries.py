"""The accounts screen and the audit screen. A caller sees what its scope reaches, no more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, and_, col, or_, select

from app.staff.audit import Detail, details_of
from app.staff.roles import Role
from app.staff.tables import (
    AuditEntry,
    StaffAccount,
    StaffGrant,
    StaffGrantGroup,
    StaffSession,
)
from app.units.queries import in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, StudentGroup

PAGE = 50  # rows


class AccountState(StrEnum):
    """How far an account is, in the order of its life."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role of an account. `groups` None: the whole unit; else names of groups, perhaps none."""

    grant_id: UUID
    role: Role
    unit_code: str
    unit_name: str
    groups: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account, with the roles it has inside the reader's scope."""

    account_id: UUID
    email: str
    display_name: str
    state: AccountState
    last_seen_at: datetime | None
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry of the trail as it is shown. `actor` "": the operator's console, or nobody."""

    entry_id: UUID
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    unit_code: str | None
    details: Mapping[str, Detail]
    sealed: bool


def accounts(
    session: Session, scope: Scope, *, limit: int = PAGE, after: UUID | None = None
) -> Sequence[AccountRow]:
    """Accounts with a role in the scope, newest page by page (`after`: last id of the page before).

    Four queries whatever the number of rows.
    """
    here = select(StaffGrant.account_id).where(in_scope(scope, col(StaffGrant.unit_id)))
    wanted = select(StaffAccount).where(col(StaffAccount.id).in_(here))
    if after is not None:
        wanted = wanted.where(col(StaffAccount.id) > after)
    found = session.exec(wanted.order_by(col(StaffAccount.id)).limit(limit)).all()
    ids = [account.id for account in found]
    roles = _roles(session, scope, ids)
    seen = dict(
        session.exec(
            select(StaffSession.account_id, func.max(StaffSession.last_seen_at))
            .where(col(StaffSession.account_id).in_(ids))
            .group_by(col(StaffSession.account_id))
        ).all()
    )
    return [
        AccountRow(
            account.id,
            account.email,
            account.display_name,
            _state(account),
            seen.get(account.id),
            tuple(roles[account.id]),
        )
        for account in found
    ]


def audit_rows(
    session: Session,
    scope: Scope,
    *,
    limit: int = PAGE,
    before: tuple[datetime, UUID] | None = None,
) -> Sequence[AuditRow]:
    """The trail of the scope, newest first; `before`: moment and id of the last row seen.

    Acts without a unit (signing in, a password) are shown to whoever manages the account
    that did them. Two queries.
    """
    wanted = (
        select(AuditEntry, OrganisationUnit.code, StaffAccount.display_name)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(AuditEntry.unit_id), isouter=True)
        .join(StaffAccount, col(StaffAccount.id) == col(AuditEntry.actor_id), isouter=True)
        .order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
        .limit(limit)
    )
    if not scope.unlimited:
        unit_id, actor_id = col(AuditEntry.unit_id), col(AuditEntry.actor_id)
        here = select(StaffGrant.account_id).where(in_scope(scope, col(StaffGrant.unit_id)))
        in_units = select(OrganisationUnit.id).where(in_scope(scope, col(OrganisationUnit.id)))
        wanted = wanted.where(
            or_(unit_id.in_(in_units), and_(unit_id.is_(None), actor_id.in_(here)))
        )
    if before is not None:
        at, entry_id = before
        wanted = wanted.where(
            or_(
                col(AuditEntry.at) < at,
                and_(col(AuditEntry.at) == at, col(AuditEntry.id) < entry_id),
            )
        )
    return [
        AuditRow(
            entry_id=entry.id,
            at=entry.at,
            actor=actor or "",
            action=entry.action,
            object_kind=entry.object_kind,
            object_id=entry.object_id,
            unit_code=code,
            details=details_of(entry.details),
            sealed=entry.sequence is not None,
        )
        for entry, code, actor in session.exec(wanted)
    ]


def names_of(session: Session, account_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Who signed something, by account: for those who may see what was signed."""
    found = select(StaffAccount.id, StaffAccount.display_name)
    return dict(session.exec(found.where(col(StaffAccount.id).in_(set(account_ids)))).all())


def _roles(
    session: Session, scope: Scope, account_ids: Sequence[UUID]
) -> Mapping[UUID, list[HeldRole]]:
    rows = session.exec(
        select(StaffGrant, OrganisationUnit.code, OrganisationUnit.name)
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(StaffGrant.unit_id))
        .where(
            col(StaffGrant.account_id).in_(account_ids),
            in_scope(scope, col(StaffGrant.unit_id)),
        )
        .order_by(col(OrganisationUnit.name), col(StaffGrant.role))
    ).all()
    groups: dict[UUID, list[str]] = defaultdict(list)
    for grant_id, name in session.exec(
        select(StaffGrantGroup.grant_id, StudentGroup.name)
        .join(StudentGroup, col(StudentGroup.id) == col(StaffGrantGroup.group_id))
        .where(col(StaffGrantGroup.grant_id).in_([grant.id for grant, _, _ in rows]))
        .order_by(col(StudentGroup.name))
    ):
        groups[grant_id].append(name)
    held: dict[UUID, list[HeldRole]] = defaultdict(list)
    for grant, code, name in rows:
        of_grant = tuple(groups[grant.id]) if grant.by_groups else None
        held[grant.account_id].append(HeldRole(grant.id, grant.role, code, name, of_grant))
    return held


def _state(account: StaffAccount) -> AccountState:
    if account.disabled_at is not None:
        return AccountState.DISABLED
    return AccountState.ACTIVE if account.password_hash else AccountState.INVITED
