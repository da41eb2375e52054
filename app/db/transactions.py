"""Where every transaction begins and ends.

Routes, jobs and commands open one; nothing else may (import-linter contract
`transactions`). Domain functions receive the Session and never commit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import (
    SQLITE_BUSY,
    SQLITE_CANTOPEN,
    SQLITE_CORRUPT,
    SQLITE_FULL,
    SQLITE_IOERR,
    SQLITE_LOCKED,
    SQLITE_NOTADB,
    SQLITE_READONLY,
)
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlmodel import Session

from app.errors import AppError, StorageBroken, StorageBusy, StorageFull, StorageOutdated

_SQLITE_REFUSALS: dict[int, type[AppError]] = {
    SQLITE_BUSY: StorageBusy,
    SQLITE_LOCKED: StorageBusy,
    SQLITE_FULL: StorageFull,
    SQLITE_IOERR: StorageBroken,
    SQLITE_CANTOPEN: StorageBroken,
    SQLITE_READONLY: StorageBroken,
    SQLITE_CORRUPT: StorageBroken,
    SQLITE_NOTADB: StorageBroken,
}
# SQLSTATE classes: serialization failure, deadlock, lock not available; disk full;
# connection lost, too many connections, shutdown.
_POSTGRES_REFUSALS: dict[str, type[AppError]] = {
    "40001": StorageBusy,
    "40P01": StorageBusy,
    "55P03": StorageBusy,
    "53100": StorageFull,
    "53300": StorageBusy,
    "57P01": StorageBroken,
    "57P03": StorageBroken,
    "42P01": StorageOutdated,
    "42703": StorageOutdated,
}


class Database:
    """The two ways to talk to the database: to change it, or only to read it."""

    def __init__(self, engine: Engine, *, patience: float = 5.0) -> None:
        """`patience`: seconds a writer waits for its turn on SQLite."""
        self._writer = engine
        self._turn = Lock() if engine.dialect.name == "sqlite" else None
        # One moment for all that a page counts: SQLite's readers have it anyway.
        one_moment = {} if self._turn else {"isolation_level": "REPEATABLE READ"}
        self._reader = engine.execution_options(
            read_only=True, postgresql_readonly=True, **one_moment
        )
        self._patience = patience

    @property
    def engine_name(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._writer.dialect.name

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One transaction: committed if the block ends, rolled back if it raises."""
        with (
            named_refusals(),
            self._own_turn(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def saving(self) -> Iterator[Connection]:
        """A unit of work without the ORM, for the one path that must be fast: answers."""
        with named_refusals(), self._own_turn(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one moment, and that the database refuses to write in."""
        with (
            named_refusals(),
            Session(self._reader, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def dispose(self) -> None:
        """Close every connection: at the end of a process or of a test."""
        self._writer.dispose()

    @contextmanager
    def _own_turn(self) -> Iterator[None]:
        """SQLite admits one writer: queue here, because its own waiting is not fair."""
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=self._patience):
            raise StorageBusy(hint="a writer kept SQLite too long; is a unit_of_work nested?")
        try:
            yield
        finally:
            self._turn.release()


@contextmanager
def named_refusals() -> Iterator[None]:
    """A locked, full or absent store is a refusal (503), not a crash."""
    try:
        yield
    except PoolExhausted as error:
        raise StorageBusy(hint="no free connection") from error
    except DBAPIError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal(cause=type(error.orig).__name__) from error


def _refusal(error: DBAPIError) -> type[AppError] | None:
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(sqlite_code, int):
        if str(error.orig).startswith(("no such table", "no such column")):
            return StorageOutdated
        return _SQLITE_REFUSALS.get(sqlite_code & 0xFF)  # without the extended part
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return _POSTGRES_REFUSALS.get(state) or (StorageBroken if state[:2] == "08" else None)
    # psycopg has no SQLSTATE for a server that is not there.
    return StorageBroken if error.connection_invalidated or _never_connected(error) else None


def _never_connected(error: DBAPIError) -> bool:
    return type(error.orig).__name__ == "OperationalError" and "connection" in str(error.orig)
