"""What a national office opens every day: each page of the panel, at the size of the nation.

`make bench PART=panel`: 15,427 schools and 4.4 million students (panel_world.py) on SQLite and,
where TEST_POSTGRES_URL names a server, PostgreSQL. The office of the nation, then of a state, of a
subsystem and of a zone, opens its pages through the real server; milliseconds of its processor and
of the clock, the first view by itself. `BENCH_SCHOOLS` makes a smaller nation.
`python -m tests.bench.panel URL FOLDER [PAGE]` measures a world that was kept.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import httpx2
import uvicorn
from fastapi.responses import PlainTextResponse
from sqlalchemy import create_engine, text
from sqlmodel import col, select

from app.analytics.editions.store import use_store
from app.db.engine import make_engine
from app.db.transactions import Database
from app.staff import invitations, sessions
from app.staff.addresses import staff_keys
from app.staff.roles import Role, WantedGrant
from app.units.tables import OrganisationUnit, UnitKind
from app.web import security
from app.web.asgi import Receive, Scope, Send
from app.web.main import create_app
from tests.bench.beside import CPU, a_process, empty_databases, made
from tests.bench.panel_world import NOW, fill
from tests.bench.units import SCHOOLS
from tests.conftest import DATA_KEYS
from tests.web.respondent.site import settings

TRIES = int(os.environ.get("BENCH_TRIES", "40"))
LIMITS = {"ms": 100, "heaviest_ms": 300}
STAFF_COOKIE = security.cookie_name(security.STAFF_COOKIE, secure=False)
_OPEN, _STORED = "generacion=2022-2025&cuestionario=3", "generacion=2023-2026&cuestionario=2"
_RESULTS = {
    "board": f"?{_STORED}",
    "board of an open wave": f"?{_OPEN}",
    "compare": f"/comparar?{_STORED}",
    "compare an open wave": f"/comparar?{_OPEN}",
    "generations": f"/generaciones?{_STORED}",
    "explore": f"/explorar?{_STORED}&indicador=S1&variable=sexo",
    "coverage": "/cobertura?generacion=2023-2026",
    "coverage of the next": "/cobertura?generacion=2024-2027",
    "how it is made": f"/calculo?{_STORED}",
}
_OTHERS = {
    "home": "/panel",
    "units": "/panel/unidades",
    "unit": "/panel/unidades/{unit}",
    "table": "/panel/cronologia/{unit}",
    "sign-off": "/panel/cierres",
    "worklist": "/panel/pendientes",
    "people": "/panel/personas",
    "rehearsal": "/panel/unidades/{unit}/ensayo",
}
OFFICES = (UnitKind.NATION, UnitKind.STATE, UnitKind.SUBSYSTEM, UnitKind.ZONE)
Figures = dict[str, object]


def run() -> Figures:
    """By engine, office and page."""
    size = int(os.environ.get("BENCH_SCHOOLS", SCHOOLS))
    figures: Figures = {"schools": size, "cores": os.cpu_count(), "limits": LIMITS}
    with empty_databases() as urls, tempfile.TemporaryDirectory() as folder:
        for engine, url in urls.items():
            begun, store = time.perf_counter(), Path(folder) / engine
            db = made(url)
            fill(db, store, size)
            db.dispose()
            filled = round(time.perf_counter() - begun, 1)
            figures[engine] = {"world_made_s": filled, **measured(url, store)}
    return figures


def measured(url: str, store: Path, only: str = "") -> Figures:
    """The pages of each office of a world."""
    prepare(url)
    db = Database(make_engine(url, DATA_KEYS))
    found: Figures = {"load": os.getloadavg()[0]}
    with a_process("tests.bench.panel", "serve", url, str(store)) as port:
        for office in offices(db):
            token = signed_in(db, office)
            pages = {name: f"/panel/resultados/{office}{tail}" for name, tail in _RESULTS.items()}
            pages |= {name: at.format(unit=office) for name, at in _OTHERS.items()}
            with httpx2.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=120, cookies={STAFF_COOKIE: token}
            ) as staff:
                staff.get("/panel/glosario").raise_for_status()  # what belongs to no page is loaded
                mine = {}
                for name, address in pages.items():
                    if only and only != name:
                        continue
                    mine[name] = _page(staff, address)
                    print(engine_name(url), office, name, json.dumps(mine[name]), flush=True)
            found[office] = mine
    db.dispose()
    return found


def offices(db: Database) -> list[str]:
    """The code of an office of each kind."""
    code, kind = OrganisationUnit.code, col(OrganisationUnit.kind)
    with db.reading() as session:
        return [
            session.exec(select(code).where(kind == one).order_by(code).limit(1)).one()
            for one in OFFICES
        ]


def engine_name(url: str) -> str:
    """`sqlite` or `postgresql`."""
    return url.partition(":")[0].partition("+")[0]


def prepare(url: str) -> None:
    """What a database does by itself within a day: its statistics."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("analyze" if url.startswith("sqlite") else "vacuum analyze"))
    admin.dispose()


def signed_in(db: Database, unit: str) -> str:
    """The session of an officer of a unit."""
    with db.unit_of_work() as session:
        invited = invitations.invite(
            session,
            f"o{uuid4().hex}@sep.mx",
            WantedGrant(unit, Role.OFFICER),
            keys=staff_keys(DATA_KEYS),
            by=None,
            now=NOW,
        )
        return sessions.open_session(session, invited.account_id, place="p", device="t", now=NOW)


def _page(staff: httpx2.Client, address: str) -> Mapping[str, object]:
    first = _view(staff, address)
    seen = [_view(staff, address) for _ in range(TRIES)]
    processor, clock = ([one[i] for one in seen] for i in (0, 1))
    return {
        "processor": _said(processor),
        "clock": _said(clock),
        "first": {"processor": round(first[0], 1), "clock": round(first[1], 1)},
        "kilobytes": round(first[2] / 1024),
    }


def _view(staff: httpx2.Client, address: str) -> tuple[float, float, int]:
    """Milliseconds of the server's processor, and of the clock; bytes of the page."""
    before = float(staff.post(CPU).text)
    begun = time.perf_counter()
    answer = staff.get(address)
    clock = time.perf_counter() - begun
    processor = float(staff.post(CPU).text) - before
    assert answer.status_code == 200, (address, answer.status_code, answer.headers)
    return 1000 * processor, 1000 * clock, len(answer.content)


def _said(times: list[float]) -> dict[str, float]:
    return {"p50": round(median(times), 1), "p95": round(quantiles(times, n=20)[-1], 1)}


def clock() -> datetime:
    """A moment of the world that goes on like the clock."""
    return NOW + timedelta(seconds=time.monotonic() % 1000)


def serve(url: str, store: str, port: str) -> None:
    """The application, and what its processor has used."""
    use_store(Path(store))
    ours = create_app(settings(), Database(make_engine(url, DATA_KEYS)), clock)

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == CPU:
            await PlainTextResponse(str(time.process_time()))(scope, receive, send)
        else:
            await ours(scope, receive, send)

    config = uvicorn.Config(both, port=int(port), log_level="error", access_log=False)
    uvicorn.Server(config).run()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", url, store, port]:
            serve(url, store, port)
        case [url, store, *only]:
            print(json.dumps(measured(url, Path(store), *only), indent=2))
        case _:
            print(json.dumps(run(), indent=2))
