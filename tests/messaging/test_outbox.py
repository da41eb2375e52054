from datetime import datetime, timedelta
from threading import Thread
from uuid import UUID, uuid4

import pytest

from app.db.transactions import Database
from app.messaging import outbox, queries, records
from app.messaging.delivery import ClaimedMessage, DeliveryResult, PlannedMessage
from app.messaging.outbox import LEASE, cancel, claim_due, enqueue, hand_over, hold_domain
from app.messaging.queries import MessageRow, StateCounts
from app.messaging.states import OutboxState, Outcome, Pause, Stage

CASE = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
SECOND = timedelta(seconds=1)


def a_message(
    not_before: datetime, key: str = "case-1/invitation", **more: object
) -> PlannedMessage:
    not_after = more.get("not_after")
    return PlannedMessage(
        dedupe_key=key,
        context_id=CASE,
        kind="invitation",
        mail_domain="escuela.mx",
        not_before=not_before,
        not_after=not_after if isinstance(not_after, datetime) else None,
        recipient="ana@gmail.com",
    )


def queue(db: Database, now: datetime, *messages: PlannedMessage) -> frozenset[str]:
    with db.unit_of_work() as session:
        return enqueue(session, messages or [a_message(now)], now=now)


def claim(db: Database, now: datetime, limit: int = 10) -> list[ClaimedMessage]:
    with db.unit_of_work() as session:
        return claim_due(session, now=now, limit=limit)


def let_go(db: Database, now: datetime, *held: ClaimedMessage) -> set[UUID]:
    with db.unit_of_work() as session:
        return hand_over(session, [(message.id, message.attempt) for message in held], now=now)


def ending(
    message: ClaimedMessage, outcome: Outcome, stage: Stage = Stage.ANSWERED
) -> DeliveryResult:
    return DeliveryResult(message.id, message.attempt, outcome, stage)


def record(
    db: Database,
    now: datetime,
    message: ClaimedMessage,
    outcome: Outcome,
    stage: Stage = Stage.ANSWERED,
) -> bool:
    with db.unit_of_work() as session:
        return records.record(session, message, ending(message, outcome, stage), now=now)


def the_row(db: Database) -> MessageRow:
    with db.reading() as session:
        (row,) = queries.messages_about(session, [CASE])
    return row


def test_the_same_promise_is_kept_once(db: Database, now: datetime) -> None:
    first, second = queue(db, now), queue(db, now, a_message(now), a_message(now, "other"))

    assert [set(first), set(second)] == [{"case-1/invitation"}, {"other"}]


