"""Fixtures shared by every test: a moment, and a database on each engine."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.settings import Secret

DATA_KEYS = (Secret("t1", b"a data key for tests, thirty-two bytes long"),)
SECRET_KEYS = (Secret("s1", b"a signing key for tests, thirty-two bytes long"),)

# A fixture of ours is a fresh database for the whole property: examples clean up themselves.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("house")


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, noon UTC: six in the morning in Mexico City."""
    return datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with every table, made once and copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()  # the last connection folds the WAL back into the file
    return path


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[str]:
    """A PostgreSQL database of this worker with every table (make test sets the address)."""
    server = os.environ.get("TEST_POSTGRES_URL")
    if server is None:
        pytest.skip("PostgreSQL runs in make test")
    name = f"test_{worker_id}_{os.getpid()}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'create database "{name}"'))
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    engine = make_engine(url)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    yield url
    with admin.connect() as connection:
        connection.execute(text(f'drop database "{name}" with (force)'))
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """The address of an empty database, once on each engine."""
    if request.param == "sqlite":
        shutil.copy(sqlite_template, tmp_path / "test.db")
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    tables = ", ".join(f'"{table.name}"' for table in SQLModel.metadata.sorted_tables)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"truncate {tables} cascade"))
    engine.dispose()
    return url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty database: a SQLite file, and PostgreSQL in make test."""
    database = Database(make_engine(database_url, DATA_KEYS))
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Name of this xdist worker; "alone" without xdist."""
    found = getattr(request.config, "workerinput", {"workerid": "alone"})
    return str(found["workerid"])
