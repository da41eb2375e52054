"""Migrations go up, down and up again on both engines, and end at what the models say."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, insert, inspect, make_url, text

from app.cli.database import SCRIPTS, alembic_config
from app.db.engine import make_engine

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


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


def test_a_table_that_others_refer_to_is_changed_with_its_rows(bare_url: str) -> None:
    """0013 adds a column to staff_account: a deployment has staff by then."""
    config = alembic_config(bare_url)
    command.upgrade(config, "0012")
    account, unit = uuid4(), uuid4()
    rows: dict[str, dict[str, object]] = {
        "organisation_unit": {
            "id": unit, "code": "MX", "name": "México", "kind": "nation", "time_zone": "UTC",
        },
        "staff_account": {
            "id": account, "email": "a", "email_fingerprint": "f", "display_name": "A",
            "created_at": NOW,
        },
        "staff_grant": {
            "id": uuid4(), "account_id": account, "unit_id": unit, "role": "admin",
            "by_groups": False, "granted_at": NOW,
        },
    }  # fmt: skip
    engine = make_engine(bare_url)
    meta = MetaData()
    meta.reflect(engine, only=list(rows))
    with engine.begin() as connection:
        for name, row in rows.items():
            connection.execute(insert(meta.tables[name]).values(_as_stored(bare_url, row)))
    engine.dispose()

    command.upgrade(config, "head")
    command.downgrade(config, "0012")
    command.upgrade(config, "head")

    engine = make_engine(bare_url)
    with engine.connect() as connection:
        kept = connection.execute(
            text(
                "select count(*) from staff_grant join staff_account"
                " on staff_account.id = staff_grant.account_id"
            )
        ).scalar_one()
        enforced = (
            connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
            if (bare_url.startswith("sqlite"))
            else 1
        )
    engine.dispose()
    assert (kept, enforced) == (1, 1)


def test_a_request_about_somebody_who_is_gone_stays_without_them(bare_url: str) -> None:
    """0020 asks that whoever a request names is there."""
    config = alembic_config(bare_url)
    command.upgrade(config, "0019")
    request = {
        "id": uuid4(), "contact": "c", "contact_hash": "h", "typed_name": "n", "typed_school": "s",
        "member_id": uuid4(), "state": "open", "asked_at": NOW,
    }  # fmt: skip
    engine = make_engine(bare_url)
    meta = MetaData()
    meta.reflect(engine, only=["link_request"])
    with engine.begin() as connection:
        row = _as_stored(bare_url, request)
        connection.execute(insert(meta.tables["link_request"]).values(row))
    engine.dispose()

    command.upgrade(config, "head")

    engine = make_engine(bare_url)
    with engine.connect() as connection:
        kept = connection.execute(text("select state, member_id from link_request")).all()
    engine.dispose()
    assert [tuple(row) for row in kept] == [("open", None)]


def _as_stored(url: str, row: dict[str, object]) -> dict[str, object]:
    """Reflected columns of SQLite know no UUID: thirty-two hexadecimal digits are stored."""
    if not url.startswith("sqlite"):
        return row
    return {k: v.hex if isinstance(v, UUID) else v for k, v in row.items()}


def test_the_models_are_what_the_migrations_make(bare_url: str) -> None:
    config = alembic_config(bare_url)
    command.upgrade(config, "head")

    command.check(config)  # raises where a model and its table differ


def test_the_triggers_of_the_models_are_those_of_the_migrations(
    bare_url: str, database_url: str
) -> None:
    """Where a migration rebuilds the table of cases, SQLite forgets its triggers."""
    command.upgrade(alembic_config(bare_url), "head")
    migrated = _triggers(bare_url)
    if database_url.startswith("sqlite") == bare_url.startswith("sqlite"):
        assert migrated == _triggers(database_url)
    assert len(migrated) == 8


def _triggers(url: str) -> set[str]:
    engine = make_engine(url)
    asked = (
        "select sql from sqlite_master where type = 'trigger'"
        if url.startswith("sqlite")
        else "select pg_get_triggerdef(t.oid) || p.prosrc from pg_trigger t"
        " join pg_proc p on p.oid = t.tgfoid where not tgisinternal"
    )
    with engine.connect() as connection:
        found = {" ".join(str(row[0]).split()) for row in connection.execute(text(asked))}
    engine.dispose()
    return found


def test_a_migration_never_imports_the_application() -> None:
    for path in (SCRIPTS / "versions").glob("*.py"):
        source = path.read_text("utf-8")
        assert "app." not in source.replace("sa.", "").replace("op.", ""), path
        assert "sqlmodel" not in source, path


def test_the_library_is_not_hidden_by_our_folder() -> None:
    assert not (SCRIPTS / "__init__.py").exists()
