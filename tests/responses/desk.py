"""One device of one person, sending steps to the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from app.db.transactions import Database
from app.fieldwork import entry
from app.responses.checking import Faulty, Submission
from app.responses.collecting import Saved, save_step
from app.responses.sitting import Sitting, open_sitting
from tests.responses.people import DURING, MATCHING, Field, Person, a_field, a_person

BLANK = frozenset({"blank:municipio_residencia"})


@dataclass(slots=True)
class Desk:
    """One device of one person."""

    db: Database
    number: int
    person: Person
    secret: str
    at: datetime = field(init=False)
    keys: int = 0

    def __post_init__(self) -> None:
        self.at = DURING[self.number]

    def save(
        self,
        step: str,
        *,
        key: str | None = None,
        seen: frozenset[str] = BLANK,
        client_at: datetime | None = None,
        revision: int | None = None,
        **entries: object,
    ) -> Saved | Faulty:
        """Send a step once."""
        return self.put(step, entries, key=key, seen=seen, client_at=client_at, revision=revision)

    def put(
        self,
        step: str,
        entries: Mapping[str, object],
        *,
        key: str | None = None,
        seen: frozenset[str] = BLANK,
        client_at: datetime | None = None,
        revision: int | None = None,
    ) -> Saved | Faulty:
        self.keys += 1
        submission = Submission(
            step=step,
            client_key=key or f"{self.secret[:6]}-{self.keys}",
            body_hash=sha256(str(sorted(entries.items())).encode()).hexdigest(),
            entries=entries,
            seen=seen,
            client_at=client_at,
            revision=revision,
        )
        with self.db.saving() as connection:
            sitting = open_sitting(connection, self.secret, now=self.at, to_save=True)
            return save_step(connection, sitting, submission, keys=MATCHING, now=self.at)

    def through(self, *steps: Mapping[str, object]) -> None:
        """Save steps of one item each, named by their variable."""
        for entries in steps:
            assert isinstance(self.put(next(iter(entries)), entries), Saved), entries

    def sitting(self) -> Sitting:
        with self.db.reading() as session:
            return open_sitting(session.connection(), self.secret, now=self.at)


def a_wave(db: Database, number: int = 2) -> Field:
    with db.unit_of_work() as session:
        return a_field(session, number)


def a_respondent(db: Database, wave: Field, track: str = "2") -> Person:
    with db.unit_of_work() as session:
        return a_person(session, wave, track=track)


def a_device(db: Database, wave: Field, person: Person) -> Desk:
    with db.unit_of_work() as session:
        started = entry.start(session, person.case_id, now=DURING[wave.number])
    return Desk(db, wave.number, person, started.secret)


def a_desk(db: Database, number: int = 2) -> Desk:
    wave = a_wave(db, number)
    return a_device(db, wave, a_respondent(db, wave))
