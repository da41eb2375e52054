"""Triggers that come with the tables, where these are made without migrations (tests)."""

from collections.abc import Iterable, Mapping

from sqlalchemy import DDL, MetaData, event
from sqlalchemy.schema import ExecutableDDLElement


def come_with(metadata: MetaData, triggers: Mapping[str, Iterable[str]]) -> None:
    """Statements by dialect, run once all tables are there; the migrations say the same."""
    for dialect, statements in triggers.items():
        for statement in statements:
            made: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call]
            event.listen(metadata, "after_create", made.execute_if(dialect=dialect))
