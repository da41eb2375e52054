"""Who is signed in: sessions on the server, read at each request, ended at will.

Grants are read with the session, so a demotion or a moved school counts from the next
request on (trust.md SEC-06).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from app.staff import audit
from app.staff.bearer import bearer_hash, new_bearer
from app.staff.roles import Actor, Grant
from app.staff.tables import StaffAccount, StaffGrant, StaffGrantGroup, StaffSession
from app.units.tables import OrganisationUnit, UnitKind

IDLE = timedelta(minutes=30)  # trust.md SEC-21
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
_CLOCKS_APART = timedelta(minutes=1)  # between two of our servers


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One place where somebody is signed in, as they see it."""

    session_id: UUID
    device: str
    created_at: datetime
    last_seen_at: datetime


def actor_of(session: Session, token: str, *, now: datetime) -> Actor | None:
    """Who holds this session token, with the grants of this moment. Reads only: 3 queries.

    None: unknown, ended, too long idle or open, disabled, or begun in the future (a clock
    was set back: sessions fail closed).
    """
    found = session.exec(
        select(StaffSession, StaffAccount)
        .join(StaffAccount, col(StaffSession.account_id) == col(StaffAccount.id))
        .where(
            StaffSession.token_hash == bearer_hash(token),
            _is_open(now),
            col(StaffAccount.disabled_at).is_(None),
        )
    ).first()
    if found is None:
        return None
    opened, account = found
    return Actor(
        account_id=account.id,
        session_id=opened.id,
        last_seen_at=opened.last_seen_at,
        email=account.email,
        display_name=account.display_name,
        grants=grants_of(session, account.id),
    )


def needs_touch(actor: Actor, *, now: datetime) -> bool:
    """Whether a minute passed since the session was last noted as in use."""
    return actor.last_seen_at <= now - SEEN_EVERY


def touch(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Note that the session is in use. True if written: at most once a minute."""
    noted = session.exec(
        update(StaffSession)
        .where(
            col(StaffSession.id) == actor.session_id,
            col(StaffSession.last_seen_at) <= now - SEEN_EVERY,
            _is_open(now),
        )
        .values(last_seen_at=now)
        .returning(col(StaffSession.id))
    )
    return noted.first() is not None


def open_session(
    session: Session, account_id: UUID, *, place: str, device: str, now: datetime
) -> str:
    """A new session for somebody who proved who they are. Its token, never to be had again."""
    token = new_bearer()
    session.add(
        StaffSession(
            token_hash=bearer_hash(token),
            account_id=account_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LONGEST,
            place=place,
            device=device.replace("\0", "")[:120],
        )
    )
    return token


def sign_out(session: Session, actor: Actor, *, now: datetime) -> None:
    """End the session this request came with."""
    if _end(session, col(StaffSession.id) == actor.session_id, now=now):
        audit.append(
            session,
            "staff.signed_out",
            actor_id=actor.account_id,
            about=("staff_session", actor.session_id),
            now=now,
        )


def own_sessions(session: Session, actor: Actor, *, now: datetime) -> Sequence[OpenSession]:
    """Where the person is signed in, the last used first."""
    rows = session.exec(
        select(
            StaffSession.id,
            StaffSession.device,
            StaffSession.created_at,
            StaffSession.last_seen_at,
        )
        .where(StaffSession.account_id == actor.account_id, _is_open(now))
        .order_by(col(StaffSession.last_seen_at).desc())
    )
    return [OpenSession(*row) for row in rows]


def end_own_session(session: Session, actor: Actor, session_id: UUID, *, now: datetime) -> bool:
    """End one of the own sessions. False: there is no such session open."""
    one = (col(StaffSession.id) == session_id) & (col(StaffSession.account_id) == actor.account_id)
    if not _end(session, one, now=now):
        return False
    audit.append(
        session,
        "staff.session_ended",
        actor_id=actor.account_id,
        about=("staff_session", session_id),
        now=now,
    )
    return True


def end_sessions_of(session: Session, account_id: UUID, *, now: datetime) -> int:
    """End every session of an account. How many there were."""
    return _end(session, col(StaffSession.account_id) == account_id, now=now)


def _end(session: Session, which: ColumnElement[bool], *, now: datetime) -> int:
    ended = session.exec(
        update(StaffSession)
        .where(which, col(StaffSession.ended_at).is_(None))
        .values(ended_at=now)
        .returning(col(StaffSession.id))
    )
    return len(ended.all())


def _is_open(now: datetime) -> ColumnElement[bool]:
    return (
        col(StaffSession.ended_at).is_(None)
        & (col(StaffSession.expires_at) > now)
        & (col(StaffSession.last_seen_at) > now - IDLE)
        & (col(StaffSession.last_seen_at) <= now + _CLOCKS_APART)
    )


def grants_of(session: Session, account_id: UUID) -> tuple[Grant, ...]:
    """Every grant of an account, as it stands now."""
    rows = session.exec(
        select(StaffGrant, OrganisationUnit.kind)
        .join(OrganisationUnit, col(StaffGrant.unit_id) == col(OrganisationUnit.id))
        .where(StaffGrant.account_id == account_id)
        .order_by(col(StaffGrant.granted_at), col(StaffGrant.id))
    ).all()
    groups: dict[UUID, set[UUID]] = {grant.id: set() for grant, _ in rows if grant.by_groups}
    for grant_id, group_id in session.exec(
        select(StaffGrantGroup.grant_id, StaffGrantGroup.group_id).where(
            col(StaffGrantGroup.grant_id).in_(groups)
        )
    ):
        groups[grant_id].add(group_id)
    return tuple(
        Grant(
            role=grant.role,
            unit_id=grant.unit_id,
            at_school=kind is UnitKind.SCHOOL,
            groups=frozenset(groups[grant.id]) if grant.by_groups else None,
        )
        for grant, kind in rows
    )
