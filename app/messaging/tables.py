"""Tables of messages: outbox, events, suppression, development mailbox, pace of receivers."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.db.base import Table
from app.db.types import Encrypted, EncryptedBytes, StrEnumText
from app.messaging.bounces import Verdict
from app.messaging.states import Channel, OutboxState, Outcome, Stage, SuppressionReason


class OutboxMessage(Table, table=True):
    """A promise to write to one person at one step, and how far it came.

    `context_id` is what the message is about (a case; messaging does not know). `recipient`, an
    address of the channel, may be empty: it is chosen again when the message leaves. `domain` is
    the receiver by which limits count: a mail domain, or the name of the channel. `attempts`
    counts claims and is the proof of the worker that holds the row; `deferrals` counts refusals
    and sets the pace of the next try; `doubts` counts the times nobody knows whether a copy
    arrived.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_channel_state_due_at", "channel", "state", "due_at"),
        Index("ix_outbox_message_state_lease_until", "state", "lease_until"),
        Index("ix_outbox_message_state_not_after", "state", "not_after"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    dedupe_key: str = Field(unique=True, max_length=200)
    context_id: UUID = Field(index=True)
    unit_id: UUID | None = Field(default=None, index=True)
    kind: str = Field(max_length=60)
    channel: Channel = Field(
        default=Channel.MAIL,
        sa_type=StrEnumText(Channel),
        sa_column_kwargs={"server_default": Channel.MAIL.value},
    )
    identity: str = Field(default="", max_length=60)
    recipient: str | None = Field(default=None, sa_type=Encrypted)
    domain: str | None = Field(default=None, max_length=255)
    sent_to: str | None = Field(default=None, max_length=100)  # keyed fingerprint of the address
    message_id: str = Field(unique=True, max_length=300)
    state: OutboxState = Field(default=OutboxState.QUEUED, sa_type=StrEnumText(OutboxState))
    stage: Stage = Field(default=Stage.WAITING, sa_type=StrEnumText(Stage))
    not_before: datetime
    not_after: datetime | None = None
    due_at: datetime | None = None  # of the next try; None when there will be none
    lease_until: datetime | None = None
    attempts: int = 0
    deferrals: int = 0
    doubts: int = 0
    last_code: int | None = None
    last_status: str | None = Field(default=None, max_length=15)
    last_reason: str | None = Field(default=None, max_length=300)
    created_at: datetime
    changed_at: datetime
    sent_at: datetime | None = None


class DeliveryEvent(Table, table=True):
    """What happened to a message, in order; only ever added to."""

    __tablename__ = "delivery_event"

    id: int | None = Field(default=None, primary_key=True)
    outbox_id: UUID = Field(foreign_key="outbox_message.id", index=True)
    attempt: int
    outcome: Outcome = Field(sa_type=StrEnumText(Outcome))
    stage: Stage = Field(sa_type=StrEnumText(Stage))
    code: int | None = None
    status: str | None = Field(default=None, max_length=15)
    reason: str | None = Field(default=None, max_length=300)
    at: datetime


class Suppression(Table, table=True):
    """An address nobody writes to, known only by its keyed fingerprint."""

    __tablename__ = "suppression"

    fingerprint: str = Field(primary_key=True, max_length=100)
    reason: SuppressionReason = Field(sa_type=StrEnumText(SuppressionReason))
    at: datetime


class MailboxMessage(Table, table=True):
    """Development only: a message that was kept here instead of being sent."""

    __tablename__ = "mailbox_message"

    id: UUID = Field(primary_key=True)  # of the outbox message
    recipient: str = Field(sa_type=Encrypted)
    content: bytes = Field(sa_type=EncryptedBytes)  # a letter holds a name and a personal link
    at: datetime = Field(index=True)


class ReceiverPace(Table, table=True):
    """How fast a sending identity may write to one receiver now: pacing.ReceiverState, kept."""

    __tablename__ = "receiver_pace"

    identity: str = Field(primary_key=True, max_length=60)
    receiver: str = Field(primary_key=True, max_length=255)
    at_once: int = 1
    strikes: int = 0
    taken: int = 0
    paused_until: datetime | None = None
    window_at: datetime | None = None
    used: int = 0
    ahead_at: datetime | None = None
    ahead_used: int = 0
    holder: str | None = Field(default=None, max_length=40)
    held_until: datetime | None = None


class SendingDay(Table, table=True):
    """How many mails an identity let go on one civil day of Mexico City."""

    __tablename__ = "sending_day"

    identity: str = Field(primary_key=True, max_length=60)
    day: date = Field(primary_key=True)
    sent: int = 0


class BounceReportRow(Table, table=True):
    """A message that came back and was read: once, whatever its way in."""

    __tablename__ = "bounce_report"

    digest: str = Field(primary_key=True, max_length=64)  # SHA-256 of what was read
    verdict: Verdict = Field(sa_type=StrEnumText(Verdict))
    status: str | None = Field(default=None, max_length=15)
    outbox_id: UUID | None = Field(default=None, index=True)
    at: datetime = Field(index=True)


class BounceIntake(Table, table=True):
    """How far a mailbox of bounces was read."""

    __tablename__ = "bounce_intake"

    source: str = Field(primary_key=True, max_length=300)
    validity: int = Field(default=0, sa_type=BigInteger)  # UIDVALIDITY of RFC 9051
    last_uid: int = Field(default=0, sa_type=BigInteger)
