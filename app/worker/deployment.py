"""What every job works with: settings, database and clock of one deployment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from app.clock import Clock
from app.db.transactions import Database
from app.errors import StorageBusy
from app.settings import Settings

T = TypeVar("T")

_TRIES = 3  # of 5 s each on SQLite; a deadlock of PostgreSQL is over at once


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment, opened."""

    settings: Settings
    database: Database
    clock: Clock

    def change(self, act: Callable[[Session, datetime], T]) -> T:
        """Run `act` in a transaction of its own, again if the store was busy."""
        return change(self.database, lambda session: act(session, self.clock()))


def change(database: Database, act: Callable[[Session], T]) -> T:
    """Run `act` in a transaction of its own, again if the store was busy (F-13).

    Every act of the worker can be repeated: rivals and earlier tries are seen in the rows.
    """
    for _ in range(_TRIES - 1):
        try:
            return _once(database, act)
        except StorageBusy:
            continue
    return _once(database, act)


def _once(database: Database, act: Callable[[Session], T]) -> T:
    with database.unit_of_work() as session:
        return act(session)
