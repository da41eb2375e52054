"""The values that travel between the outbox, a transport and the worker.

A transport delivers; a ledger, given by the worker, remembers. The transport asks the ledger
before it says DATA and tells it every ending, so that what is on disk is never behind the
wire by more than the messages in its hands.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.messaging.states import Channel, Outcome, Pause, Stage


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A promise to write to somebody about `context_id` at one step of a plan.

    `dedupe_key` names case and step; `mail_domain` is ours, for the Message-ID. `not_after` is
    the end of the window (exclusive). `recipient`, an address of `channel` (mail address, or
    E.164 telephone number), may be left for the moment of sending.
    """

    dedupe_key: str
    context_id: UUID
    kind: str
    mail_domain: str
    not_before: datetime
    not_after: datetime | None = None
    recipient: str | None = None
    unit_id: UUID | None = None
    identity: str = ""
    channel: Channel = Channel.MAIL


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message this worker holds until `lease_until`; `attempt` is its proof."""

    id: UUID
    attempt: int
    context_id: UUID
    kind: str
    message_id: str
    recipient: str | None
    unit_id: UUID | None
    identity: str
    deferrals: int
    doubts: int
    not_after: datetime | None
    domain: str | None
    channel: Channel


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a claimed message does not leave: for good, or not before `until`."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it will be sent, to one recipient.

    By mail: envelope sender and RFC 5322 bytes (CRLF). By a gateway: no sender, a JSON document.
    """

    recipient: str
    sender: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a transport receives. `at_once`: messages on their way to its receiver; 0: unsaid."""

    id: UUID
    attempt: int
    recipient: str
    sender: str
    content: bytes
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How attempt `attempt` of message `id` ended. `status` is RFC 3463, `reason` for staff."""

    id: UUID
    attempt: int
    outcome: Outcome
    stage: Stage
    code: int | None = None
    status: str | None = None
    reason: str | None = None
    pause: Pause = Pause.NOTHING


class Ledger(Protocol):
    """The durable memory of a delivery."""

    def write(
        self, handing_over: Sequence[Outgoing], finished: Sequence[DeliveryResult]
    ) -> AbstractSet[UUID]:
        """Commit both in one transaction; ids that may go out now, the others must not."""
        ...


class Transport(Protocol):
    """A way for messages to leave."""

    def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        """Try each message once; one result a message, in any order. Never raises for SMTP."""
        ...
