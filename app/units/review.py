"""Rows of a units file against the tree: what to create, what to change, what is wrong.

All or nothing: with one problem the plan holds no work.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.units.cells import Reading, read_unit
from app.units.geography import CAPITAL_ZONE, Geography
from app.units.placement import Fault, faults
from app.units.sheet import Column, Problem, UnitRow
from app.units.tree import Node, Tree, UnitKind, parents_first


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import will do. `created` and `changed` come each after the units above them."""

    tree: Tree  # with the plan carried out
    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def review(rows: Sequence[UnitRow], stored: Tree, geography: Geography) -> Plan:
    """The plan for these rows over the stored tree.

    A column the file does not have keeps what is stored; a blank cell empties it. An empty time
    zone is the municipality's; without one the state's of the CCT; else that of the unit above.
    """
    readings = [(row.row, read_unit(row.cells, stored, geography)) for row in rows]
    drafts, problems = _drafts(readings)
    numbers = {node.code: row for row, node in drafts}
    tree: Tree = {**stored, **{node.code: node for _, node in drafts}}
    unsure = {reading.code for _, reading in readings if reading.node is None}
    problems += [
        Problem(numbers[fault.unit], fault.column, fault.code, fault.message)
        for fault in faults(tree, numbers)
        if not _follows_from_another(fault, tree[fault.unit], unsure)
    ]
    if problems:
        return Plan(stored, problems=tuple(sorted(problems, key=lambda problem: problem.row)))
    tree = _with_zones(tree, numbers, geography)
    ordered = [code for code in parents_first(tree) if code in numbers]
    return Plan(
        tree,
        created=tuple(code for code in ordered if code not in stored),
        changed=tuple(code for code in ordered if code in stored and tree[code] != stored[code]),
        unchanged=sum(tree[code] == stored.get(code) for code in ordered),
        warnings=tuple(_doubts(drafts)),
    )


def _drafts(
    readings: Sequence[tuple[int, Reading]],
) -> tuple[list[tuple[int, Node]], list[Problem]]:
    drafts = []
    problems = []
    first: dict[str, int] = {}
    for row, reading in readings:
        problems += [
            Problem(row, found.column, found.code, found.message) for found in reading.complaints
        ]
        if not reading.code:
            continue
        if reading.code in first:
            earlier = first[reading.code]
            problems.append(
                Problem(
                    row,
                    Column.CODE,
                    "units.code_twice",
                    f"La clave «{reading.code}» ya está en la fila {earlier}. Deje una de las dos.",
                )
            )
            continue
        first[reading.code] = row
        if reading.node is not None:
            drafts.append((row, reading.node))
    return drafts, problems


def _follows_from_another(fault: Fault, node: Node, unsure: set[str]) -> bool:
    """A unit whose own row has a problem is not also "unknown" to those below it."""
    named = {node.parent, node.subsystem_parent, node.successor}
    return fault.code == "units.unknown_unit" and not unsure.isdisjoint(named)


def _with_zones(tree: Tree, rows: Mapping[str, int], geography: Geography) -> Tree:
    """Every unit of the file with its zone; those above first, for it may be theirs."""
    found = dict(tree)
    for code in parents_first(tree):
        node = found[code]
        if code in rows and not node.time_zone:
            upper = found.get(node.parent or node.subsystem_parent or "")
            zone = _own_zone(node, geography) or (upper.time_zone if upper else CAPITAL_ZONE)
            found[code] = replace(node, time_zone=zone)
    return found


def _own_zone(node: Node, geography: Geography) -> str | None:
    if node.municipality:
        return geography.zone_of_municipality(node.municipality)
    if node.kind is UnitKind.SCHOOL:
        return geography.zone_of_state(node.code[:2])
    if node.kind is UnitKind.STATE:
        named = geography.state_called(node.name)
        return named.time_zone if named else geography.zone_of_state(node.code)
    return None


def _doubts(drafts: Sequence[tuple[int, Node]]) -> Iterator[Problem]:
    for row, node in drafts:
        elsewhere = node.municipality is not None and node.municipality[:2] != node.code[:2]
        if node.kind is UnitKind.SCHOOL and elsewhere:
            yield Problem(
                row,
                Column.MUNICIPALITY,
                "units.municipality_elsewhere",
                f"El municipio {node.municipality} es de otro estado que la CCT {node.code}. "
                "Se guardó así; revíselo si no es lo que quería.",
            )
