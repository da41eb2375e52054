"""Insert a row unless its key is taken, on either engine: whoever comes second does nothing."""

from collections.abc import Mapping, Sequence

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from app.db.base import Table


def insert_missing(
    session: Session, table: type[Table], values: Mapping[str, object], *, key: Sequence[str]
) -> bool:
    """Whether the row was inserted. Waits for a rival that inserted it and has not committed."""
    connection = session.connection()
    first = key[0]
    if connection.dialect.name == "postgresql":
        pg = postgresql.insert(table).values(values).on_conflict_do_nothing(index_elements=key)
        return connection.execute(pg.returning(pg.table.c[first])).first() is not None
    lite = sqlite.insert(table).values(values).on_conflict_do_nothing(index_elements=key)
    return connection.execute(lite.returning(lite.table.c[first])).first() is not None
