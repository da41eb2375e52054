"""What every command starts from: settings, clock and database of this deployment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.analytics.editions.store import use_store
from app.clock import Clock, system_clock
from app.db.engine import make_engine
from app.db.transactions import Database
from app.settings import PREFIX, SettingRefused, Settings, parse_env_file, read_settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """A deployment, opened."""

    settings: Settings
    database: Database
    clock: Clock


def settings_here() -> Settings:
    """Settings of the environment, completed by `.env` in the working folder.

    Raises:
        SettingRefused: a value that cannot be meant, or a `.env` that cannot be read.
    """
    return read_settings({**_env_file(Path(".env")), **os.environ})


def make_data_dir(settings: Settings) -> None:
    """The folder of an embedded database, made if missing.

    Raises:
        SettingRefused: it cannot be a folder of ours.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = "no se puede crear esa carpeta; revise el nombre y los permisos"
        raise SettingRefused(name=PREFIX + "DATA_DIR", problem=problem) from error


def _env_file(path: Path) -> dict[str, str]:
    try:
        return parse_env_file(path.read_text("utf-8-sig")) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        problem = "no se puede leer; guárdelo como texto UTF-8 y revise los permisos"
        raise SettingRefused(name="archivo .env", problem=problem) from error


def environment_of_a_child(settings: Settings) -> dict[str, str]:
    """The environment of a process of ours that must answer at the same address."""
    return {**os.environ, PREFIX + "BASE_URL": settings.base_url}


def open_runtime() -> Runtime:
    """Settings, database and clock; the folder of an embedded database is made if missing."""
    settings = settings_here()
    make_data_dir(settings)
    use_store(settings.data_dir / "store")
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
