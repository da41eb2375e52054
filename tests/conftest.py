"""Fixtures shared by every test: a moment, and a database."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.db.transactions import Database
from app.settings import Secret

DATA_KEYS = (Secret("t1", b"a data key for tests, thirty-two bytes long"),)


@pytest.fixture
def now() -> datetime:
    """Monday 2 March 2026, noon UTC: six in the morning in Mexico City."""
    return datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """An empty database: a SQLite file, or what TEST_DATABASE_URL names."""
    engine = make_engine(
        os.environ.get("TEST_DATABASE_URL", f"sqlite:///{tmp_path}/test.db"), DATA_KEYS
    )
    SQLModel.metadata.drop_all(engine)
    SQLModel.metadata.create_all(engine)
    yield Database(engine)
    engine.dispose()
