"""Run migrations on the database of the deployment, or on the one the caller names."""

import os
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401
from app.db.engine import make_engine
from app.settings import read_settings


def plain_types(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write what the database stores, so that a migration never imports the application."""
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


url = context.config.attributes.get("database_url") or read_settings(os.environ).database_url
engine = make_engine(url)
sqlite = engine.dialect.name == "sqlite"
with engine.connect() as connection:
    if sqlite and (raw := connection.connection.driver_connection) is not None:
        # A batch makes the table anew and drops the old one, which SQLite refuses once a row
        # refers to it (lang_altertable, "Making Other Kinds Of Table Schema Changes", step 1).
        # Before BEGIN: inside a transaction the pragma says nothing and does nothing.
        raw.execute("PRAGMA foreign_keys = OFF")
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=sqlite,
        render_item=plain_types,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise RuntimeError("a migration left rows that refer to nothing")
engine.dispose()
