"""A SELECT compiled once per engine and read straight from the driver.

For the few reads that every save makes: a third of the time of `Connection.execute`, most of
which goes into finding out again what is known. Everything else uses SQLAlchemy as it is. Not for
encrypted columns, whose keys belong to one engine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any] | None
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The statement as the driver of one dialect takes it, and what to do to values."""

    text: str
    order: tuple[str, ...] | None  # of the parameters, where they have places and not names
    binds: Mapping[str, Convert]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]  # those that need converting
    options: Mapping[str, Any]  # of the driver's `execute`

    def parameters(self, values: Mapping[str, object]) -> Any:
        bound = {
            name: value if (convert := self.binds[name]) is None else convert(value)
            for name, value in values.items()
        }
        return bound if self.order is None else [bound[name] for name in self.order]


class Prepared(Generic[Found]):
    """One SELECT whose rows become `Found`."""

    def __init__(
        self, statements: Mapping[str, Select[Any]], make: Callable[[list[Any]], Found]
    ) -> None:
        """`statements`: the SELECT of each dialect; `make`: the values of a row → what it is."""
        self.statements = statements
        self._make = make
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, **values: object) -> Found | None:
        """The only row, or None.

        Raises:
            DBAPIError: as from `Connection.execute`.
        """
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = _compile(self.statements[dialect.name], dialect)
            self._compiled[dialect.name] = compiled
        parameters = compiled.parameters(values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.text, parameters, **compiled.options)
            found = cursor.fetchone()
        except dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy_says(compiled.text, error, dialect) from error
        finally:
            cursor.close()
        if found is None:
            return None
        row = list(found)
        for place, convert in compiled.columns:
            row[place] = convert(row[place])
        return self._make(row)


def _compile(statement: Select[Any], dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    kinds = [column.type for column in statement.selected_columns]
    converting = ((place, _result(kind, dialect)) for place, kind in enumerate(kinds))
    return _Compiled(
        text=str(compiled),
        order=tuple(compiled.positiontup) if compiled.positiontup is not None else None,
        binds={name: _bind(bind.type, dialect) for name, bind in compiled.binds.items()},
        columns=tuple((place, convert) for place, convert in converting if convert is not None),
        # psycopg would wait until a connection has asked five times: planning costs ten runs.
        options={"prepare": True} if dialect.driver == "psycopg" else {},
    )


def _bind(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _result(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _as_sqlalchemy_says(text: str, error: Exception, dialect: Dialect) -> BaseException:
    return DBAPIError.instance(
        text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )
