"""Carries out an import of units: all of it, or nothing.

The caller opens the transaction and writes the audit entry (staff stands above units).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlmodel import Session, col

from app.units.places import shipped_geography
from app.units.review import Plan, review
from app.units.sheet import Problem, UnitRow, read_sheet
from app.units.tables import OrganisationUnit, UnitAncestor
from app.units.tree import Node, Tree, below, closure

BATCH = 500  # rows a statement; SQLite admits 32,766 values, we stay far below

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. With anything `rejected`, nothing was stored."""

    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def import_units(session: Session, data: bytes) -> ImportResult:
    """Units of a CSV file (see sheet.py), created or brought to what the file says."""
    sheet = read_sheet(data)
    if not sheet.rows:
        return ImportResult(rows=0, rejected=sheet.problems, warnings=sheet.warnings)
    return _import(session, sheet.rows, sheet.problems, sheet.warnings)


def store_units(session: Session, rows: Sequence[UnitRow]) -> ImportResult:
    """The same for rows that were typed on a page."""
    return _import(session, rows, (), ())


def _import(
    session: Session,
    rows: Sequence[UnitRow],
    problems: tuple[Problem, ...],
    warnings: tuple[Problem, ...],
) -> ImportResult:
    _wait_for_other_imports(session)
    ids, stored = _stored_tree(session)
    plan = review(rows, stored, shipped_geography())
    found = tuple(sorted(problems + plan.problems, key=lambda problem: problem.row))
    if found:
        return ImportResult(rows=len(rows), rejected=found, warnings=warnings)
    _carry_out(session, plan, stored, ids)
    return ImportResult(
        rows=len(rows),
        created=len(plan.created),
        updated=len(plan.changed),
        unchanged=plan.unchanged,
        warnings=warnings + plan.warnings,
    )


def _wait_for_other_imports(session: Session) -> None:
    """Two imports at once could each be right and together make a ring.

    SQLite has one writer anyway; PostgreSQL is told. Reading goes on meanwhile.
    """
    session.flush()
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(
            text("LOCK TABLE organisation_unit IN SHARE ROW EXCLUSIVE MODE")
        )


def _stored_tree(session: Session) -> tuple[dict[str, UUID], Tree]:
    """Ids by code, and the tree. Columns instead of objects: a nation is 16,000 units."""
    rows = (
        session.connection()
        .execute(
            select(
                col(OrganisationUnit.id),
                col(OrganisationUnit.code),
                col(OrganisationUnit.name),
                col(OrganisationUnit.kind),
                col(OrganisationUnit.parent_id),
                col(OrganisationUnit.subsystem_parent_id),
                col(OrganisationUnit.municipality),
                col(OrganisationUnit.time_zone),
                col(OrganisationUnit.valid_from),
                col(OrganisationUnit.valid_until),
                col(OrganisationUnit.successor_id),
            )
        )
        .all()
    )
    codes = {row.id: row.code for row in rows}
    tree = {
        row.code: Node(
            code=row.code,
            name=row.name,
            kind=row.kind,
            parent=codes.get(row.parent_id),
            subsystem_parent=codes.get(row.subsystem_parent_id),
            municipality=row.municipality,
            time_zone=row.time_zone,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            successor=codes.get(row.successor_id),
        )
        for row in rows
    }
    return {row.code: row.id for row in rows}, tree


def _carry_out(session: Session, plan: Plan, stored: Tree, ids: dict[str, UUID]) -> None:
    connection = session.connection()
    ids.update((code, uuid4()) for code in plan.created)
    # Each after the units above it; successors may come later in the file, so they wait.
    created = ({"id": ids[code], **_values(plan.tree[code], ids)} for code in plan.created)
    for batch in _batches({**values, "successor_id": None} for values in created):
        connection.execute(insert(OrganisationUnit), batch)
    followed = (code for code in plan.created if plan.tree[code].successor)
    touched = (
        {"unit_id": ids[code], **_values(plan.tree[code], ids)}
        for codes in (followed, plan.changed)
        for code in codes
    )
    change = update(OrganisationUnit).where(col(OrganisationUnit.id) == bindparam("unit_id"))
    for batch in _batches(touched):
        connection.execute(change, batch)
    _renew_ancestors(session, plan, stored, ids)
    session.expire_all()


def _values(node: Node, ids: dict[str, UUID]) -> dict[str, object]:
    """Column values of a unit; the keys are the columns'."""
    return {
        "code": node.code,
        "name": node.name,
        "kind": node.kind,
        "parent_id": ids[node.parent] if node.parent else None,
        "subsystem_parent_id": ids[node.subsystem_parent] if node.subsystem_parent else None,
        "municipality": node.municipality,
        "time_zone": node.time_zone,
        "valid_from": node.valid_from,
        "valid_until": node.valid_until,
        "successor_id": ids[node.successor] if node.successor else None,
    }


def _renew_ancestors(session: Session, plan: Plan, stored: Tree, ids: dict[str, UUID]) -> None:
    """`unit_ancestor` of every unit that is new, or moved, or stands below one that moved."""
    connection = session.connection()
    moved = [code for code in plan.changed if plan.tree[code].above != stored[code].above]
    affected = below(plan.tree, [*plan.created, *moved])
    for old in _batches(ids[code] for code in affected if code in stored):
        connection.execute(delete(UnitAncestor).where(col(UnitAncestor.unit_id).in_(old)))
    above = closure(plan.tree) if affected else {}
    pairs = (
        {"unit_id": ids[code], "ancestor_id": ids[upper]}
        for code in affected
        for upper in above[code]
    )
    for batch in _batches(pairs):
        connection.execute(insert(UnitAncestor), batch)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while batch := list(islice(waiting, BATCH)):
        yield batch
