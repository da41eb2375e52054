"""A scope selects exactly the units below its grants, in both hierarchies, for any tree."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.db.transactions import Database
from app.staff import grants, sessions
from app.staff.roles import Permission, Role, WantedGrant
from app.staff.tables import (
    StaffAccount,
    StaffGrant,
    StaffGrantGroup,
    StaffSession,
)
from app.units.queries import in_scope, people_in_scope
from app.units.scope import Scope
from app.units.tables import OrganisationUnit, StudentGroup, UnitAncestor, UnitKind
from tests.staff.house import signed_in


@dataclass(frozen=True)
class World:
    """Units by number: parents come before children. The last `schools` are schools."""

    parents: tuple[tuple[int | None, int | None], ...]  # territory, subsystem
    schools: int
    grants: tuple[tuple[Role, int, bool], ...]  # role, unit, limited to its first group

    def above(self, unit: int) -> set[int]:
        found = {unit}
        for parent in self.parents[unit]:
            if parent is not None:
                found |= self.above(parent)
        return found

    def is_school(self, unit: int) -> bool:
        return unit >= len(self.parents) - self.schools


@st.composite
def worlds(draw: st.DrawFn) -> World:
    offices, schools = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    parents: list[tuple[int | None, int | None]] = []
    for unit in range(offices + schools):
        parent = st.none() | st.integers(0, min(unit, offices) - 1) if unit else st.none()
        parents.append((draw(parent), draw(parent)))
    given_roles = draw(
        st.lists(
            st.tuples(st.sampled_from(Role), st.integers(0, offices + schools - 1), st.booleans()),
            max_size=4,
            unique_by=lambda grant: grant[:2],
        )
    )
    limited_to_schools = tuple(
        (role, unit, limited and unit >= offices) for role, unit, limited in given_roles
    )
    return World(tuple(parents), schools, limited_to_schools)


def store(session: Session, world: World, now: datetime) -> tuple[list[UUID], UUID]:
    """The world in the database: ids of its units, and the account that holds its grants."""
    for table in (StaffGrantGroup, StaffGrant, StaffSession, StaffAccount, StudentGroup):
        session.exec(delete(table))
    session.exec(delete(UnitAncestor))
    session.exec(delete(OrganisationUnit))
    ids = [uuid4() for _ in world.parents]
    for number, (parent, subsystem) in enumerate(world.parents):
        session.add(
            OrganisationUnit(
                id=ids[number],
                code=f"U{number}",
                name="Unidad",
                kind=UnitKind.SCHOOL if world.is_school(number) else UnitKind.STATE,
                parent_id=None if parent is None else ids[parent],
                subsystem_parent_id=None if subsystem is None else ids[subsystem],
                time_zone="America/Mexico_City",
            )
        )
        session.flush()
        session.add_all(
            UnitAncestor(unit_id=ids[number], ancestor_id=ids[one]) for one in world.above(number)
        )
        if world.is_school(number):
            session.add_all(
                StudentGroup(school_id=ids[number], cohort="2023-2026", name=name)
                for name in ("6A", "6B")
            )
    account = StaffAccount(
        email="a@b.mx", email_fingerprint=str(uuid4()), display_name="a", created_at=now
    )
    session.add(account)
    session.flush()
    for role, unit, limited in world.grants:
        wanted = WantedGrant(f"U{unit}", role, ("6A",) if limited else ())
        grants.give(session, account, wanted, by=None, now=now)
    return ids, account.id


def scope_of(session: Session, account_id: UUID, permission: Permission, now: datetime) -> Scope:
    token = signed_in(session, account_id, now=now)
    session.flush()
    actor = sessions.actor_of(session, token, now=now)
    assert actor is not None
    return actor.scope(permission)


def holders(world: World, permission: Permission) -> list[tuple[int, bool]]:
    """Unit and limit of the grants that carry the permission, told again in another way."""
    by_role = {
        Permission.MANAGE_STAFF: {Role.ADMIN, Role.OFFICER},
        Permission.SEE_PEOPLE: {
            *(Role.ADMIN, Role.OFFICER, Role.TUTOR, Role.COUNSELLOR, Role.PRIVACY)
        },
        Permission.SEE_CONTACTS: {Role.ADMIN, Role.OFFICER, Role.TUTOR, Role.COUNSELLOR},
        Permission.SEE_OUTCOMES: {Role.ADMIN, Role.OFFICER, Role.ANALYST, Role.VIEWER},
    }[permission]
    also_by_groups = permission in {Permission.SEE_PEOPLE, Permission.SEE_CONTACTS}
    return [
        (unit, limited)
        for role, unit, limited in world.grants
        if role in by_role
        and (also_by_groups or not limited)
        and (permission is not Permission.SEE_CONTACTS or world.is_school(unit))
    ]


PERMISSIONS = (
    Permission.MANAGE_STAFF,
    Permission.SEE_PEOPLE,
    Permission.SEE_CONTACTS,
    Permission.SEE_OUTCOMES,
)


@settings(max_examples=25)
@given(world=worlds(), permission=st.sampled_from(PERMISSIONS))
def test_a_scope_is_what_lies_below_its_grants(
    db: Database, now: datetime, world: World, permission: Permission
) -> None:
    with db.unit_of_work() as session:
        ids, account_id = store(session, world, now)
        scope = scope_of(session, account_id, permission, now)

        units = set(
            session.exec(
                select(OrganisationUnit.id).where(in_scope(scope, col(OrganisationUnit.id)))
            )
        )
        people = set(
            session.exec(
                select(StudentGroup.school_id, StudentGroup.name).where(
                    people_in_scope(scope, col(StudentGroup.school_id), col(StudentGroup.id))
                )
            )
        )

    held = holders(world, permission)
    numbers = range(len(world.parents))
    assert units == {
        ids[number] for number in numbers if world.above(number) & {unit for unit, _ in held}
    }
    assert people == {
        (ids[number], name)
        for number in numbers
        if world.is_school(number)
        for name in ("6A", "6B")
        if any(
            unit in world.above(number) and (not limited or name == "6A") for unit, limited in held
        )
    }


def test_a_moved_school_is_in_the_new_office_from_the_next_request_on(
    db: Database, now: datetime
) -> None:
    world = World(((None, None), (None, None), (0, None)), 1, ((Role.OFFICER, 1, False),))
    with db.unit_of_work() as session:
        ids, account_id = store(session, world, now)
        scope = scope_of(session, account_id, Permission.SEE_PEOPLE, now)
        mine = select(OrganisationUnit.id).where(in_scope(scope, col(OrganisationUnit.id)))

        assert set(session.exec(mine)) == {ids[1]}
        session.exec(delete(UnitAncestor).where(col(UnitAncestor.ancestor_id) == ids[0]))
        session.add(UnitAncestor(unit_id=ids[2], ancestor_id=ids[1]))
        session.flush()
        assert set(session.exec(mine)) == {ids[1], ids[2]}
