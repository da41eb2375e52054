from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from uuid import UUID, uuid5

import pytest
from sqlmodel import Session

from app.db.transactions import Database
from app.errors import StorageBusy
from app.keys import keys_for
from app.messaging import mailbox, outbox, queries, suppression
from app.messaging.delivery import (
    ClaimedMessage,
    DeliveryResult,
    Ledger,
    Objection,
    Outgoing,
    PlannedMessage,
    Rendered,
    Transport,
)
from app.messaging.states import OutboxState, Outcome, Pause, Stage, SuppressionReason
from app.units.scope import WHOLE
from app.worker.dispatch import Desk, DrainReport, MailboxTransport, drain
from tests.conftest import SECRET_KEYS

KEYS = keys_for(suppression.PURPOSE, SECRET_KEYS)
CASES = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")


def case_of(who: str) -> UUID:
    return uuid5(CASES, who)


@dataclass
class Wire:
    """A transport with a script: what becomes of each recipient; the rest is sent."""

    fates: dict[str, tuple[Outcome, Pause]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None

    def deliver(self, batch: Sequence[Outgoing], ledger: Ledger) -> list[DeliveryResult]:
        results = []
        for message in batch:
            self.before(message.recipient)
            if not ledger.write([message], []):
                continue
            outcome, pause = self.fates.get(message.recipient, (Outcome.SENT, Pause.NOTHING))
            if outcome is Outcome.SENT:
                self.sent.append(message.recipient)
            result = DeliveryResult(
                message.id, message.attempt, outcome, Stage.ANSWERED, reason="said", pause=pause
            )
            ledger.write([], [result])
            results.append(result)
        return results


def letters(session: Session, claimed: Sequence[ClaimedMessage]) -> dict[UUID, Rendered]:  # noqa: ARG001
    return {
        message.id: Rendered(
            message.recipient or message.kind, "b+x@r.mx", b"Subject: hola\r\n\r\n"
        )
        for message in claimed
    }


def everything(session: Session, claimed: Sequence[ClaimedMessage]) -> dict[UUID, Objection]:  # noqa: ARG001
    return {}


def a_desk(db: Database, now: datetime, transport: Transport) -> Desk:
    return Desk(db, transport, letters, everything, lambda: now, KEYS)


def queue(db: Database, now: datetime, *people: str, address_known: bool = True) -> None:
    with db.unit_of_work() as session:
        outbox.enqueue(
            session,
            [
                PlannedMessage(
                    dedupe_key=who,
                    context_id=case_of(who),
                    kind=who,
                    mail_domain="escuela.mx",
                    not_before=now,
                    recipient=who if address_known else None,
                )
                for who in people
            ],
            now=now,
        )


def state(db: Database, who: str) -> tuple[OutboxState, str | None]:
    with db.reading() as session:
        (row,) = queries.messages_about(session, [case_of(who)])
    return row.state, row.reason


def test_a_pass_sends_everything_that_is_due(db: Database, now: datetime) -> None:
    people = [f"a{number}@y.mx" for number in range(25)]
    queue(db, now, *people)
    wire = Wire()

    report = drain(a_desk(db, now, wire), batch=10)

    assert report == DrainReport(sent=25)
    assert sorted(wire.sent) == sorted(people)
    assert drain(a_desk(db, now, wire)) == DrainReport()


def test_a_pass_can_be_limited(db: Database, now: datetime) -> None:
    queue(db, now, *(f"a{number}@y.mx" for number in range(25)))

    assert drain(a_desk(db, now, Wire()), limit=12, batch=10).sent == 12


def test_every_ending_is_counted_and_kept(db: Database, now: datetime) -> None:
    fates = {
        "later@y.mx": Outcome.DEFERRED,
        "no@y.mx": Outcome.REFUSED,
        "dead@y.mx": Outcome.ADDRESS_DEAD,
        "who-knows@y.mx": Outcome.UNKNOWN,
        "simulated@y.mx": Outcome.CANCELLED,
    }
    queue(db, now, "yes@y.mx", *fates)
    wire = Wire({who: (fate, Pause.NOTHING) for who, fate in fates.items()})

    report = drain(a_desk(db, now, wire))

    assert report == DrainReport(sent=1, deferred=1, failed=2, unknown=1, cancelled=1)
    assert {who: state(db, who)[0] for who in ("yes@y.mx", *fates)} == {
        "yes@y.mx": OutboxState.SENT,
        "later@y.mx": OutboxState.QUEUED,
        "no@y.mx": OutboxState.FAILED,
        "dead@y.mx": OutboxState.FAILED,
        "who-knows@y.mx": OutboxState.UNKNOWN,
        "simulated@y.mx": OutboxState.CANCELLED,
    }


def test_only_a_dead_address_is_never_written_to_again(db: Database, now: datetime) -> None:
    queue(db, now, "no@y.mx", "Dead@y.mx")
    drain(
        a_desk(
            db,
            now,
            Wire(
                {
                    "no@y.mx": (Outcome.REFUSED, Pause.NOTHING),
                    "Dead@y.mx": (Outcome.ADDRESS_DEAD, Pause.NOTHING),
                }
            ),
        )
    )

    queue(db, now, "dead@Y.mx")
    with db.reading() as session:
        barred = suppression.suppressed(session, ["NO@y.mx", "DEAD@y.mx"], KEYS)

    assert barred == {"dead@y.mx": SuppressionReason.DEAD}
    assert drain(a_desk(db, now, Wire())) == DrainReport(cancelled=1)
    assert state(db, "dead@Y.mx") == (OutboxState.CANCELLED, "address_suppressed")


def test_whoever_answers_while_the_reminder_is_claimed_does_not_get_it(
    db: Database, now: datetime
) -> None:
    """F-50: the opt-out comes after the claim and after the text was written."""
    queue(db, now, "ana@y.mx", "beto@y.mx")

    def opt_out(who: str) -> None:
        if who == "ana@y.mx":
            with db.unit_of_work() as session:
                outbox.cancel(session, case_of(who), reason="opted_out", now=now)

    wire = Wire(before=opt_out)

    assert drain(a_desk(db, now, wire)).sent == 1
    assert wire.sent == ["beto@y.mx"]
    assert state(db, "ana@y.mx") == (OutboxState.CANCELLED, "opted_out")


def test_each_message_is_asked_about_right_before_it_leaves(db: Database, now: datetime) -> None:
    queue(db, now, "ana@y.mx", "beto@y.mx", "carla@y.mx")
    wire = Wire()

    def wanted(
        session: Session,  # noqa: ARG001
        claimed: Sequence[ClaimedMessage],
    ) -> Mapping[UUID, Objection]:
        answers = {
            case_of("ana@y.mx"): Objection("complete"),
            case_of("beto@y.mx"): Objection("paused", until=now + timedelta(hours=1)),
        }
        return {m.id: answers[m.context_id] for m in claimed if m.context_id in answers}

    desk = Desk(db, wire, letters, wanted, lambda: now, KEYS)

    assert drain(desk) == DrainReport(sent=1, deferred=1, cancelled=1)
    assert wire.sent == ["carla@y.mx"]
    assert state(db, "ana@y.mx") == (OutboxState.CANCELLED, "complete")
    assert state(db, "beto@y.mx") == (OutboxState.QUEUED, "paused")


def test_what_cannot_be_written_is_not_sent(db: Database, now: datetime) -> None:
    queue(db, now, "ana@y.mx", "beto@y.mx")

    def only_ana(
        session: Session,  # noqa: ARG001
        claimed: Sequence[ClaimedMessage],
    ) -> Mapping[UUID, Rendered | Objection]:
        return {
            message.id: Objection("no_address")
            for message in claimed
            if message.recipient == "ana@y.mx"
        }

    desk = Desk(db, Wire(), only_ana, everything, lambda: now, KEYS)

    assert drain(desk) == DrainReport(cancelled=2)
    assert state(db, "ana@y.mx")[1] == "no_address"
    assert state(db, "beto@y.mx")[1] == "not_rendered"


@pytest.mark.parametrize("pause", [Pause.SERVER, Pause.CONFIGURATION])
def test_a_server_that_is_not_there_ends_the_pass(
    db: Database, now: datetime, pause: Pause
) -> None:
    people = [f"a{number}@y.mx" for number in range(6)]
    queue(db, now, *people)
    wire = Wire(dict.fromkeys(people, (Outcome.RELEASED, pause)))

    report = drain(a_desk(db, now, wire), batch=2)

    assert report == DrainReport(deferred=2, pause=pause, pause_reason="said")
    assert drain(a_desk(db, now + timedelta(minutes=5), Wire())).sent == 6


@pytest.mark.parametrize("address_known", [True, False])
def test_a_tired_receiver_rests_and_the_others_do_not(
    db: Database,
    now: datetime,
    address_known: bool,  # noqa: FBT001
) -> None:
    people = [f"a{n}@{'gmail.com' if n % 2 else 'y.mx'}" for n in range(20)]
    queue(db, now, *people, address_known=address_known)
    tried: list[str] = []
    wire = Wire(
        {who: (Outcome.DEFERRED, Pause.DOMAIN) for who in people if "gmail" in who},
        before=tried.append,
    )

    report = drain(a_desk(db, now, wire), batch=4)

    assert report.sent == 10
    assert sum("gmail" in who for who in tried) <= 4  # those claimed with the first
    assert drain(a_desk(db, now + timedelta(minutes=4), Wire())) == DrainReport()
    assert drain(a_desk(db, now + timedelta(hours=1), Wire())).sent == 10


def test_a_busy_database_does_not_make_us_forget_what_was_sent(db: Database, now: datetime) -> None:
    queue(db, now, "ana@y.mx")
    refusals = iter([True, True, False])

    def busy(session: Session, claimed: Sequence[ClaimedMessage]) -> dict[UUID, Objection]:  # noqa: ARG001
        if next(refusals, False):
            raise StorageBusy
        return {}

    wire = Wire()

    assert drain(Desk(db, wire, letters, busy, lambda: now, KEYS)).sent == 1
    assert wire.sent == ["ana@y.mx"]


def test_development_mail_is_kept_for_the_mailbox_page(db: Database, now: datetime) -> None:
    queue(db, now, "ana@escuela.invalid")

    report = drain(a_desk(db, now, MailboxTransport(db, lambda: now)))

    with db.reading() as session:
        (kept,) = mailbox.newest(session, WHOLE)
        again = mailbox.one(session, WHOLE, kept.id)
    assert report == DrainReport(sent=1)
    assert (kept.recipient, kept.at, again) == ("ana@escuela.invalid", now, kept)
    assert message_from_bytes(kept.content)["Subject"] == "hola"
