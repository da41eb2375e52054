"""Real `trayecto worker` processes, killed at random moments (F-26 … F-28; acceptance 4)."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from sqlmodel import select

from app.chronology.wave_plan import Cohort
from app.cli.database import alembic_config
from app.db.engine import make_engine
from app.db.transactions import Database
from app.fieldwork.frame import Frame, make_cases, members_of
from app.fieldwork.tables import Case
from app.keys import keys_for
from app.messaging import queries
from app.messaging.outbox import MOST_DOUBTS
from app.messaging.queries import MessageRow
from app.messaging.states import OutboxState
from app.settings import read_settings
from tests.fieldwork.field import Person, a_school, a_wave
from tests.worker.sink import Sink, a_sink, kill

pytestmark = pytest.mark.slow

PATIENCE = 60  # seconds for twelve to end; how soon one does is a test of its own
LEASE = 5  # seconds; a machine that stands still for longer makes doubts of living workers
DEVELOPMENT = read_settings({"TRAYECTO_ENVIRONMENT": "development"})  # keys without commas


def noon_somewhere(now: datetime) -> str:
    """A zone in which messages may leave now, on the same date as in UTC."""
    offset = 12 - now.hour
    return "Etc/GMT" if offset == 0 else f"Etc/GMT{'-' if offset > 0 else '+'}{abs(offset)}"


def a_field(url: str, people: int) -> list[UUID]:
    """A wave that opened today, with nobody written to yet; its cases."""
    command.stamp(alembic_config(url), "head")  # the tables of the tests come from the models
    now = datetime.now(UTC)
    database = Database(make_engine(url, DEVELOPMENT.data_keys))
    with database.unit_of_work() as session:
        persons = [Person(mail=f"a{n}@d{n % 20}.mx") for n in range(people)]
        # No window of this generation holds today: the worker has this one wave.
        cohort = Cohort(2016, 2019)
        school = a_school(session, *persons, cohort=cohort, zone=noon_somewhere(now))
        wave = a_wave(session, school, now=now)
        keys = keys_for("link", DEVELOPMENT.secret_keys)
        frame = Frame(wave, 2, now.date())
        make_cases(session, frame, members_of(session, school.cohort_id), keys=keys, now=now)
        cases = list(session.exec(select(Case.id)).all())
    database.dispose()
    return cases


def a_worker(url: str, sink: Sink, folder: Path) -> subprocess.Popen[bytes]:
    chosen = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "SMTP_URL": f"smtp://127.0.0.1:{sink.port}?tls=off",
        "MAIL_FROM": "egresados@escuela.mx",
    }
    environ = os.environ | {f"TRAYECTO_{name}": text for name, text in chosen.items()}
    words = [sys.executable, "-m", "app", "worker", "--lease", str(LEASE)]
    with (folder / "workers.log").open("ab") as log:
        return subprocess.Popen(words, env=environ, stderr=log)


@contextmanager
def a_crew() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Workers; none outlives its test, whatever happened: it would fail a stranger's."""
    crew: list[subprocess.Popen[bytes]] = []
    try:
        yield crew
    finally:
        for process in crew:
            kill(process)


def finished(database: Database, cases: Sequence[UUID]) -> list[MessageRow] | None:
    """Every message, once each case has one, none is held and none wants another try."""
    with database.reading() as session:
        # One statement judges: on PostgreSQL a second one may see what the workers did since.
        rows = queries.messages_about(session, cases)
    over = all(row.due_at is None and row.state is not OutboxState.SENDING for row in rows)
    return rows if len(rows) >= len(cases) and over else None


def given_up(rows: Sequence[MessageRow]) -> int:
    """Messages whose senders died twice: not written a third time, and the log says so."""
    return sum(row.state is OutboxState.UNKNOWN and row.doubts >= MOST_DOUBTS for row in rows)


def wait_until_finished(database: Database, cases: Sequence[UUID]) -> list[MessageRow]:
    for _ in range(1200):
        if rows := finished(database, cases):
            return rows
        time.sleep(0.1)
    raise AssertionError("messages are left")


@pytest.mark.parametrize(("workers", "people", "kills"), [(2, 300, 8), (10, 400, 12)])
def test_each_message_once_but_for_visible_doubts(
    database_url: str, tmp_path: Path, workers: int, people: int, kills: int
) -> None:
    chance = random.Random(workers)
    cases = a_field(database_url, people)
    database = Database(make_engine(database_url, DEVELOPMENT.data_keys))
    with a_sink("--slow", "0.03") as sink, a_crew() as crew:
        crew += [a_worker(database_url, sink, tmp_path) for _ in range(workers)]
        sink.wait_for("(TOOK) .*")
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 1.2))
            place = chance.randrange(workers)
            kill(crew[place])
            crew[place] = a_worker(database_url, sink, tmp_path)
        rows = wait_until_finished(database, cases)
        for process in crew:
            process.send_signal(signal.SIGTERM)
        endings = [process.wait(PATIENCE) for process in crew]
        copies = sink.copies()
    database.dispose()

    doubted = sum(row.doubts > 0 for row in rows)
    twice = sum(count > 1 for count in copies.values())
    print(f"{workers} workers, {kills} kills: {doubted} doubted, {twice} of {people} twice")
    assert len(rows) == people
    assert people - len(copies) <= given_up(rows)
    assert max(copies.values()) <= 2
    assert twice <= doubted
    assert {row.state for row in rows} <= {OutboxState.SENT, OutboxState.UNKNOWN}
    assert all(row.doubts for row in rows if row.state is OutboxState.UNKNOWN)
    assert set(endings) <= {0, -signal.SIGTERM}  # one told before it could listen just ends
    assert "Traceback" not in (tmp_path / "workers.log").read_text()


def test_a_signal_ends_a_worker_within_ten_seconds(database_url: str, tmp_path: Path) -> None:
    cases = a_field(database_url, 40)
    database = Database(make_engine(database_url, DEVELOPMENT.data_keys))
    with a_sink("--slow", "0.2") as sink:
        process = a_worker(database_url, sink, tmp_path)
        sink.wait_for("(TOOK) .*")
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        ending = process.wait(10)
        seconds = time.monotonic() - begun
        again = a_worker(database_url, sink, tmp_path)
        with database.reading() as session:
            rows = queries.messages_about(session, cases)
        kill(again)
    database.dispose()

    print(f"SIGTERM to exit: {seconds:.1f} s")
    assert ending == 0
    assert {row.state for row in rows} <= {OutboxState.SENT, OutboxState.QUEUED}
    assert sum(row.doubts for row in rows) == 0


def test_a_server_that_never_answers_does_not_hold_a_worker(
    database_url: str, tmp_path: Path
) -> None:
    a_field(database_url, 4)
    with a_sink("--hold", "dot") as sink:
        process = a_worker(database_url, sink, tmp_path)
        sink.wait_for("HELD")
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) in {0, 1}
        sink.go_on()