def test_the_same_promise_by_many_at_once_is_kept_once(db: Database, now: datetime) -> None:
    queued: list[frozenset[str]] = []
    batch = [a_message(now, f"case/{number}") for number in range(50)]
    threads = [
        Thread(target=lambda order=order: queued.append(queue(db, now, *batch[::order])))
        for order in (1, -1) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(key for keys in queued for key in keys) == sorted(m.dedupe_key for m in batch)


def test_each_message_has_its_own_lasting_message_id(db: Database, now: datetime) -> None:
    queue(db, now, a_message(now, "a"), a_message(now, "b"))

    first = claim(db, now)
    again = claim(db, now + LEASE)

    assert len({message.message_id for message in first}) == 2
    assert {m.id: m.message_id for m in first} == {m.id: m.message_id for m in again}
    assert all(m.message_id.endswith("@escuela.mx>") for m in first)


def test_a_message_waits_for_its_hour(db: Database, now: datetime) -> None:
    queue(db, now, a_message(now + SECOND))

    assert claim(db, now) == []


def test_the_oldest_go_first(db: Database, now: datetime) -> None:
    queue(db, now, *(a_message(now - SECOND * age, f"{age}") for age in (1, 3, 2)))

    ids = [message.id for message in claim(db, now)]

    with db.reading() as session:
        rows = queries.messages_about(session, [CASE])
    assert ids == [row.id for row in sorted(rows, key=lambda row: row.not_before)]


def test_a_claim_is_exclusive_until_it_lapses(db: Database, now: datetime) -> None:
    queue(db, now)
    (held,) = claim(db, now)

    too_early = claim(db, now + LEASE - SECOND)
    (taken,) = claim(db, now + LEASE)

    assert too_early == []
    assert (taken.id, taken.attempt, taken.doubts) == (held.id, 2, 0)


def test_a_late_worker_cannot_mark_what_it_lost(db: Database, now: datetime) -> None:
    queue(db, now)
    (first,) = claim(db, now)
    (second,) = claim(db, now + LEASE)

    late = let_go(db, now + LEASE, first), record(db, now + LEASE, first, Outcome.SENT)
    assert not record(db, now + LEASE, first, Outcome.REFUSED)
    on_time = let_go(db, now + LEASE, second), record(db, now + LEASE, second, Outcome.SENT)

    assert late == (set(), False)
    assert on_time == ({second.id}, True)
    assert the_row(db).state is OutboxState.SENT


def test_a_worker_may_not_begin_what_is_about_to_be_taken_from_it(
    db: Database, now: datetime
) -> None:
    queue(db, now)
    (held,) = claim(db, now)

    assert let_go(db, now + LEASE, held) == set()


def test_a_worker_that_died_with_the_text_leaves_a_doubt(db: Database, now: datetime) -> None:
    queue(db, now)
    (held,) = claim(db, now)
    let_go(db, now, held)

    too_early = claim(db, now + LEASE - SECOND)
    (again,) = claim(db, now + LEASE)

    assert too_early == []
    assert (again.doubts, again.message_id) == (1, held.message_id)
    let_go(db, now + LEASE, again)
    record(db, now + LEASE, again, Outcome.SENT)
    row = the_row(db)
    assert (row.state, row.doubts) == (OutboxState.SENT, 1)  # sent, perhaps twice


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.RELEASED, Outcome.CANCELLED])
def test_a_doubt_outlives_what_happens_next(db: Database, now: datetime, outcome: Outcome) -> None:
    queue(db, now)
    (held,) = claim(db, now)
    let_go(db, now, held)
    (again,) = claim(db, now + LEASE)

    record(db, now + LEASE, again, outcome, Stage.RECIPIENT)

    row = the_row(db)
    assert (row.state, row.doubts) == (OutboxState.UNKNOWN, 1)
    assert (row.due_at is None) == (outcome is Outcome.CANCELLED)


def test_a_second_doubt_is_the_last(db: Database, now: datetime) -> None:
    queue(db, now)
    for moment in (now, now + LEASE):
        (held,) = claim(db, moment)
        let_go(db, moment, held)

    assert claim(db, now + LEASE * 2) == []
    row = the_row(db)
    assert (row.state, row.doubts, row.due_at) == (OutboxState.UNKNOWN, 2, None)


def test_no_answer_after_the_text_is_tried_once_more_later(db: Database, now: datetime) -> None:
    queue(db, now)
    (held,) = claim(db, now)
    let_go(db, now, held)
    record(db, now, held, Outcome.UNKNOWN, Stage.HANDING_OVER)
    doubtful = the_row(db)
    (again,) = claim(db, now + timedelta(minutes=5))
    record(db, now, again, Outcome.UNKNOWN, Stage.HANDING_OVER)

    assert (doubtful.state, doubtful.due_at) == (OutboxState.UNKNOWN, now + timedelta(minutes=5))
    assert the_row(db).due_at is None
    assert claim(db, now + timedelta(days=9)) == []


def test_a_refused_message_waits_longer_each_time(db: Database, now: datetime) -> None:
    queue(db, now)
    waits = []
    moment = now
    for _ in range(3):
        (held,) = claim(db, moment)
        record(db, moment, held, Outcome.DEFERRED, Stage.RECIPIENT)
        due = the_row(db).due_at
        assert due is not None
        waits.append(due - moment)
        moment = due

    assert waits == [timedelta(minutes=minutes) for minutes in (5, 15, 45)]


def test_a_message_that_never_had_its_turn_does_not_wait_longer(
    db: Database, now: datetime
) -> None:
    queue(db, now)
    for turn in range(3):
        (held,) = claim(db, now + timedelta(hours=turn))
        assert held.deferrals == 0
        record(db, now + timedelta(hours=turn), held, Outcome.RELEASED, Stage.CONNECTING)

    assert the_row(db).state is OutboxState.QUEUED


def test_nothing_leaves_after_the_window(db: Database, now: datetime) -> None:
    over = now + timedelta(minutes=3)
    queue(db, now, a_message(now, "waiting", not_after=over), a_message(now, "b", not_after=over))
    held, _ = claim(db, now)

    begun = let_go(db, over, held)
    later = claim(db, now + LEASE)

    assert (begun, later) == (set(), [])
    with db.reading() as session:
        states = {(row.state, row.reason) for row in queries.messages_about(session, [CASE])}
    assert states == {(OutboxState.CANCELLED, "window_ended")}


