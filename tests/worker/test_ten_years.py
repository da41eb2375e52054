"""Ten simulated years over 20 schools in six zones: acceptance 2, in minutes.

Two workers tick at random moments, at the same time, with silences of days. Whatever they do,
every wave is opened once, by the first tick in its window, and everybody gets each step once.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

import pytest
from sqlmodel import col, select

from app.chronology.calendar import local_midnight, local_time
from app.chronology.wave_plan import SEP_CALENDAR, Cohort, field_periods
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.tables import CohortRow
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.messaging import mailbox, queries
from app.messaging.mailbox import KeptMessage
from app.messaging.queries import MessageRow
from app.messaging.states import OutboxState
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit
from tests.conftest import DATA_KEYS
from tests.fieldwork.field import Person, a_cohort, a_member, a_school, versions
from tests.worker.deployments import a_tick, settings_at

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ZONES = (
    "America/Tijuana", "America/Hermosillo", "America/Mexico_City",
    "America/Cancun", "America/Ciudad_Juarez", "America/Mazatlan",
)  # fmt: skip
SCHOOLS = 20
FIRST, LAST = 2020, 2029  # years in which a generation leaves
PEOPLE = 2
LONGEST_SILENCE = 9  # days


def a_nation(db: Database) -> None:
    with db.unit_of_work() as session:
        versions(session)
        for number in range(SCHOOLS):
            zone, code = ZONES[number % len(ZONES)], f"15ECT{number:04}A"
            school = a_school(session, code=code, cohort=Cohort(FIRST - 3, FIRST), zone=zone)
            for leaves in range(FIRST, LAST + 1):
                one = school
                if leaves > FIRST:
                    one = a_cohort(session, school, Cohort(leaves - 3, leaves))
                for person in range(PEOPLE):
                    a_member(session, one, Person(mail=f"p{person}.{leaves}@{code.lower()}.mx"))


def ticks(chance: random.Random) -> Iterator[datetime]:
    """Random moments: often while something can happen, seldom otherwise."""
    now = datetime(FIRST, 4, 28, tzinfo=UTC)
    while now < datetime(LAST + 1, 12, 5, tzinfo=UTC):
        busy = now.month in {5, 6, 7, 10, 11, 12} and not (now.month in {7, 12} and now.day > 3)
        longest = chance.choice([0.2, 3, 9, LONGEST_SILENCE]) if busy else LONGEST_SILENCE
        now += timedelta(days=chance.uniform(0.01, longest))
        yield now


def live(url: str, folder: Path, moments: Sequence[datetime]) -> None:
    """Two workers at each moment, at once; on PostgreSQL and on SQLite."""
    settings = settings_at(folder)
    databases = [Database(make_engine(url, DATA_KEYS)) for _ in range(2)]
    failures: list[Exception] = []

    def work(database: Database, now: datetime) -> None:
        try:
            a_tick(database, settings, now)
        except Exception as error:  # noqa: BLE001  # told to the test below
            failures.append(error)

    try:
        for now in moments:
            crew = [threading.Thread(target=work, args=(one, now)) for one in databases]
            for thread in crew:
                thread.start()
            for thread in crew:
                thread.join()
            assert failures == [], (now, [one.__cause__ for one in failures])
    finally:  # a connection left open fails a stranger's test
        for database in databases:
            database.dispose()


@dataclass(frozen=True)
class Lived:
    """What ten years left behind."""

    waves: Sequence[tuple[Wave, CohortRow, str]]
    cases: Sequence[Case]
    messages: Sequence[MessageRow]
    kept: Sequence[KeptMessage]


def test_ten_years(db: Database, database_url: str, tmp_path: Path) -> None:
    moments = list(ticks(random.Random(20)))
    a_nation(db)

    live(database_url, tmp_path, moments)

    lived = everything(db)
    print(
        f"{len(moments)} moments × 2 workers: {len(lived.waves)} waves, "
        f"{len(lived.cases)} cases, {len(lived.kept)} messages"
    )
    every_wave_once(db, lived)
    each_at_its_time(lived, moments)
    everybody_in_it_and_settled(lived)
    each_message_once_and_in_time(lived)


def everything(db: Database) -> Lived:
    with db.reading() as session:
        waves = session.exec(
            select(Wave, CohortRow, OrganisationUnit.time_zone)
            .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
            .join(OrganisationUnit, col(OrganisationUnit.id) == col(Wave.school_id))
        ).all()
        cases = session.exec(select(Case)).all()
        messages = queries.messages_about(session, [case.id for case in cases])
        kept = mailbox.newest(session, WHOLE, limit=1_000_000)
    return Lived(waves, cases, messages, kept)


def every_wave_once(db: Database, lived: Lived) -> None:
    found = Counter((wave.cohort_id, wave.questionnaire) for wave, _, _ in lived.waves)
    assert found == expected(db)


def each_at_its_time(lived: Lived, moments: Sequence[datetime]) -> None:
    for wave, cohort, zone in lived.waves:
        opens, closes = _window(cohort, wave.questionnaire)
        assert wave.opens_at == local_midnight(opens, zone)
        assert wave.closes_at == local_midnight(closes, zone)
        assert wave.frozen_at == next(now for now in moments if now >= wave.opens_at)
        assert wave.closed_at == next(now for now in moments if now >= wave.closes_at)


def everybody_in_it_and_settled(lived: Lived) -> None:
    everywhere = dict.fromkeys((wave.id for wave, _, _ in lived.waves), PEOPLE)
    assert Counter(case.wave_id for case in lived.cases) == everywhere
    assert {case.disposition for case in lived.cases} == {Disposition.NON_CONTACT}


def each_message_once_and_in_time(lived: Lived) -> None:
    waves = {wave.id: (wave, zone) for wave, _, zone in lived.waves}
    of_case = {case.id: waves[case.wave_id] for case in lived.cases}
    messages = lived.messages
    assert set(Counter((row.context_id, row.kind) for row in messages).values()) == {1}
    for row in messages:
        wave, zone = of_case[row.context_id]
        if row.state is OutboxState.CANCELLED:
            assert row.reason in {"window_ended", "window_over"}
            continue
        assert row.state is OutboxState.SENT
        assert row.sent_at is not None
        assert wave.opens_at <= row.sent_at < wave.closes_at
        assert 9 <= local_time(row.sent_at, zone).hour < 20
    sent = sum(row.state is OutboxState.SENT for row in messages)
    assert len({_message_id(one.content) for one in lived.kept}) == len(lived.kept) == sent


def expected(db: Database) -> Counter[tuple[object, int]]:
    """Three waves for each generation, once its windows have passed."""
    with db.reading() as session:
        cohorts = session.exec(select(CohortRow)).all()
    return Counter(
        (cohort.id, period.wave)
        for cohort in cohorts
        for period in field_periods(Cohort(cohort.entered, cohort.leaves), SEP_CALENDAR)
    )


def _window(cohort: CohortRow, questionnaire: int) -> tuple[date, date]:
    periods = field_periods(Cohort(cohort.entered, cohort.leaves), SEP_CALENDAR)
    return periods[questionnaire - 1].opens, periods[questionnaire - 1].closes


def _message_id(content: bytes) -> str:
    return str(BytesHeaderParser(policy=policy.default).parsebytes(content)["Message-ID"])
