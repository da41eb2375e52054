"""Saves per second of a whole step, beside a bare synchronous route with the same commit.

`python -m tests.bench.saves`; PostgreSQL too when TEST_POSTGRES_URL is set (tests.services).
Two processes: uvicorn with one worker, and 32 kept-open connections that post without a pause.
The bare route is synchronous, parses the same form, makes the same commit (the revision and the
answer of one step), answers 303: no session, no routing, no checks. A second bare route commits
one row of one column, for scale.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.responses import Response as HttpResponse
from sqlalchemy import Column, DateTime, MetaData, String, Table, create_engine, insert, make_url
from sqlalchemy import text as sql
from sqlmodel import SQLModel, select

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.fieldwork import entry
from app.responses import writing
from app.responses.tables import Response
from app.web.main import create_app
from app.web.security import mask_secret
from app.web.wiring import Form
from tests.conftest import DATA_KEYS
from tests.responses.desk import Desk
from tests.responses.people import DURING, a_field, a_person
from tests.services import free_port, wait_for
from tests.web.respondent.site import settings

CONNECTIONS = 32
SECONDS = 6.0
ROUNDS = 3
PATHS = ("/responder", "/same", "/one")
BARE = Table(
    "bench_save",
    MetaData(),
    Column("id", String(36), primary_key=True),
    Column("value", String(200)),
    Column("at", DateTime),
)


def run() -> dict[str, object]:
    """Saves per second by engine, for our step and for the bare route, and their ratio."""
    figures: dict[str, object] = {"connections": CONNECTIONS, "seconds": SECONDS, "goal": 0.5}
    with tempfile.TemporaryDirectory() as folder:
        figures["sqlite FULL"] = _engine(f"sqlite:///{folder}/bench.db")
    server = os.environ.get("TEST_POSTGRES_URL")
    if server is not None:
        created = _postgres_database(server)
        figures["postgresql"] = _engine(next(created))
        next(created, None)
    return figures


def _engine(url: str) -> dict[str, float]:
    secrets = _prepare(url)
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.saves", "serve", url, str(port)])
    try:
        wait_for(port)
        rounds = [
            [asyncio.run(_load(port, path, secrets)) for path in PATHS] for _ in range(ROUNDS)
        ]
    finally:
        server.terminate()
        server.wait(20)
    ours, same, one = (sorted(each)[ROUNDS // 2] for each in zip(*rounds, strict=True))
    return {
        "saves": round(ours),
        "bare, same commit": round(same),
        "ratio": round(ours / same, 2),
        "bare, one row": round(one),
        "ratio to one row": round(ours / one, 2),
    }


def _prepare(url: str) -> list[str]:
    """A wave with one person a connection, each half-way through."""
    engine = make_engine(url, DATA_KEYS)
    SQLModel.metadata.create_all(engine)
    BARE.metadata.create_all(engine)
    db = Database(engine)
    with db.unit_of_work() as session:
        wave = a_field(session, 2)
        people = [a_person(session, wave) for _ in range(CONNECTIONS)]
        secrets = [entry.start(session, p.case_id, now=_now()).secret for p in people]
    for person, secret in zip(people, secrets, strict=True):
        desk = Desk(db, 2, person, secret)
        desk.through({"aviso_q2": "1"}, {"municipio_residencia": "Zapopan"})
        desk.through({"certificado_ems": "1"}, {"estudia": "1"}, {"trabaja": "1"})
        desk.through({"actividad_principal": "1"})
    db.dispose()
    return secrets


def serve(url: str, port: int) -> None:
    """Our application with the bare route beside it, in this process."""
    db = Database(make_engine(url, DATA_KEYS))
    application = create_app(settings(), db, _now)
    bare = FastAPI()
    bare.mount("/site", application)

    with db.reading() as session:
        responses = session.exec(select(Response.id)).all()

    @bare.post("/same")
    def save_same(form: Form) -> HttpResponse:
        answers = {"estudia": (int(str(form["estudia"])), None)}
        changes = writing.Changes(answers, {}, (), ())
        revision = writing.Revision(uuid4().hex, "0" * 64, "estudia", 9, None)
        response_id = responses[hash(str(form["s"])) % len(responses)]
        with db.saving() as connection:
            writing.write_revision(
                connection, response_id, revision, changes, session_id=None, now=_now()
            )
            writing.write_changes(
                connection, response_id, changes, number=9, session_id=None, now=_now()
            )
        return RedirectResponse("/same", 303)

    @bare.post("/one")
    def save_one(form: Form) -> HttpResponse:
        with db.saving() as connection:
            row = {"id": str(uuid4()), "value": str(form.get("estudia")), "at": _now()}
            connection.execute(_INSERT, row)
        return RedirectResponse("/one", 303)

    config = uvicorn.Config(bare, port=port, log_level="error", access_log=False, lifespan="off")
    uvicorn.Server(config).run()


async def _load(port: int, path: str, secrets: list[str]) -> float:
    """Posts per second over all connections."""
    end = time.perf_counter() + SECONDS
    began = time.perf_counter()
    counts = await asyncio.gather(*(_connection(port, path, s, end) for s in secrets))
    return sum(counts) / (time.perf_counter() - began)


async def _connection(port: int, path: str, secret: str, end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    short, done = "", 0
    target = f"/site{path}" if path == "/responder" else path
    cookie = ""
    while time.perf_counter() < end:
        fields = {"s": mask_secret(secret), "paso": "estudia", "estudia": str(1 + done % 3)}
        fields |= {"k": f"{short}-{uuid4().hex}"} if short else {}
        body = urlencode(fields)
        head = (
            f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n{cookie}\r\n"
        )
        writer.write((head + body).encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (int(line.split(":")[1]) for line in answer.split("\r\n") if "ontent-l" in line), 0
        )
        page = await reader.readexactly(length) if length else b""
        if " 303 " not in answer.split("\r\n")[0]:
            if b"paso" not in page:
                raise RuntimeError(answer)
            # Without its cookie the answer is a page: learn the session's name from its key.
            short = page.decode().split('name="k" value="')[1][:8]
            cookie = f"Cookie: trayecto_entry_{short}={secret}\r\n"
            continue
        done += 1
    writer.close()
    return done


def _now() -> datetime:
    return DURING[2] + timedelta(microseconds=datetime.now(UTC).microsecond)


def _postgres_database(server: str) -> Iterator[str]:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sql("create database bench_saves"))
    yield make_url(server).set(database="bench_saves").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sql("drop database bench_saves with (force)"))
    admin.dispose()


_INSERT = insert(BARE)

if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        found = run()
        Path("var/bench").mkdir(parents=True, exist_ok=True)
        Path("var/bench/saves.json").write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps(found, indent=1))