def test_a_refusal_too_near_the_end_is_a_failure(db: Database, now: datetime) -> None:
    queue(db, now, a_message(now, not_after=now + timedelta(minutes=4)))
    (held,) = claim(db, now)

    record(db, now, held, Outcome.DEFERRED, Stage.RECIPIENT)

    assert the_row(db).state is OutboxState.FAILED


def test_stopping_reaches_what_is_claimed_but_not_what_is_leaving(
    db: Database, now: datetime
) -> None:
    queue(db, now, *(a_message(now, key) for key in ("leaving", "claimed", "sent", "later")))
    leaving, claimed, sent = claim(db, now, limit=3)
    let_go(db, now, leaving, sent)
    record(db, now, sent, Outcome.SENT)

    with db.unit_of_work() as session:
        stopped = cancel(session, CASE, reason="opted_out", now=now)

    assert stopped == 2
    assert let_go(db, now, claimed) == set()
    assert record(db, now, leaving, Outcome.SENT)
    with db.reading() as session:
        counts = queries.state_counts(session, [CASE])
    assert counts == StateCounts(0, 0, 2, 0, 0, 2, doubted=0)


def test_a_doubt_stays_visible_when_it_is_no_longer_wanted(db: Database, now: datetime) -> None:
    queue(db, now)
    (held,) = claim(db, now)
    let_go(db, now, held)
    record(db, now, held, Outcome.UNKNOWN, Stage.HANDING_OVER)

    with db.unit_of_work() as session:
        cancel(session, CASE, reason="complete", now=now)

    assert the_row(db).state is OutboxState.UNKNOWN
    assert claim(db, now + timedelta(days=1)) == []
    with db.reading() as session:
        assert queries.state_counts(session, [CASE]).doubted == 1


def test_only_the_receiver_that_asked_is_held_back(db: Database, now: datetime) -> None:
    queue(db, now)

    with db.unit_of_work() as session:
        other = hold_domain(session, "y.mx", until=now + LEASE, now=now)
        held = hold_domain(session, "gmail.com", until=now + LEASE, now=now)

    assert (other, held) == (0, 1)
    assert claim(db, now) == []
    assert len(claim(db, now + LEASE)) == 1


def test_nothing_is_queued_if_the_transaction_fails(db: Database, now: datetime) -> None:
    with pytest.raises(ZeroDivisionError), db.unit_of_work() as session:
        enqueue(session, [a_message(now)], now=now)
        _ = 1 / 0

    assert claim(db, now) == []


def test_the_history_tells_every_ending_in_order(db: Database, now: datetime) -> None:
    queue(db, now)
    (held,) = claim(db, now)
    with db.unit_of_work() as session:
        result = DeliveryResult(
            held.id, 1, Outcome.DEFERRED, Stage.RECIPIENT, 450, "4.2.1", "busy", Pause.NOTHING
        )
        records.record(session, held, result, now=now)
    (again,) = claim(db, now + LEASE)
    let_go(db, now + LEASE, again)
    record(db, now + LEASE, again, Outcome.SENT)

    with db.reading() as session:
        told = [
            (row.attempt, row.outcome, row.code, row.status, row.reason)
            for row in queries.history(session, held.id)
        ]
    assert told == [
        (1, Outcome.DEFERRED, 450, "4.2.1", "busy"),
        (2, Outcome.SENT, None, None, None),
    ]


def test_screens_count_and_look_ahead(db: Database, now: datetime) -> None:
    queue(db, now, a_message(now), a_message(now + LEASE, "later"))
    (held,) = claim(db, now)
    record(db, now, held, Outcome.SENT)

    with db.reading() as session:
        assert queries.sent_since(session, now) == 1
        assert queries.sent_since(session, now, identity="other") == 0
        assert queries.sent_since(session, now + SECOND) == 0
        assert queries.next_due(session) == now + LEASE
        assert queries.messages_about(session, [uuid4()]) == []


def test_addresses_are_not_readable_in_the_file(db: Database, now: datetime) -> None:
    queue(db, now)

    with db.reading() as session:
        stored = session.connection().exec_driver_sql("select recipient from outbox_message")
        assert "ana@" not in str(stored.scalar_one())
    assert claim(db, now)[0].recipient == "ana@gmail.com"
    assert timedelta(minutes=5) == outbox.LEASE
