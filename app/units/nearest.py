"""What an institution chose counts for all below it: the nearest choice to each unit wins."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlmodel import Session, col, select

from app.units.tables import OrganisationUnit, UnitAncestor
from app.units.tree import Node, nearest_first, tree_of

_NAMED_AT_MOST = 1_000  # units of a question; of more, all are asked for


def nearest_choices(
    session: Session, unit_ids: Collection[UUID], choosers: Collection[UUID]
) -> Mapping[UUID, UUID]:
    """For each unit, the nearest of `choosers` at or above it; absent where there is none.

    At one distance the subsystem goes before the territory, as in `profile_of`.
    """
    if not choosers:
        return {}
    above: dict[UUID, list[UUID]] = defaultdict(list)
    asked = select(UnitAncestor.unit_id, UnitAncestor.ancestor_id).where(
        col(UnitAncestor.ancestor_id).in_(choosers)
    )
    if len(unit_ids) <= _NAMED_AT_MOST:
        asked = asked.where(col(UnitAncestor.unit_id).in_(unit_ids))
    wanted = set(unit_ids)
    for unit_id, ancestor_id in session.exec(asked):
        if unit_id in wanted:
            above[unit_id].append(ancestor_id)
    return {
        unit_id: found[0] if len(found) == 1 else _nearest(session, unit_id, found)
        for unit_id, found in above.items()
    }


def _nearest(session: Session, unit_id: UUID, candidates: Collection[UUID]) -> UUID:
    rows = session.exec(
        select(OrganisationUnit)
        .join(UnitAncestor, col(UnitAncestor.ancestor_id) == col(OrganisationUnit.id))
        .where(UnitAncestor.unit_id == unit_id)
    ).all()
    codes = {row.id: row.code for row in rows}

    def code_of(other: UUID | None) -> str | None:
        return None if other is None else codes.get(other)

    tree = tree_of(
        Node(row.code, row.name, row.kind, code_of(row.parent_id), code_of(row.subsystem_parent_id))
        for row in rows
    )
    ids = {code: other for other, code in codes.items()}
    order = [ids[code] for code in nearest_first(tree, codes[unit_id])]
    return min(candidates, key=order.index)
