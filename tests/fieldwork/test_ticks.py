"""Laws of the scheduler: whatever the times, the zones, the number of ticks and workers."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from app.chronology.calendar import local_midnight, local_time
from app.chronology.wave_plan import CALENDARS, Cohort, field_periods
from app.db.transactions import Database
from app.directory.tables import CalendarName
from app.fieldwork.confirmations import follow_directory
from app.fieldwork.invitations import queue_due
from app.fieldwork.planning import close_due_waves, open_due_waves
from app.fieldwork.tables import Case, CaseEvent, Wave, WaveState
from tests.fieldwork.field import DOMAIN, KEYS, Person, a_cohort, a_member, a_school, versions

ZONES = [
    "America/Mexico_City",
    "America/Tijuana",
    "America/Hermosillo",
    "America/Cancun",
    "America/Ciudad_Juarez",
    "America/Matamoros",
]


def tick(db: Database, now: datetime) -> Counter[str]:
    """What `trayecto tick` does, each job in a transaction of its own, until nothing is left."""
    done: Counter[str] = Counter()
    with db.unit_of_work() as session:
        done["joined"] += follow_directory(session, now=now, keys=KEYS).joined
    more = True
    while more:
        with db.unit_of_work() as session:
            closed = close_due_waves(session, now=now)
            opened = open_due_waves(session, now=now, keys=KEYS, versions=versions(session))
            queued = queue_due(session, now=now, mail_domain=DOMAIN)
        done += Counter(closed=closed.waves, opened=len(opened.opened), queued=queued.messages)
        more = closed.more or opened.more or queued.more
    return done


def messages(db: Database) -> list[tuple[str, str, datetime, datetime]]:
    """Dedupe key, kind, first and last moment of every message."""
    with db.reading() as session:
        rows = session.connection().execute(
            text("select dedupe_key, kind, not_before, not_after from outbox_message")
        )
        return [(key, kind, instant(a), instant(b)) for key, kind, a, b in rows]


def instant(stored: object) -> datetime:
    """A datetime read past the ORM: text on SQLite, aware on PostgreSQL."""
    if isinstance(stored, datetime):
        return stored.astimezone(UTC)
    return datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)


def refuse_broken_waves(db: Database) -> None:
    """What must hold after any history of ticks."""
    with db.reading() as session:
        waves = session.exec(select(Wave)).all()
        cases = session.exec(select(Case)).all()
        assert len({(w.cohort_id, w.questionnaire) for w in waves}) == len(waves)
        assert len({(c.wave_id, c.member_id) for c in cases}) == len(cases)
        by_id = {w.id: w for w in waves}
        wave_of = {c.id: by_id[c.wave_id] for c in cases}
        for wave in waves:
            assert wave.opens_at <= wave.frozen_at < wave.closes_at
            assert (wave.state is WaveState.CLOSED) == (wave.closed_at is not None)
            assert wave.closed_at is None or wave.closed_at >= wave.closes_at
        closings = Counter(
            e.case_id for e in session.exec(select(CaseEvent)) if e.reason == "Cierre"
        )
        assert all(times == 1 for times in closings.values())
    found = messages(db)
    assert len({key for key, *_ in found}) == len(found)
    owners = {str(case_id): wave for case_id, wave in wave_of.items()}
    for key, _, not_before, not_after in found:
        wave = owners[key.split("/")[1]]
        assert wave.opens_at <= not_before < not_after == wave.closes_at


moments = st.datetimes(
    datetime(2016, 1, 1),  # noqa: DTZ001
    datetime(2026, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    times=st.lists(moments, max_size=8),
    zone=st.sampled_from(ZONES),
    leaves=st.integers(2014, 2024),
    calendar=st.sampled_from(list(CalendarName)),
)
def test_any_ticks_in_any_order_keep_the_laws(
    db: Database, times: list[datetime], zone: str, leaves: int, calendar: CalendarName
) -> None:
    cohort = Cohort(leaves - 3, leaves)
    code = uuid4().hex[:10]
    with db.unit_of_work() as session:
        a_school(session, Person(), code=code, cohort=cohort, zone=zone, calendar=calendar)
    inside = [
        local_midnight(period.opens, zone) + timedelta(days=offset, hours=14)
        for period in field_periods(cohort, CALENDARS[calendar.value])
        for offset in (0, 12, 60, 61)
    ]

    for now in times + inside[::2] + inside[::-3]:  # a clock may be set back
        tick(db, now)

    refuse_broken_waves(db)
    with db.reading() as session:
        assert all(wave.opens.year >= 2016 for wave in session.exec(select(Wave)))


def test_workers_at_the_same_moment_open_each_wave_once(db: Database) -> None:
    now = datetime(2026, 10, 1, 20, tzinfo=UTC)
    with db.unit_of_work() as session:
        versions(session)
        for number in range(6):
            a_school(session, Person(), Person(), code=f"S{number}")
    workers, done = 4, list[Counter[str]]()
    together = Barrier(workers)

    def work() -> None:
        together.wait()
        done.append(tick(db, now))

    threads = [Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(done, Counter()) == Counter(opened=6, queued=12)
    refuse_broken_waves(db)


FIRST_YEAR, LAST_YEAR = 2016, 2025
CHANGES = {(5, 1), (7, 1), (10, 1), (12, 1)}  # days on which waves open or close


def moments_of_a_scheduler() -> Iterator[datetime]:
    """Ten years: every hour of a night of changes, twice; daily in the field; else at times."""
    now = datetime(FIRST_YEAR, 1, 1, 16, tzinfo=UTC)
    while now.year <= LAST_YEAR:
        if (now.month, now.day) in CHANGES:
            for hour in (4, 5, 6, 7, 8, 8):
                yield now.replace(hour=hour)
        if now.month in {5, 6, 10, 11} or now.day % 10 == 1:
            yield now
        now += timedelta(days=1)


def twenty_schools(db: Database) -> dict[UUID, str]:
    """Schools in six zones, eleven generations each; their zone by id."""
    zones = {}
    with db.unit_of_work() as session:
        for number in range(20):
            zone = ZONES[number % len(ZONES)]
            school = a_school(session, code=f"S{number:02}", zone=zone, cohort=Cohort(2000, 2003))
            zones[school.unit_id] = zone
            for leaves in range(FIRST_YEAR - 1, LAST_YEAR + 1):
                cohort = a_cohort(session, school, Cohort(leaves - 3, leaves))
                a_member(session, cohort, Person(mail=f"s{number}g{leaves}@example.org"))
                a_member(session, cohort, Person(mail=None))
    return zones


@pytest.mark.deep  # the worker walks the same ten years in make test
def test_ten_years_of_twenty_schools_in_six_zones(db: Database) -> None:
    """Every wave once, at local midnight, with its messages inside its window (issue 4)."""
    zones = twenty_schools(db)
    expected = {
        (period.wave, period.opens)
        for leaves in range(FIRST_YEAR, LAST_YEAR + 1)
        for period in field_periods(Cohort(leaves - 3, leaves), CALENDARS["sep"])
        if period.opens.year <= LAST_YEAR
    }

    done = sum((tick(db, now) for now in moments_of_a_scheduler()), Counter[str]())

    refuse_broken_waves(db)
    with db.reading() as session:
        waves = session.exec(select(Wave)).all()
    assert len(waves) == 20 * len(expected) == done["opened"] == done["closed"]
    for wave in waves:
        midnight = local_time(wave.opens_at, zones[wave.school_id])
        assert (wave.questionnaire, wave.opens) in expected
        assert (midnight.date(), midnight.hour) == (wave.opens, 0)
        assert (wave.frozen_at, wave.closed_at) == (wave.opens_at, wave.closes_at)
    kinds = Counter(kind for _, kind, *_ in messages(db))
    assert kinds.total() == done["queued"]
    assert kinds["invitation"] == 20 * len(expected)
    assert kinds["last_call"] == 20 * len(expected)
