"""Migrations go up, down and up again on both engines, and end at what the models say."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url, text

from app.cli.database import SCRIPTS, alembic_config
from app.db.engine import make_engine


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    server = os.environ.get("TEST_POSTGRES_URL")
    if server is None:
        pytest.skip("PostgreSQL runs in make test")
    name = f"bare_{uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'create database "{name}"'))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'drop database "{name}" with (force)'))
    admin.dispose()


def tables(url: str) -> set[str]:
    engine = make_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_up_down_and_up_again_every_revision(bare_url: str) -> None:
    config = alembic_config(bare_url)
    command.upgrade(config, "head")
    complete = tables(bare_url)

    command.downgrade(config, "base")
    assert tables(bare_url) == {"alembic_version"}

    for revision in reversed([r.revision for r in ScriptDirectory(str(SCRIPTS)).walk_revisions()]):
        command.upgrade(config, revision)
        command.downgrade(config, "-1")
        command.upgrade(config, "+1")
    assert tables(bare_url) == complete


def test_the_models_are_what_the_migrations_make(bare_url: str) -> None:
    config = alembic_config(bare_url)
    command.upgrade(config, "head")

    command.check(config)  # raises where a model and its table differ


def test_a_migration_never_imports_the_application() -> None:
    for path in (SCRIPTS / "versions").glob("*.py"):
        source = path.read_text("utf-8")
        assert "app." not in source.replace("sa.", "").replace("op.", ""), path
        assert "sqlmodel" not in source, path


def test_the_library_is_not_hidden_by_our_folder() -> None:
    assert not (SCRIPTS / "__init__.py").exists()
