"""Complete submissions a second, and the time of a save, at 1, 8, 32 and 200 respondents.

`make bench PART=submissions`. A submission is what a telephone does: Comenzar, the questionnaire,
the person's own state, then every step of Questionnaire 2 by itself, one after another without a
pause, to the end. Nobody thinks between two steps, so 200 respondents here are several thousand.
The bare route (beside.py) commits the revisions and answers of the same steps, by as many
connections, in the same server; it has no beginning, and writes no directory and no case. A first
submission of each, before anything is counted, compiles what a server compiles once in its life.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlmodel import Session, col, func, select

from app.db.transactions import Database
from app.fieldwork import entry
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from app.questionnaires.entry import fields_of, read_entry
from app.questionnaires.expressions.types import Kind
from app.questionnaires.items import ItemType
from app.questionnaires.leaves import Leaf, Role
from app.responses.checking import Checked, Faulty, Submission, check, resume_at
from app.responses.sitting import Sitting
from app.responses.tables import Response
from app.responses.writing import Changes, changes_of
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
from tests.responses.desk import Desk, a_desk
from tests.responses.people import Field, Person, a_field, a_person

Each = TypeVar("Each")
# Respondents at a time → submissions of each in a round.
LEVELS = {1: 6, 8: 3, 32: 1, 200: 1}
ROUNDS = 3  # of both ways in turn, so that what else the machine does meets both alike
PLAIN = {ItemType.PHONE: "55 1234 5678", ItemType.EMAIL: "ana@correo.mx"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One step as everybody here answers it, and the rows that keeps."""

    step: str
    fields: Mapping[str, list[str]]
    seen: tuple[str, ...]
    changes: Changes


class Row(NamedTuple):
    """A response that only the bare route writes to."""

    session_id: UUID
    secret: str
    response_id: UUID


@dataclass(frozen=True, slots=True)
class Measured:
    """Every save's milliseconds; seconds of all beginnings, of all saves, and of the server."""

    milliseconds: list[float]
    beginning: float
    saving: float
    spent: float

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            self.milliseconds + other.milliseconds,
            self.beginning + other.beginning,
            self.saving + other.saving,
            self.spent + other.spent,
        )

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.saving

    @property
    def cost(self) -> float:
        """Milliseconds of the server a save."""
        return self.spent / len(self.milliseconds) * 1000

    def at(self, share: float) -> float:
        return round(sorted(self.milliseconds)[int(share * (len(self.milliseconds) - 1))], 1)


def run() -> dict[str, object]:
    """By engine and number of respondents."""
    figures: dict[str, object] = {"goal": "saves at least half of the bare route's"}
    with empty_databases() as urls:
        for name, url in urls.items():
            figures[name] = _engine(url)
    return figures


def _engine(url: str) -> dict[str, object]:
    db = made(url)
    script = _script(a_desk(db, NUMBER))
    found: dict[str, object] = {"steps of a submission": len(script)}
    with db.unit_of_work() as session:
        wave = a_field(session, NUMBER, code="09DCT0001A")
    with served(url, [sent.changes for sent in script]) as port:
        _round(db, wave, port, script, 1, 2)
        for respondents, each in LEVELS.items():
            found[f"{respondents} respondents"] = _level(db, wave, port, script, respondents, each)
    db.dispose()
    return found


def _level(
    db: Database, wave: Field, port: int, script: list[Sent], respondents: int, each: int
) -> dict[str, object]:
    rounds = [_round(db, wave, port, script, respondents, each) for _ in range(ROUNDS)]
    bare, ours = (reduce(add, way) for way in zip(*rounds, strict=True))
    submissions = respondents * each * ROUNDS
    return {
        "submissions a second": round(submissions / (ours.beginning + ours.saving), 2),
        "saves a second": {"ours": round(ours.rate), "bare": round(bare.rate)},
        "p95 ms a save": {"ours": ours.at(0.95), "bare": bare.at(0.95)},
        "median ms a save": {"ours": ours.at(0.5), "bare": bare.at(0.5)},
        "server ms a save": {"ours": round(ours.cost, 2), "bare": round(bare.cost, 2)},
        "ratio": spread(ours.rate / bare.rate for bare, ours in rounds),
        "ratio by server time": spread(bare.cost / ours.cost for bare, ours in rounds),
    }


def _round(
    db: Database, wave: Field, port: int, script: list[Sent], respondents: int, each: int
) -> tuple[Measured, Measured]:
    """The bare route, then ours."""
    total = respondents * each
    with db.unit_of_work() as session:
        people = [a_person(session, wave) for _ in range(total)]
        others = [_row(session, a_person(session, wave)) for _ in range(total)]
    bare = asyncio.run(_bare(port, script, _shared(others, respondents)))
    ours = asyncio.run(_ours(port, script, _shared(people, respondents)))
    with db.reading() as session:
        done = select(func.count()).where(
            col(Case.id).in_([person.case_id for person in people]),
            Case.disposition == Disposition.COMPLETE,
        )
        assert session.exec(done).one() == total, "a submission is not complete"
    return bare, ours


