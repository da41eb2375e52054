"""Engines for the two databases we support.

SQLite needs four pragmas and a BEGIN of our own; PostgreSQL needs nothing.
Why BEGIN IMMEDIATE: decisions/0004-sqlite-writes-take-the-lock-first.md.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from app.db.types import use_data_keys
from app.keys import NamedSecret


def make_engine(url: str, data_keys: Sequence[NamedSecret] = ()) -> Engine:
    """An engine whose transactions mean the same on SQLite and on PostgreSQL."""
    sqlite = url.startswith("sqlite")
    # A web process works in 16 threads (web/asgi.py); tests and commands may use more. The last
    # one back goes out first: its plans and pages are at hand.
    engine = create_engine(
        url,
        pool_size=16,
        max_overflow=34,
        pool_pre_ping=not sqlite,
        pool_use_lifo=True,
        pool_timeout=5,
    )
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite_connection)
        event.listen(engine, "begin", _begin_sqlite)
    if data_keys:
        use_data_keys(engine.dialect, data_keys)
    return engine


def _prepare_sqlite_connection(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN, not the driver
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout = 5000",  # milliseconds; first, for the change to WAL needs patience too
        "journal_mode = WAL",
        "foreign_keys = ON",
        "synchronous = FULL",  # an acknowledged answer survives a power cut
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = bool(connection.get_execution_options().get("read_only", False))
    # Saying it again would make SQLite compile every statement again (0.3 ms a transaction).
    if connection.info.get("query_only") is not read_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
        connection.info["query_only"] = read_only
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
