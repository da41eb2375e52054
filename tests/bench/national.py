"""The nation in columns: 4,200,000 responses × 40 variables over 15,427 schools, on this machine.

What staff wait for (a school's page of twenty indicators, any national cross-tab) through the
store's own code, beside plain SQL and NumPy on the same data, and DuckDB where it is installed.
Each engine has a process of its own, so that its memory is its own. Times are p50 and p95 in
milliseconds; whatever else the machine does at the time is in them.
"""

import importlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.analytics.editions.store import SCHOOL, Part, StoredWave, stored_part_in, write_part
from app.analytics.figures.indicators import Kind, each, reads
from app.analytics.figures.registry import outcomes_of
from app.analytics.figures.traits import LATTICE
from app.analytics.frame.coded import Column
from app.analytics.frame.tallies import CROSSED, CountedRows
from app.analytics.release.crossed_release import release_crossed
from app.analytics.release.outcome_release import release_counted
from app.analytics.released import Audience, Context
from app.chronology.wave_plan import Cohort

RESPONSES, SCHOOLS, VARIABLES = 4_200_000, 15_427, 40
COHORT, WAVE = Cohort(2023, 2026), 2
TRIES = 200
LIMITS = {"page_ms": 50, "cross_ms": 100, "megabytes": 700, "rebuild_s": 120}
ENGINES = ("store", "numpy", "sqlite", "duckdb", "postgresql")
CHECKED_SCHOOLS = (0, SCHOOLS // 2, SCHOOLS - 1)
Codes = NDArray[np.int16]
Counts = Mapping[tuple[int, ...], int]  # persons by codes, one below the lowest where not known


def run() -> dict[str, object]:
    """Figures by engine, with the limits of issue 7."""
    figures: dict[str, object] = {
        "responses": RESPONSES,
        "schools": SCHOOLS,
        "variables": VARIABLES,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "limits": LIMITS,
    }
    with tempfile.TemporaryDirectory() as folder:
        for engine in ("write", *ENGINES):
            found = _apart(engine, folder)
            figures[engine] = found
            print(engine, json.dumps(found), flush=True)
    counted = [figures[engine].get("counted") for engine in ENGINES]  # type: ignore[attr-defined]
    figures["all count alike"] = len({one for one in counted if one is not None}) == 1
    return figures


def names() -> dict[str, tuple[int, int]]:
    """The variables with the least and the greatest code of each."""
    entries = [e for e in outcomes_of(WAVE) if e.kind in CROSSED | {Kind.MEAN, Kind.CURVE}]
    found: dict[str, tuple[int, int]] = {
        "sexo": (0, 2),
        "turno": (1, 4),
        "tipo_bachillerato": (1, 3),
    }
    for entry in entries:
        codes = [c for one in entry.categories for c in one.codes if isinstance(c, int)]
        if codes and entry.variable not in found:
            found[entry.variable] = (min(codes), max(codes))
        for one in entry.among:
            found.setdefault(one.variable, (0, 4))
    found.setdefault("espera_evento", (0, 1))
    for n in range(VARIABLES - len(found)):
        found[f"relleno_{n}"] = (0, 9)
    return dict(list(found.items())[:VARIABLES])


def columns(seed: int = 1) -> Iterator[tuple[str, Codes]]:
    """`_school` ascending, then each variable; one in ten persons did not answer it (low - 1)."""
    chance = np.random.default_rng(seed)
    yield SCHOOL, np.sort(chance.integers(0, SCHOOLS, RESPONSES)).astype(np.int16)
    for name, (low, high) in names().items():
        codes = chance.integers(low, high + 1, RESPONSES).astype(np.int16)
        codes[chance.random(RESPONSES) < 0.1] = low - 1
        yield name, codes


def _part() -> Part:
    _, schools = next(columns())
    waves = tuple(
        StoredWave(UUID(int=n), UUID(int=n), UUID(int=n), answered, 400, datetime.now(UTC))
        for n, answered in enumerate(np.bincount(schools, minlength=SCHOOLS).tolist())
    )
    meanings = {
        name: Column(low, high, words=("H", "M", "X") if name == "sexo" else ())
        for name, (low, high) in names().items()
    }
    return Part(COHORT, WAVE, datetime.now(UTC), Path(), waves, meanings, 1, datetime.now(UTC))


def checked_pairs() -> list[tuple[str, str]]:
    """Cross-tabs that every engine counts, to be compared."""
    plain = [name for name in names() if name != "sexo"]  # the store knows it by words
    return [(plain[0], plain[1]), (plain[5], plain[2]), (plain[11], plain[20])]


def digest(cross: Callable[[str, str], Counts], page: Callable[[int, str], Counts]) -> str:
    """A short name of the counts of the checked cross-tabs and schools."""
    found = [sorted(cross(*pair).items()) for pair in checked_pairs()]
    plain = [name for name in names() if name != "sexo"][:20]
    found += [sorted(page(s, name).items()) for s in CHECKED_SCHOOLS for name in plain]
    return sha256(repr(found).encode()).hexdigest()[:16]


def write(folder: Path) -> Mapping[str, object]:
    """The part written from columns; then rebuilt: all of it read, ten schools replaced."""
    begun = time.perf_counter()
    series = []
    low = {name: least for name, (least, _) in names().items()}
    for name, codes in columns():
        kind = np.uint16 if name == SCHOOL else np.uint8
        series.append(pl.Series(name, (codes - low.get(name, 1) + 1).astype(kind)))
    made = time.perf_counter()
    frame = pl.DataFrame(series)
    part = write_part(folder / "store", _part(), frame.lazy())
    kept = time.perf_counter()
    old = pl.scan_ipc(part.path).filter(pl.col(SCHOOL) >= 10)
    again = pl.concat([frame.filter(pl.col(SCHOOL) < 10).lazy(), old]).sort(SCHOOL)
    rebuilt = write_part(folder / "store", _part(), again)
    return {
        "generated_s": round(made - begun, 1),
        "written_s": round(kept - made, 1),
        "rebuilt_s": round(time.perf_counter() - kept, 1),
        "file_megabytes": round(rebuilt.path.stat().st_size / 2**20),
    }


def store(folder: Path) -> Mapping[str, object]:
    """Through the app's own store, counting and release."""
    begun = time.perf_counter()
    part = stored_part_in(folder / "store", COHORT, WAVE)
    if part is None:
        raise RuntimeError("no part was written")
    opened = time.perf_counter() - begun
    chance = np.random.default_rng(2)
    twenty = [e for e in outcomes_of(WAVE) if e.kind is not Kind.CROSSING][:20]
    entries = [e for e in outcomes_of(WAVE) if e.kind in CROSSED]
    office = Context(audience=Audience.OFFICE, schools=SCHOOLS, frame=6_000_000)
    own = Context(audience=Audience.OWN, frame=400)
    everybody = tuple(range(SCHOOLS))

    def page(_: int) -> None:
        rows = part.rows((int(chance.integers(SCHOOLS)),))
        release_counted(CountedRows(rows, WAVE), own, only=twenty)

    def cross(_: int) -> None:
        entry = entries[int(chance.integers(len(entries)))]
        trait = list(LATTICE.values())[int(chance.integers(len(LATTICE)))]
        fresh = replace(part, below={})
        counted = CountedRows(fresh.rows(everybody), WAVE)  # a new part: nothing is remembered
        release_crossed(counted, trait, office, only=entry.id)

    def cross_again(_: int) -> None:
        entry = entries[int(chance.integers(len(entries)))]
        trait = list(LATTICE.values())[int(chance.integers(len(LATTICE)))]
        release_crossed(CountedRows(part.rows(everybody), WAVE), trait, office, only=entry.id)

    return {
        "open_s": round(opened, 2),
        "page_ms": _times(page),
        "cross_ms": _times(cross),
        "cross_remembered_ms": _times(cross_again),
        "variables_of_an_indicator": max(len(reads(e)) for e in entries),
        "megabytes": _peak(),
        "counted": _digest_of_store(part),
    }


def _digest_of_store(part: Part) -> str:
    low = {name: least for name, (least, _) in names().items()}

    def grouped(places: tuple[int, ...], *asked: str) -> Counts:
        found: Counter[tuple[int, ...]] = Counter()
        for row, persons in each(part.rows(places), asked):
            values = [row.get(name) for name in asked]
            codes = zip(asked, values, strict=True)
            key = tuple(v if isinstance(v, int) else low[name] - 1 for name, v in codes)
            found[key] += persons
        return {key: persons for key, persons in found.items() if persons}

    everybody = tuple(range(SCHOOLS))
    return digest(
        lambda one, other: grouped(everybody, one, other),
        lambda school, name: grouped((school,), name),
    )


def numpy(folder: Path) -> Mapping[str, object]:  # noqa: ARG001 (every engine takes it)
    """Arrays in memory."""
    begun = time.perf_counter()
    held = dict(columns())
    loaded = time.perf_counter() - begun
    starts = np.searchsorted(held[SCHOOL], np.arange(SCHOOLS + 1))
    low = {name: least for name, (least, _) in names().items()}
    variables, chance = list(low), np.random.default_rng(2)

    def page(_: int) -> None:
        school = int(chance.integers(SCHOOLS))
        span = slice(starts[school], starts[school + 1])
        for name in variables[:20]:
            np.bincount(held[name][span] - (low[name] - 1))

    def cross(_: int) -> None:
        one, other = chance.choice(variables, 2, replace=False)
        key = (held[one] - (low[one] - 1)).astype(np.int32) * 128 + (held[other] - (low[other] - 1))
        np.bincount(key)

    def counts(span: slice, *asked: str) -> Counts:
        codes, persons = np.unique(
            np.column_stack([held[name][span] for name in asked]), axis=0, return_counts=True
        )
        return dict(zip(map(tuple, codes.tolist()), persons.tolist(), strict=True))

    times = {"page_ms": _times(page), "cross_ms": _times(cross), "megabytes": _peak()}
    return {
        "load_s": round(loaded, 1),
        **times,
        "counted": digest(
            lambda one, other: counts(slice(None), one, other),
            lambda school, name: counts(slice(starts[school], starts[school + 1]), name),
        ),
    }


def sqlite(folder: Path) -> Mapping[str, object]:
    """One table with an index on the school."""
    path = folder / "nation.db"
    begun = time.perf_counter()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=OFF")
    _fill_sqlite(connection)
    loaded = time.perf_counter() - begun
    connection.execute("PRAGMA mmap_size=2000000000")
    return {
        "load_s": round(loaded, 1),
        "file_megabytes": round(path.stat().st_size / 2**20),
        **_sql_times(lambda text: connection.execute(text).fetchall()),
        "megabytes": _peak(),
    }


def _fill_sqlite(connection: sqlite3.Connection) -> None:
    named = [SCHOOL, *names()]
    connection.execute(f"create table t ({', '.join(f'{name} integer' for name in named)})")
    marks = ", ".join("?" for _ in named)
    whole = np.column_stack([codes for _, codes in columns()])
    for start in range(0, RESPONSES, 100_000):
        rows = whole[start : start + 100_000].tolist()
        connection.executemany(f"insert into t values ({marks})", rows)
    connection.commit()
    connection.execute(f"create index by_school on t ({SCHOOL})")
    connection.execute("analyze")


def duckdb(folder: Path) -> Mapping[str, object]:
    """The other columnar engine, with its own file, where it is installed."""
    if find_spec("duckdb") is None:  # measured to choose (decisions/0018); not a dependency
        return {"skipped": "duckdb no está instalado"}
    engine = importlib.import_module("duckdb")
    source = stored_part_in(folder / "store", COHORT, WAVE)
    if source is None:
        raise RuntimeError("no part was written")
    table = folder / "nation.parquet"
    pl.scan_ipc(source.path).sink_parquet(table)
    begun = time.perf_counter()
    connection = engine.connect(str(folder / "nation.duckdb"))
    connection.execute(f"create table t as select * from read_parquet('{table}')")
    connection.execute("checkpoint")
    loaded = time.perf_counter() - begun
    return {
        "load_s": round(loaded, 1),
        **_sql_times(lambda text: connection.execute(text).fetchall(), tries=60),
        "megabytes": _peak(),
    }


def postgresql(folder: Path) -> Mapping[str, object]:  # noqa: ARG001
    """One table with an index on the school, where TEST_POSTGRES_URL names a server."""
    url = os.environ.get("TEST_POSTGRES_URL")
    if url is None:
        return {"skipped": "TEST_POSTGRES_URL"}
    import psycopg  # noqa: PLC0415 (only for this engine)

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        named = [SCHOOL, *names()]
        shape = ", ".join(f"{name} smallint" for name in named)
        begun = time.perf_counter()
        connection.execute("drop table if exists bench_national")
        connection.execute(f"create unlogged table bench_national ({shape})")
        try:
            whole = np.column_stack([codes for _, codes in columns()])
            with connection.cursor().copy("copy bench_national from stdin (format text)") as copy:
                for start in range(0, RESPONSES, 50_000):
                    lines = whole[start : start + 50_000].tolist()
                    copy.write("".join("\t".join(map(str, line)) + "\n" for line in lines))
            connection.execute(f"create index on bench_national ({SCHOOL})")
            connection.execute("vacuum analyze bench_national")
            loaded = time.perf_counter() - begun

            def ask(text: str) -> list[tuple[object, ...]]:
                return connection.execute(text.replace(" t ", " bench_national ")).fetchall()

            return {"load_s": round(loaded, 1), **_sql_times(ask, tries=20)}
        finally:
            connection.execute("drop table bench_national")


def _sql_times(
    ask: Callable[[str], list[tuple[object, ...]]], *, tries: int = 20
) -> Mapping[str, object]:
    """A school's page is one query of twenty columns; a cross-tab is a GROUP BY."""
    chance, variables = np.random.default_rng(2), list(names())
    twenty = ", ".join(variables[:20])

    def page(_: int) -> None:
        ask(f"select {twenty} from t where {SCHOOL} = {int(chance.integers(SCHOOLS))}")

    def cross(_: int) -> None:
        one, other = chance.choice(variables, 2, replace=False)
        ask(f"select {one}, {other}, count(*) from t group by 1, 2")

    def counts(asked: str, where: str = "") -> Counts:
        rows = ask(f"select {asked}, count(*) from t {where} group by {asked}")
        found = [[int(str(value)) for value in row] for row in rows]
        return {tuple(codes): persons for *codes, persons in found}

    return {
        "page_ms": _times(page),
        "cross_ms": _times(cross, tries=tries),
        "counted": digest(
            lambda one, other: counts(f"{one}, {other}"),
            lambda school, name: counts(name, f"where {SCHOOL} = {school}"),
        ),
    }


def _times(act: Callable[[int], None], *, tries: int = TRIES) -> Mapping[str, float]:
    taken = []
    for n in range(tries):
        begun = time.perf_counter()
        act(n)
        taken.append(1000 * (time.perf_counter() - begun))
    p50, p95 = np.percentile(taken, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


def _peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)  # kB on Linux


def _apart(engine: str, folder: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.national", engine, folder],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return {"failed": done.stderr[-2_000:]}
    found: dict[str, object] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
    else:
        print(json.dumps(run(), indent=2))