async def _ours(port: int, script: list[Sent], people: list[list[Person]]) -> Measured:
    """Everybody begins; when all have, everybody saves."""
    clients = [[await Client(port).open() for _ in own] for own in people]

    async def begin(own: list[Person], held: list[Client]) -> None:
        for person, client in zip(own, held, strict=True):
            await client.begin(person.token)

    async def save(held: list[Client]) -> list[float]:
        return [
            await _timed(client.save_by_phone(sent.step, sent.fields, number, sent.seen))
            for client in held
            for number, sent in enumerate(script, 1)
        ]

    began = time.perf_counter()
    await asyncio.gather(*(begin(own, held) for own, held in zip(people, clients, strict=True)))
    beginning = time.perf_counter() - began
    return await _all(clients, save, beginning)


async def _bare(port: int, script: list[Sent], rows: list[list[Row]]) -> Measured:
    clients = [[await Client(port, *row).open() for row in own] for own in rows]

    async def save(held: list[Client]) -> list[float]:
        return [
            await _timed(client.save_bare(place, sent.step, sent.fields))
            for client in held
            for place, sent in enumerate(script)
        ]

    return await _all(clients, save, 0)


async def _all(
    clients: list[list[Client]],
    save: Callable[[list[Client]], Awaitable[list[float]]],
    beginning: float,
) -> Measured:
    some = clients[0][0]
    spent, began = await some.cpu_seconds(), time.perf_counter()
    found = await asyncio.gather(*(save(held) for held in clients))
    saving = time.perf_counter() - began
    spent = await some.cpu_seconds() - spent
    for held in clients:
        for client in held:
            client.close()
    return Measured([each for own in found for each in own], beginning, saving, spent)


async def _timed(save: Awaitable[None]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await save
    return (time.perf_counter() - began) * 1000


def _shared(people: Sequence[Each], respondents: int) -> list[list[Each]]:
    """Who each connection speaks for, one after another."""
    return [list(people[first::respondents]) for first in range(respondents)]


def _row(session: Session, person: Person) -> Row:
    started = entry.start(session, person.case_id, now=now())
    wave = session.get_one(Wave, person.wave_id)
    response = Response(
        case_id=person.case_id, version_id=wave.version_id, started_at=now(), last_saved_at=now()
    )
    session.add(response)
    session.flush()
    return Row(started.session_id, started.secret, response.id)


def _script(desk: Desk) -> list[Sent]:
    """The whole questionnaire as one person answers it: the first option of everything."""
    script: list[Sent] = []
    desk.at = now()
    while True:
        sitting = desk.sitting()
        step = resume_at(sitting)
        if step is None:
            return script
        leaves = [leaf for item in step.items for leaf in sitting.questionnaire.leaves[item.name]]
        fields = {name: texts for leaf in leaves for name, texts in _typed(leaf).items()}
        entries = read_entry(sitting.questionnaire, [i.name for i in step.items], fields)
        seen = _soft(sitting, step.name, entries)
        checked = check(sitting, Submission(step.name, "", "", entries, seen))
        assert isinstance(checked, Checked), checked
        changes = changes_of(sitting, checked.entered, checked.settled, checked.following)
        script.append(Sent(step.name, fields, tuple(seen), changes))
        desk.put(step.name, entries, seen=seen)


def _soft(sitting: Sitting, step: str, entries: Mapping[str, object]) -> frozenset[str]:
    """What is said once about these answers, and was read."""
    found = check(sitting, Submission(step, "", "", entries))
    if not isinstance(found, Faulty):
        return frozenset()
    return frozenset(f"{issue.code}:{issue.variable}" for issue in found.issues)


def _typed(leaf: Leaf) -> dict[str, list[str]]:
    """Something the variable takes."""
    if leaf.role is Role.OTHER:
        return {}
    match leaf.kind:
        case Kind.CHOICE | Kind.MULTIPLE:
            return {leaf.name: [str(leaf.choices[0].code)]}
        case Kind.MONTH:
            return fields_of(leaf, "2026-08")
        case Kind.INTEGER:
            return {leaf.name: [str(leaf.minimum) if isinstance(leaf.minimum, int) else "20"]}
        case _:
            return {leaf.name: [PLAIN.get(leaf.type, "Zapopan, Jalisco")]}


if __name__ == "__main__":
    write_figures("submissions", run())
