"""Lists of official names in the database, with the edition and the source they came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import bindparam, delete, insert
from sqlmodel import Session, col, select

from app.units.municipalities import Fault, read_towns
from app.units.places import shipped_geography
from app.units.tables import CatalogueEdition, Municipality
from app.units.texts import plain

MUNICIPALITIES = "municipalities"
_AT_ONCE = 1_000  # rows of a statement


@dataclass(frozen=True, slots=True)
class CatalogueLine:
    """One list: what, from where, of when."""

    name: str
    edition: str
    source: str
    rows: int
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class CatalogueImported:
    """What an import did: everything or nothing."""

    rows: int
    rejected: tuple[Fault, ...]


def import_municipalities(
    session: Session, data: bytes, *, edition: str, source: str, now: datetime
) -> CatalogueImported:
    """Replace the list of municipalities, if every row of the file can be used."""
    towns = read_towns(data)
    if towns.faults:
        return CatalogueImported(0, towns.faults)
    session.exec(delete(Municipality))
    rows = [{"code": code, "name": name} for code, name in sorted(towns.names.items())]
    for start in range(0, len(rows), _AT_ONCE):
        session.connection().execute(insert(Municipality), rows[start : start + _AT_ONCE])
    session.merge(
        CatalogueEdition(
            name=MUNICIPALITIES,
            edition=edition,
            source=source,
            rows=len(rows),
            imported_at=now,
        )
    )
    session.flush()
    return CatalogueImported(len(rows), ())


def catalogues(session: Session) -> tuple[CatalogueLine, ...]:
    """Every list that was imported."""
    rows = session.exec(select(CatalogueEdition).order_by(col(CatalogueEdition.name)))
    return tuple(
        CatalogueLine(row.name, row.edition, row.source, row.rows, row.imported_at) for row in rows
    )


def towns_of(session: Session, state: str) -> Sequence[str]:
    """Names of the municipalities of a state (two digits, AGEEML), in order; none if unknown."""
    if not state:
        return ()
    # Without the ORM: a save with a municipality asks.
    within = {"first": f"{state}000", "last": f"{state}999"}
    names = session.connection().execute(_TOWNS_BETWEEN, within).scalars()
    return tuple(dict.fromkeys(names))


def town_codes(session: Session) -> Mapping[str, str]:
    """Codes by "zapopan jalisco" (texts.plain of town and state); not where two share a name."""
    rows = session.connection().execute(select(Municipality.code, Municipality.name))
    return _by_plain_name(tuple((code, name) for code, name in rows))


@lru_cache(maxsize=4)
def _by_plain_name(towns: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Of a whole list, which hardly ever changes: plain names of a nation take long to make."""
    states = shipped_geography().states
    found: dict[str, str] = {}
    twice: set[str] = set()
    for code, name in towns:
        said = plain(f"{name}, {states[code[:2]].short_name}")
        if said in found:
            twice.add(said)
        found[said] = code
    return {said: code for said, code in found.items() if said not in twice}


_TOWNS_BETWEEN = (
    select(Municipality.name)
    .where(col(Municipality.code).between(bindparam("first"), bindparam("last")))
    .order_by(col(Municipality.name))
)
