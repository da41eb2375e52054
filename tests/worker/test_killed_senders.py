"""kill -9 of a sender at every stage; the receiver counts in a third process (F-26 … F-28)."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.db.engine import make_engine
from app.db.transactions import Database
from app.messaging import outbox, queries
from app.messaging.delivery import PlannedMessage
from app.messaging.queries import MessageRow
from app.messaging.states import OutboxState
from tests.conftest import DATA_KEYS
from tests.worker.sink import a_sink, kill
from tests.worker.test_killed_workers import given_up

pytestmark = pytest.mark.slow


def a_sender(url: str, port: str, *, lease: float, connections: int = 1) -> subprocess.Popen[bytes]:
    module = "tests.worker.sender_process"
    return subprocess.Popen([sys.executable, "-m", module, url, port, str(lease), str(connections)])


def queue(db: Database, count: int) -> UUID:
    """Messages to twenty receivers, all about one case; its id."""
    now, case = datetime.now(UTC), uuid4()
    messages = [
        PlannedMessage(f"{case}/{n}", case, "x", "escuela.mx", now, recipient=f"a{n}@d{n % 20}.mx")
        for n in range(count)
    ]
    with db.unit_of_work() as session:
        outbox.enqueue(session, messages, now=now)
    return case


def rows_about(db: Database, case: UUID) -> list[MessageRow]:
    with db.reading() as session:
        return queries.messages_about(session, [case])


@pytest.mark.parametrize(
    ("stage", "copies", "doubts"),
    [
        ("greeting", 1, 0),  # F-27: claimed, not connected
        ("mail", 1, 0),
        ("rcpt", 1, 0),
        ("data", 1, 1),  # on disk it is leaving; the text is not out
        ("dot", 2, 1),  # the receiver has it, its answer never came
    ],
)
def test_killed_in_the_middle_of_a_dialogue(
    db: Database, database_url: str, stage: str, copies: int, doubts: int
) -> None:
    case = queue(db, 3)
    with a_sink("--hold", stage) as sink:
        first = a_sender(database_url, sink.port, lease=1)
        sink.wait_for("HELD")
        kill(first)
        sink.go_on()

        assert a_sender(database_url, sink.port, lease=1).wait(30) == 0

        counted = sorted(sink.copies().values())
    assert counted == [1, 1, copies]
    rows = rows_about(db, case)
    assert {row.state for row in rows} == {OutboxState.SENT}
    assert sum(row.doubts for row in rows) == doubts


def test_killed_between_the_250_and_the_commit(db: Database, database_url: str) -> None:
    """F-28: the database is held while the receiver says 250, so nothing can be recorded."""
    case = queue(db, 1)
    with a_sink("--hold", "dot") as sink:
        first = a_sender(database_url, sink.port, lease=1)
        sink.wait_for("HELD")
        blocker = make_engine(database_url, DATA_KEYS)
        with blocker.begin() as connection:
            if blocker.dialect.name == "postgresql":
                connection.execute(text("lock table outbox_message in exclusive mode"))
            sink.go_on()
            sink.wait_for("(TOOK) .*")
            time.sleep(0.3)  # the 250 arrives, and is not recorded
            kill(first)
        blocker.dispose()
        (held,) = rows_about(db, case)

        assert a_sender(database_url, sink.port, lease=1).wait(30) == 0

        (counted,) = sink.copies().values()
    assert held.state is OutboxState.SENDING
    assert counted == 2
    (row,) = rows_about(db, case)
    assert (row.state, row.doubts) == (OutboxState.SENT, 1)


@pytest.mark.parametrize(
    ("workers", "messages", "kills", "slow"), [(2, 400, 8, 0.002), (10, 600, 12, 0.02)]
)
def test_many_workers_killed_again_and_again(
    db: Database, database_url: str, workers: int, messages: int, kills: int, slow: float
) -> None:
    chance = random.Random(workers)
    case = queue(db, messages)
    with a_sink("--slow", str(slow)) as sink:
        crew = [a_sender(database_url, sink.port, lease=5, connections=3) for _ in range(workers)]
        sink.wait_for("(TOOK) .*")
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 0.4))
            place = chance.randrange(workers)
            kill(crew[place])
            crew[place] = a_sender(database_url, sink.port, lease=5, connections=3)
        for process in crew:
            assert process.wait(120) == 0
        copies = sink.copies()

    rows = rows_about(db, case)
    doubted = sum(row.doubts > 0 for row in rows)
    twice = sum(count > 1 for count in copies.values())
    print(f"{workers} workers, {kills} kills: {doubted} doubted, {twice} of {messages} twice")
    assert messages - len(copies) <= given_up(rows)
    assert max(copies.values()) <= 2
    assert twice <= doubted <= kills * 3  # at most the messages in a dead worker's hands
    assert {row.state for row in rows} <= {OutboxState.SENT, OutboxState.UNKNOWN}
    assert all(row.doubts for row in rows if row.state is OutboxState.UNKNOWN)


def test_without_kills_each_message_is_sent_exactly_once(db: Database, database_url: str) -> None:
    case = queue(db, 300)
    with a_sink() as sink:
        crew = [a_sender(database_url, sink.port, lease=60, connections=3) for _ in range(4)]
        for process in crew:
            assert process.wait(60) == 0
        copies = sink.copies()

    assert set(copies.values()) == {1}
    assert len(copies) == 300
    assert {(row.state, row.attempts) for row in rows_about(db, case)} == {(OutboxState.SENT, 1)}
