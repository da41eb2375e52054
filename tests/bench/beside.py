"""Our application and, beside it in the same server, bare routes with the same commit.

`python -m tests.bench.beside URL PORT` serves both. A bare route is an ordinary synchronous
FastAPI route: it parses the same form and writes the same rows by the same statements, in one
transaction, to a response of its own, and answers 303. No session, no reading, no routing, no
checks, no middleware.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID, uuid4

import uvicorn
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.responses import Response as HttpResponse
from sqlalchemy import create_engine, make_url
from sqlalchemy import text as sql
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.responses import writing
from app.web.asgi import Receive, Scope, Send
from app.web.main import create_app
from app.web.respondent.visiting import short_id
from app.web.security import mask_secret
from app.web.wiring import Form
from tests.conftest import DATA_KEYS
from tests.responses.people import DURING
from tests.services import free_port, wait_for
from tests.web.respondent.site import settings

SAVE, CPU = "/bare/save", "/bare/cpu"
NUMBER = 2


def now() -> datetime:
    """A moment of the field period that goes on like the clock."""
    return DURING[NUMBER] + timedelta(seconds=time.monotonic() % 1000)


@contextmanager
def empty_databases() -> Iterator[dict[str, str]]:
    """Addresses of empty databases with our tables, by engine; PostgreSQL where it is to be had."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": f"sqlite:///{folder}/bench.db"}
        server = os.environ.get("TEST_POSTGRES_URL")
        if server is None:
            yield found
            return
        name = f"bench_{uuid4().hex[:12]}"
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sql(f"create database {name}"))
        url = make_url(server).set(database=name)
        try:
            yield {**found, "postgresql": url.render_as_string(hide_password=False)}
        finally:
            with admin.connect() as connection:
                connection.execute(sql(f"drop database {name} with (force)"))
            admin.dispose()


def made(url: str) -> Database:
    """The database, with its tables."""
    engine = make_engine(url, DATA_KEYS)
    SQLModel.metadata.create_all(engine)
    return Database(engine)


@contextmanager
def served(url: str) -> Iterator[int]:
    """The port of a server process of its own: uvicorn, one worker."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.beside", url, str(port)])
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


@dataclass(slots=True)
class Client:
    """One kept-open connection of one respondent."""

    port: int
    session_id: UUID
    secret: str
    _reader: asyncio.StreamReader = field(init=False)
    _writer: asyncio.StreamWriter = field(init=False)

    async def open(self) -> "Client":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    def close(self) -> None:
        self._writer.close()

    async def save_by_page(self, step: str, fields: Mapping[str, list[str]], **more: str) -> None:
        """A step as a page sends it; the answer leads to the next."""
        own = {"s": mask_secret(self.secret), "paso": step, "k": self.key(), **more}
        body = urlencode({**own, **fields}, doseq=True)
        status, page = await self._post("/responder", body)
        assert status == 303, (step, fields, page)

    async def save_by_phone(self, step: str, fields: Mapping[str, list[str]], number: int) -> None:
        """A step as the script sends it."""
        waiting = {"k": self.key(), "p": step, "r": number, "v": [], "t": fields}
        body = {"s": mask_secret(self.secret), "w": [waiting]}
        status, page = await self._post("/responder/guardar", json.dumps(body))
        assert (status, page.count(b'"d":true'), page.count(b'"e"')) == (200, 1, 0), (step, page)

    async def save_bare(
        self, response_id: UUID, fields: Mapping[str, list[str]], **changes: str
    ) -> None:
        """The same form to the bare route, which is told whose row it writes."""
        own = {"s": mask_secret(self.secret), "k": self.key(), "response": str(response_id)}
        own |= {"session": str(self.session_id), **changes}
        status, page = await self._post(SAVE, urlencode({**own, **fields}, doseq=True))
        assert status == 303, page

    async def cpu_seconds(self) -> float:
        """What the server has used so far, all threads, user and system."""
        return float((await self._post(CPU, ""))[1])

    def key(self) -> str:
        """A new key, as a page of this session holds it."""
        return f"{short_id(self.session_id)}-{uuid4().hex}"

    async def _post(self, path: str, body: str) -> tuple[int, bytes]:
        short = short_id(self.session_id)
        self._writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip\r\n"
            f"Cookie: trayecto_entry_{short}={self.secret}\r\n\r\n{body}".encode()
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
        return int(head[9:12]), await self._reader.readexactly(length) if length else b""


def serve(url: str, port: int) -> None:
    """Both, told apart by the path before any of the two sees it."""
    db = Database(make_engine(url, DATA_KEYS))
    ours, bare = create_app(settings(), db, now), FastAPI()

    @bare.post(SAVE)
    def save(form: Form) -> HttpResponse:
        said = {name: str(value) for name, value in form.items()}
        answers = json.loads(said["answers"]) if "answers" in said else {}
        answers = answers or {"estudia": (int(said["estudia"]), None)}
        changes = writing.Changes(answers, json.loads(said.get("marks", "{}")), (), ())
        revision = writing.Revision(said["k"], "0" * 64, "estudia", 9, None)
        response_id, session_id = UUID(said["response"]), UUID(said["session"])
        with db.saving() as connection:
            writing.write_revision(
                connection, response_id, revision, changes, session_id=session_id, now=now()
            )
            writing.write_changes(
                connection, response_id, changes, number=9, session_id=session_id, now=now()
            )
        return RedirectResponse(SAVE, 303)

    @bare.post(CPU)
    async def cpu() -> HttpResponse:
        return HttpResponse(str(time.process_time()))

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        await (bare if scope["path"].startswith("/bare") else ours)(scope, receive, send)

    uvicorn.Server(
        uvicorn.Config(both, port=port, log_level="error", access_log=False, lifespan="off")
    ).run()


def write_figures(name: str, figures: Mapping[str, object]) -> None:
    """For who runs the part without `make bench`."""
    Path("var/bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps({"at": datetime.now(UTC).isoformat(), **figures}, indent=2)
    Path(f"var/bench/{name}.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
