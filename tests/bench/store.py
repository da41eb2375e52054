"""The columnar store built for the first time, from real editions in a real database.

`make bench PART=store`: a twentieth of the nation (`BENCH_SCHOOLS=15427` for all of it), on SQLite
and, where TEST_POSTGRES_URL names a server, PostgreSQL. Two parts, each in a process of its own:
what sums withhold is planned, and the persons become columns; then ten schools have a new edition.
What would hold for a nation is marked as extrapolated: persons by persons, plans by schools.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.analytics.editions.cores import on_two_cores
from app.analytics.editions.cuts import draft_cut, keep_cut
from app.analytics.editions.store import stored_part_in
from app.analytics.editions.store_building import rebuild_part
from app.analytics.editions.tables import EditionRows, EditionWithheld
from app.analytics.tables import ResultEdition
from app.db.engine import make_engine
from app.db.transactions import Database
from tests.bench.beside import empty_databases, made
from tests.bench.store_world import COHORT, NOW, WAVE, fill
from tests.bench.units import SCHOOLS
from tests.conftest import DATA_KEYS

PERSONS = 4_200_000  # of a nation
SIZE = SCHOOLS // 20
CHANGED = 10  # schools with a new edition
LIMITS = {"seconds": 120, "megabytes": 700}


def run(schools: int | None = None) -> dict[str, object]:
    """Figures by engine, with the limits of issue 7."""
    size = schools or int(os.environ.get("BENCH_SCHOOLS", SIZE))
    figures: dict[str, object] = {"schools": size, "cores": os.cpu_count(), "limits": LIMITS}
    with empty_databases() as urls:
        for engine, url in urls.items():
            begun, db = time.perf_counter(), made(url)
            persons = fill(db, size)
            db.dispose()
            filled = round(time.perf_counter() - begun, 1)
            found = {"persons": persons, "world_made_s": filled, "load": os.getloadavg()[0]}
            figures[engine] = found | dict(measured(url, persons, size))
    return figures


def measured(url: str, persons: int, schools: int) -> Mapping[str, object]:
    """Both parts of the building in processes of their own, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        plan, columns = _apart("plan", url, folder), _apart("columns", url, folder)
        with _opened(url) as db, db.unit_of_work() as session:
            _new_editions(session)
        again = {"plan": _apart("plan", url, folder), "columns": _apart("columns", url, folder)}
    pace = persons / columns["seconds"]
    return {
        "columns": columns,
        "persons_a_second_and_core": round(pace),
        "plan": plan,
        "ten_schools_again": again,
        "extrapolated_to_a_nation_s": {
            "columns": round(PERSONS / pace, 1),
            "plan": round(plan["seconds"] * SCHOOLS / schools),
        },
    }


def plan(db: Database, folder: Path) -> None:  # noqa: ARG001 (every part takes it)
    """What the sums of every unit withhold, from all editions; and kept, for the columns."""
    with db.reading() as session:
        draft = draft_cut(session, COHORT, WAVE, now=NOW, each=on_two_cores)
    if draft is None:
        raise RuntimeError("no cut was due")
    with db.unit_of_work() as session:
        keep_cut(session, draft, now=NOW)


def columns(db: Database, folder: Path) -> None:
    """The part written, of the newest cut."""
    with db.reading() as session:
        rebuild_part(session, folder, COHORT, WAVE, now=NOW)
    if stored_part_in(folder, COHORT, WAVE) is None:
        raise RuntimeError("no part was written")


def _new_editions(session: Session) -> None:
    """The same counts once more for some schools, as a correction brings them."""
    heads = session.exec(select(ResultEdition).order_by(col(ResultEdition.id)).limit(CHANGED)).all()
    for old in heads:
        told = session.get_one(EditionWithheld, old.id)
        rows = session.get_one(EditionRows, old.id)
        new = {**old.model_dump(), "id": uuid4(), "number": 2, "frozen_at": NOW + timedelta(days=1)}
        session.connection().execute(insert(ResultEdition), [new])
        session.add(EditionWithheld(**{**told.model_dump(), "edition_id": new["id"]}))
        session.add(EditionRows(**{**rows.model_dump(), "edition_id": new["id"]}))


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    db = Database(make_engine(url, DATA_KEYS))
    yield db
    db.dispose()


def _apart(part: str, url: str, folder: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.store", part, url, folder],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measure(part: str, url: str, folder: Path) -> dict[str, float]:
    with _opened(url) as db:
        begun, cpu = time.perf_counter(), time.process_time()
        {"plan": plan, "columns": columns}[part](db, folder)
        return {
            "seconds": round(time.perf_counter() - begun, 2),
            "cpu_seconds": round(time.process_time() - cpu, 2),
            "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "load": os.getloadavg()[0],
        }


if __name__ == "__main__":
    match sys.argv[1:]:
        case [part, url, folder]:
            print(json.dumps(_measure(part, url, Path(folder))))
        case [size]:
            print(json.dumps(run(int(size)), indent=2))
        case _:
            print(json.dumps(run(), indent=2))
