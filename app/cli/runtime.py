"""What every command starts from: settings, clock and database of this deployment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.clock import Clock, system_clock
from app.db.engine import make_engine
from app.db.transactions import Database
from app.settings import PREFIX, Settings, parse_env_file, read_settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """A deployment, opened."""

    settings: Settings
    database: Database
    clock: Clock


def settings_here() -> Settings:
    """Settings of the environment, completed by `.env` in the working folder."""
    env_file = Path(".env")
    from_file = parse_env_file(env_file.read_text("utf-8")) if env_file.is_file() else {}
    return read_settings({**from_file, **os.environ})


def environment_of_a_child(settings: Settings) -> dict[str, str]:
    """The environment of a process of ours that must answer at the same address."""
    return {**os.environ, PREFIX + "BASE_URL": settings.base_url}


def open_runtime() -> Runtime:
    """Settings, database and clock; the folder of an embedded database is made if missing."""
    settings = settings_here()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(make_engine(settings.database_url, settings.data_keys))
    return Runtime(settings, database, system_clock)


@contextmanager
def opened_runtime() -> Iterator[Runtime]:
    """The runtime of a command that ends: its connections are closed behind it."""
    runtime = open_runtime()
    try:
        yield runtime
    finally:
        runtime.database.dispose()
