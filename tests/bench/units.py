"""A whole nation of schools, imported: seconds and memory, new, again, and all renamed.

`python -m tests.bench.units`; PostgreSQL too when TEST_POSTGRES_URL is set (tests.services).
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.units.importing import import_units
from app.units.places import shipped_geography

SCHOOLS = 15_427  # upper-secondary schools of the nation
ZONES_PER_STATE = 12
SUBSYSTEMS = 30
LIMIT = 60.0  # seconds, issue 2


def run() -> dict[str, object]:
    """Figures by engine; each engine in a process of its own, so that its memory is its own."""
    figures: dict[str, object] = {"schools": SCHOOLS, "limit_seconds": LIMIT}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "units.csv"
        path.write_text(nation(), "utf-8")
        figures["file_bytes"] = path.stat().st_size
        figures["sqlite"] = _apart(f"sqlite:///{folder}/bench.db", path)
        server = os.environ.get("TEST_POSTGRES_URL")
        if server is not None:
            with_database = _postgres_database(server)
            figures["postgresql"] = _apart(next(with_database), path)
            next(with_database, None)
    return figures


def nation(suffix: str = "", *, schools: int = SCHOOLS) -> str:
    """A file with every state, its zones, subsystems and schools; schools first, parents last.

    Of fewer schools it is a part of the nation: fewer states, as full as they are.
    """
    states = sorted(shipped_geography().states.values(), key=lambda state: state.code)
    states = states[: max(1, round(len(states) * schools / SCHOOLS))]
    regions = sorted({state.region for state in states})
    lines = ["code,name,kind,parent,subsystem_parent,time_zone"]
    for number in range(schools):
        state, place = states[number % len(states)], number // len(states)
        zone = place % ZONES_PER_STATE
        cct = f"{state.code}DCT{place:04}{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[number % 26]}"
        name = f"Bachillerato Tecnológico núm. {number}{suffix}"
        lines.append(f"{cct},{name},school,Z{state.code}-{zone},S{number % SUBSYSTEMS},")
    for state in states:
        lines += [
            f"Z{state.code}-{n},Zona {n},zone,E{state.code},," for n in range(ZONES_PER_STATE)
        ]
        region = regions.index(state.region)
        lines.append(f"E{state.code},{state.short_name},state,R{region},,")
    lines += [f"R{n},{region},region,MX,," for n, region in enumerate(regions)]
    lines += [f"S{n},Subsistema {n},subsystem,MX,," for n in range(SUBSYSTEMS)]
    lines.append("MX,México,nation,,,")
    return "\n".join(lines) + "\n"


def _apart(url: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.units", "measure", url, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measure(url: str, path: Path) -> dict[str, float]:
    engine = make_engine(url)
    SQLModel.metadata.create_all(engine)
    database = Database(engine)
    before = _peak_megabytes()
    data = path.read_bytes()
    figures = {
        "new_seconds": _seconds(database, data),
        "again_seconds": _seconds(database, data),
        "renamed_seconds": _seconds(database, nation(" bis").encode()),
    }
    figures["peak_megabytes"] = _peak_megabytes()
    figures["peak_megabytes_before"] = before
    engine.dispose()
    return figures


def _seconds(database: Database, data: bytes) -> float:
    begun = time.perf_counter()
    with database.unit_of_work() as session:
        result = import_units(session, data)
    if result.rejected:
        raise RuntimeError(result.rejected[0].message)
    return round(time.perf_counter() - begun, 2)


def _peak_megabytes() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)  # kB on Linux


def _postgres_database(server: str) -> Iterator[str]:
    name = f"bench_units_{os.getpid()}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'create database "{name}"'))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'drop database "{name}" with (force)'))
    admin.dispose()


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        print(json.dumps(_measure(sys.argv[2], Path(sys.argv[3]))))
    else:
        print(json.dumps(run(), indent=2))
