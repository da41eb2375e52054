"""Keeping accounts: another password, another name, closed and opened again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from app.errors import AppError
from app.staff import audit
from app.staff.grants import managed_account
from app.staff.passwords import HashedPassword
from app.staff.roles import Actor
from app.staff.sessions import end_sessions_of
from app.staff.tables import StaffAccount


class PasswordNotChanged(AppError):
    """The present password was wrong, or changed meanwhile."""

    code = "staff.password_not_changed"
    status = 422
    plantilla = (
        "La contraseña actual no es esa, así que no cambiamos nada. Escríbala de nuevo con calma."
    )


class OwnAccount(AppError):
    """Somebody would close the account they are using."""

    code = "staff.own_account"
    status = 409
    plantilla = "Usted no puede cerrar su propia cuenta. Pídalo a otra persona que la administre."


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is needed to check the present password and to judge a new one."""

    password_hash: HashedPassword | None
    personal: Sequence[str]


def credentials_of(session: Session, actor: Actor) -> Credentials:
    """For changing the password, or asking for it again before something grave (SEC-25)."""
    account = session.get_one(StaffAccount, actor.account_id)
    stored = account.password_hash
    return Credentials(
        HashedPassword(stored) if stored else None, (actor.email, actor.display_name)
    )


def change_password(
    session: Session, actor: Actor, *, old: HashedPassword, new: HashedPassword, now: datetime
) -> None:
    """Replace a password that was proven, and end every session, this one too.

    The caller opens a new one (sessions.open_session) and sets its cookie.

    Raises:
        PasswordNotChanged: `old` is no longer the stored one.
    """
    changed = session.exec(
        update(StaffAccount)
        .where(
            col(StaffAccount.id) == actor.account_id,
            col(StaffAccount.password_hash) == old,
            col(StaffAccount.disabled_at).is_(None),
        )
        .values(password_hash=new)
        .returning(col(StaffAccount.id))
    ).first()
    if changed is None:
        raise PasswordNotChanged
    end_sessions_of(session, actor.account_id, now=now)
    _write_down(session, "staff.password_changed", actor.account_id, by=actor, now=now)


def rename(session: Session, actor: Actor, display_name: str, *, now: datetime) -> None:
    """Change the own name, as others read it; an empty one changes nothing."""
    name = display_name.replace("\0", "").strip()[:120]
    if name:
        session.get_one(StaffAccount, actor.account_id).display_name = name
        _write_down(session, "staff.renamed", actor.account_id, by=actor, now=now)


def disable(session: Session, account_id: UUID, *, by: Actor | None, now: datetime) -> bool:
    """Close an account; its sessions end now. False: it was closed already.

    Raises:
        NotFound: no such account, or not one the actor manages wholly (then take back the
            roles it has here: grants.take_back).
        OwnAccount: nobody saws off their own branch.
    """
    account = managed_account(session, account_id, by=by, wholly=True)
    if by is not None and by.account_id == account_id:
        raise OwnAccount
    closed = session.exec(
        update(StaffAccount)
        .where(col(StaffAccount.id) == account.id, col(StaffAccount.disabled_at).is_(None))
        .values(disabled_at=now)
        .returning(col(StaffAccount.id))
    ).first()
    if closed is None:
        return False
    end_sessions_of(session, account_id, now=now)
    _write_down(session, "staff.disabled", account_id, by=by, now=now)
    return True


def enable(session: Session, account_id: UUID, *, by: Actor | None, now: datetime) -> bool:
    """Open a closed account again, with its password and roles. False: it was open.

    Raises:
        NotFound: no such account, or not one the actor manages wholly.
    """
    account = managed_account(session, account_id, by=by, wholly=True)
    opened = session.exec(
        update(StaffAccount)
        .where(col(StaffAccount.id) == account.id, col(StaffAccount.disabled_at).is_not(None))
        .values(disabled_at=None)
        .returning(col(StaffAccount.id))
    ).first()
    if opened is None:
        return False
    _write_down(session, "staff.enabled", account_id, by=by, now=now)
    return True


def _write_down(
    session: Session, action: str, account_id: UUID, *, by: Actor | None, now: datetime
) -> None:
    audit.append(
        session,
        action,
        actor_id=by.account_id if by else None,
        about=("staff_account", account_id),
        now=now,
    )
