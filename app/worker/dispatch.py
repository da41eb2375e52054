"""Drain the outbox: claim, send, record, each in a short transaction of its own.

Nothing is sent with a transaction open. What to write, and whether it is still wanted, are
questions to the caller: the answer to the second is asked in the transaction that writes down
that the text is about to leave (trust.md F-50).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.db.transactions import Database
from app.errors import StorageBusy
from app.keys import PurposeKey, fingerprint
from app.messaging import mailbox, outbox, records, suppression
from app.messaging.addresses import matching_form, receiver_of
from app.messaging.delivery import (
    ClaimedMessage,
    DeliveryResult,
    Ledger,
    Objection,
    Outgoing,
    Rendered,
    Transport,
)
from app.messaging.pace_book import PaceBook, Settlement
from app.messaging.pacing import PacePolicy
from app.messaging.states import Channel, Outcome, Pause, Stage, SuppressionReason
from app.worker.deployment import change

Render = Callable[[Session, Sequence[ClaimedMessage]], Mapping[UUID, Rendered | Objection]]
StillWanted = Callable[[Session, Sequence[ClaimedMessage]], Mapping[UUID, Objection]]


@dataclass(frozen=True, slots=True)
class Ended:
    """How one attempt ended, for whoever the message was about."""

    message: ClaimedMessage
    outcome: Outcome
    recipient: str | None


Tell = Callable[[Session, Sequence[Ended]], None]


def tell_nobody(session: Session, ended: Sequence[Ended]) -> None:
    """For senders whose messages are about nobody."""


BATCH = 100  # messages of a claim: minutes of work at most, far less than a lease
_SHORTEST_WAIT = timedelta(minutes=1)  # an objection until now would be claimed for ever
_PATIENCE = 12  # tries of 5 s for what must be written because it was already sent


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What became of the messages of one pass. `pause`: why the pass ended early, if it did."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0
    pause: Pause = Pause.NOTHING
    pause_reason: str | None = None

    @property
    def handled(self) -> int:
        """Messages that had a turn in this pass, whatever became of them."""
        return self.sent + self.deferred + self.failed + self.unknown + self.cancelled


def summed(reports: Sequence[DrainReport]) -> DrainReport:
    """Several passes as one; the first pause is the one to tell."""
    paused = next((one for one in reports if one.pause is not Pause.NOTHING), DrainReport())
    return DrainReport(
        sent=sum(one.sent for one in reports),
        deferred=sum(one.deferred for one in reports),
        failed=sum(one.failed for one in reports),
        unknown=sum(one.unknown for one in reports),
        cancelled=sum(one.cancelled for one in reports),
        pause=paused.pause,
        pause_reason=paused.pause_reason,
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """What a pass works with. `address_keys`: of the purpose `suppression`, newest first.

    `tell` learns of the endings in the transaction that writes them down.
    """

    database: Database
    transport: Transport
    render: Render
    still_wanted: StillWanted
    clock: Clock
    address_keys: Sequence[PurposeKey]
    lease: timedelta = outbox.LEASE
    tell: Tell = tell_nobody
    channel: Channel = Channel.MAIL
    book: PaceBook = field(default=PaceBook(PacePolicy(), "worker"))


def drain(desk: Desk, *, limit: int | None = None, batch: int = BATCH) -> DrainReport:
    """Send what is due, up to `limit` messages, until nothing is or the server is not there.

    `still_wanted` is asked right before each text leaves. `render` answers for every message it
    is given; both may object, for good or until a moment.
    """
    tally: Counter[Outcome] = Counter()
    cause: DeliveryResult | None = None
    left = limit
    while cause is None and (left is None or left > 0):
        most = batch if left is None else min(batch, left)
        claimed = change(desk.database, partial(_claim, desk, limit=most))
        if not claimed:
            break
        outgoing, objections = _admitted(desk, *_written(desk, claimed))
        ledger = _Ledger(desk, claimed, outgoing)
        ledger.open(objections)
        results = desk.transport.deliver(outgoing, ledger)
        _settle(desk, outgoing, results)
        cause = next((r for r in results if r.pause in {Pause.SERVER, Pause.CONFIGURATION}), None)
        tally += ledger.tally
        left = None if left is None else left - len(claimed)
    return _report(tally, cause)


def _claim(desk: Desk, session: Session, *, limit: int) -> list[ClaimedMessage]:
    return outbox.claim_due(
        session, now=desk.clock(), limit=limit, lease=desk.lease, channel=desk.channel
    )


class MailboxTransport:
    """Development: every message is kept for the mailbox page, whatever its domain."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        """Keep what the ledger lets go."""
        allowed = ledger.write(batch, ())
        kept = [message for message in batch if message.id in allowed]
        with self._database.unit_of_work() as session:
            for message in kept:
                mailbox.keep(session, message, now=self._clock())
        results = [
            DeliveryResult(message.id, message.attempt, Outcome.SENT, Stage.ANSWERED, code=250)
            for message in kept
        ]
        ledger.write((), results)
        return results


class _Ledger:
    """The outbox as the memory of one delivery."""

    def __init__(
        self, desk: Desk, claimed: Sequence[ClaimedMessage], outgoing: Sequence[Outgoing]
    ) -> None:
        self._desk = desk
        self._claimed = {message.id: message for message in claimed}
        self._recipients = {message.id: message.recipient for message in outgoing}
        self.tally: Counter[Outcome] = Counter()

    def write(
        self, handing_over: Sequence[Outgoing], finished: Sequence[DeliveryResult]
    ) -> set[UUID]:
        """Endings and hand-overs in one transaction; what may go now."""
        for _ in range(_PATIENCE - 1):
            try:
                return self._write_once(handing_over, finished)
            except StorageBusy:
                continue  # the server has the messages: forgetting them would send them twice
        return self._write_once(handing_over, finished)

    def open(self, objections: Mapping[UUID, Objection]) -> None:
        """Settle what will not be given to the transport; note the receivers of the rest."""
        newest = self._desk.address_keys[0]
        chosen = {
            identifier: (
                receiver_of(self._desk.channel, to),
                fingerprint(newest, matching_form(to)),
            )
            for identifier, to in self._recipients.items()
        }

        def act(session: Session) -> Counter[Outcome]:
            tally = self._settle(session, objections)
            outbox.note_receivers(session, chosen)
            return tally

        self.tally += change(self._desk.database, act)

    def _write_once(
        self, handing_over: Sequence[Outgoing], finished: Sequence[DeliveryResult]
    ) -> set[UUID]:
        with self._desk.database.unit_of_work() as session:
            tally = self._record(session, finished)
            asked = [self._claimed[message.id] for message in handing_over]
            objections = self._desk.still_wanted(session, asked) if asked else {}
            tally += self._settle(session, objections)
            allowed = outbox.hand_over(
                session,
                [
                    (message.id, message.attempt)
                    for message in asked
                    if message.id not in objections
                ],
                now=self._desk.clock(),
                lease=self._desk.lease,
            )
        self.tally += tally
        return allowed

    def _record(self, session: Session, finished: Sequence[DeliveryResult]) -> Counter[Outcome]:
        now = self._desk.clock()
        sent = [result for result in finished if result.outcome is Outcome.SENT]
        taken = records.record_sent(session, sent, now=now)
        for result in finished:
            if result.outcome is Outcome.SENT:
                continue
            if records.record(session, self._claimed[result.id], result, now=now):
                taken.add(result.id)
                self._warn_others(session, result, now)
        ended = [
            Ended(self._claimed[result.id], result.outcome, self._recipients.get(result.id))
            for result in finished
            if result.id in taken
        ]
        if ended:
            self._desk.tell(session, ended)
        return Counter(ending.outcome for ending in ended)

    def _warn_others(self, session: Session, result: DeliveryResult, now: datetime) -> None:
        """What one ending means for other messages to the same address or receiver."""
        recipient = self._recipients.get(result.id)
        if recipient is None:
            return
        if result.outcome is Outcome.ADDRESS_DEAD:
            suppression.suppress(
                session,
                recipient,
                self._desk.address_keys,
                reason=SuppressionReason.DEAD,
                now=now,
            )
        if result.pause is Pause.DOMAIN:
            receiver = receiver_of(self._desk.channel, recipient)
            until = self._desk.book.slow_down(session, receiver, now=now)
            outbox.hold_domain(session, receiver, until=until, now=now)

    def _settle(self, session: Session, objections: Mapping[UUID, Objection]) -> Counter[Outcome]:
        now = self._desk.clock()
        tally: Counter[Outcome] = Counter()
        for identifier, objection in objections.items():
            message = self._claimed[identifier]
            outcome = Outcome.CANCELLED if objection.until is None else Outcome.RELEASED
            result = DeliveryResult(
                identifier, message.attempt, outcome, Stage.WAITING, reason=objection.reason
            )
            taken = (
                records.record_cancelled(session, result, now=now)
                if objection.until is None
                else records.release(
                    session, result, until=max(objection.until, now + _SHORTEST_WAIT), now=now
                )
            )
            tally[outcome] += taken
        return tally


def _written(
    desk: Desk, claimed: Sequence[ClaimedMessage]
) -> tuple[list[Outgoing], dict[UUID, Objection]]:
    """The claimed messages as bytes, and those that cannot or must not be written."""
    outgoing, objections = [], {}
    with desk.database.reading() as session:
        answers = desk.render(session, claimed)
        written = [answer for answer in answers.values() if isinstance(answer, Rendered)]
        barred = suppression.suppressed(
            session, [answer.recipient for answer in written], desk.address_keys
        )
    for message in claimed:
        answer = answers.get(message.id, Objection("not_rendered"))
        if isinstance(answer, Objection):
            objections[message.id] = answer
        elif matching_form(answer.recipient) in barred:
            objections[message.id] = Objection("address_suppressed")
        else:
            outgoing.append(
                Outgoing(
                    message.id, message.attempt, answer.recipient, answer.sender, answer.content
                )
            )
    return outgoing, objections


def _admitted(
    desk: Desk, outgoing: Sequence[Outgoing], objections: dict[UUID, Objection]
) -> tuple[list[Outgoing], dict[UUID, Objection]]:
    """Those that their receivers have room for now; the others are told when to come back."""
    queues: dict[str, list[Outgoing]] = defaultdict(list)
    for message in outgoing:
        queues[receiver_of(desk.channel, message.recipient)].append(message)
    if not queues:
        return [], objections
    wanted = {receiver: len(queue) for receiver, queue in queues.items()}
    rooms = change(
        desk.database,
        lambda session: desk.book.admit(session, wanted, now=desk.clock(), lease=desk.lease),
    )
    later = {
        message.id: Objection(rooms[receiver].reason or "domain_pace", until=until)
        for receiver, queue in queues.items()
        for message, until in zip(queue[rooms[receiver].now :], rooms[receiver].later, strict=True)
    }
    go = [
        replace(message, at_once=rooms[receiver_of(desk.channel, message.recipient)].at_once)
        for message in outgoing
        if message.id not in later
    ]
    return go, {**objections, **later}


def _settle(desk: Desk, outgoing: Sequence[Outgoing], results: Sequence[DeliveryResult]) -> None:
    """Tell the book what its receivers took, and which places were not used."""
    if not outgoing:
        return
    ended = {result.id: result.outcome for result in results}
    endings: dict[str, Settlement] = {}
    for message in outgoing:
        receiver = receiver_of(desk.channel, message.recipient)
        before = endings.get(receiver, Settlement())
        outcome = ended.get(message.id, Outcome.RELEASED)
        endings[receiver] = Settlement(
            before.taken + (outcome is Outcome.SENT),
            before.released + (outcome in {Outcome.RELEASED, Outcome.CANCELLED}),
        )
    change(desk.database, lambda session: desk.book.settle(session, endings, now=desk.clock()))


def _report(tally: Counter[Outcome], cause: DeliveryResult | None) -> DrainReport:
    return DrainReport(
        sent=tally[Outcome.SENT],
        deferred=tally[Outcome.DEFERRED] + tally[Outcome.RELEASED],
        failed=tally[Outcome.REFUSED] + tally[Outcome.ADDRESS_DEAD],
        unknown=tally[Outcome.UNKNOWN],
        cancelled=tally[Outcome.CANCELLED],
        pause=Pause.NOTHING if cause is None else cause.pause,
        pause_reason=None if cause is None else cause.reason,
    )
