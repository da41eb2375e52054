"""A nation as its panel reads it: 15,427 schools, 4.4 million students, eight waves behind them.

Made by statements of the database, so that it is there in minutes on both engines. What pages of
offices read is real and consistent: units, generations, persons, waves, cases of four of the waves
with the day each was answered, counts by wave, steps of sign-off, and a columnar store of two
questionnaires. Nobody's answers are written: no page of an office reads them.

`python -m tests.bench.panel_world URL FOLDER [SCHOOLS]` keeps one to be measured again.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import polars as pl
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Uuid,
    case,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel, col

import app.all_tables  # noqa: F401
from app.analytics.editions.content import content_hash
from app.analytics.editions.store import SCHOOL, Part, StoredWave, write_part
from app.analytics.followed import KEPT as WAVES_FOLLOWED
from app.analytics.followed import keep_followed
from app.analytics.frame.coded import Column as Coded
from app.analytics.nonresponse import Group
from app.analytics.tables import EditionKind, ResultEdition, SignOffAct, SignOffStep
from app.chronology.wave_plan import Cohort
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.tables import CalendarName, CohortRow, PanelMember, Standing
from app.fieldwork.answer_days import KEPT, keep_days
from app.fieldwork.counting_tables import WaveCount
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, CaseEvent, Wave, WaveState
from app.questionnaires.library import source_file
from app.questionnaires.publication import publish
from app.units.importing import import_units
from app.units.places import use_pinned_zones
from app.units.tables import OrganisationUnit, UnitAncestor, UnitKind
from tests.bench.national import names
from tests.bench.units import SCHOOLS, nation
from tests.conftest import DATA_KEYS

NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)
SIZES = (20, 50, 80, 135)  # persons of a generation, by school in turn: 71 in the mean
THIN = int(os.environ.get("BENCH_THIN", "1"))  # one person in so many, where time is short
OPEN = (Cohort(2022, 2025), 3)
WITH_CASES = ((2022, 2), (2023, 2), (2021, 3), (2022, 3))
STORED = tuple((Cohort(year, year + 3), 2) for year in (2021, 2022, 2023))
GENERATIONS: Mapping[Cohort, Sequence[tuple[int, date]]] = {
    Cohort(2021, 2024): ((1, date(2024, 4, 22)), (2, date(2024, 11, 1)), (3, date(2025, 11, 1))),
    Cohort(2022, 2025): ((1, date(2025, 4, 22)), (2, date(2025, 11, 1)), (3, date(2026, 12, 1))),
    Cohort(2023, 2026): ((1, date(2026, 4, 22)), (2, date(2026, 11, 1))),
    Cohort(2024, 2027): (),
}
DAYS = 45  # of a window
_BENCH = MetaData()
_size = Table(
    "bench_size", _BENCH, Column("school_id", Uuid, primary_key=True), Column("n", Integer)
)
_number = Table("bench_number", _BENCH, Column("n", Integer, primary_key=True))


@dataclass(frozen=True, slots=True)
class _Sql:
    """What the two engines say differently."""

    new_id: ColumnElement[str]
    percent: ColumnElement[int]  # a number of its own for each row, 0 to 99
    new_link: ColumnElement[str]


_SQL = {
    "sqlite": _Sql(
        literal_column("lower(hex(randomblob(16)))"),
        literal_column("abs(random() % 100)"),
        literal_column("lower(hex(randomblob(32)))"),
    ),
    "postgresql": _Sql(
        literal_column("gen_random_uuid()"),
        literal_column("floor(random() * 100)::int"),
        literal_column("replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')"),
    ),
}


def fill(db: Database, folder: Path, schools: int = SCHOOLS) -> None:
    """The whole world, and the columnar store in `folder`."""
    use_pinned_zones()
    with db.unit_of_work() as session:
        import_units(session, nation(schools=schools).encode())
        versions = {n: publish(session, source_file(n).text, now=NOW).id for n in (1, 2, 3)}
    with db.saving() as connection:
        _numbers(connection)
        for cohort, waves in GENERATIONS.items():
            _generation(connection, cohort)
            for number, opens in waves:
                _waves(connection, cohort, number, opens, versions[number])
    with db.saving() as connection, _without_indices(connection):
        _cases(connection)
        _counts(connection)
        _editions(connection)
    with db.saving() as connection:
        _BENCH.drop_all(connection)
        empty = update(WaveCount).where(col(WaveCount.wave_id).not_in(select(col(Case.wave_id))))
        answered = col(WaveCount.complete) + col(WaveCount.partial)
        connection.execute(empty.values(days=b"", known=answered, answered_before=0, stayed=0))
    for keep, batch in ((keep_days, KEPT), (keep_followed, WAVES_FOLLOWED)):  # as the worker does
        done = batch
        while done == batch:
            with db.unit_of_work() as session:
                done = keep(session)
    with db.saving() as connection:
        for cohort, number in (*STORED, OPEN):
            _store(connection, folder, cohort, number)


@contextmanager
def _without_indices(connection: Connection) -> Iterator[None]:
    """The big tables without their own indices and triggers while they are filled."""
    tables = ("survey_case", "case_event", "result_edition", "sign_off_act")
    found = {name: SQLModel.metadata.tables[name].indexes for name in tables}
    for index in (one for indices in found.values() for one in indices):
        index.drop(connection)
    with _sqlite_triggers_off(connection), _postgres_triggers_off(connection, tables):
        yield
    for index in (one for indices in found.values() for one in indices):
        index.create(connection)


@contextmanager
def _sqlite_triggers_off(connection: Connection) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.execute(text("pragma cache_size = -1000000"))  # KiB
    rows = connection.execute(text("select name, sql from sqlite_master where type = 'trigger'"))
    triggers = [(str(name), str(words)) for name, words in rows]
    for name, _ in triggers:
        connection.execute(text(f"drop trigger {name}"))
    yield
    for _, words in triggers:
        connection.exec_driver_sql(words)


@contextmanager
def _postgres_triggers_off(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    if connection.dialect.name != "postgresql":
        yield
        return
    for name in tables:
        connection.execute(text(f"alter table {name} disable trigger all"))
    yield
    for name in tables:
        connection.execute(text(f"alter table {name} enable trigger all"))


def _numbers(connection: Connection) -> None:
    _BENCH.create_all(connection)
    schools = connection.scalars(
        select(col(OrganisationUnit.id))
        .where(col(OrganisationUnit.kind) == UnitKind.SCHOOL)
        .order_by(col(OrganisationUnit.code))
    ).all()
    sizes = [
        {"school_id": one, "n": SIZES[i % len(SIZES)] // THIN} for i, one in enumerate(schools)
    ]
    connection.execute(insert(_size), sizes)
    connection.execute(insert(_number), [{"n": n} for n in range(max(SIZES))])


def _generation(connection: Connection, cohort: Cohort) -> None:
    sql = _SQL[connection.dialect.name]
    rows = select(
        sql.new_id,
        _size.c.school_id,
        literal(cohort.entered),
        literal(cohort.leaves),
        literal(CalendarName.SEP.value),
        literal(7),
    )
    _insert(
        connection,
        CohortRow,
        ("id", "school_id", "entered", "leaves", "calendar", "exit_month"),
        rows,
    )
    enrolled = {2023: 30, 2024: 100}.get(cohort.entered, 0)  # percent not known to be graduates
    persons = (
        select(
            sql.new_id,
            _size.c.school_id,
            col(CohortRow.id),
            *(literal(name, _type(PanelMember, "given_name")) for name in ("A", "B")),
            case((sql.percent < enrolled, Standing.ENROLLED.value), else_=Standing.GRADUATED.value),
            literal(value=False),
            *(literal(NOW, _type(PanelMember, "added_at")) for _ in range(2)),
        )
        .select_from(CohortRow)
        .join(_size, _size.c.school_id == col(CohortRow.school_id))
        .join(_number, _number.c.n < _size.c.n)
        .where(col(CohortRow.entered) == cohort.entered)
    )
    named = ("id", "school_id", "cohort_id", "given_name", "surname_1", "standing", "simulated")
    _insert(connection, PanelMember, (*named, "added_at", "changed_at"), persons)


def _waves(connection: Connection, cohort: Cohort, number: int, opens: date, version: UUID) -> None:
    began = datetime(opens.year, opens.month, opens.day, 6, tzinfo=UTC)
    is_open = (cohort, number) == OPEN
    fixed: dict[str, object] = {
        "questionnaire": number,
        "version_id": version,
        "opens": opens,
        "closes": opens + timedelta(days=DAYS),
        "opens_at": began,
        "closes_at": began + timedelta(days=DAYS),
        "reference_monday": opens,
        "state": (WaveState.OPEN if is_open else WaveState.CLOSED).value,
        "frozen_at": began,
    }
    rows = select(
        _SQL[connection.dialect.name].new_id,
        col(CohortRow.school_id),
        col(CohortRow.id),
        *(literal(value, _type(Wave, name)) for name, value in fixed.items()),
    ).where(col(CohortRow.entered) == cohort.entered)
    _insert(connection, Wave, ("id", "school_id", "cohort_id", *fixed), rows)


def _cases(connection: Connection) -> None:
    """Some 60 in a hundred answered completely, five in part; each on a day of the window."""
    sql = _SQL[connection.dialect.name]
    when = {(c.entered, n): opens for c, waves in GENERATIONS.items() for n, opens in waves}
    moment = _type(CaseEvent, "at")
    answered = [Disposition.COMPLETE.value, Disposition.PARTIAL.value]
    for key in WITH_CASES:
        opens = datetime.combine(when[key], datetime.min.time(), UTC) + timedelta(hours=18)
        of_wave = (col(CohortRow.entered) == key[0], col(Wave.questionnaire) == key[1])
        rows = (
            select(
                sql.new_id,
                col(Wave.id),
                col(PanelMember.id),
                case(
                    (sql.percent < 60, answered[0]),
                    (sql.percent < 12, answered[1]),
                    else_=Disposition.NON_CONTACT.value,
                ),
                literal(value=True),
                *(literal(opens, moment) for _ in range(2)),
                *map(literal, ("self", "k")),
                literal(1),
                sql.new_link,
                literal(0),
            )
            .select_from(Wave)
            .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
            .join(PanelMember, col(PanelMember.cohort_id) == col(CohortRow.id))
            .where(*of_wave)
        )
        named = ("id", "wave_id", "member_id", "disposition", "eligibility_confirmed", "moved_at")
        more = ("added_at", "source", "link_key_id", "link_version", "link_hash", "contacts")
        _insert(connection, Case, (*named, *more), rows)
        days = [literal(opens + timedelta(days=n), moment) for n in range(DAYS)]
        events = (
            select(
                sql.new_id,
                col(Case.id),
                col(Case.disposition),
                case(*((sql.percent < 8, day) for day in days), else_=days[-1]),
            )
            .select_from(Wave)
            .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
            .join(Case, col(Case.wave_id) == col(Wave.id))
            .where(*of_wave, col(Case.disposition).in_(answered))
        )
        _insert(connection, CaseEvent, ("id", "case_id", "disposition", "at"), events)


def _counts(connection: Connection) -> None:
    """By wave, as the worker gathers them: of its cases, or of the size of the school."""
    n = _size.c.n
    cases = (
        select(
            col(Case.wave_id).label("wave_id"),
            *(
                func.sum(case((col(Case.disposition) == state, 1), else_=0)).label(state.value)
                for state in (Disposition.COMPLETE, Disposition.PARTIAL, Disposition.NON_CONTACT)
            ),
        )
        .group_by(col(Case.wave_id))
        .subquery()
    )
    rows = (
        select(
            col(Wave.id),
            func.coalesce(cases.c.complete, n * 6 // 10),
            func.coalesce(cases.c.partial, 0),
            func.coalesce(cases.c.non_contact, n - n * 6 // 10),
            *(literal(0) for _ in range(4)),
        )
        .select_from(Wave)
        .join(_size, _size.c.school_id == col(Wave.school_id))
        .outerjoin(cases, cases.c.wave_id == col(Wave.id))
    )
    named = ("wave_id", "complete", "partial", "non_contact", "refusal", "other")
    _insert(connection, WaveCount, (*named, "unknown_eligibility", "not_eligible"), rows)


def _editions(connection: Connection) -> None:
    """One of each closed wave, and the sign-off of the oldest generation."""
    for number in (1, 2, 3):
        words = ""  # where a store is kept, no page of an office reads it
        fixed: dict[str, object] = {
            "number": 1,
            "kind": EditionKind.CLOSE.value,
            "frozen_at": NOW,
            "answered": 30,
            "frame": 50,
            "content": words,
            "content_hash": content_hash(words),
        }
        rows = select(
            _SQL[connection.dialect.name].new_id,
            col(Wave.id),
            *(literal(value, _type(ResultEdition, name)) for name, value in fixed.items()),
        ).where(col(Wave.questionnaire) == number, col(Wave.state) == WaveState.CLOSED)
        _insert(connection, ResultEdition, ("id", "wave_id", *fixed), rows)
    for place, step in enumerate((SignOffStep.SUBMITTED, SignOffStep.ACCEPTED), start=1):
        rows = (
            select(
                _SQL[connection.dialect.name].new_id,
                col(ResultEdition.wave_id),
                literal(place),
                literal(step.value),
                col(ResultEdition.id),
                literal(""),
                literal(uuid4(), Uuid()),
                literal(NOW, _type(SignOffAct, "at")),
            )
            .join(Wave, col(Wave.id) == col(ResultEdition.wave_id))
            .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
            .where(col(CohortRow.entered) == min(one.entered for one in GENERATIONS))
        )
        named = ("id", "wave_id", "number", "step", "edition_id", "comment", "staff_id", "at")
        _insert(connection, SignOffAct, named, rows)


def _store(connection: Connection, folder: Path, cohort: Cohort, number: int) -> None:
    """Who answered, in columns, by school; of a wave without editions nobody."""
    found = connection.execute(
        select(
            col(Wave.id),
            col(Wave.school_id),
            col(ResultEdition.id),
            case(
                (col(ResultEdition.id).is_(None), 0),
                else_=col(WaveCount.complete) + col(WaveCount.partial),
            ),
            col(WaveCount.complete) + col(WaveCount.partial) + col(WaveCount.non_contact),
        )
        .join(CohortRow, col(CohortRow.id) == col(Wave.cohort_id))
        .join(WaveCount, col(WaveCount.wave_id) == col(Wave.id))
        .outerjoin(ResultEdition, col(ResultEdition.wave_id) == col(Wave.id))
        .where(col(CohortRow.entered) == cohort.entered, col(Wave.questionnaire) == number)
    ).all()
    balance = {"sexo": (Group("H", 25, 15), Group("M", 25, 15))}
    waves = tuple(
        StoredWave(wave, school, edition, answered, frame, NOW if edition else None, balance)
        for wave, school, edition, answered, frame in found
    )
    answered = [wave.answered for wave in waves]
    chance = np.random.default_rng(cohort.entered)
    series = [pl.Series(SCHOOL, np.repeat(np.arange(len(waves)), answered).astype(np.uint16))]
    for name, (low, high) in names().items():  # code 0: did not answer
        codes = chance.integers(1, high - low + 2, sum(answered)).astype(np.uint8)
        codes[chance.random(len(codes)) < 0.1] = 0
        series.append(pl.Series(name, codes))
    meanings = {
        name: Coded(low, high, words=("H", "M", "X") if name == "sexo" else ())
        for name, (low, high) in names().items()
    }
    part = Part(cohort, number, NOW, Path(), waves, meanings, 1, NOW, _sums(connection, waves))
    write_part(folder, part, pl.DataFrame(series).lazy())


def _sums(connection: Connection, waves: Sequence[StoredWave]) -> dict[UUID, tuple[int, ...]]:
    """The schools with an edition below each unit."""
    place_of = {wave.school_id: n for n, wave in enumerate(waves) if wave.edition_id}
    rows = connection.execute(select(col(UnitAncestor.unit_id), col(UnitAncestor.ancestor_id)))
    found: dict[UUID, list[int]] = {}
    for school, unit in rows:
        if school in place_of and school != unit:
            found.setdefault(unit, []).append(place_of[school])
    return {unit: tuple(sorted(places)) for unit, places in found.items()}


def _type(table: type[SQLModel], name: str) -> TypeEngine[Any]:
    found: TypeEngine[Any] = SQLModel.metadata.tables[str(table.__tablename__)].c[name].type
    return found


def _insert(
    connection: Connection,
    table: type[SQLModel],
    named: Sequence[str],
    rows: Select[*tuple[Any, ...]],
) -> None:
    connection.execute(insert(table).from_select(list(named), rows, include_defaults=False))


if __name__ == "__main__":
    _engine = make_engine(sys.argv[1], DATA_KEYS)
    SQLModel.metadata.create_all(_engine)
    fill(Database(_engine), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else SCHOOLS)
