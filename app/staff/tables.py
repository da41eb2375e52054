"""Tables: staff_account, grants, sessions, invitations, sign-in failures, audit_entry, its head."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import false
from sqlmodel import Field, UniqueConstraint

from app.db.base import Table
from app.db.types import Encrypted, StrEnumText
from app.staff.roles import Role


class StaffAccount(Table, table=True):
    """Somebody of the staff. Without a password until the invitation is accepted."""

    __tablename__ = "staff_account"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    email: str = Field(sa_type=Encrypted)
    email_fingerprint: str = Field(unique=True, max_length=80)
    display_name: str = Field(sa_type=Encrypted)
    password_hash: str | None = Field(default=None, max_length=200)
    created_at: datetime
    disabled_at: datetime | None = None
    weekly_digest: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class StaffGrant(Table, table=True):
    """A role on a unit. `by_groups`: limited to the groups in staff_grant_group, even if none."""

    __tablename__ = "staff_grant"
    __table_args__ = (UniqueConstraint("account_id", "role", "unit_id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    account_id: UUID = Field(foreign_key="staff_account.id")
    role: Role = Field(sa_type=StrEnumText(Role))
    unit_id: UUID = Field(foreign_key="organisation_unit.id", index=True)
    by_groups: bool = False
    granted_at: datetime


class StaffGrantGroup(Table, table=True):
    """A group that a limited grant reaches."""

    __tablename__ = "staff_grant_group"

    grant_id: UUID = Field(foreign_key="staff_grant.id", primary_key=True)
    group_id: UUID = Field(foreign_key="student_group.id", primary_key=True, index=True)


class StaffSession(Table, table=True):
    """One browser that signed in. Kept after its end, for "where did I sign in"."""

    __tablename__ = "staff_session"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: str = Field(unique=True, max_length=64)
    account_id: UUID = Field(foreign_key="staff_account.id", index=True)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime = Field(index=True)
    ended_at: datetime | None = None
    place: str = Field(max_length=80)  # keyed fingerprint of the network address
    device: str = Field(default="", max_length=120)  # "Chrome en Windows"


class InvitationPurpose(StrEnum):
    """Why somebody may set a password without knowing one."""

    INVITE = "invite"
    RESET = "reset"


class StaffInvitation(Table, table=True):
    """A link that sets a password, once."""

    __tablename__ = "staff_invitation"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: str = Field(unique=True, max_length=64)
    account_id: UUID = Field(foreign_key="staff_account.id", index=True)
    purpose: InvitationPurpose = Field(sa_type=StrEnumText(InvitationPurpose))
    created_at: datetime
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None


class SignInFailure(Table, table=True):
    """Failures in a row of one watched thing (throttle.Watch), known by its fingerprint."""

    __tablename__ = "sign_in_failure"

    watched: str = Field(primary_key=True, max_length=200)
    failures: int
    last_at: datetime
    free_at: datetime = Field(index=True)


class AuditEntry(Table, table=True):
    """One act of staff. Added unsealed; audit_chain gives it its place in the chain, once."""

    __tablename__ = "audit_entry"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    at: datetime = Field(index=True)
    actor_id: UUID | None = Field(default=None, index=True)  # None: the operator's console
    action: str = Field(max_length=60)
    object_kind: str = Field(max_length=40)
    object_id: str = Field(max_length=80)
    unit_id: UUID | None = Field(default=None, index=True)
    details: str  # JSON as it was hashed: ids and names of fields, never personal data
    content_hash: str = Field(max_length=64)
    sequence: int | None = Field(default=None, unique=True)
    previous_hash: str | None = Field(default=None, max_length=64)
    hash: str | None = Field(default=None, max_length=64)


class AuditHead(Table, table=True):
    """The end of the chain: how many entries are sealed, and the hash of the last."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)  # one row
    sequence: int
    hash: str = Field(max_length=64)
