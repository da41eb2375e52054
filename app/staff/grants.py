"""Giving and taking roles. Nobody gives what they may not appoint, nor outside their scope."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.errors import AppError, NotFound
from app.staff import audit
from app.staff.roles import Actor, Permission, WantedGrant
from app.staff.tables import StaffAccount, StaffGrant, StaffGrantGroup
from app.units.queries import in_scope, unit_by_code
from app.units.scope import WHOLE, Scope
from app.units.tables import StudentGroup, UnitAncestor


class RoleNotYours(AppError):
    """The actor may not give this role in this unit."""

    code = "staff.role_not_yours"
    status = 403
    plantilla = (
        "Usted no puede dar el papel «{role}» en {unit}. Pídalo a quien administra esa unidad."
    )


class GroupUnknown(AppError):
    """No group of that name in the unit, or several."""

    code = "staff.group_unknown"
    status = 422
    plantilla = (
        "No hay un solo grupo «{group}» en {unit}. Escríbalo como en la lista, "
        "con su generación si se repite: 2023-2026/{group}."
    )


def give(
    session: Session, account: StaffAccount, wanted: WantedGrant, *, by: Actor | None, now: datetime
) -> None:
    """Give a role, or change the groups of one given before. Counts from the next request.

    Args:
        session: the caller's transaction.
        account: to whom.
        wanted: what.
        by: who gives; None is the operator's console, which may all.
        now: when.

    Raises:
        NotFound: the unit is none, or none of the giver's.
        RoleNotYours: the giver may not appoint it there.
        GroupUnknown: a group is not of that unit.
    """
    unit = unit_by_code(session, _managed(by), wanted.unit)
    if by is not None and not _reaches(session, by.appointing_scope(wanted.role), unit.id):
        raise RoleNotYours(role=wanted.role.value, unit=wanted.unit)
    groups = [_group(session, unit.id, wanted.unit, name) for name in wanted.groups]
    grant = session.exec(
        select(StaffGrant).where(
            StaffGrant.account_id == account.id,
            StaffGrant.role == wanted.role,
            StaffGrant.unit_id == unit.id,
        )
    ).first()
    if grant is None:
        grant = StaffGrant(account_id=account.id, role=wanted.role, unit_id=unit.id, granted_at=now)
        session.add(grant)
        session.flush()
    session.exec(
        update(StaffGrant).where(col(StaffGrant.id) == grant.id).values(by_groups=bool(groups))
    )
    session.exec(delete(StaffGrantGroup).where(col(StaffGrantGroup.grant_id) == grant.id))
    session.add_all(StaffGrantGroup(grant_id=grant.id, group_id=group) for group in set(groups))
    session.flush()
    audit.append(
        session,
        "staff.granted",
        actor_id=by.account_id if by else None,
        about=("staff_account", account.id),
        unit_id=unit.id,
        now=now,
        role=wanted.role.value,
        groups=[str(group) for group in sorted(set(groups))],
    )


def take_back(session: Session, grant_id: UUID, *, by: Actor | None, now: datetime) -> None:
    """Take a role away. Counts from the next request.

    Raises:
        NotFound: there is no such grant in the actor's scope.
        RoleNotYours: the actor could not have given it.
    """
    grant = session.exec(
        select(StaffGrant).where(
            StaffGrant.id == grant_id, in_scope(_managed(by), col(StaffGrant.unit_id))
        )
    ).first()
    if grant is None:
        raise NotFound(grant=grant_id)
    if by is not None and not _reaches(session, by.appointing_scope(grant.role), grant.unit_id):
        raise RoleNotYours(role=grant.role.value, unit="esa unidad")
    session.exec(delete(StaffGrantGroup).where(col(StaffGrantGroup.grant_id) == grant_id))
    taken = session.exec(
        delete(StaffGrant).where(col(StaffGrant.id) == grant_id).returning(col(StaffGrant.id))
    )
    if taken.first() is None:  # by somebody else, a moment ago
        raise NotFound(grant=grant_id)
    audit.append(
        session,
        "staff.grant_taken_back",
        actor_id=by.account_id if by else None,
        about=("staff_account", grant.account_id),
        unit_id=grant.unit_id,
        now=now,
        role=grant.role.value,
    )


def manages_wholly(session: Session, by: Actor | None, account_id: UUID) -> bool:
    """Whether everything the account may do, `by` could have given.

    Asked before handing out a link that sets its password: or a school could make itself
    the state office by inviting somebody of the state again.
    """
    if by is None:
        return True
    held = session.exec(select(StaffGrant).where(StaffGrant.account_id == account_id)).all()
    return all(_reaches(session, by.appointing_scope(grant.role), grant.unit_id) for grant in held)


def managed_account(
    session: Session, account_id: UUID, *, by: Actor | None, wholly: bool
) -> StaffAccount:
    """An account with a role somewhere in the actor's scope; `wholly`: and none elsewhere.

    Raises:
        NotFound: there is none, or it is not the actor's.
    """
    here = select(StaffGrant.account_id).where(in_scope(_managed(by), col(StaffGrant.unit_id)))
    wanted = select(StaffAccount).where(StaffAccount.id == account_id)
    if by is not None:
        wanted = wanted.where(col(StaffAccount.id).in_(here))
    account = session.exec(wanted).first()
    if account is None or (wholly and not manages_wholly(session, by, account_id)):
        raise NotFound(account=account_id)
    return account


def _managed(by: Actor | None) -> Scope:
    return WHOLE if by is None else by.scope(Permission.MANAGE_STAFF)


def _reaches(session: Session, scope: Scope, unit_id: UUID) -> bool:
    return (
        session.exec(
            select(UnitAncestor.unit_id).where(
                UnitAncestor.unit_id == unit_id, in_scope(scope, col(UnitAncestor.unit_id))
            )
        ).first()
        is not None
    )


def _group(session: Session, unit_id: UUID, unit: str, name: str) -> UUID:
    """The one group with this name ("6A", or "2023-2026/6A") in the unit."""
    cohort, _, short = name.rpartition("/")
    wanted = (
        select(StudentGroup.id)
        .join(UnitAncestor, col(UnitAncestor.unit_id) == col(StudentGroup.school_id))
        .where(UnitAncestor.ancestor_id == unit_id, StudentGroup.name == short)
    )
    if cohort:
        wanted = wanted.where(StudentGroup.cohort == cohort)
    found = session.exec(wanted).all()
    if len(found) != 1:
        raise GroupUnknown(group=short, unit=unit)
    return found[0]
