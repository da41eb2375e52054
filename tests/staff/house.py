"""Alicia runs school A, Beto helps her, Carla belongs to school B and must be refused."""

from datetime import datetime
from functools import cache
from uuid import UUID

from sqlmodel import Session

from app.staff import invitations, sessions, sign_in
from app.staff.addresses import staff_keys
from app.staff.passwords import HashedPassword, hash_new_password
from app.staff.roles import Actor, Role, WantedGrant
from app.units.tables import OrganisationUnit, StudentGroup, UnitAncestor, UnitKind
from tests.conftest import DATA_KEYS

KEYS = staff_keys(DATA_KEYS)
PASSWORD = "cuatro palabras nada obvias"
HERE = "192.0.2.7"


@cache
def hashed() -> HashedPassword:
    return hash_new_password(PASSWORD)


def a_unit(
    session: Session,
    code: str,
    kind: UnitKind = UnitKind.SCHOOL,
    above: tuple[OrganisationUnit, ...] = (),
    parent: OrganisationUnit | None = None,
) -> OrganisationUnit:
    unit = OrganisationUnit(
        code=code,
        name=f"Unidad {code}",
        kind=kind,
        parent_id=parent.id if parent else None,
        time_zone="America/Mexico_City",
    )
    session.add(unit)
    session.flush()
    session.add_all(
        UnitAncestor(unit_id=unit.id, ancestor_id=one.id)
        for one in {unit.id: unit, **{a.id: a for a in above}}.values()
    )
    session.flush()
    return unit


def two_schools(session: Session) -> dict[str, OrganisationUnit]:
    """State S with schools A and B."""
    state = a_unit(session, "S", UnitKind.STATE)
    return {
        "S": state,
        "A": a_unit(session, "A", above=(state,), parent=state),
        "B": a_unit(session, "B", above=(state,), parent=state),
    }


def a_group(session: Session, school: OrganisationUnit, name: str) -> UUID:
    group = StudentGroup(school_id=school.id, cohort="2023-2026", name=name)
    session.add(group)
    session.flush()
    return group.id


def somebody(
    session: Session,
    email: str,
    unit: str,
    role: Role = Role.OFFICER,
    *,
    now: datetime,
    groups: tuple[str, ...] = (),
) -> UUID:
    """An account with a password and one role."""
    wanted = WantedGrant(unit, role, groups)
    invited = invitations.invite(session, email, wanted, keys=KEYS, by=None, now=now)
    if invited.token is not None:
        invitations.accept_invitation(session, invited.token, hashed(), now=now)
    return invited.account_id


def signed_in(session: Session, account_id: UUID, *, now: datetime) -> str:
    return sessions.open_session(session, account_id, place="t1:here", device="", now=now)


def actor(session: Session, account_id: UUID, *, now: datetime) -> Actor:
    """The account at work, without going through the door."""
    token = signed_in(session, account_id, now=now)
    session.flush()
    found = sessions.actor_of(session, token, now=now)
    assert found is not None
    return found


def try_to_enter(
    session: Session, email: str, *, now: datetime, proven: bool = False, ip: str = HERE
) -> str | None:
    """Both steps of signing in; `proven` stands for the password's check between them."""
    attempt = sign_in.begin(session, email, ip=ip, keys=KEYS, now=now)
    return sign_in.finish(session, attempt, proven=proven, now=now)
