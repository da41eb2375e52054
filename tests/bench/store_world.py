"""A nation whose editions are frozen: real rows of `result_edition` and `edition_rows`.

Persons are drawn from a simulated world that was read through the app's own frame; each school has
its own, and its counts, its text and its block are made by the app's own functions. Nobody's
answers are written: the building does not read them where a block is kept.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, SQLModel, col, select

import app.all_tables  # noqa: F401
from app.analytics.editions.content import EditionContent, content_hash, written
from app.analytics.editions.rows import coded_rows, packed, rules_of, variables_kept
from app.analytics.editions.tables import EditionRows, EditionWithheld
from app.analytics.editions.withheld import release_rules, told_text
from app.analytics.frame.cases_read import places_of_schools
from app.analytics.frame.datasets import frames_of_schools
from app.analytics.frame.grouped_rows import ColumnRows, in_columns
from app.analytics.frame.tallies import tally_of
from app.analytics.nonresponse import Balance, Group
from app.analytics.panel_row import Value
from app.analytics.tables import EditionKind, ResultEdition
from app.chronology.wave_plan import Cohort
from app.db.engine import make_engine
from app.db.transactions import Database
from app.directory.tables import CohortRow, PanelMember, Standing
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave, WaveState
from app.questionnaires.library import source_file
from app.questionnaires.publication import publish
from app.units.importing import import_units
from app.units.places import use_pinned_zones
from app.units.tables import OrganisationUnit, UnitKind
from tests.bench.progress import _insert, _wave
from tests.bench.units import SCHOOLS, nation
from tests.conftest import DATA_KEYS

WAVE = 2
COHORT, SIMULATED = Cohort(2023, 2026), Cohort(2021, 2024)
NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)
POOL = 60  # simulated schools whose persons are drawn from
FRAME = 1.45  # persons of a frame, for each who answered

Kinds = Mapping[tuple[Value, Value], Sequence[int]]  # persons of the pool, by shift and programme


@dataclass(frozen=True, slots=True)
class Made:
    """What one school brings."""

    persons: int
    frame: int
    text: str
    block: bytes
    told: str


def fill(db: Database, schools: int) -> int:
    """Units, waves, answered cases and editions; persons in them."""
    use_pinned_zones()
    with db.unit_of_work() as session:
        import_units(session, nation(schools=schools).encode())
    with db.unit_of_work() as session:
        found = session.exec(
            select(OrganisationUnit.id)
            .where(OrganisationUnit.kind == UnitKind.SCHOOL)
            .order_by(col(OrganisationUnit.code))
        ).all()
        waves = _waves(session, found)
        members = _members(session, found[0])
    persons = 0
    with get_context("fork").Pool(os.cpu_count(), _use, (simulated(),)) as workers:
        made = workers.imap(_made, range(len(found)), chunksize=8)
        for start in range(0, len(found), 200):
            some = waves[start : start + 200]
            with db.unit_of_work() as session:
                persons += _keep(session, [(w, next(made)) for w in some], members)
    return persons


@cache
def simulated() -> Mapping[str, Sequence[Value]]:
    """Persons of a simulated world, by variable."""
    with tempfile.TemporaryDirectory() as folder:
        return _simulated(Path(folder))


def _simulated(folder: Path) -> Mapping[str, Sequence[Value]]:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("TRAYECTO_")},
        "TRAYECTO_ENVIRONMENT": "development",
        "TRAYECTO_DATA_DIR": str(folder),
    }
    for command in (
        ["migrate"],
        ["simulate", "--schools", str(POOL), "--generations", str(SIMULATED), "--seed", "7"],
    ):
        if command[0] == "simulate":
            command += ["--now", "2026-11-28"]
        subprocess.run(
            [sys.executable, "-m", "app", *command],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    db = Database(make_engine(f"sqlite:///{folder / 'trayecto.db'}"))
    with db.reading() as session:
        schools = session.exec(
            select(OrganisationUnit.id).where(OrganisationUnit.kind == UnitKind.SCHOOL)
        ).all()
        places = places_of_schools(session, schools, SIMULATED, WAVE)
        frames = frames_of_schools(session, places, WAVE)
    db.dispose()
    rows = [row for frame in frames.values() for row in frame.rows]
    whole = in_columns(rows)
    return {name: tuple(whole.column(name)) for name in variables_kept(WAVE)}


_pool: dict[str, Sequence[Value]] = {}
_kinds: dict[tuple[Value, Value], list[int]] = defaultdict(list)


def _use(pool: Mapping[str, Sequence[Value]]) -> None:
    _pool.update(pool)
    for place, kind in enumerate(zip(pool["turno"], pool["tipo_bachillerato"], strict=True)):
        _kinds[kind].append(place)


def _made(number: int) -> Made:
    rows = school_rows(Random(f"school {number}"))
    tally = tally_of(rows, WAVE)
    content = EditionContent(tally, round(len(rows) * FRAME), _balance(rows))
    block = packed(coded_rows(rows, WAVE))
    return Made(len(rows), content.frame, written(content), block, told_text(tally))


def school_rows(chance: Random) -> ColumnRows:
    """Some 272 persons in the mean: two in five schools have fewer than sixty."""
    sort = chance.random()
    size = (
        chance.randint(5, 60)
        if sort < 0.4
        else chance.randint(100, 470)
        if sort < 0.8
        else chance.randint(460, 980)
    )
    programme = chance.choice(sorted({kind[1] for kind in _kinds}, key=str))
    here = [place for kind, places in _kinds.items() if kind[1] == programme for place in places]
    if size < 60:
        shift = min(kind[0] for kind in _kinds if kind[1] == programme)  # type: ignore[type-var]
        here = _kinds[shift, programme]
    picked = [chance.choice(here) for _ in range(size)]
    return ColumnRows(
        {name: [values[place] for place in picked] for name, values in _pool.items()},
        range(size),
    )


def _balance(rows: ColumnRows) -> Balance:
    groups = {
        trait: Counter(str(value) for value in rows.column(name))
        for trait, name in (("sexo", "sexo"), ("turno", "turno"), ("plan", "q1_plan_egreso"))
    }
    return {
        trait: tuple(Group(v, round(n * FRAME), n) for v, n in sorted(found.items()))
        for trait, found in groups.items()
    }


def _waves(session: Session, schools: Sequence[UUID]) -> list[UUID]:
    version = publish(session, source_file(WAVE).text, now=NOW).id
    cohorts, waves = {one: uuid4() for one in schools}, {one: uuid4() for one in schools}
    _insert(
        session,
        CohortRow,
        (
            {
                "id": cohorts[one],
                "school_id": one,
                "entered": COHORT.entered,
                "leaves": COHORT.leaves,
            }
            for one in schools
        ),
    )
    _insert(
        session,
        Wave,
        (
            _wave(one, cohorts[one], waves[one], version)
            | {"questionnaire": WAVE, "state": WaveState.CLOSED}
            for one in schools
        ),
    )
    return [waves[one] for one in schools]


def _members(session: Session, school_id: UUID) -> list[UUID]:
    """The same persons stand for those of every school: only their cases are looked at."""
    cohort_id = session.exec(select(CohortRow.id).where(CohortRow.school_id == school_id)).one()
    members = [
        PanelMember(
            school_id=school_id,
            cohort_id=cohort_id,
            given_name="A",
            surname_1="B",
            standing=Standing.GRADUATED,
            added_at=NOW,
            changed_at=NOW,
        )
        for _ in range(1_000)
    ]
    ids = [member.id for member in members]
    session.add_all(members)
    session.flush()
    return ids


def _keep(session: Session, made: Sequence[tuple[UUID, Made]], members: Sequence[UUID]) -> int:
    editions = [
        {
            "id": uuid4(),
            "wave_id": wave_id,
            "number": 1,
            "kind": EditionKind.CLOSE,
            "frozen_at": NOW,
            "answered": one.persons,
            "frame": one.frame,
            "content": one.text,
            "content_hash": content_hash(one.text),
        }
        for wave_id, one in made
    ]
    rules = rules_of(WAVE)
    kept = [
        {"edition_id": edition["id"], "wave_id": wave_id, "rules": rules, "block": one.block}
        for edition, (wave_id, one) in zip(editions, made, strict=True)
    ]
    _insert(session, Case, _cases(made, members))
    _insert(session, ResultEdition, iter(editions))
    _insert(session, EditionRows, iter(kept))
    told = [
        {"edition_id": edition["id"], "rules": release_rules(), "withheld": one.told}
        for edition, (_, one) in zip(editions, made, strict=True)
    ]
    _insert(session, EditionWithheld, iter(told))
    session.connection().execute(text("delete from case_move"))
    return sum(one.persons for _, one in made)


def _cases(
    made: Sequence[tuple[UUID, Made]], members: Sequence[UUID]
) -> Iterator[dict[str, object]]:
    for wave_id, one in made:
        for member_id in members[: one.persons]:
            identifier = uuid4()
            yield {
                "id": identifier,
                "wave_id": wave_id,
                "member_id": member_id,
                "disposition": Disposition.COMPLETE,
                "eligibility_confirmed": True,
                "moved_at": NOW,
                "added_at": NOW,
                "link_key_id": "k",
                "link_hash": identifier.hex,
            }


if __name__ == "__main__":  # URL SCHOOLS: a world to look at, or to measure again
    _engine = make_engine(sys.argv[1], DATA_KEYS)
    SQLModel.metadata.create_all(_engine)
    print(fill(Database(_engine), int(sys.argv[2]) if len(sys.argv) > 2 else SCHOOLS))
