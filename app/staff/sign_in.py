"""Signing in, in three steps, because hashing may not hold a transaction open.

    with db.unit_of_work() as session:
        attempt = sign_in.begin(session, email, place=…, keys=…, now=…)
    proven = passwords.password_matches(attempt.password_hash, password)
    with db.unit_of_work() as session:
        token = sign_in.finish(session, attempt, proven=proven, now=…)
    # None: the one same refusal, SignInRefused

An attempt counts as a failure before it is judged: a thousand at once are no way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import case, delete, update
from sqlmodel import Session, col, select

from app.errors import AppError
from app.keys import PurposeKey
from app.staff import audit
from app.staff.addresses import (
    EmailRefused,
    email_fingerprints,
    normal_email,
    place_fingerprint,
)
from app.staff.passwords import HashedPassword
from app.staff.rows import insert_if_absent
from app.staff.sessions import open_session
from app.staff.tables import SignInFailure, StaffAccount, StaffSession
from app.staff.throttle import FORGOTTEN, Watch, wait_after

KNOWN_PLACE = timedelta(days=90)  # since the account last signed in from there


class SignInRefused(AppError):
    """Unknown, disabled, without a password yet, or the wrong password: never told apart."""

    code = "staff.sign_in_refused"
    status = 401
    plantilla = (
        "El correo y la contraseña no coinciden con una cuenta activa. "
        "Revise los dos o pida un enlace para poner otra contraseña."
    )


class SignInSlowed(AppError):
    """Too many failures in a row; the next try has to wait."""

    code = "staff.sign_in_slowed"
    status = 429
    plantilla = "Hubo varios intentos seguidos. Espere {seconds} segundos e intente otra vez."


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody who says who they are. `account_id` and hash are None for nobody."""

    account_id: UUID | None
    password_hash: HashedPassword | None
    place: str
    watched: tuple[str, ...]


def begin(
    session: Session, email: str, *, ip: str, keys: Sequence[PurposeKey], now: datetime
) -> Attempt:
    """Count the attempt and find the account, known or not.

    Raises:
        SignInSlowed: earlier failures make this one wait; it is not counted.
    """
    try:
        names = email_fingerprints(keys, normal_email(email))
    except EmailRefused:
        names = email_fingerprints(keys, "nobody")
    place = place_fingerprint(keys, ip)
    account = session.exec(
        select(StaffAccount).where(col(StaffAccount.email_fingerprint).in_(names))
    ).first()
    watched = {
        f"{Watch.PAIR}/{names[0]}/{place}": Watch.PAIR,
        f"{Watch.PLACE}/{place}": Watch.PLACE,
    }
    if account is None or not _knows_place(session, account.id, place, now=now):
        watched[f"{Watch.ACCOUNT}/{names[0]}"] = Watch.ACCOUNT
    for key, watch in sorted(watched.items()):  # one order for all: no deadlock
        _count(session, key, watch, now=now)
    usable = account is not None and account.disabled_at is None and account.password_hash
    return Attempt(
        account_id=account.id if account else None,
        password_hash=HashedPassword(usable) if usable else None,
        place=place,
        watched=tuple(watched),
    )


def finish(
    session: Session, attempt: Attempt, *, proven: bool, now: datetime, device: str = ""
) -> str | None:
    """Open a session if the password was proven and still is the account's. Its token, or None.

    Both endings are written down; the failures of a success are forgotten.
    """
    account_id = attempt.account_id
    if account_id is None or not proven or not _still_valid(session, attempt):
        audit.append(
            session,
            "staff.sign_in_failed",
            actor_id=None,
            about=("staff_account", account_id or "unknown"),
            now=now,
            place=_short(attempt.place),
        )
        return None
    _forgive(session, attempt)
    token = open_session(session, account_id, place=attempt.place, device=device, now=now)
    audit.append(
        session,
        "staff.signed_in",
        actor_id=account_id,
        about=("staff_account", account_id),
        now=now,
        place=_short(attempt.place),
    )
    return token


def forget_failures(session: Session, *, now: datetime) -> int:
    """Delete counts that no longer count; a job for the worker. How many."""
    gone = session.exec(
        delete(SignInFailure)
        .where(col(SignInFailure.last_at) < now - FORGOTTEN)
        .returning(col(SignInFailure.watched))
    )
    return len(gone.all())


def _count(session: Session, watched: str, watch: Watch, *, now: datetime) -> None:
    insert_if_absent(
        session,
        SignInFailure,
        {"watched": watched, "failures": 0, "last_at": now, "free_at": now},
    )
    row = col(SignInFailure.watched) == watched
    # On PostgreSQL this update holds the row, so that attempts at once are counted one by one.
    failures = session.exec(
        update(SignInFailure)
        .where(row, col(SignInFailure.free_at) <= now)
        .values(
            failures=case(
                (col(SignInFailure.last_at) < now - FORGOTTEN, 1),
                else_=col(SignInFailure.failures) + 1,
            ),
            last_at=now,
        )
        .returning(col(SignInFailure.failures))
    ).first()
    if failures is None:
        free_at = session.exec(select(SignInFailure.free_at).where(row)).one()
        raise SignInSlowed(seconds=max(1, ceil((free_at - now).total_seconds())))
    wait = wait_after(failures[0], watch)
    if wait:  # else leave it: two at once from one school, a millisecond apart, are both welcome
        session.exec(update(SignInFailure).where(row).values(free_at=now + wait))


def _forgive(session: Session, attempt: Attempt) -> None:
    for watched in sorted(attempt.watched):
        row = col(SignInFailure.watched) == watched
        if watched.startswith(f"{Watch.PLACE}/"):
            # Only this attempt: an own account is no way to wash a place clean.
            session.exec(
                update(SignInFailure)
                .where(row, col(SignInFailure.failures) > 0)
                .values(failures=col(SignInFailure.failures) - 1)
            )
        else:
            session.exec(delete(SignInFailure).where(row))


def _knows_place(session: Session, account_id: UUID, place: str, *, now: datetime) -> bool:
    return (
        session.exec(
            select(StaffSession.id).where(
                StaffSession.account_id == account_id,
                StaffSession.place == place,
                col(StaffSession.created_at) > now - KNOWN_PLACE,
            )
        ).first()
        is not None
    )


def _still_valid(session: Session, attempt: Attempt) -> bool:
    """Disabled or given another password while we hashed: then it proves nothing."""
    return (
        session.exec(
            select(StaffAccount.id)
            .where(
                StaffAccount.id == attempt.account_id,
                StaffAccount.password_hash == attempt.password_hash,
                col(StaffAccount.disabled_at).is_(None),
            )
            .with_for_update()
        ).first()
        is not None
    )


def _short(place: str) -> str:
    """Enough to see that two entries came from one place."""
    return place[-8:]
