"""Links that let somebody set a password once: the first one, or another one.

An account is born here, with its first role and without a password; there are no default
accounts. Tokens leave only as return values: the caller prints or sends them, with the
address of BASE_URL in front (never of the request; SEC-19).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.errors import AppError
from app.keys import PurposeKey
from app.staff import audit, grants
from app.staff.addresses import email_fingerprints, normal_email
from app.staff.bearer import bearer_hash, new_bearer
from app.staff.passwords import HashedPassword
from app.staff.roles import Actor, WantedGrant
from app.staff.sessions import end_sessions_of
from app.staff.tables import InvitationPurpose, StaffAccount, StaffInvitation

LIFETIME = timedelta(hours=48)  # trust.md SEC-18
PATH = "/panel/invitacion/"  # and the token


class InvitationUnusable(AppError):
    """Unknown, used, replaced by a newer one, or older than 48 hours."""

    code = "staff.invitation_unusable"
    status = 410
    plantilla = (
        "Este enlace ya se usó o venció: sirve una sola vez y por dos días. "
        "Pida otro a quien administra las cuentas de su unidad."
    )


class AccountUnknown(AppError):
    """No account has this e-mail."""

    code = "staff.account_unknown"
    status = 404
    plantilla = "No hay ninguna cuenta con ese correo. Revise cómo está escrito o invítelo."


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of an invitation. `token` None: the person has an account and just uses it."""

    account_id: UUID
    token: str | None


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What the page of a link may show, once the token proved genuine."""

    account_id: UUID
    purpose: InvitationPurpose
    email: str
    display_name: str

    @property
    def personal(self) -> tuple[str, ...]:
        """What a password should not be made of."""
        return (self.email, self.display_name)


def invite(
    session: Session,
    email: str,
    wanted: WantedGrant,
    *,
    keys: Sequence[PurposeKey],
    by: Actor | None,
    now: datetime,
) -> Invited:
    """Give somebody a role; make the account, and a link for it, if there was none.

    Args:
        session: the caller's transaction.
        email: as typed; the part before the @ is the name until the person gives another.
        wanted: unit, role, groups.
        keys: staff_keys of the deployment.
        by: who invites; None is the operator's console.
        now: when.

    Returns:
        A token only if the account has no password yet and `by` manages all of it: inviting
        somebody is no way to become them.

    Raises:
        EmailRefused, NotFound, RoleNotYours, GroupUnknown.
    """
    normal = normal_email(email)
    account = account_by_email(session, normal, keys=keys)
    if account is None:
        account = StaffAccount(
            email=normal,
            email_fingerprint=email_fingerprints(keys, normal)[0],
            display_name=normal.partition("@")[0],
            created_at=now,
        )
        session.add(account)
        session.flush()
    grants.give(session, account, wanted, by=by, now=now)
    if account.password_hash is not None or not grants.manages_wholly(session, by, account.id):
        return Invited(account.id, None)
    return Invited(
        account.id, _issue(session, account.id, InvitationPurpose.INVITE, by=by, now=now)
    )


def reset(session: Session, account_id: UUID, *, by: Actor | None, now: datetime) -> str:
    """A link to set another password; it replaces earlier links. The old password stays till then.

    Raises:
        NotFound: no such account, or not one the actor manages wholly.
    """
    account = grants.managed_account(session, account_id, by=by, wholly=True)
    return _issue(session, account.id, InvitationPurpose.RESET, by=by, now=now)


def ask_for_reset(
    session: Session, email: str, *, keys: Sequence[PurposeKey], now: datetime
) -> str | None:
    """For «Olvidé mi contraseña»: a token to send to the account's own address.

    None for an unknown or disabled account: the page says the same in every case (SEC-17).
    """
    account = account_by_email(session, normal_email(email), keys=keys)
    if account is None or account.disabled_at is not None:
        return None
    return _issue(session, account.id, InvitationPurpose.RESET, by=None, now=now)


def account_by_email(
    session: Session, email: str, *, keys: Sequence[PurposeKey]
) -> StaffAccount | None:
    """The account with this address (in normal form), stored under whichever key."""
    return session.exec(
        select(StaffAccount).where(
            col(StaffAccount.email_fingerprint).in_(email_fingerprints(keys, email))
        )
    ).first()


def open_invitation(session: Session, token: str, *, now: datetime) -> OpenInvitation:
    """What the link is for. Reads only: opening it uses nothing up.

    Raises:
        InvitationUnusable: it opens nothing (any more).
    """
    found = session.exec(
        select(StaffInvitation.purpose, StaffAccount)
        .join(StaffAccount, col(StaffAccount.id) == col(StaffInvitation.account_id))
        .where(
            StaffInvitation.token_hash == bearer_hash(token),
            col(StaffInvitation.used_at).is_(None),
            col(StaffInvitation.expires_at) > now,
            col(StaffAccount.disabled_at).is_(None),
        )
    ).first()
    if found is None:
        raise InvitationUnusable
    purpose, account = found
    return OpenInvitation(
        account.id, InvitationPurpose(purpose), account.email, account.display_name
    )


def accept_invitation(
    session: Session,
    token: str,
    password: HashedPassword,
    *,
    now: datetime,
    display_name: str | None = None,
) -> UUID:
    """Set the password, once; every session of the account ends. The account.

    Hash first, outside (passwords.hash_new_password with the invitation's `personal`).

    Raises:
        InvitationUnusable: used meanwhile, also by the second of two clicks.
    """
    shown = open_invitation(session, token, now=now)
    used = session.exec(
        update(StaffInvitation)
        .where(
            col(StaffInvitation.token_hash) == bearer_hash(token),
            col(StaffInvitation.used_at).is_(None),
        )
        .values(used_at=now)
        .returning(col(StaffInvitation.id))
    ).first()
    if used is None:
        raise InvitationUnusable
    account = session.get_one(StaffAccount, shown.account_id)
    account.password_hash = password
    if display_name and display_name.strip():
        account.display_name = display_name.replace("\0", "").strip()[:120]
    session.flush()
    end_sessions_of(session, account.id, now=now)
    audit.append(
        session,
        "staff.password_set",
        actor_id=account.id,
        about=("staff_account", account.id),
        now=now,
        purpose=shown.purpose.value,
    )
    return account.id


def _issue(
    session: Session,
    account_id: UUID,
    purpose: InvitationPurpose,
    *,
    by: Actor | None,
    now: datetime,
) -> str:
    token = new_bearer()
    session.exec(  # one link at a time: a lost one dies when another is made
        update(StaffInvitation)
        .where(
            col(StaffInvitation.account_id) == account_id,
            col(StaffInvitation.used_at).is_(None),
            col(StaffInvitation.expires_at) > now,
        )
        .values(expires_at=now)
    )
    session.add(
        StaffInvitation(
            token_hash=bearer_hash(token),
            account_id=account_id,
            purpose=purpose,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    audit.append(
        session,
        "staff.link_made",
        actor_id=by.account_id if by else None,
        about=("staff_account", account_id),
        now=now,
        purpose=purpose.value,
    )
    return token
