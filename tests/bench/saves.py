"""Saves per second of a whole step, beside a bare synchronous route with the same commit.

`make bench PART=saves`; PostgreSQL too when TEST_POSTGRES_URL is set (tests.services). Two
processes: uvicorn with one worker, and 32 kept-open connections that post without a pause. The
bare route is in beside.py; what it writes are the rows of this very step: the revision and the
answer.

Rates compete with everything else on the machine: read their ratio in one round. Processor time
of the server a save does not, and is the steadier figure.
"""

import asyncio
import time
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from sqlmodel import col, select

from app.db.transactions import Database
from app.fieldwork import entry
from app.responses.tables import Response
from app.responses.writing import Changes
from tests.bench.beside import (
    NUMBER,
    Client,
    empty_databases,
    made,
    now,
    served,
    spread,
    write_figures,
)
from tests.responses.desk import Desk
from tests.responses.people import Field, a_field, a_person

CONNECTIONS = 32
SECONDS = 1.0  # short, so that what else the machine does meets every way alike
ROUNDS = 12
BEFORE = ({"aviso_q2": "1"}, {"municipio_residencia": "Zapopan"}, {"certificado_ems": "1"})
AFTER = ({"trabaja": "1"}, {"actividad_principal": "1"})
NEWER = 1_000_000_000  # counts of a phone, above those of the steps before: each is kept
WAYS = ("bare", "pages", "phone")
COMMITS = [Changes({"estudia": (code, None)}, {}, (), ()) for code in (1, 2, 3)]


@dataclass(frozen=True, slots=True)
class Person:
    """Half-way through Questionnaire 2, on one device."""

    session_id: UUID
    secret: str
    response_id: UUID


def run() -> dict[str, object]:
    """By engine: saves a second of each way, their ratio to the bare route, and server time."""
    figures: dict[str, object] = {"connections": CONNECTIONS, "rounds": ROUNDS, "goal": 0.5}
    with empty_databases() as urls:
        for name, url in urls.items():
            figures[name] = _engine(url)
    return figures


def _engine(url: str) -> dict[str, object]:
    people = _prepare(url)
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    costs: dict[str, list[float]] = {way: [] for way in WAYS}
    with served(url, COMMITS) as port:
        for each in range(ROUNDS):
            for way in WAYS if each % 2 == 0 else WAYS[::-1]:
                rate, cost = asyncio.run(_load(port, way, people, each))
                rates[way].append(rate)
                costs[way].append(cost)
    figures: dict[str, object] = {
        "saves a second": {way: round(median(rates[way])) for way in WAYS},
        "server ms a save": {way: round(median(costs[way]), 2) for way in WAYS},
    }
    for way in WAYS[1:]:
        shares = [ours / bare for ours, bare in zip(rates[way], rates["bare"], strict=True)]
        times = [bare / ours for ours, bare in zip(costs[way], costs["bare"], strict=True)]
        figures[f"{way}: ratio"] = spread(shares)
        figures[f"{way}: ratio by server time"] = spread(times)
    return figures


def _prepare(url: str) -> dict[str, list[Person]]:
    """A wave, and for each way one person a connection, half-way through."""
    db = made(url)
    with db.unit_of_work() as session:
        wave = a_field(session, NUMBER)
    people = {way: [_person(db, wave) for _ in range(CONNECTIONS)] for way in WAYS}
    db.dispose()
    return people


def _person(db: Database, wave: Field) -> Person:
    with db.unit_of_work() as session:
        person = a_person(session, wave)
        started = entry.start(session, person.case_id, now=now())
    desk = Desk(db, NUMBER, person, started.secret)
    desk.through(*BEFORE, {"estudia": "1"}, *AFTER)
    with db.reading() as session:
        found = select(Response.id).where(col(Response.case_id) == person.case_id)
        return Person(started.session_id, started.secret, session.exec(found).one())


async def _load(
    port: int, way: str, people: dict[str, list[Person]], turn: int
) -> tuple[float, float]:
    """Saves a second over all connections, and milliseconds of server time for each."""
    clients = [
        await Client(port, p.session_id, p.secret, p.response_id).open() for p in people[way]
    ]
    spent, began = await clients[0].cpu_seconds(), time.perf_counter()
    counts = await asyncio.gather(
        *(_connection(client, way, began + SECONDS, turn) for client in clients)
    )
    seconds, done = time.perf_counter() - began, sum(counts)
    spent = await clients[0].cpu_seconds() - spent
    for client in clients:
        client.close()
    return done / seconds, spent / done * 1000


async def _connection(client: Client, way: str, end: float, turn: int) -> int:
    done = 0
    while time.perf_counter() < end:
        typed = {"estudia": [str(1 + done % 3)]}
        if way == "bare":
            await client.save_bare(done % 3, "estudia", typed)
        elif way == "pages":
            await client.save_by_page("estudia", typed)
        else:
            await client.save_by_phone("estudia", typed, NEWER + turn * 1_000_000 + done)
        done += 1
    return done


if __name__ == "__main__":
    write_figures("saves", run())
