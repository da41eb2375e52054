"""Hand the groups of one tutor over to another, in one step: the same grants, another holder."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.errors import AppError
from app.staff import audit
from app.staff.grants import managed_account
from app.staff.roles import Actor, Role
from app.staff.tables import StaffAccount, StaffGrant, StaffGrantGroup
from app.units.queries import in_scope
from app.units.tables import OrganisationUnit, StudentGroup


class NothingToHandOver(AppError):
    """No group was chosen, or nobody to take it."""

    code = "staff.nothing_to_hand_over"
    status = 422
    plantilla = "No cambió nada: elija al menos un grupo y a quien lo recibe, otra persona activa."


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A group that a tutor's grant reaches."""

    group_id: UUID
    name: str
    cohort: str
    unit_id: UUID
    unit_name: str


@dataclass(frozen=True, slots=True)
class Handover:
    """Which groups go from whom to whom."""

    giver: UUID
    taker: UUID
    groups: frozenset[UUID]


def held_groups(session: Session, account_id: UUID, *, by: Actor) -> tuple[HeldGroup, ...]:
    """The groups of a tutor that the caller may give to another, by name.

    Raises:
        NotFound: the account is not the caller's.
    """
    managed_account(session, account_id, by=by, wholly=False)
    rows = session.exec(
        select(StudentGroup, OrganisationUnit.name)
        .join(StaffGrantGroup, col(StaffGrantGroup.group_id) == col(StudentGroup.id))
        .join(StaffGrant, col(StaffGrant.id) == col(StaffGrantGroup.grant_id))
        .join(OrganisationUnit, col(OrganisationUnit.id) == col(StaffGrant.unit_id))
        .where(
            StaffGrant.account_id == account_id,
            StaffGrant.role == Role.TUTOR,
            in_scope(by.appointing_scope(Role.TUTOR), col(StaffGrant.unit_id)),
        )
        .order_by(col(StudentGroup.cohort), col(StudentGroup.name))
    )
    return tuple(HeldGroup(row.id, row.name, row.cohort, row.school_id, name) for row, name in rows)


def hand_over(session: Session, handover: Handover, *, by: Actor, now: datetime) -> int:
    """Move the chosen groups; how many moved. Counts from the next request of both.

    Raises:
        NotFound: one of the accounts is not the caller's.
        NothingToHandOver: no group of the giver's was chosen, or the taker is closed or the giver.
    """
    managed_account(session, handover.giver, by=by, wholly=False)
    taker = managed_account(session, handover.taker, by=by, wholly=False)
    moving = {
        one.group_id
        for one in held_groups(session, handover.giver, by=by)
        if one.group_id in handover.groups
    }
    if not moving or taker.disabled_at is not None or handover.giver == handover.taker:
        raise NothingToHandOver
    grants = select(StaffGrant).where(
        StaffGrant.account_id == handover.giver,
        StaffGrant.role == Role.TUTOR,
        col(StaffGrant.by_groups),
        in_scope(by.appointing_scope(Role.TUTOR), col(StaffGrant.unit_id)),
    )
    for grant in session.exec(grants.with_for_update()).all():
        here = set(
            session.exec(
                delete(StaffGrantGroup)
                .where(
                    col(StaffGrantGroup.grant_id) == grant.id,
                    col(StaffGrantGroup.group_id).in_(moving),
                )
                .returning(col(StaffGrantGroup.group_id))
            ).scalars()
        )
        if here:
            _give(session, taker, grant.unit_id, here, now=now)
            _drop_if_empty(session, grant.id)
            _note(session, handover, grant.unit_id, here, by=by, now=now)
    return len(moving)


def _give(
    session: Session, taker: StaffAccount, unit_id: UUID, groups: Collection[UUID], *, now: datetime
) -> None:
    grant = session.exec(
        select(StaffGrant).where(
            StaffGrant.account_id == taker.id,
            StaffGrant.role == Role.TUTOR,
            StaffGrant.unit_id == unit_id,
        )
    ).first()
    if grant is None:
        grant = StaffGrant(
            account_id=taker.id, role=Role.TUTOR, unit_id=unit_id, by_groups=True, granted_at=now
        )
        session.add(grant)
        session.flush()
    if not grant.by_groups:
        return  # a tutor of the whole unit reaches them already
    held = set(
        session.exec(select(StaffGrantGroup.group_id).where(StaffGrantGroup.grant_id == grant.id))
    )
    session.add_all(
        StaffGrantGroup(grant_id=grant.id, group_id=group) for group in set(groups) - held
    )
    session.flush()


def _drop_if_empty(session: Session, grant_id: UUID) -> None:
    """A role over no group is no role."""
    left = select(StaffGrantGroup.group_id).where(StaffGrantGroup.grant_id == grant_id)
    if session.exec(left).first() is None:
        session.exec(delete(StaffGrant).where(col(StaffGrant.id) == grant_id))


def _note(
    session: Session,
    handover: Handover,
    unit_id: UUID,
    groups: Collection[UUID],
    *,
    by: Actor,
    now: datetime,
) -> None:
    audit.append(
        session,
        "staff.groups_handed_over",
        actor_id=by.account_id,
        about=("staff_account", handover.giver),
        unit_id=unit_id,
        now=now,
        taker=str(handover.taker),
        groups=[str(group) for group in sorted(groups)],
    )
