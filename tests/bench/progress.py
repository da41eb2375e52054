"""What an office waits for: the process figures of a nation, from counts by wave.

15,427 schools with a wave each and `CASES` cases in it, on SQLite and, where TEST_POSTGRES_URL is
set, PostgreSQL; beside the same figure summed from the cases. Milliseconds, median of several.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from statistics import median
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select
from sqlmodel import Session, SQLModel, col

import app.all_tables  # noqa: F401
from app.chronology.wave_plan import Cohort
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.tables import CohortRow, PanelMember, Standing
from app.fieldwork.chronology_queries import schools_in_field, unit_chronology
from app.fieldwork.dispositions import Disposition
from app.fieldwork.queries import unit_outcome_counts
from app.fieldwork.tables import Case, Wave, WaveState
from app.fieldwork.unit_progress import counts_below, progress_of_schools
from app.fieldwork.wave_counts import GATHERED, gather, put_right
from app.questionnaires.library import source_file
from app.questionnaires.publication import publish
from app.settings import Secret
from app.units.importing import import_units
from app.units.places import use_pinned_zones
from app.units.queries import unit_by_code
from app.units.scope import WHOLE
from app.units.tables import OrganisationUnit, UnitKind
from tests.bench.units import SCHOOLS, _postgres_database, nation

CASES = 12  # of each wave
LIMIT_MS = 100
COHORT = Cohort(2023, 2026)
NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
STATES = (*Disposition,)
Row = dict[str, object]


def run() -> dict[str, object]:
    """Figures by engine."""
    use_pinned_zones()
    figures: dict[str, object] = {
        "schools": SCHOOLS,
        "cases": SCHOOLS * CASES,
        "limit_ms": LIMIT_MS,
        "load": os.getloadavg()[0],
    }
    with tempfile.TemporaryDirectory() as folder:
        figures["sqlite"] = _measured(f"sqlite:///{Path(folder) / 'bench.db'}")
    server = os.environ.get("TEST_POSTGRES_URL")
    if server is not None:
        made = _postgres_database(server)
        figures["postgresql"] = _measured(next(made))
        next(made, None)
    return figures


def _measured(url: str) -> Mapping[str, object]:
    engine = make_engine(url, (Secret("b", b"a key of thirty-two bytes for it."),))
    SQLModel.metadata.create_all(engine)
    database = Database(engine)
    begun = time.perf_counter()
    with database.unit_of_work() as session:
        import_units(session, nation().encode())
    with database.unit_of_work() as session:
        _fill(session)
    filled = time.perf_counter()
    moves = 0
    while True:
        with database.unit_of_work() as session:
            done = gather(session)
        moves += done
        if done < GATHERED:
            break
    gathered = time.perf_counter()
    with database.unit_of_work() as session:
        wrong = put_right(session)
    compared = time.perf_counter()
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze")
    with database.reading() as session:
        unit = unit_by_code(session, WHOLE, "MX").id
        states = session.scalars(
            select(col(OrganisationUnit.id)).where(col(OrganisationUnit.kind) == UnitKind.STATE)
        ).all()
        times = {
            "one_unit": _times(lambda: unit_outcome_counts(session, WHOLE, unit, COHORT, 1)),
            "each_state": _times(lambda: counts_below(session, WHOLE, states, COHORT, 1)),
            "each_school": _times(lambda: progress_of_schools(session, WHOLE, unit, COHORT, 1)),
            "table": _times(lambda: unit_chronology(session, WHOLE, unit)),
            "furthest_behind": _times(lambda: schools_in_field(session, WHOLE, unit, limit=50)),
            "summed_from_cases": _times(lambda: _summed(session)),
        }
    engine.dispose()
    return {
        "filled_s": round(filled - begun, 1),
        "gathered_moves": moves,
        "gathered_s": round(gathered - filled, 1),
        "compared_s": round(compared - gathered, 1),
        "wrong": wrong,
        "ms": times,
    }


def _fill(session: Session) -> None:
    schools = session.scalars(
        select(col(OrganisationUnit.id)).where(col(OrganisationUnit.kind) == UnitKind.SCHOOL)
    ).all()
    version = publish(session, source_file(1).text, now=NOW).id
    cohorts = {school: uuid4() for school in schools}
    waves = {school: uuid4() for school in schools}
    _insert(
        session,
        CohortRow,
        (
            {"id": cohorts[one], "school_id": one, "entered": 2023, "leaves": 2026}
            for one in schools
        ),
    )
    members = [
        PanelMember(
            school_id=schools[0],
            cohort_id=cohorts[schools[0]],
            given_name="A",
            surname_1="B",
            standing=Standing.ENROLLED,
            added_at=NOW,
            changed_at=NOW,
        )
        for _ in range(CASES)
    ]
    session.add_all(members)
    session.flush()
    _insert(session, Wave, (_wave(one, cohorts[one], waves[one], version) for one in schools))
    chance = Random(1)
    for wave_id in waves.values():
        _insert(session, Case, (_case(wave_id, member.id, chance) for member in members))


def _wave(school: UUID, cohort: UUID, wave_id: UUID, version: UUID) -> Row:
    return {
        "id": wave_id,
        "school_id": school,
        "cohort_id": cohort,
        "questionnaire": 1,
        "version_id": version,
        "opens": date(2026, 5, 1),
        "closes": date(2026, 7, 1),
        "opens_at": NOW,
        "closes_at": NOW,
        "reference_monday": date(2026, 4, 20),
        "state": WaveState.OPEN,
        "frozen_at": NOW,
    }


def _case(wave_id: UUID, member_id: UUID, chance: Random) -> Row:
    return {
        "id": uuid4(),
        "wave_id": wave_id,
        "member_id": member_id,
        "disposition": chance.choice(STATES),
        "eligibility_confirmed": chance.random() < 0.9,
        "moved_at": NOW,
        "added_at": NOW,
        "link_key_id": "k",
        "link_hash": uuid4().hex,
    }


def _insert(session: Session, table: type[SQLModel], rows: Iterator[Row]) -> None:
    session.connection().execute(insert(table), list(rows))


def _summed(session: Session) -> object:
    """As it was before there were counts by wave."""
    return session.execute(
        select(col(Case.disposition), col(Case.eligibility_confirmed), func.count())
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(col(Wave.questionnaire) == 1)
        .group_by(col(Case.disposition), col(Case.eligibility_confirmed))
    ).all()


def _times(act: Callable[[], object], *, tries: int = 5) -> float:
    taken = []
    for _ in range(tries):
        begun = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - begun))
    return round(median(taken), 1)
