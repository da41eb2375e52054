"""Pace, pause and warm-up against a scripted mail server, with their state in the database."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlmodel import select

from app.db.transactions import Database
from app.messaging.mail_server import MailServer, Tls
from app.messaging.pace_book import PaceBook, paused_receivers
from app.messaging.pacing import PacePolicy
from app.messaging.smtp import SmtpTransport
from app.messaging.states import OutboxState
from app.messaging.tables import ReceiverPace
from app.worker.dispatch import Desk, DrainReport, drain
from tests.messaging.smtp_server import Script, ScriptedServer
from tests.worker.test_dispatch import KEYS, everything, letters, queue, state

NOON = datetime(2026, 10, 1, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
AT_WILL = PacePolicy()


def a_pass(
    db: Database, port: int, now: datetime, policy: PacePolicy, holder: str = "a"
) -> DrainReport:
    server = MailServer("127.0.0.1", port, Tls.OFF, connections=4, per_domain=4)
    with SmtpTransport(server) as transport:
        desk = Desk(db, transport, letters, everything, lambda: now, KEYS)
        return drain(replace(desk, book=PaceBook(policy, holder)))


def at_once(db: Database, receiver: str) -> int:
    with db.reading() as session:
        row = session.exec(select(ReceiverPace).where(ReceiverPace.receiver == receiver)).one()
        return row.at_once


def slow(domain: str, replies: Mapping[str, str]) -> Script:
    """A server that refuses one receiver with `replies["now"]` while it has one."""

    def script(stage: str, recipient: str) -> str | None:
        return replies.get("now") if stage == "rcpt" and recipient.endswith(domain) else None

    return script


def asked_for(server: ScriptedServer, domain: str) -> int:
    return sum(command.startswith("RCPT") and domain in command for command in server.commands)


def test_one_receivers_421_pauses_only_that_receiver(db: Database) -> None:
    replies = {"now": "421 4.7.28 too fast"}
    queue(db, NOON, *(f"a{n}@gmail.com" for n in range(8)), *(f"b{n}@y.mx" for n in range(8)))
    pauses = []

    with ScriptedServer(slow("@gmail.com", replies)) as server:
        first = a_pass(db, server.port, NOON, AT_WILL)
        assert (first.sent, first.pause) == (8, "nothing")
        now = NOON
        for _ in range(6):
            with db.reading() as session:
                (paused,) = paused_receivers(session, now=now)
            assert paused.receiver == "gmail.com"
            pauses.append(int((paused.paused_until - now).total_seconds() // 60))
            tried = asked_for(server, "gmail.com")
            a_pass(db, server.port, paused.paused_until - MINUTE, AT_WILL, "another worker")
            assert asked_for(server, "gmail.com") == tried  # nobody knocks before
            now = paused.paused_until
            a_pass(db, server.port, now, AT_WILL)
            assert at_once(db, "gmail.com") == 1

        del replies["now"]
        a_pass(db, server.port, now + timedelta(hours=4), AT_WILL)
        a_pass(db, server.port, now + timedelta(hours=9), AT_WILL)

        assert pauses == [5, 15, 45, 120, 240, 240]
        assert {state(db, f"a{n}@gmail.com")[0] for n in range(8)} == {OutboxState.SENT}
        assert at_once(db, "gmail.com") == 4
        assert sorted(taken.recipient for taken in server.received) == sorted(
            [f"a{n}@gmail.com" for n in range(8)] + [f"b{n}@y.mx" for n in range(8)]
        )


def test_a_minute_has_its_places_whoever_asks(db: Database) -> None:
    policy = PacePolicy(20, {"gmail.com": 10})
    queue(db, NOON, *(f"a{n}@gmail.com" for n in range(25)), *(f"b{n}@y.mx" for n in range(25)))

    with ScriptedServer() as server:

        def work(number: int, now: datetime) -> int:
            return a_pass(db, server.port, now, policy, f"worker {number}").sent

        by_minute = []
        for minute in range(4):
            with ThreadPoolExecutor(10) as workers:
                now = NOON + minute * MINUTE
                list(workers.map(work, range(10), [now] * 10))
            by_minute.append(
                (
                    sum(taken.recipient.endswith("gmail.com") for taken in server.received),
                    sum(taken.recipient.endswith("y.mx") for taken in server.received),
                )
            )

        assert by_minute == [(10, 20), (20, 25), (25, 25), (25, 25)]
        assert len({taken.recipient for taken in server.received}) == 50


def test_a_new_identity_begins_with_two_hundred_a_day(db: Database) -> None:
    policy = PacePolicy(warm_up=True)
    queue(db, NOON, *(f"a{n}@d{n % 10}.mx" for n in range(450)))

    with ScriptedServer() as server:
        days = [a_pass(db, server.port, NOON + timedelta(hours=h), policy).sent for h in (0, 2, 24)]

    assert days == [200, 0, 250]


def test_a_server_that_is_away_uses_up_no_day(db: Database) -> None:
    policy = PacePolicy(60, warm_up=True)
    queue(db, NOON, *(f"a{n}@y.mx" for n in range(30)))

    away = a_pass(db, 9, NOON, policy)
    with ScriptedServer() as server:
        back = a_pass(db, server.port, NOON + 10 * MINUTE, policy)

    assert (away.sent, back.sent) == (0, 30)
    with db.reading() as session:
        (row,) = session.exec(select(ReceiverPace))
        assert (row.used, row.holder) == (30, None)
