"""Our application and, beside it in the same server, bare routes with the same commit.

`python -m tests.bench.beside URL COMMITS PORT` serves both. A bare route is an ordinary synchronous
FastAPI route: it parses the same form and writes the same rows by the same statements, in one
transaction, to a response of its own, and answers 303. No session, no reading, no routing, no
checks, no middleware.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
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
def served(url: str, commits: Iterable[writing.Changes]) -> Iterator[int]:
    """The port of a server process of its own: uvicorn, one worker.

    `commits`: what the bare route writes, by the number it is asked for.
    """
    script = json.dumps([{"answers": dict(c.answers), "marks": dict(c.marks)} for c in commits])
    with a_process("tests.bench.beside", url, script) as port:
        yield port


@contextmanager
def a_process(module: str, *words: str) -> Iterator[int]:
    """The port of a module that serves in a process of its own; it is told as the last word."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", module, *words, str(port)])
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


@dataclass(slots=True)
class Client:
    """One kept-open connection of one respondent, whose session is known or to be begun."""

    port: int
    session_id: UUID | None = None
    secret: str = ""
    response_id: UUID | None = None  # of the bare route's own
    short: str = ""
    _reader: asyncio.StreamReader = field(init=False)
    _writer: asyncio.StreamWriter = field(init=False)

    def __post_init__(self) -> None:
        self.short = short_id(self.session_id) if self.session_id else ""

    async def open(self) -> "Client":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    def close(self) -> None:
        self._writer.close()

    async def begin(self, token: str) -> None:
        """Comenzar, the questionnaire and the person's own state, as a telephone asks for them."""
        self.secret = self.short = ""
        status, head, _ = await self._ask("POST", f"/e/{token}", urlencode({"t": token}))
        assert status == 303, head
        cookie = head.partition("set-cookie: trayecto_entry_")[2].partition(";")[0]
        self.short, _, self.secret = cookie.partition("=")
        for path in ("/responder", "/responder/estado"):
            status, head, page = await self._ask("GET", path)
            assert (status, page[:1] != b"") == (200, True), head

    async def save_by_page(self, step: str, fields: Mapping[str, list[str]]) -> None:
        """A step as a page sends it; the answer leads to the next."""
        own = {"s": mask_secret(self.secret), "paso": step, "k": self.key()}
        body = urlencode({**own, **fields}, doseq=True)
        status, _, page = await self._ask("POST", "/responder", body)
        assert status == 303, (step, fields, page)

    async def save_by_phone(
        self, step: str, fields: Mapping[str, list[str]], number: int, seen: Iterable[str] = ()
    ) -> None:
        """A step as the script sends it."""
        waiting = {"k": self.key(), "p": step, "r": number, "v": list(seen), "t": fields}
        body = {"s": mask_secret(self.secret), "w": [waiting]}
        status, _, page = await self._ask("POST", "/responder/guardar", json.dumps(body))
        assert (status, page.count(b'"d":true'), page.count(b'"e"')) == (200, 1, 0), (step, page)

    async def save_bare(self, place: int, step: str, fields: Mapping[str, list[str]]) -> None:
        """The same form to the bare route, with the row it writes and what it writes there."""
        own = {"s": mask_secret(self.secret), "paso": step, "k": self.key()}
        own |= {"response": str(self.response_id), "session": str(self.session_id), "n": str(place)}
        status, _, page = await self._ask("POST", SAVE, urlencode({**own, **fields}, doseq=True))
        assert status == 303, page

    async def cpu_seconds(self) -> float:
        """What the server has used so far, all threads, user and system."""
        return float((await self._ask("POST", CPU))[2])

    def key(self) -> str:
        """A new key, as a page of this session holds it."""
        return f"{self.short}-{uuid4().hex}"

    async def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str, bytes]:
        """Status, head in small letters, body."""
        own = f"; trayecto_entry_{self.short}={self.secret}" if self.short else ""
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nAccept-Encoding: gzip\r\n"
            f"Cookie: trayecto_probe=1; trayecto_js=1{own}\r\n\r\n{body}".encode()
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(size) for size in re.findall(r"(?i)content-length: (\d+)", head))
        return int(head[9:12]), head, await self._reader.readexactly(length) if length else b""


def serve(url: str, port: int, script: Sequence[Mapping[str, Any]]) -> None:
    """Both, told apart by the path before any of the two sees it."""
    db = Database(make_engine(url, DATA_KEYS))
    ours, bare = create_app(settings(), db, now), FastAPI()
    commits = [writing.Changes(each["answers"], each["marks"], (), ()) for each in script]

    @bare.post(SAVE)
    def save(form: Form) -> HttpResponse:
        said = {name: str(value) for name, value in form.items()}
        changes = commits[int(said["n"])]
        revision = writing.Revision(said["k"], "0" * 64, said["paso"], 9, None)
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
        # The life of the process is ours: both work in the same threads.
        path = scope.get("path", "")
        await (bare if path.startswith("/bare") else ours)(scope, receive, send)

    config = uvicorn.Config(
        both,
        port=port,
        log_level="error",
        access_log=False,
        timeout_keep_alive=600,  # the second submission of a connection waits for the first
    )
    uvicorn.Server(config).run()


def spread(ratios: Iterable[float]) -> dict[str, float]:
    """What the rounds of one run gave, to two places."""
    found = sorted(round(ratio, 2) for ratio in ratios)
    return {"median": round(median(found), 2), "lowest": found[0], "highest": found[-1]}


def write_figures(name: str, figures: Mapping[str, object]) -> None:
    """For who runs the part without `make bench`."""
    Path("var/bench").mkdir(parents=True, exist_ok=True)
    text = json.dumps({"at": datetime.now(UTC).isoformat(), **figures}, indent=2)
    Path(f"var/bench/{name}.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[3]), json.loads(sys.argv[2]))
