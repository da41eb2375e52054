"""One statement that SQLAlchemy spells per database: insert unless the key is there."""

from collections.abc import Mapping

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from app.db.base import Table


def insert_if_absent(session: Session, table: type[Table], values: Mapping[str, object]) -> None:
    """Insert a row; a row with the same key, also one being written now, is left as it is."""
    if session.get_bind().dialect.name == "postgresql":
        session.exec(postgresql.insert(table).values(**values).on_conflict_do_nothing())
    else:
        session.exec(sqlite.insert(table).values(**values).on_conflict_do_nothing())
